"""The source's network: six classes at full size; its deconvolution is one function in two ways of writing."""
from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from quantize.network import layers
from quantize.reference import CHANNELS, FACTOR, reference_network

pytestmark = pytest.mark.train


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("shape", [(160, 96), (48, 80), (20, 12)])
def test_six_logits_a_pixel_at_full_size(transposed: bool, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).random((1, *shape, 3), np.float32)
    assert reference_network(transposed)(picture).shape == (1, *shape, 6)


def test_there_is_one_deconvolution_and_it_enlarges_four_times() -> None:
    found = [layer for layer in reference_network().layers if isinstance(layer, layers.Conv2DTranspose)]
    assert len(found) == 1 and found[0].strides == (FACTOR, FACTOR) == (4, 4)


def test_the_cheap_deconvolution_is_the_source_s() -> None:
    """kernel[u, v, c, 4·(4a + b)…] of the 3×3 convolution stands at [a + 8 − 4u, b + 8 − 4v] of the 12×12 one."""
    slow, cheap = reference_network(True), reference_network(False)
    for layer in cheap.layers:
        if layer.name != "deconvolution" and layer.weights:
            slow.get_layer(layer.name).set_weights(layer.get_weights())
    kernel, bias = cheap.get_layer("deconvolution").get_weights()
    bias[:] = 0
    cheap.get_layer("deconvolution").set_weights([kernel, bias])
    large = np.zeros((12, 12, 6, CHANNELS), np.float32)
    for u, v, a, b in np.ndindex(3, 3, 4, 4):
        large[a + 8 - 4 * u, b + 8 - 4 * v] = kernel[u, v, :, 6 * (4 * a + b) : 6 * (4 * a + b) + 6].T
    slow.get_layer("deconvolution").set_weights([large, np.zeros(6, np.float32)])
    picture = np.random.default_rng(2).random((1, 32, 24, 3), np.float32)
    np.testing.assert_allclose(slow(picture), cheap(picture), atol=1e-4)
