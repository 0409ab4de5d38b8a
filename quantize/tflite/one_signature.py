"""One signature of a model as a file of its own: the same operators and weights, and nothing that only others use.

For runtimes and compilers that look at the first subgraph alone; the Edge TPU compiler documents nothing else.
"""
from __future__ import annotations

from typing import Any

from edge.errors import ModelError
from quantize.tflite.file import item, read_graphs, text_of
from quantize.tflite.schema import names_of, packed, unpacked

CALLING = ("IF", "WHILE", "CALL_ONCE", "CALL")
"""Operators that run another subgraph; those of STABLEHLO are recognised by their name."""


def one_signature(content: bytes, signature: str, name: str = "model") -> bytes:
    """A TFLite file with this signature only, its subgraph the first; bit for bit the same answers.

    name: the file, for messages. Raises ModelError for a damaged file, for a signature that it does not have, and for
    one whose operators run other subgraphs.
    """
    found = read_graphs(content, name)
    if signature not in found:
        raise ModelError(f"{name}: has no signature {signature!r}; found {', '.join(found)}")
    model = unpacked(content, name)
    kept = next((s for s in model.signatureDefs or () if text_of(s.signatureKey) == signature), None)
    place = kept.subgraphIndex if kept else list(found).index(signature)
    graph = model.subgraphs[place]
    codes = names_of("BuiltinOperator")
    for operator in graph.operators or ():
        code = model.operatorCodes[operator.opcodeIndex]
        called = codes.get(max(code.deprecatedBuiltinCode, code.builtinCode), "")
        if called in CALLING or called.startswith("STABLEHLO"):
            raise ModelError(f"{name}: {signature} runs other subgraphs ({called}); it cannot be taken out alone")
    model.subgraphs, model.signatureDefs = [graph], [kept] if kept else None
    if kept:
        kept.subgraphIndex = 0
    _drop_unused_codes(model, graph)
    _drop_unused_buffers(model, graph, name)
    try:
        return packed(model)
    except Exception as error:  # a number of the file that fits nowhere: the generated writer may raise anything
        raise ModelError(f"{name}: cannot be written again ({type(error).__name__}: {error}); it is damaged") from error


def _drop_unused_codes(model: Any, graph: Any) -> None:
    """Operator codes of other signatures: one that a compiler does not know would make it refuse this file too."""
    used = sorted({operator.opcodeIndex for operator in graph.operators or ()})
    model.operatorCodes = [model.operatorCodes[i] for i in used]
    for operator in graph.operators or ():
        operator.opcodeIndex = used.index(operator.opcodeIndex)


def _drop_unused_buffers(model: Any, graph: Any, name: str) -> None:
    """Keeps buffer 0, which means "no content", and whatever this graph's tensors or the metadata name."""
    named = [*(graph.tensors or ()), *(model.metadata or ())]
    used = sorted({0, *(part.buffer for part in named)})
    try:
        model.buffers = [item(model.buffers, i, "buffer") for i in used]
    except ModelError as error:
        raise ModelError(f"{name}: {error}; the file is damaged") from error
    moved = {old: new for new, old in enumerate(used)}
    for part in named:
        part.buffer = moved[part.buffer]
    model.metadataBuffer = None  # superseded by metadata; its numbers would be wrong now
