"""The first operators of a signature as a file of its own, for timing: what one more takes is its time."""
from __future__ import annotations

from collections.abc import Iterator

from edge.errors import ModelError
from quantize.tflite.file import read_graphs
from quantize.tflite.graph import Graph
from quantize.tflite.one_signature import one_signature
from quantize.tflite.schema import packed, unpacked


def prefixes(content: bytes, signature: str, name: str = "model") -> Iterator[bytes]:
    """A file for each operator of a signature: it computes all operators up to that one and gives out whatever later
    ones, or the caller, still need; so nothing of it can be left out. The last is the whole signature.

    name: the file, for messages. Raises ModelError as one_signature does, and for a signature without operators.
    """
    alone = one_signature(content, signature, name)
    graph = read_graphs(alone, name)[signature]
    if not graph.operators:
        raise ModelError(f"{name}: {signature} has no operator")
    for count in range(1, len(graph.operators) + 1):
        model = unpacked(alone, name)
        cut = model.subgraphs[0]
        cut.operators, cut.outputs = cut.operators[:count], needed_after(graph, count)
        model.signatureDefs = None
        yield packed(model)


def needed_after(graph: Graph, count: int) -> list[int]:
    """Indices of the tensors that the first `count` operators make and somebody reads later, in order."""
    made = [tensor.index for operator in graph.operators[:count] for tensor in operator.outputs]
    read = {tensor.index for operator in graph.operators[count:] for tensor in operator.inputs if tensor is not None}
    read |= {tensor.index for tensor in graph.outputs.values()}
    return [index for index in made if index in read]
