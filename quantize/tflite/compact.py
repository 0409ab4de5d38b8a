"""The same TFLite model in fewer bytes: whatever its subgraphs have in common is written once.

The converter writes every signature's tensors, scales and zero points (eight bytes a channel, all of them 0) for
itself. A flatbuffer may point to one place from many: five signatures then cost hardly more than one.
"""
from __future__ import annotations

import re
from typing import Any

import numpy as np

from quantize.tflite.file import text_of
from quantize.tflite.schema import packed, unpacked

LAYER = re.compile(r"(?:^|[/;])(\w+/(?:Conv2D|depthwise))\d*(?:;|/|$)")

AWARE = "quant_"
"""What tensorflow-model-optimization puts before the name of a layer with int8's rounding in it."""

DROPPED = "CONVERSION_METADATA"
"""What the converter wrote about itself; no runtime reads it."""


def compacted(content: bytes) -> bytes:
    """The same model, TFLite bytes in and out: operators, weights, scales and answers stay as they were.

    Tensors are named after the layer that people know (`quarter_0_expand/Conv2D`), not after all that was fused in.
    """
    model = unpacked(content, "the converted model")
    by_name = {text_of(entry.name): entry for entry in model.metadata or [] if text_of(entry.name) != DROPPED}
    model.metadata = list(by_name.values())
    for graph in model.subgraphs:
        ports = {*graph.inputs, *graph.outputs}
        for i, tensor in enumerate(graph.tensors):
            if i not in ports:
                constant = model.buffers[tensor.buffer].data is not None
                tensor.name = b"constant" if constant else _layer_of(text_of(tensor.name)).encode()
    return packed(_shared(model, {}))


def _layer_of(name: str) -> str:
    if layer := LAYER.search(name):
        return layer[1].removeprefix(AWARE)
    return name.split(";")[0].rpartition("/")[0].rpartition("/")[2] or "activation"


class _Once:
    """A part of the model that packs itself once, however many point to it."""

    def __init__(self, part: Any) -> None:
        self.part, self.offset = part, 0

    def Pack(self, builder: Any) -> int:
        """What the generated packer calls: the part's offset in the file."""
        self.offset = self.offset or self.part.Pack(builder)
        return self.offset


def _shared(part: Any, known: dict[Any, _Once]) -> Any:
    """Replaces equal parts below `part` by one and the same."""
    for name, value in vars(part).items():
        if isinstance(value, list):
            setattr(part, name, [_once(item, known) if hasattr(item, "Pack") else item for item in value])
        elif hasattr(value, "Pack"):
            setattr(part, name, _once(value, known))
    return part


def _once(part: Any, known: dict[Any, _Once]) -> _Once:
    shared = _shared(part, known)
    return known.setdefault((type(part), *(_key(value) for value in vars(shared).values())), _Once(shared))


def _key(value: Any) -> Any:
    """Equal for equal content: arrays by their bytes, shared parts by who they are."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.tobytes()
    if isinstance(value, list):
        return tuple(_key(item) for item in value)
    return id(value) if isinstance(value, _Once) else value
