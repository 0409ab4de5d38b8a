"""The matting network: looks of every second pixel of every second row, and a correction of a solved alpha.

Small on purpose: the solve that it serves takes milliseconds. Plain convolutions and ReLU6, no normalisation: there are
four layers. The looks are projected by PCA (quantize/matte/projection.py), folded into their last convolution. Only
operators that int8 kernels know.
"""
from __future__ import annotations

from quantize.network import DepthToSpace, keras

layers = keras.layers

TILE_PX = 128
"""Pixels a side of what a signature takes; samples are as large."""

LEARNED = 12
"""Numbers that the trunk adds to a pixel's three colours."""


class EverySecond(keras.layers.Layer):
    """(h, w, c) → (h/2, w/2, c): the pixels that a convolution of stride 2 with SAME padding lies on."""

    def call(self, inputs):
        return inputs[:, 1::2, 1::2]


def matte_network(channels: int) -> keras.Model:
    """picture (n, h, w, 3) and mixed (n, h, w, 4), a picture with its alpha, float32 in 0..1 → {"looks": (n, h/2, w/2,
    3 + LEARNED), "correction": (n, h, w, 1) in −1..1}; h and w even. Looks (i, j) are of pixel (2i + 1, 2j + 1).
    """
    picture, mixed = keras.Input((None, None, 3), name="picture"), keras.Input((None, None, 4), name="mixed")
    answers = {"looks": _looks(picture, channels), "correction": _correction(mixed, channels)}
    return keras.Model([picture, mixed], answers, name="masque_matte")


def _looks(picture, channels: int):
    """A pixel's own colours, and what its 11×11 surroundings add: at the beginning of training next to nothing."""
    x = _active(picture, channels, "patch_half", stride=2)
    x = _active(x, channels, "patch_more")
    x = _active(x, 2 * channels, "patch_wide")
    start = keras.initializers.RandomNormal(stddev=0.02, seed=1)
    learned = layers.Conv2D(LEARNED, 1, name="patch_learned", kernel_initializer=start)(x)
    return layers.Concatenate(name="patch_joined")([EverySecond(name="own_colour")(picture), learned])


def _correction(mixed, channels: int):
    """The residual to add to alpha, from a picture with its alpha (the original's refinement); at first zero."""
    x = _active(mixed, channels, "mixed_half", stride=2)
    for i in range(2):
        x = _active(x, channels, f"mixed_{i}")
    x = layers.Conv2D(4, 3, padding="same", name="mixed_residual", kernel_initializer="zeros")(x)
    return layers.Activation("tanh", name="mixed_bounded")(DepthToSpace(2, name="mixed_to_full")(x))


def _active(x, channels: int, name: str, stride: int = 1):
    x = layers.Conv2D(channels, 3, stride, padding="same", name=name, kernel_initializer="he_normal")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
