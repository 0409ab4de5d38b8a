"""The parts' loss: what a label leaves open costs nothing, what it rules out costs, and 255 is not there at all."""
from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from edge.frame import CLASSES
from quantize.manifest import ALLOWED, IGNORE, KNOWN_VALUES
from quantize.network import tf
from quantize.train import CLASS_WEIGHTS, GROUP_WEIGHT, parts_loss

pytestmark = pytest.mark.train

SHAPE = (2, 9, 7)

SURE = 30.0
"""A logit that leaves the other classes nothing."""

GROUPS = sorted(value for value, classes in ALLOWED.items() if 1 < len(classes) < len(CLASSES))


def oracle(logits: np.ndarray, values: np.ndarray) -> float:
    """Pixel by pixel, in double precision: weight · −log of the probability of all classes that the value allows."""
    total = weights = 0.0
    for place in np.ndindex(values.shape):
        value = int(values[place])
        if value == IGNORE:
            continue
        odds = np.exp(logits[place].astype(np.float64))
        classes = ALLOWED[value]
        weight = CLASS_WEIGHTS[classes[0]] if len(classes) == 1 else GROUP_WEIGHT
        total -= weight * np.log(odds[list(classes)].sum() / odds.sum())
        weights += weight
    return total / (weights + 1)


def loss(logits: np.ndarray, values: np.ndarray) -> float:
    return float(parts_loss(tf.constant(logits, tf.float32), tf.constant(values, tf.uint8)))


def believing(classes: np.ndarray) -> np.ndarray:
    """Logits that are sure of these classes."""
    return (SURE * np.eye(len(CLASSES))[classes]).astype(np.float32)


@pytest.fixture
def logits() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 3, (*SHAPE, len(CLASSES))).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_is_what_a_slow_loop_over_pixels_computes(logits: np.ndarray, seed: int) -> None:
    values = np.random.default_rng(seed).choice(sorted(KNOWN_VALUES), SHAPE).astype(np.uint8)
    assert loss(logits, values) == pytest.approx(oracle(logits, values), rel=1e-5)


@pytest.mark.parametrize("value", sorted(KNOWN_VALUES - {IGNORE}))
def test_each_mask_value_alone_is_weighed_and_grouped_as_the_oracle_does(logits: np.ndarray, value: int) -> None:
    values = np.full(SHAPE, value, np.uint8)
    assert loss(logits, values) == pytest.approx(oracle(logits, values), rel=1e-5)


def test_ignored_pixels_neither_cost_nor_teach(logits: np.ndarray) -> None:
    values = np.random.default_rng(2).choice([0, 1, 2, 254], SHAPE).astype(np.uint8)
    values[:, 3:6] = IGNORE
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        found = parts_loss(variable, tf.constant(values))
    gradient = tape.gradient(found, variable).numpy()
    assert not gradient[values == IGNORE].any() and gradient[values != IGNORE].any()
    changed = np.where((values == IGNORE)[..., None], -logits, logits)
    assert loss(changed, values) == pytest.approx(float(found), rel=1e-6)


def test_a_picture_of_which_nothing_is_known_costs_nothing(logits: np.ndarray) -> None:
    assert loss(logits, np.full(SHAPE, IGNORE, np.uint8)) == 0.0


@pytest.mark.parametrize("value", GROUPS)
def test_any_class_that_a_group_leaves_open_is_right_and_any_other_is_wrong(value: int) -> None:
    values = np.full(SHAPE, value, np.uint8)
    for number in range(len(CLASSES)):
        cost = loss(believing(np.full(SHAPE, number)), values)
        assert cost < 1e-3 if number in ALLOWED[value] else cost > 1


def test_a_group_does_not_say_which_of_its_classes(logits: np.ndarray) -> None:
    """Only the sum of their probabilities counts: exchanging two of them changes nothing."""
    values = np.full(SHAPE, 254, np.uint8)
    exchanged = logits[..., [0, 3, 2, 1, 4, 5]]
    assert loss(exchanged, values) == pytest.approx(loss(logits, values), rel=1e-6)
    outside = logits[..., [1, 0, 2, 3, 4, 5]]
    assert loss(outside, values) != pytest.approx(loss(logits, values), rel=1e-2)


def test_a_set_that_never_shows_a_class_still_gives_a_finite_loss(logits: np.ndarray) -> None:
    values = np.random.default_rng(3).choice([0, 254], SHAPE).astype(np.uint8)
    assert np.isfinite(loss(1000 * logits, values))
    assert np.isfinite(loss(believing(np.full(SHAPE, 5)), np.zeros(SHAPE, np.uint8)))


def test_the_loss_falls_as_the_answer_gets_better() -> None:
    classes = np.random.default_rng(4).integers(0, len(CLASSES), SHAPE)
    sure = (np.eye(len(CLASSES))[classes] - 0.5).astype(np.float32)
    losses = [loss(strength * sure, classes.astype(np.uint8)) for strength in (-4.0, 0.0, 1.0, 4.0, 20.0)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 1e-3
