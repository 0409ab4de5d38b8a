"""Two signatures of one network at two sizes, quantised alike: the larger one takes over what the smaller one learned.

The converter finds ranges for every signature by itself. A layer's bias is counted in steps of its input's range, so
each signature would have biases of its own, 20 kB in the large tier; and ranges belong to the size of the training.
"""
from __future__ import annotations

from typing import Any

from edge.errors import ModelError
from quantize.tflite.file import text_of
from quantize.tflite.schema import packed, unpacked


def with_ranges_of(content: bytes, larger: str, smaller: str) -> bytes:
    """The same file, in which the signature `larger` has the scales, zero points, weights and biases of `smaller`.

    Raises ModelError when the two are not one network at two sizes: other operators, or in another order.
    """
    model = unpacked(content, "the converted model")
    graphs = {text_of(each.signatureKey): model.subgraphs[each.subgraphIndex] for each in model.signatureDefs}
    to, of = graphs[larger], graphs[smaller]
    if [_wiring(each) for each in to.operators] != [_wiring(each) for each in of.operators]:
        raise ModelError(f"{larger} and {smaller} are not the same operators in the same order: they cannot share "
                         "ranges; convert them alone")
    for mine, theirs in zip(to.tensors, of.tensors, strict=True):
        if theirs.quantization is not None and theirs.quantization.scale is not None:  # all but shapes and axes
            mine.quantization = theirs.quantization
            if model.buffers[theirs.buffer].data is not None:
                mine.buffer = theirs.buffer
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    for unused in {*range(len(model.buffers))} - used - {entry.buffer for entry in model.metadata or ()}:
        model.buffers[unused].data = None
    return packed(model)


def _wiring(operator: Any) -> tuple[int, list[int], list[int]]:
    return operator.opcodeIndex, list(operator.inputs), list(operator.outputs)
