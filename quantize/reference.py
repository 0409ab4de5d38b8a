"""The network of US 2023/0362331 to the letter: what ours is compared with, and what it grew from.

(a) two layers that down-sample four times, (b) bottlenecks with a sum, (c) one large deconvolution, (d) softmax over
six classes. `python -m tools.bench.reference` times it in int8 beside ours.
"""
from __future__ import annotations

from edge.frame import CLASSES
from quantize.network import DepthToSpace, keras, layers

CHANNELS, NARROW, BOTTLENECKS, FACTOR = 96, 32, 8, 4
"""Channels of the trunk at 1/4 of the input's side and inside a bottleneck; bottlenecks; up-scale of the deconvolution.
The source names none of these: chosen for about as many parameters as our small network."""


def reference_network(transposed: bool = True) -> keras.Model:
    """(n, h, w, 3) float32 in 0..1 → logits of the six classes (n, h, w, 6); h and w multiples of 4.

    transposed: the deconvolution as the source has it, 12×12 with stride 4; else as a 3×3 convolution and
    DEPTH_TO_SPACE(4), which is the same function with kernels that int8 runs well.
    """
    inputs = keras.Input((None, None, 3), name="picture")
    x = _conv(inputs, CHANNELS // 4, 3, 2, "down_half")
    x = _conv(x, CHANNELS, 3, 2, "down_quarter")
    for i in range(BOTTLENECKS):
        y = _conv(x, NARROW, 1, 1, f"bottleneck_{i}_narrow")
        y = _conv(y, NARROW, 3, 1, f"bottleneck_{i}_across")
        y = layers.Conv2D(CHANNELS, 1, name=f"bottleneck_{i}_widen")(y)
        x = layers.ReLU(6.0, name=f"bottleneck_{i}_relu")(layers.Add(name=f"bottleneck_{i}_sum")([x, y]))
    if transposed:
        up = layers.Conv2DTranspose(len(CLASSES), 3 * FACTOR, FACTOR, padding="same", name="deconvolution")(x)
    else:
        up = layers.Conv2D(len(CLASSES) * FACTOR**2, 3, padding="same", name="deconvolution")(x)
        up = DepthToSpace(FACTOR, name="to_full")(up)
    return keras.Model(inputs, up, name="masque_reference")


def _conv(x, channels: int, size: int, stride: int, name: str):
    x = layers.Conv2D(channels, size, stride, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
