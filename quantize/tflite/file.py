"""TFLite bytes → one Graph a signature. Only reads; nothing in a file is believed until it holds together."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.errors import ModelError
from quantize.tflite.graph import Graph, Operator, Tensor
from quantize.tflite.schema import names_of, unpacked

BITS = {"FLOAT64": 64, "INT64": 64, "UINT64": 64, "COMPLEX64": 64, "COMPLEX128": 128, "FLOAT32": 32, "INT32": 32,
        "UINT32": 32, "FLOAT16": 16, "BFLOAT16": 16, "INT16": 16, "UINT16": 16, "INT8": 8, "UINT8": 8, "BOOL": 8,
        "INT4": 4, "INT2": 2}
"""TensorType → bits an element. STRING, RESOURCE and VARIANT have no size before run time: they count as nothing."""

MOST_DIMENSIONS = 8
"""More than any TFLite kernel takes."""

MOST_VALUES = 16
"""Integer constants up to this size are read: axes, paddings, shapes."""


def read_graphs(content: bytes, name: str = "model") -> dict[str, Graph]:
    """Signature → its graph; a file without signatures gives its subgraphs by name (`subgraph_0` where it has none).

    name: the file, for messages. Raises ModelError, naming file and part, for whatever does not hold together.
    """
    model = unpacked(content, name)
    try:
        return _graphs(model, len(content))
    except ModelError as error:
        raise ModelError(f"{name}: {error}; the file is damaged") from error
    except (IndexError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ModelError(f"{name}: a part is missing or of another kind than the format wants "
                         f"({type(error).__name__}: {error}); the file is damaged") from error


def text_of(raw: bytes | None) -> str:
    """A name out of a file, safe to print on a terminal."""
    text = (raw or b"").decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() else "?" for c in text)


def item(parts: Sequence | None, index: int, what: str) -> Any:
    """parts[index]; a file may name parts that it does not have. Raises ModelError with both numbers."""
    if not 0 <= index < len(parts or ()):
        raise ModelError(f"{what} {index} is named, but there are {len(parts or ())}")
    return parts[index]  # type: ignore[index]


def _graphs(model: Any, size_bytes: int) -> dict[str, Graph]:
    buffers = [0 if buffer.data is None else len(buffer.data) for buffer in model.buffers or ()]
    links = sum(len(part) for graph in model.subgraphs for operator in graph.operators or ()
                for part in (operator.inputs, operator.outputs) if part is not None)
    if links > size_bytes:
        raise ModelError(f"{links:,} links between operators in {size_bytes:,} bytes")
    read = [_read_subgraph(model, graph, buffers) for graph in model.subgraphs]
    graphs: dict[str, Graph] = {}
    for signature in model.signatureDefs or ():
        key = text_of(signature.signatureKey)
        if key in graphs:
            raise ModelError(f"signature {key!r} stands in it twice")
        operators, tensors, _ = item(read, signature.subgraphIndex, f"signature {key!r}: subgraph")
        ends = [{text_of(end.name): item(tensors, end.tensorIndex, f"signature {key!r}: tensor") for end in part or ()}
                for part in (signature.inputs, signature.outputs)]
        graphs[key] = Graph(key, operators, ends[0], ends[1])
    if graphs:
        return graphs
    for i, (operators, tensors, graph) in enumerate(read):
        key = text_of(graph.name) or f"subgraph_{i}"
        ends = [{tensor.name: tensor for tensor in (item(tensors, int(j), "tensor") for j in part if j >= 0)}
                for part in (_listed(graph.inputs), _listed(graph.outputs))]
        graphs[key if key not in graphs else f"subgraph_{i}"] = Graph(key, operators, ends[0], ends[1])
    return graphs


def _read_subgraph(model: Any, graph: Any, buffers: list[int]) -> tuple[tuple[Operator, ...], list[Tensor], Any]:
    tensors = [_read_tensor(i, tensor, model.buffers, buffers) for i, tensor in enumerate(graph.tensors or ())]

    def tensor_at(index: int) -> Tensor:
        return item(tensors, int(index), "tensor")

    operators = []
    for i, raw in enumerate(graph.operators or ()):
        code = item(model.operatorCodes, raw.opcodeIndex, f"operator {i}: code")
        operators.append(Operator(
            i, _operator_name(code), int(code.version),
            tuple(tensor_at(j) if j >= 0 else None for j in _listed(raw.inputs)),  # −1: an optional input left out
            tuple(tensor_at(j) for j in _listed(raw.outputs)),
            {} if raw.builtinOptions is None else {key: int(value) for key, value in vars(raw.builtinOptions).items()
                                                   if isinstance(value, bool | int)}))
    return tuple(operators), tensors, graph


def _operator_name(code: Any) -> str:
    number = max(code.deprecatedBuiltinCode, code.builtinCode)  # old files fill only the first, which ends at 127
    name = names_of("BuiltinOperator").get(number, f"BUILTIN_{number}")
    return f"CUSTOM {text_of(code.customCode)}" if name == "CUSTOM" else name


def _read_tensor(index: int, raw: Any, contents: Any, sizes: list[int]) -> Tensor:
    shape = tuple(int(n) for n in _listed(raw.shape)[:MOST_DIMENSIONS + 1])
    if len(shape) > MOST_DIMENSIONS or any(n < 0 for n in shape):
        raise ModelError(f"tensor {index} has the shape {shape[:MOST_DIMENSIONS]}"
                         + (" and more dimensions" if len(shape) > MOST_DIMENSIONS else ""))
    kind = names_of("TensorType").get(raw.type)
    if kind is None:
        raise ModelError(f"tensor {index} is of type {raw.type}, which TFLite does not know")
    size_bytes = math.ceil(math.prod(shape) * BITS.get(kind, 0) / 8)
    stored = item(sizes, raw.buffer, f"tensor {index}: buffer")
    constant = stored > 0 and not raw.isVariable
    if constant and kind in BITS and stored != size_bytes and raw.sparsity is None:
        raise ModelError(f"tensor {index} of shape {shape} needs {size_bytes:,} bytes, its buffer {raw.buffer} has "
                         f"{stored:,}")
    scales = 0 if raw.quantization is None else len(_listed(raw.quantization.scale))
    values: tuple[int, ...] = ()
    if constant and kind in ("INT32", "INT64") and not scales and math.prod(shape) <= MOST_VALUES:
        values = tuple(np.frombuffer(bytes(contents[raw.buffer].data), f"<i{BITS[kind] // 8}").tolist())
    dynamic = any(int(n) < 0 for n in _listed(raw.shapeSignature)[:MOST_DIMENSIONS])
    return Tensor(index, text_of(raw.name), shape, kind.lower(), stored if constant else size_bytes, raw.buffer,
                  constant, bool(raw.isVariable), dynamic, scales, values)


def _listed(numbers: Any) -> Any:
    """A vector of the file; one that is absent is empty."""
    return () if numbers is None else numbers
