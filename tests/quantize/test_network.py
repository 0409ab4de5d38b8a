"""The float network: one set of weights for every orientation, small, and built of what int8 kernels know."""
from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from edge.boards import load_tiers
from edge.frame import CLASSES
from quantize.network import DepthToSpace, layers, segmentation_network, shape_of, tf
from quantize.train import loss_of

pytestmark = pytest.mark.train

LARGEST = 300_000
"""Parameters; at one byte each the file stays below 600 kB."""


@pytest.fixture(scope="module")
def network():
    return segmentation_network()


@pytest.mark.parametrize("shape", [(160, 96), (96, 160), (112, 64), (80, 48), (48, 80), (16, 16)])
def test_one_network_answers_every_size_with_a_person_and_parts_at_half_of_it(network, shape: tuple[int, int]) -> None:
    pictures = np.random.default_rng(1).random((2, *shape, 3), np.float32)
    logits = {name: answer.numpy() for name, answer in network(pictures, training=False).items()}
    assert {name: answer.shape for name, answer in logits.items()} == {
        "person": (2, *shape, 1), "parts": (2, shape[0] // 2, shape[1] // 2, len(CLASSES))}
    assert all(np.isfinite(answer).all() for answer in logits.values())


def test_no_weight_depends_on_the_size_of_the_input(network) -> None:
    assert network.input_shape == (None, None, None, 3)
    count = len(network.weights)
    network(np.zeros((1, 96, 160, 3), np.float32), training=False)
    assert len(network.weights) == count


def test_the_network_stays_small(network) -> None:
    assert network.count_params() < LARGEST


def test_a_wider_network_has_more_parameters_and_a_narrow_one_keeps_eight_channels(network) -> None:
    narrow, wide = segmentation_network(0.25), segmentation_network(1.5)
    assert narrow.count_params() < network.count_params() < wide.count_params()
    assert min(layer.filters for layer in narrow.layers if isinstance(layer, layers.Conv2D)
               and not isinstance(layer, layers.DepthwiseConv2D) and layer.use_bias is False) == 8


def test_a_shallower_network_has_every_layer_but_the_deepest(network) -> None:
    shapes = {layer.name: [tuple(w.shape) for w in layer.weights] for layer in network.layers}
    for deep_blocks in (0, 2):
        for layer in segmentation_network(1.0, deep_blocks).layers:
            assert shapes[layer.name] == [tuple(w.shape) for w in layer.weights], layer.name
    gone = set(shapes) - {layer.name for layer in segmentation_network(1.0, 2).layers}
    assert {name[: len("sixteenth_2")] for name in gone} == {"sixteenth_2", "sixteenth_3"}


@pytest.mark.parametrize("tier", ["small", "medium", "large"])
def test_every_tier_has_a_network_of_the_size_that_its_file_promises(tier: str) -> None:
    sizes = load_tiers()[tier]
    made = segmentation_network(**shape_of(sizes))
    assert made.count_params() < LARGEST
    assert sizes.height.value % 16 == sizes.width.value % 16 == 0


def test_pictures_of_a_batch_do_not_see_each_other(network) -> None:
    pictures = np.random.default_rng(2).random((3, 80, 48, 3), np.float32)
    together = network(pictures, training=False)
    alone = [network(picture[None], training=False) for picture in pictures]
    for name in ("person", "parts"):
        np.testing.assert_allclose(together[name], np.concatenate([one[name] for one in alone]), atol=1e-4)


def test_a_convolution_and_depth_to_space_is_one_large_deconvolution() -> None:
    """3×3 to 4 channels, then DEPTH_TO_SPACE(2) = one 6×6 deconvolution with stride 2 (the network's docstring)."""
    rng = np.random.default_rng(3)
    features = rng.normal(size=(1, 7, 5, 6)).astype(np.float32)
    kernel = rng.normal(size=(3, 3, 6, 4)).astype(np.float32)
    cheap = DepthToSpace(2)(tf.nn.conv2d(features, kernel, 1, "SAME"))
    large = np.zeros((6, 6, 1, 6), np.float32)
    for u, v, a, b in np.ndindex(3, 3, 2, 2):
        large[a + 4 - 2 * u, b + 4 - 2 * v, 0] = kernel[u, v, :, 2 * a + b]
    deconvolved = tf.nn.conv2d_transpose(features, large, (1, 18, 14, 1), 2, "VALID")[:, 2:-2, 2:-2]
    np.testing.assert_allclose(cheap, deconvolved, atol=1e-4)


@pytest.fixture
def batch():
    rng = np.random.default_rng(4)
    person = (rng.random((2, 32, 24, 1)) < 0.5).astype(np.float32)
    known = np.ones_like(person)
    known[:, 10:20, 5:15] = 0
    return rng.normal(size=person.shape).astype(np.float32), person, known


def test_the_loss_ignores_unknown_pixels(batch) -> None:
    logits, person, known = (tf.Variable(part) for part in batch)
    with tf.GradientTape() as tape:
        loss = loss_of(logits, person, known)
    gradient = tape.gradient(loss, logits).numpy()
    assert not gradient[batch[2] == 0].any()
    assert gradient[batch[2] == 1].any()
    logits.assign(tf.where(known == 0, 50.0, logits))
    assert float(loss_of(logits, person, known)) == pytest.approx(float(loss), rel=1e-6)


def test_the_loss_falls_as_the_answer_gets_better(batch) -> None:
    _, person, known = batch
    answers = [strength * (2 * person - 1) for strength in (-4.0, 0.0, 1.0, 4.0, 12.0)]
    losses = [float(loss_of(tf.constant(answer), tf.constant(person), tf.constant(known))) for answer in answers]
    assert losses == sorted(losses, reverse=True)
    assert 0 <= losses[-1] < 0.01


def test_a_mistake_on_the_boundary_costs_more_than_one_inside() -> None:
    person = np.zeros((1, 40, 40, 1), np.float32)
    person[:, :, 20:] = 1
    known = np.ones_like(person)

    def loss_with_mistake_at(column: int) -> float:
        logits = 8 * (2 * person - 1)
        logits[:, :, column] *= -1
        return float(loss_of(tf.constant(logits), tf.constant(person), tf.constant(known)))

    assert loss_with_mistake_at(20) > 2 * loss_with_mistake_at(35)


def test_a_batch_without_people_or_without_knowledge_of_any_part_is_finite() -> None:
    nothing, all_known = tf.zeros((1, 16, 16, 1)), tf.ones((1, 16, 16, 1))
    half = tf.concat([all_known[:, :8], nothing[:, 8:]], axis=1)
    for known in (all_known, half):
        assert np.isfinite(float(loss_of(nothing, nothing, known)))
