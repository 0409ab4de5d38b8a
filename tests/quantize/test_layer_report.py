"""The layer report: a broken layer is the one that is named, whatever it does to those behind it."""
from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from tiny_network import Converted, boxed, with_broken_layer

from quantize.layer_report import LayerLoss, layer_losses, weakest
from quantize.network import keras

pytestmark = pytest.mark.train

HEALTHY_DB = 15
"""Every layer of a sound int8 file keeps at least this."""


def losses_of(tiny: Converted, content: bytes) -> list[LayerLoss]:
    return layer_losses(tiny.network, content, "all_portrait", boxed(3))


@pytest.fixture(scope="module")
def sound(tiny: Converted) -> list[LayerLoss]:
    return losses_of(tiny, tiny.content)


def test_every_convolution_of_the_network_is_in_the_report(tiny: Converted, sound: list[LayerLoss]) -> None:
    with_kernel = {layer.name for layer in tiny.network.layers
                   if hasattr(layer, "kernel") or hasattr(layer, "depthwise_kernel")}
    assert [loss.layer for loss in sound] and {loss.layer for loss in sound} == with_kernel


def test_no_layer_of_a_sound_file_is_far_from_float(sound: list[LayerLoss]) -> None:
    assert all(loss.own_db > HEALTHY_DB for loss in sound), weakest(sound)
    assert all(loss.in_chain_db > 0 for loss in sound)
    first = sound[0]
    assert first.layer == "stem_half" and abs(first.own_db - first.in_chain_db) < 1, "nothing was lost before it"


def test_the_report_leaves_the_network_as_it_was(tiny: Converted, sound: list[LayerLoss]) -> None:
    assert losses_of(tiny, tiny.content) == sound


@pytest.mark.parametrize("layer", ["stem_half", "quarter_0_expand", "quarter_1_depthwise", "eighth_0_project",
                                   "sixteenth_down_expand", "context_squeeze", "context_weigh", "skip_eighth",
                                   "up_to_quarter", "head_quarter", "head_depthwise", "parts_quarter_expand", "head",
                                   "parts"])
def test_the_layer_that_was_broken_is_the_one_that_is_named(tiny: Converted, sound: list[LayerLoss],
                                                            layer: str) -> None:
    losses = losses_of(tiny, with_broken_layer(tiny.content, layer))
    found = weakest(losses)
    assert found.layer == layer
    assert found.own_db < HEALTHY_DB < min(loss.own_db for loss in sound)


def test_the_worst_channel_is_the_one_that_was_broken(tiny: Converted) -> None:
    relu = keras.Model(tiny.network.inputs, tiny.network.get_layer("stem_quarter_relu").output)
    strongest = int(np.argmax((relu(np.stack(boxed(3)).astype(np.float32) / 255).numpy() ** 2).mean((0, 1, 2))))
    losses = losses_of(tiny, with_broken_layer(tiny.content, "stem_quarter", channel=strongest))
    broken = [loss for loss in losses if loss.layer == "stem_quarter"]
    assert broken[0].worst_channel == strongest and broken[0].worst_channel_db < 1
