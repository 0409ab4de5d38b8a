"""Which operators of a model an Edge TPU runs, by Google's table; the compiler itself has the last word.

Table: coral.ai, "TensorFlow models on the Edge TPU", Supported operations (runtime 14, compiler 16.0), of which Axis
repeats the rows for its ARTPEC-7. Anything that is not in it runs on the CPU, DEPTH_TO_SPACE among others: Google had
no plans for it (github.com/google-coral/edgetpu, issue 386). Model requirements, same page: 8-bit, sizes and parameters
constant when it is compiled, and only the innermost three dimensions larger than 1.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quantize.tflite.graph import Graph, Operator, Tensor

SRAM_BYTES = 8_000_000
"""coral.ai, Edge TPU Compiler, "Parameter data caching": roughly 8 MB, of which the executable takes its part first."""

CACHED_BYTES = 6_500_000
"""What is left for weights for sure: compiler logs in issues 75, 393 and 512 add up to 6.89 … 7.02 MiB. More than that
is streamed at every run."""

SOFTMAX_MOST = 16_000
"""Elements of a Softmax, as in the table."""

REFUSED_VERSIONS = {
    "CONV_2D": (6, "compiler 16.0 refuses such a file, issue 631"),
    "DEPTH_TO_SPACE": (2, "compiler 15.0 refuses such a file, issue 386; 16.0 is not known to take it"),
    "EXP": (2, "compiler 16.0 refuses such a file, google-coral/libedgetpu issue 71"),
    "QUANTIZE": (3, "compiler 16.0 refuses such a file, issue 879"),
    "TRANSPOSE_CONV": (4, "compiler 16.0 refuses such a file, issue 845"),
}
"""Operator → (version from which a compiler refuses the whole file, where that was seen). Not a full list."""

Objection = Callable[[Operator], str]
"""Why the Edge TPU does not take an operator; empty: it does."""


@dataclass(frozen=True)
class Verdict:
    """supported: the table takes the operator. reason: why not. doubt: what the table leaves open about it."""

    operator: Operator
    supported: bool
    reason: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class TpuMapping:
    """What of one signature the Edge TPU runs."""

    verdicts: tuple[Verdict, ...]

    @property
    def mapped(self) -> int:
        """Operators in front of the first that is not supported: the compiler leaves all after it to the CPU."""
        return next((i for i, verdict in enumerate(self.verdicts) if not verdict.supported), len(self.verdicts))

    @property
    def segments(self) -> int:
        """Runs of supported operators; 1 is the ideal, the compiler makes one unless it is told otherwise."""
        flags = [verdict.supported for verdict in self.verdicts]
        return sum(here and not before for before, here in zip([False, *flags], flags, strict=False))

    @property
    def macs_share(self) -> float:
        """Share 0..1 of the multiply-accumulates that the Edge TPU does; 0 where there are none."""
        total = sum(verdict.operator.macs for verdict in self.verdicts)
        return sum(verdict.operator.macs for verdict in self.verdicts[:self.mapped]) / total if total else 0.0

    @property
    def refusals(self) -> tuple[str, ...]:
        """Operators in a version for which a compiler is known to refuse the whole file."""
        found = {verdict.operator.name: verdict.operator.version for verdict in self.verdicts}
        return tuple(f"{name} version {found[name]}: {where}" for name, (version, where) in REFUSED_VERSIONS.items()
                     if found.get(name, 0) >= version)


def mapping_of(graph: Graph) -> TpuMapping:
    """Judges every operator of a signature by itself; TpuMapping says what follows from it."""
    return TpuMapping(tuple(verdict_on(operator) for operator in graph.operators))


def verdict_on(operator: Operator) -> Verdict:
    """What the table says of one operator."""
    if operator.name not in SUPPORTED:
        return Verdict(operator, False, "not in Google's table")
    objection, doubt = SUPPORTED[operator.name]
    reason = _general_objection(operator) or objection(operator)
    if reason:
        return Verdict(operator, False, reason)
    return Verdict(operator, True, doubt=doubt if isinstance(doubt, str) else doubt(operator))


def _general_objection(operator: Operator) -> str:
    """The model requirements, which hold for every operator."""
    for tensor in (*operator.inputs, *operator.outputs):
        if tensor is None:
            continue
        if not tensor.constant and tensor.dtype not in ("int8", "uint8"):
            return f"{tensor.dtype} activations, int8 or uint8 is wanted"
        if tensor.dynamic:
            return f"a size of {tensor.name} is only known at run time"
        if any(n != 1 for n in tensor.shape[:-3]) and not tensor.constant:
            return f"shape {tensor.shape}: only the innermost three dimensions may be larger than 1"
    if operator.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"):
        weights = _input(operator, 1)
        return "" if weights and weights.constant else "its weights are not constant"
    return ""


def _anything(_: Operator) -> str:
    return ""


def _equal_dilation(operator: Operator) -> str:
    x, y = operator.options.get("dilationWFactor", 1), operator.options.get("dilationHFactor", 1)
    return "" if x == y else f"dilation is {x} in x and {y} in y, equal ones are wanted"


def _no_activation(operator: Operator) -> str:
    return "has a fused activation function" if operator.options.get("fusedActivationFunction", 0) else ""


def _concatenation(operator: Operator) -> str:
    if operator.constants and len(operator.inputs) > 2:
        return f"joins a constant with {len(operator.inputs) - 1} others, at most one is wanted"
    return _no_activation(operator)


def _input(operator: Operator, place: int) -> Tensor | None:
    return operator.inputs[place] if place < len(operator.inputs) else None


def _axes(operator: Operator) -> tuple[int, ...]:
    """The axes of a reduction, counted from the front; none when they are not constant."""
    data, axes = _input(operator, 0), _input(operator, 1)
    return tuple(axis % len(data.shape) for axis in axes.values) if data and data.shape and axes else ()


def _reduction(operator: Operator) -> str:
    data, axes = _input(operator, 0), _axes(operator)
    if data is None or not axes:
        return "the axes of its reduction are not constant"
    return "reduces over the batch" if len(data.shape) == 4 and 0 in axes else ""


def _mean(operator: Operator) -> str:
    data, axes = _input(operator, 0), _axes(operator)
    if data and axes and len(data.shape) - 1 in axes and data.shape[-1] % 4:
        return f"reduces over a depth of {data.shape[-1]}, a multiple of 4 is wanted"
    return _reduction(operator)


def _padding(operator: Operator) -> str:
    pads = _input(operator, 1)
    if pads is None or not pads.values:
        return "its padding is not constant"
    return "pads the batch" if len(pads.values) == 8 and any(pads.values[:2]) else ""


def _softmax(operator: Operator) -> str:
    data = _input(operator, 0)
    if data is None or sum(n > 1 for n in data.shape) > 1 or data.elements > SOFTMAX_MOST:
        return f"shape {data.shape if data else ()}: a row of at most {SOFTMAX_MOST:,} elements is wanted"
    return ""


def _prelu(operator: Operator) -> str:
    alpha = _input(operator, 1)
    return "" if alpha and all(n == 1 for n in alpha.shape[:-1]) else "its alpha differs from place to place"


def _strided_slice(operator: Operator) -> str:
    strides = _input(operator, 3)
    if strides is None or set(strides.values) != {1}:
        return "has strides other than 1"
    masked = operator.options.get("ellipsisMask", 0) or operator.options.get("newAxisMask", 0)
    return "has an ellipsis or a new axis" if masked else ""


def _pack(operator: Operator) -> str:
    batched = any(len(tensor.shape) == 4 for tensor in operator.outputs)
    return "packs the batch" if batched and not operator.options.get("axis", 0) else ""


def _resize(operator: Operator) -> str:
    size = _input(operator, 1)
    return "the size that it resizes to is not constant" if size and not size.constant else ""


def _resize_doubt(operator: Operator) -> str:
    """Sizes and ratio. Google keeps to itself which are mapped, "if loss of precision is higher than threshold"."""
    data = _input(operator, 0)
    shapes = [tensor.shape for tensor in (data, *operator.outputs[:1]) if tensor and len(tensor.shape) == 4]
    if len(shapes) < 2:
        return _SIZE
    (_, high, wide, _), (_, new_high, new_wide, _) = shapes
    version = ("; version 3, half-pixel centres, was refused by compilers 14.1 and 15.0 (issues 396, 420)"
               if operator.version >= 3 else "")
    return f"{high}×{wide} → {new_high}×{new_wide}, {new_high / high:g}×{new_wide / wide:g} times: {_SIZE}{version}"


_SIZE = "the compiler maps only some sizes, to keep its precision: 128×128 was, 512×512 was not (issue 31)"

SUPPORTED: dict[str, tuple[Objection, str | Objection]] = {
    "ADD": (_anything, ""),
    "AVERAGE_POOL_2D": (_no_activation, ""),
    "CONCATENATION": (_concatenation, ""),
    "CONV_2D": (_equal_dilation, ""),
    "DEPTHWISE_CONV_2D": (_equal_dilation, ""),
    "EXPAND_DIMS": (_anything, ""),
    "FULLY_CONNECTED": (_anything, "its output must have one dimension"),
    "L2_NORMALIZATION": (_anything, ""),
    "LOGISTIC": (_anything, ""),
    "MAXIMUM": (_anything, ""),
    "MAX_POOL_2D": (_no_activation, ""),
    "MEAN": (_mean, "large ones are left to the CPU: 256×128×3 was (issue 461)"),
    "MINIMUM": (_anything, ""),
    "MUL": (_anything, ""),
    "PACK": (_pack, ""),
    "PAD": (_padding, ""),
    "PRELU": (_prelu, ""),
    "QUANTIZE": (_anything, ""),
    "REDUCE_MAX": (_reduction, ""),
    "REDUCE_MIN": (_reduction, ""),
    "RELU": (_anything, ""),
    "RELU6": (_anything, ""),
    "RELU_N1_TO_1": (_anything, ""),
    "RESHAPE": (_anything, "large ones may be left to the CPU"),
    "RESIZE_BILINEAR": (_resize, _resize_doubt),
    "RESIZE_NEAREST_NEIGHBOR": (_resize, _resize_doubt),
    "RSQRT": (_anything, ""),
    "SLICE": (_anything, ""),
    "SOFTMAX": (_softmax, ""),
    "SPACE_TO_DEPTH": (_anything, ""),
    "SPLIT": (_anything, "must not split the batch"),
    "SQUARED_DIFFERENCE": (_anything, ""),
    "SQUEEZE": (_anything, "older runtimes drop leading dimensions only"),
    "STRIDED_SLICE": (_strided_slice, ""),
    "SUB": (_anything, ""),
    "SUM": (_reduction, ""),
    "TANH": (_anything, ""),
    "TRANSPOSE": (_anything, ""),
    "TRANSPOSE_CONV": (_anything, ""),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (_anything, ""),
}
"""Operator → (its limits as a check, what no check can tell from the file: a line, or what makes one)."""
