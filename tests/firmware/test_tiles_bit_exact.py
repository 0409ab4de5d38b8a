"""A tile has one answer, to the bit: in Python, in C on this machine, in MicroPython, in the chip's machine code."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.bridge.device import Device
from edge.errors import TileError
from edge.matting.q15 import ONE, SLOTS, WHOLE, KnnTile, largest_remainder, quantised, solve_tile

TILES = json.loads((Path(__file__).parents[1] / "vectors" / "tiles.json").read_text(encoding="ascii"))

MOST_CYCLES = 1_000_000
"""Of the simulator, for 96 unknowns and 64 sweeps."""


def tile_of(vector: dict) -> KnnTile:
    arrays = {"bias": np.uint16, "neighbours": np.uint8, "weights": np.uint8, "guess": np.uint8}
    return KnnTile(**{name: np.array(vector[name], kind) for name, kind in arrays.items()})


@st.composite
def tiles(draw: st.DrawFn) -> KnnTile:
    """Any tile that is sound: rows may lean on themselves, name a neighbour twice, or have no known share."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 96))
    sharpness = draw(st.sampled_from([0.05, 0.3, 1.0, 20.0]))
    shares = rng.dirichlet([sharpness] * 5, n)
    if draw(st.booleans()):
        shares[:, 4] = 0
        shares = shares / shares.sum(axis=1, keepdims=True)
    bias = shares[:, 4] * rng.choice([0.0, 1.0, rng.random()], n)
    return quantised(rng.integers(0, n, (n, SLOTS)), shares[:, :4], bias, rng.random(n))


@pytest.mark.parametrize("vector", TILES, ids=lambda v: v["name"])
def test_python_answers_as_the_vectors_say(vector: dict) -> None:
    answer = solve_tile(tile_of(vector), vector["sweeps"], vector["step"])
    assert (answer.alpha.tolist(), answer.sweeps, answer.change) == (vector["alpha"], vector["done"], vector["change"])


@pytest.mark.parametrize("vector", TILES, ids=lambda v: v["name"])
def test_c_and_micropython_answer_as_the_vectors_say(device: Device, vector: dict) -> None:
    answer = device.solve(tile_of(vector), vector["sweeps"], vector["step"]).answer
    assert (answer.alpha.tolist(), answer.sweeps, answer.change) == (vector["alpha"], vector["done"], vector["change"])


def test_the_chips_machine_code_answers_as_the_vectors_say(simulated) -> None:
    chip = simulated.device()
    for vector in TILES:
        answer = chip.solve(tile_of(vector), vector["sweeps"], vector["step"]).answer
        found = (answer.alpha.tolist(), answer.sweeps, answer.change)
        assert found == (vector["alpha"], vector["done"], vector["change"]), vector["name"]
    chip.link.close()


@given(tile=tiles(), sweeps=st.integers(1, 40), step=st.integers(0, 100))
def test_any_tile_has_one_answer_in_c_and_in_micropython(device: Device, tile: KnnTile, sweeps: int, step: int) -> None:
    here, there = solve_tile(tile, sweeps, step), device.solve(tile, sweeps, step).answer
    assert np.array_equal(here.alpha, there.alpha) and (here.sweeps, here.change) == (there.sweeps, there.change)


def test_any_tile_has_one_answer_in_the_chips_machine_code(simulated) -> None:
    chip = simulated.device()

    @settings(max_examples=15)
    @given(tile=tiles(), sweeps=st.integers(1, 40), step=st.integers(0, 100))
    def same(tile: KnnTile, sweeps: int, step: int) -> None:
        here, there = solve_tile(tile, sweeps, step), chip.solve(tile, sweeps, step).answer
        assert np.array_equal(here.alpha, there.alpha) and (here.sweeps, here.change) == (there.sweeps, there.change)

    same()
    chip.link.close()


def test_a_full_tile_takes_a_million_simulated_cycles_at_most(simulated) -> None:
    chip = simulated.device()
    slow = next(vector for vector in TILES if "slowly" in vector["name"])
    assert len(slow["bias"]) == 96
    assert chip.solve(tile_of(slow), 64, 0).answer.sweeps == 64
    cycles = next(request.cycles for request in reversed(simulated.requests) if request.kind == 3)
    assert cycles <= MOST_CYCLES
    chip.link.close()


@given(tile=tiles(), sweeps=st.integers(1, 30))
def test_no_alpha_leaves_the_range_of_what_it_leans_on(tile: KnnTile, sweeps: int) -> None:
    assert int(solve_tile(tile, sweeps).alpha.max()) <= ONE


@given(value=st.integers(0, 255), seed=st.integers(0, 1000))
def test_a_constant_stays_a_constant(value: int, seed: int) -> None:
    """Where all that is known is one value and the guess is too, nothing moves by more than rounding."""
    rng, n = np.random.default_rng(seed), 30
    shares = rng.dirichlet([1.0] * 5, n)
    made = quantised(rng.integers(0, n, (n, 4)), shares[:, :4], shares[:, 4] * value / 255, np.full(n, value / 255))
    alpha = solve_tile(made, 64).alpha
    assert np.abs(alpha.astype(int) - value * ONE / 255).max() <= 64


@given(seed=st.integers(0, 10**6), columns=st.integers(1, 6))
@example(seed=0, columns=1)
def test_rounded_shares_sum_to_256_and_lie_next_to_what_they_round(seed: int, columns: int) -> None:
    shares = np.random.default_rng(seed).dirichlet([0.4] * columns, 20) if columns > 1 else np.ones((20, 1))
    parts = largest_remainder(shares)
    assert (parts.sum(axis=1) == WHOLE).all()
    assert np.abs(parts - shares * WHOLE).max() < 1


def test_what_rounding_moves_is_given_back_through_the_bias() -> None:
    """At its own solution a rounded tile stands still; without the correction the weights' rounding would move it."""
    rng, n = np.random.default_rng(2), 96
    shares = rng.dirichlet([1.0] * 5, n)
    neighbours, bias = rng.integers(0, n, (n, 4)), shares[:, 4] * rng.random(n)
    matrix = np.eye(n)
    np.add.at(matrix, (np.repeat(np.arange(n), 4), neighbours.ravel()), -shares[:, :4].ravel())
    exact = np.linalg.solve(matrix, bias)
    rounded = solve_tile(quantised(neighbours, shares[:, :4], bias, exact), 200, 0).alpha / ONE
    assert np.abs(rounded - exact).max() * 255 < 0.1


@pytest.mark.parametrize(("change", "said"), [
    ({"neighbours": [[0, 1, 2, 3]] * 3}, "names neighbour 3; there are 3"),
    ({"weights": [[255, 2, 0, 0]] + [[64] * 4] * 2}, "row 0 of a tile has bias 0 and a known share of -1/256"),
    ({"bias": [0, 1, 0]}, "row 1 of a tile has bias 1 and a known share of 0/256"),
    ({"guess": [0, 0]}, r"an array of shape \(2,\); it must be \(3,\)"),
    ({"bias": []}, "a tile of 0 unknowns; it must have 1 to 255"),
])
def test_a_tile_that_could_leave_its_range_cannot_be_made(change: dict, said: str) -> None:
    sound = {"bias": [0] * 3, "neighbours": [[0, 1, 2, 2]] * 3, "weights": [[64] * 4] * 3, "guess": [0] * 3}
    with pytest.raises(TileError, match=said):
        tile_of({**sound, **change})
