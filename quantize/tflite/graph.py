"""What a model computes: tensors, operators and their multiply-accumulates, one graph a signature."""
from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tensor:
    """One tensor; shape counts from the batch, dtype is `int8`, `float32`, …

    buffer: where its constant content lies in the file (0: nowhere). dynamic: a dimension is only known at run time.
    scales: how many it has: 0 none, 1 per tensor, else per channel; real value = scale · (integer − zero point).
    values: the content of small integer constants without scale, such as axes and paddings.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    size_bytes: int
    buffer: int = 0
    constant: bool = False
    variable: bool = False
    dynamic: bool = False
    scales: int = 0
    values: tuple[int, ...] = ()

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    @property
    def quantisation(self) -> str:
        """`none`, `per tensor` or `per channel`."""
        return ("none", "per tensor", "per channel")[min(self.scales, 2)]

    @property
    def is_parameter(self) -> bool:
        """A learnt constant: a weight or a bias. Shapes and axes are integers without a scale."""
        return self.constant and (self.scales > 0 or not self.dtype.startswith(("int", "uint", "bool")))


@dataclass(frozen=True)
class Operator:
    """One operator at its place in the order of execution; an optional input that is left out is None.

    version: that of the kernel's interface. options: the numbers among its settings, named as in the schema
    (`strideH`, `dilationWFactor`, `fusedActivationFunction`, …).
    """

    index: int
    name: str
    version: int
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: Mapping[str, int] = field(default_factory=dict)

    @property
    def macs(self) -> int:
        """Multiply-accumulates; 0 for operators that have none, and for those whose weights are missing.

        CONV_2D: output elements · kernel height · width · input channels of a group (weights are O, H, W, I).
        DEPTHWISE_CONV_2D: output elements · kernel height · width (weights are 1, H, W, O).
        TRANSPOSE_CONV: input elements · kernel height · width · output channels (reads shape, weights, picture).
        FULLY_CONNECTED: output elements · inputs (weights are outputs, inputs).
        Padding counts as if it were picture, as is usual.
        """
        if len(self.inputs) < (3 if self.name == "TRANSPOSE_CONV" else 2) or not self.outputs:
            return 0
        weights, made = self.inputs[1], self.outputs[0].elements
        if weights is None:
            return 0
        if self.name == "CONV_2D" and len(weights.shape) == 4:
            return made * math.prod(weights.shape[1:])
        if self.name == "DEPTHWISE_CONV_2D" and len(weights.shape) == 4:
            return made * math.prod(weights.shape[1:3])
        if self.name == "FULLY_CONNECTED" and len(weights.shape) == 2:
            return made * weights.shape[1]
        data = self.inputs[2] if self.name == "TRANSPOSE_CONV" else None
        return data.elements * math.prod(weights.shape[:3]) if data and len(weights.shape) == 4 else 0

    @property
    def constants(self) -> tuple[Tensor, ...]:
        """Its inputs that lie in the file."""
        return tuple(t for t in self.inputs if t is not None and t.constant)

    @property
    def parameters(self) -> int:
        """Weights and biases that it reads, counted as numbers."""
        return sum(t.elements for t in self.constants if t.is_parameter)

    @property
    def weight_bytes(self) -> int:
        """Bytes of the file that it reads: weights, biases, and the few of shapes and axes."""
        return sum(t.size_bytes for t in self.constants)

    @property
    def activation_bytes(self) -> int:
        """Bytes that it writes."""
        return sum(t.size_bytes for t in self.outputs)

    @property
    def quantisation(self) -> str:
        """How its weights are quantised, or its output where it has none."""
        weights = [t for t in self.constants if t.is_parameter]
        return (weights or list(self.outputs))[0].quantisation if weights or self.outputs else "none"


@dataclass(frozen=True)
class Graph:
    """What one signature computes; inputs and outputs carry the signature's own names."""

    name: str
    operators: tuple[Operator, ...]
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run."""
        return sum(operator.macs for operator in self.operators)

    @property
    def counts(self) -> dict[str, int]:
        """Operator name → how often it occurs, the commonest first."""
        return dict(Counter(operator.name for operator in self.operators).most_common())

    @property
    def activations(self) -> tuple[Tensor, ...]:
        """Every tensor that needs memory at run time, each once, in order of first use."""
        used = [*self.inputs.values(), *(t for o in self.operators for t in (*o.inputs, *o.outputs)),
                *self.outputs.values()]
        return tuple({t.index: t for t in used if t is not None and not t.constant}.values())

    @property
    def parameters(self) -> int:
        """Weights and biases, those that several operators share counted once."""
        return sum(t.elements for t in distinct_constants([self]) if t.is_parameter)

    @property
    def weight_bytes(self) -> int:
        """Bytes of its constants in the file, shared ones counted once."""
        return sum(t.size_bytes for t in distinct_constants([self]))


def distinct_constants(graphs: Iterable[Graph]) -> tuple[Tensor, ...]:
    """The constants of all graphs; those that lie in the same buffer of the file count once."""
    found = {t.buffer: t for graph in graphs for operator in graph.operators for t in operator.constants}
    return tuple(found.values())
