"""Two vectors and 32 prototypes are learned from labelled signals, and the chip's integers say what the floats say."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from edge.bridge.points import FARTHEST, Form, Point, Tables, Verdict, classified, formed, projected
from quantize.projection import prototypes, vectors
from quantize.projection.fit import RANGE, as_tables, fitted, scale_of
from quantize.projection.judge import accuracies, chip_says
from quantize.projection.prototypes import elected, even_shares, exchanged, reaches, squares, worth_of
from quantize.projection.signals import Signals, numbered
from quantize.projection.vectors import _gradients, fisher, principal, smooth_basis


def falling_and_steady(each: int, seed: int) -> Signals:
    """Noise that falls silent soon, noise that stays and noise that comes late, at any loudness: `dull`, `fast`,
    `other`."""
    rng, t = np.random.default_rng(seed), np.arange(800)
    envelopes = {"fast": np.exp(-t / 60), "dull": np.ones(800), "other": np.clip(t / 800, 0.3, 1) ** 3}
    rows = [np.clip(np.round(np.exp(rng.uniform(4, 6)) * envelope * rng.standard_normal(800)), -512, 511)
            for envelope in envelopes.values() for _ in range(each)]
    return Signals(np.array(rows, np.int16), tuple(name for name in envelopes for _ in range(each)))


LEARNT, HELD_OUT = falling_and_steady(120, 1), falling_and_steady(80, 2)
NAMES = numbered(LEARNT.labels)


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """These signals are told apart after fewer steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "STEPS", 300)
        patch.setattr(prototypes, "TRIES", 600)
        yield


@pytest.fixture(scope="module")
def made():
    return fitted(LEARNT, NAMES, "learned", Form.LOUDNESS, 0)


def test_labels_are_numbered_by_the_alphabet_and_other_is_none() -> None:
    assert NAMES == {0: "other", 1: "dull", 2: "fast"}
    assert numbered(("b", "a", "b")) == {1: "a", 2: "b"}


def test_what_was_learned_is_known_again(made) -> None:
    found = accuracies(made, as_tables(made), HELD_OUT, NAMES)
    assert found["float"] > 0.9


@pytest.mark.parametrize("method", ["pca", "learned"])
@pytest.mark.parametrize("form", list(Form))
def test_integers_are_within_a_point_of_floats(method: str, form: Form) -> None:
    one = fitted(LEARNT, NAMES, method, form, 3)
    found = accuracies(one, as_tables(one), HELD_OUT, NAMES)
    assert abs(found["float"] - found["q15"]) <= 0.01 and found["agree"] >= 0.98


@pytest.mark.parametrize("form", list(Form))
def test_a_point_in_integers_is_the_point_in_floats_rounded(form: Form) -> None:
    one = fitted(LEARNT, NAMES, "pca", form, 0)
    tables, step = as_tables(one), scale_of(one.directions, one.mean, one.form) / 65536
    exact = one.points(HELD_OUT.samples) * step
    found = np.array([projected(tables, signal) for signal in HELD_OUT.samples])
    assert np.abs(found - exact).max() <= 0.5 + 800 * 0.5 * RANGE[form][1] / 65536
    assert np.abs((found - exact).mean(axis=0)).max() < 0.3, "rounded to the nearest, not down"
    assert np.abs(tables.prototypes - one.prototypes * step).max() <= 0.5


def test_phase_tells_nothing_and_loudness_tells(made) -> None:
    samples = fitted(LEARNT, NAMES, "learned", Form.SAMPLES, 0)
    raw = accuracies(samples, as_tables(samples), HELD_OUT, NAMES)["q15"]
    assert raw < accuracies(made, as_tables(made), HELD_OUT, NAMES)["q15"] - 0.2


def test_the_same_seed_gives_the_same_tables_and_another_gives_others(made) -> None:
    again, other = (as_tables(fitted(LEARNT, NAMES, "learned", Form.LOUDNESS, seed)).packed() for seed in (0, 1))
    assert as_tables(made).packed() == again != other


def test_learning_finds_what_variance_hides() -> None:
    """Two loud directions say nothing, a weak one says everything: principal components miss it."""
    rng, t = np.random.default_rng(4), np.arange(800)
    loud = np.stack([np.sin(2 * np.pi * t / 800), np.cos(2 * np.pi * t / 800)])
    weak = np.sin(2 * np.pi * t / 200)
    truth = np.repeat([0, 1], 300)
    rows = rng.normal(0, 120, (600, 2)) @ loud + (truth * 2 - 1)[:, None] * 25 * weak + rng.normal(0, 5, (600, 800))
    signals = Signals(np.clip(np.round(rows), -512, 511).astype(np.int16), tuple("ab"[kind] for kind in truth))
    names = numbered(signals.labels)
    right = {method: (fitted(signals, names, method, Form.SAMPLES, 0).said(signals.samples)
                      == signals.numbers(names)).mean() for method in ("pca", "learned")}
    assert right["learned"] > 0.97 and right["pca"] < 0.75


def test_gradients_are_those_of_finite_differences() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(40, 6)), rng.integers(0, 3, 40)
    parameters = [rng.normal(size=(6, 2)) * 0.3, rng.normal(size=(32, 2)), rng.normal(size=(32, 3))]

    def loss(w, b, z) -> float:
        kernel = np.exp(-2.5 * squares(x @ w, b))
        labels = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        p = (kernel / kernel.sum(axis=1, keepdims=True)) @ labels
        return float(-np.log(p[np.arange(y.size), y]).mean())

    for which, gradient in enumerate(_gradients(*parameters, x, y, 2.5)):  # type: ignore[arg-type]
        for _ in range(5):
            place = tuple(rng.integers(0, size) for size in gradient.shape)
            moved = [[p.copy() for p in parameters] for _ in range(2)]
            moved[0][which][place] += 1e-5
            moved[1][which][place] -= 1e-5
            assert gradient[place] == pytest.approx((loss(*moved[0]) - loss(*moved[1])) / 2e-5, rel=1e-3, abs=1e-6)


def test_the_vote_is_the_chips_ties_included() -> None:
    rng = np.random.default_rng(6)
    for _ in range(20):
        places, labels = rng.integers(-9, 10, (32, 2)), rng.integers(0, 4, 32)
        points = rng.integers(-9, 10, (40, 2))
        tables = Tables(np.zeros((800, 2)), (0, 0), places, labels, np.full(32, 65535))
        between = squares(points, places).astype(float) + np.arange(32) * 1e-6  # of equals the first, as on the chip
        winner, nearest = elected(between, labels)
        for i, point in enumerate(points):
            distance = int(np.sqrt(squares(points[i : i + 1], places)[0, nearest[i]]))
            assert classified(tables, Point(*point.tolist())) == Verdict(int(winner[i]), distance)


def test_an_exchange_finds_two_islands_in_a_sea() -> None:
    rng = np.random.default_rng(7)
    points = rng.uniform(-1, 1, (3000, 2))
    truth = np.where(np.linalg.norm(points - (0.5, 0.5), axis=1) < 0.3, 1, 0)
    truth[np.linalg.norm(points - (-0.4, -0.2), axis=1) < 0.3] = 2
    places, labels = exchanged(points, truth, 0)
    said = elected(squares(points, places), labels)[0]
    assert places.shape == (32, 2) and (said == truth).mean() > 0.93


def test_a_wrong_class_costs_more_than_silence() -> None:
    truth = np.array([1, 1, 0, 0])
    shares = even_shares(truth)
    assert worth_of(truth, truth, shares) == 1
    assert worth_of(np.array([1, 0, 0, 0]), truth, shares) > worth_of(np.array([1, 2, 0, 0]), truth, shares)


def test_who_is_farther_than_any_of_its_kind_is_not_of_it(made) -> None:
    table = as_tables(made)
    assert {classified(table, Point(x, y)).label for x in (-FARTHEST, FARTHEST) for y in (-FARTHEST, FARTHEST)} == {0}
    known = chip_says(table, LEARNT.samples)
    assert (known[LEARNT.numbers(NAMES) > 0] == 0).mean() < 0.1


def test_a_reach_of_one_that_won_nothing_is_the_others() -> None:
    rng = np.random.default_rng(8)
    points = rng.normal(0, 1, (500, 2))
    places = np.concatenate([rng.normal(0, 1, (31, 2)), [[500.0, 500.0]]])
    found = reaches(points, np.ones(500, int), places, np.ones(32, int))
    assert np.isfinite(found).all() and found[31] == pytest.approx(np.median(found[:31]), rel=0.7)


@pytest.mark.parametrize("form", list(Form))
def test_no_signal_leaves_sixteen_bits_or_the_range_of_points(form: Form) -> None:
    rng = np.random.default_rng(9)
    directions, mean = rng.normal(size=(800, 2)), rng.uniform(*RANGE[form], 800)
    factor = scale_of(directions, mean, form)
    factors = directions * factor
    assert np.abs(factors).max() <= 32767
    for least, most in (RANGE[form], RANGE[form][::-1]):
        end = ((np.where(factors > 0, most, least) - mean[:, None]) * factors).sum(axis=0) / 65536
        assert FARTHEST * 0.4 < np.abs(end).max() <= FARTHEST or np.abs(factors).max() > 32000


def test_loudness_forgets_phase_and_lies_within_its_range() -> None:
    rng = np.random.default_rng(10)
    signal = rng.integers(-512, 512, (50, 800))
    values = formed(signal, Form.LOUDNESS)
    assert values.min() >= RANGE[Form.LOUDNESS][0] and values.max() <= RANGE[Form.LOUDNESS][1]
    assert np.array_equal(values[:, 1:], formed(-signal, Form.LOUDNESS)[:, 1:])
    doubled = formed(signal // 4 * 2, Form.LOUDNESS) - formed(signal // 4, Form.LOUDNESS)
    assert set(np.unique(doubled)) <= {0, 16}, "twice as loud is 16 more, silence stays silence"
    low, high = np.full(800, 100), np.tile([100, -100], 400)
    assert formed(low, Form.LOUDNESS)[1::2][1:].max() == 0 and formed(high, Form.LOUDNESS)[2::2].max() == 0


def test_fishers_directions_are_two_even_for_two_classes() -> None:
    rng = np.random.default_rng(11)
    values = rng.normal(size=(400, 12)) * np.arange(1, 13)
    values[:200, 3] += 10
    directions = fisher(values - values.mean(axis=0), np.repeat([0, 1], 200))
    assert directions.T @ directions == pytest.approx(np.eye(2), abs=1e-9)
    assert abs(directions[3, 0]) > 0.95


def test_principal_directions_are_those_of_largest_variance() -> None:
    rng = np.random.default_rng(12)
    values = rng.normal(size=(500, 6)) * [1, 9, 2, 30, 1, 1]
    assert np.abs(principal(values - values.mean(axis=0)))[[3, 1], [0, 1]].min() > 0.99


@pytest.mark.parametrize("form", list(Form))
def test_a_vector_can_be_flat_and_smooth_ones_have_few_parameters(form: Form) -> None:
    basis = smooth_basis(form)
    assert basis.shape[1] <= 41
    flat = basis @ np.linalg.lstsq(basis, np.ones(800), rcond=None)[0]
    assert flat == pytest.approx(np.ones(800), abs=1e-9)
