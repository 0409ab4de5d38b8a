"""A tiny float network that has seen something, its int8 file, and a way to break one layer of that file."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from drawn_people import drawn_person

from edge.preprocess import letterbox
from quantize.tflite.file import text_of
from quantize.tflite.schema import packed, unpacked

PORTRAIT = (80, 48)

WIDTH, DEEP_BLOCKS, HEAD_CHANNELS = 0.25, 1, 8


class Converted(NamedTuple):
    """network: float; content: its file; raw: the same as the converter wrote it, before it was made compact."""

    network: object
    content: bytes
    raw: bytes


def boxed(count: int, shape: tuple[int, int] = PORTRAIT) -> list[np.ndarray]:
    """Drawn people as the network takes them: (h, w, 3) uint8."""
    pictures = [letterbox(drawn_person(number, 160, 120)[0], shape) for number in range(count)]
    pictures[0][0, 0], pictures[0][0, 1] = 0, 255
    return pictures


def tiny_network(deep_blocks: int = DEEP_BLOCKS, seed: int = 5):
    """Random weights; the statistics of its normalisations fit drawn people, their slopes and offsets are random."""
    from quantize.network import keras, layers, segmentation_network

    keras.utils.set_random_seed(seed)
    network = segmentation_network(WIDTH, deep_blocks)
    rng, batch = np.random.default_rng(seed), np.stack(boxed(8)).astype(np.float32) / 255
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights([rng.uniform(0.5, 1.5, gamma.shape), rng.normal(0, 0.3, beta.shape), mean, variance])
            layer.momentum = 0.0
    for _ in range(2):
        network(batch, training=True)
    return network


def converted(network) -> Converted:
    """The network's int8 file, made as export makes it."""
    import pytest

    from quantize import convert

    raw: list[bytes] = []
    compacted = convert.compacted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "compacted", lambda content: raw.append(content) or compacted(content))
        content = convert.to_int8_tflite(network, PORTRAIT,
                                         {"portrait": boxed(8), "landscape": boxed(8, PORTRAIT[::-1])})
    return Converted(network, content, raw[0])


def with_broken_layer(content: bytes, layer: str, channel: int | None = None) -> bytes:
    """The same file with the kernel of one convolution shuffled, in every signature; channel: only that one negated."""
    model = unpacked(content, "model")
    names = (f"{layer}/Conv2D", f"{layer}/depthwise")
    tensors = [graph.tensors[operator.inputs[1]] for graph in model.subgraphs for operator in graph.operators
               if text_of(graph.tensors[operator.outputs[0]].name) in names and len(operator.inputs) == 3]
    kernels = {tensor.buffer: tensor.shape for tensor in tensors}
    assert kernels, f"no convolution of the file is called {layer}"
    for kernel, shape in kernels.items():
        values = model.buffers[kernel].data.view(np.int8).reshape(shape).copy()
        if channel is None:
            values = np.random.default_rng(1).permutation(values.ravel())
        else:
            values[channel] = np.negative(values[channel])
        model.buffers[kernel].data = values.ravel().view(np.uint8)
    return packed(model)
