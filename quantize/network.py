"""The segmentation network: one definition for every tier; size and width come from `board_configs/tiers.toml`.

After US 2023/0362331: two layers that down-sample four times, bottlenecks with a sum, and one large-factor
deconvolution, here in its cheap form (a convolution to r² channels and DEPTH_TO_SPACE(r) is a stride-r deconvolution).
Beyond it: inverted residuals with depthwise convolutions, global context at 1/16, skips from 1/8, 1/4 and 1/2, and two
heads on one body: whoever asks for the person alone does not pay for the parts.
Only operators that int8 kernels know; ReLU6 keeps activation ranges fixed. Google's table of Edge TPU operators lacks
DEPTH_TO_SPACE: what precedes the first one, 97 % of the person's multiply-adds, can be one segment
(`masque-quantize compile`).
"""
from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf  # type: ignore[import-untyped, unused-ignore]
import tf_keras as keras  # type: ignore[import-untyped, unused-ignore]

from edge.board_shapes import Tier
from edge.frame import CLASSES

layers = keras.layers

STEM, QUARTER, EIGHTH, SIXTEENTH, PARTS = 16, 24, 40, 80, 32
"""Channels at 1/2, 1/4, 1/8, 1/16 of the input's side and of the head for parts (1/4); at width 1."""


class DepthToSpace(keras.layers.Layer):
    """(h, w, c·r²) → (h·r, w·r, c). Named, so that quantisation-aware training can be told about it."""

    def __init__(self, factor: int, **options) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs):
        return tf.nn.depth_to_space(inputs, self.factor)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def network_of(recipe: Mapping[str, Any]) -> keras.Model:
    """The network of a run's recipe: its keys are those of `shape_of`."""
    return segmentation_network(recipe["width"], recipe["deep_blocks"], recipe["head_channels"])


def shape_of(tier: Tier) -> dict[str, Any]:
    """What a tier says about its network, as segmentation_network takes it and a recipe keeps it."""
    return {"width": tier.network_width.value, "deep_blocks": tier.deep_blocks.value,
            "head_channels": tier.head_channels.value}


def segmentation_network(width: float = 1.0, deep_blocks: int = 4, head_channels: int = 8) -> keras.Model:
    """(n, h, w, 3) float32 in 0..1 → {"person": logits (n, h, w, 1), "parts": logits (n, h/2, w/2, 6)}.

    h and w are multiples of 16, no weight depends on them. width scales the channels; deep_blocks counts the residual
    blocks at 1/16, where most parameters are; head_channels the person head's features at 1/2, where the edge is drawn.
    """
    stem_c, quarter_c, eighth_c, sixteenth_c = (_channels(c * width) for c in (STEM, QUARTER, EIGHTH, SIXTEENTH))
    inputs = keras.Input((None, None, 3), name="picture")
    half = _conv(inputs, stem_c, 3, stride=2, name="stem_half")
    quarter = _conv(half, quarter_c, 3, stride=2, name="stem_quarter")
    for i in range(2):
        quarter = _inverted_residual(quarter, quarter_c, 3, 3, 1, f"quarter_{i}")
    eighth = _inverted_residual(quarter, eighth_c, 4, 3, 2, "eighth_down")
    for i in range(2):
        eighth = _inverted_residual(eighth, eighth_c, 3, 5, 1, f"eighth_{i}")
    deep = _inverted_residual(eighth, sixteenth_c, 4, 5, 2, "sixteenth_down")
    for i in range(deep_blocks):
        deep = _inverted_residual(deep, sixteenth_c, 3, 5, 1, f"sixteenth_{i}")
    deep = _with_context(deep, sixteenth_c)
    up = _merge(deep, eighth, eighth_c, "eighth")
    up = _inverted_residual(up, eighth_c, 2, 3, 1, "up_eighth")
    up = _merge(up, quarter, quarter_c, "quarter")
    up = _inverted_residual(up, quarter_c, 2, 3, 1, "up_quarter")
    return keras.Model(inputs, {"person": _person_head(up, half, _channels(head_channels * width)),
                                "parts": _parts_head(up, _channels(PARTS * width))}, name="masque_seg")


def _person_head(up, half, channels: int):
    """Features at 1/4, joined by those at 1/2 → person logits at full size."""
    up = DepthToSpace(2, name="to_half")(_conv(up, channels * 4, 1, name="head_quarter"))
    up = layers.Add(name="join_half")([up, _conv(half, channels, 1, name="skip_half")])
    up = _depthwise(up, 3, 1, "head_depthwise")
    return DepthToSpace(2, name="to_full")(layers.Conv2D(4, 3, padding="same", name="head")(up))


def _parts_head(up, channels: int):
    """Features at 1/4 → logits of the six classes at 1/2: parts are large, and a softmax there costs a quarter."""
    up = _inverted_residual(up, channels, 2, 5, 1, "parts_quarter")
    up = layers.UpSampling2D(2, interpolation="bilinear", name="parts_double")(up)
    return layers.Conv2D(len(CLASSES), 3, padding="same", name="parts")(up)


def _channels(count: float) -> int:
    return max(8, int(count + 4) // 8 * 8)


def _conv(x, channels: int, size: int, stride: int = 1, active: bool = True, *, name: str):
    x = layers.Conv2D(channels, size, stride, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.97, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if active else x


def _depthwise(x, size: int, stride: int, name: str):
    x = layers.DepthwiseConv2D(size, stride, padding="same", use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.97, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _inverted_residual(x, channels: int, expansion: int, size: int, stride: int, name: str):
    """1×1 to `expansion` times the channels → depthwise → 1×1 back, summed with the input where shapes allow."""
    y = _conv(x, x.shape[-1] * expansion, 1, name=f"{name}_expand")
    y = _depthwise(y, size, stride, f"{name}_depthwise")
    y = _conv(y, channels, 1, active=False, name=f"{name}_project")
    return layers.Add(name=f"{name}_sum")([x, y]) if stride == 1 and x.shape[-1] == channels else y


def _with_context(x, channels: int):
    """Weighs channels by what the whole picture holds: seats and table tops look like clothes without it."""
    y = layers.GlobalAveragePooling2D(keepdims=True, name="context_mean")(x)
    y = layers.Conv2D(channels // 2, 1, activation="relu", name="context_squeeze")(y)
    y = layers.Conv2D(channels, 1, activation="sigmoid", name="context_weigh")(y)
    return layers.Multiply(name="context")([x, y])


def _merge(low, skip, channels: int, name: str):
    """Doubles the size of `low` and adds the encoder's features of that size."""
    low = _conv(low, channels, 1, active=False, name=f"up_to_{name}")
    low = layers.UpSampling2D(2, interpolation="bilinear", name=f"double_to_{name}")(low)
    skip = _conv(skip, channels, 1, active=False, name=f"skip_{name}")
    return layers.ReLU(6.0, name=f"join_{name}_relu")(layers.Add(name=f"join_{name}")([low, skip]))
