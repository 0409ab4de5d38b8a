"""edge.matting.system and .solve: KNN matting over the unknown band, against a dense solve of the same equations."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.frame import Trimap
from edge.matting import solve as solving
from edge.matting.features import colour_and_place
from edge.matting.solve import TOLERANCE, Solution, solve
from edge.matting.system import PRIOR, knn_system, two_sets
from edge.matting.trimap import ramp_across

RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (20, 220, 20)


def banded(height: int = 12, width: int = 14, band: tuple[int, int] = (4, 10)) -> Trimap:
    """Foreground on the left, background on the right, unknown in the columns of the band."""
    values = np.zeros((height, width), np.uint8)
    values[:, : band[0]], values[:, band[0] : band[1]] = 255, 128
    return Trimap(values)


def painted(colour_left: tuple[int, int, int], colour_right: tuple[int, int, int], edge: int,
            shape: tuple[int, int] = (12, 14)) -> np.ndarray:
    pixels = np.empty((*shape, 3), np.uint8)
    pixels[:, :edge], pixels[:, edge:] = colour_left, colour_right
    return pixels


def noise(seed: int, shape: tuple[int, int] = (12, 14)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def dense_alpha(pixels: np.ndarray, trimap: np.ndarray, guess: np.ndarray,
                sets: Sequence[tuple[int, float]]) -> np.ndarray:
    """(D + p − A)·α = A_known·v + p·guess, every term written out: Chen, Li, Tang 2013 with exact known pixels.

    a_ij = 1 − ‖f_i − f_j‖ / C for the K nearest j of i, made symmetric among unknown pixels; D holds the row sums.
    """
    height, width = trimap.shape
    values = trimap.reshape(-1)
    unknown = np.flatnonzero(values == 128)
    affinity = np.zeros((unknown.size, values.size))
    for neighbours, position_weight in sets:
        y, x = np.mgrid[:height, :width] * position_weight / max(height, width)
        features = np.dstack([pixels / 255, y, x]).reshape(-1, 5)
        distance = np.linalg.norm(features[unknown, None] - features[None], axis=2)
        distance[np.arange(unknown.size), unknown] = np.inf
        nearest = np.argsort(distance, axis=1)[:, :neighbours]
        farthest = np.take_along_axis(distance, nearest, axis=1).max()
        for row, columns in enumerate(nearest):
            affinity[row, columns] += 1 - distance[row, columns] / farthest
    among = affinity[:, unknown]
    among = (among + among.T) / 2
    known = np.flatnonzero(values != 128)
    to_known = affinity[:, known]
    matrix = np.diag(among.sum(axis=1) + to_known.sum(axis=1) + PRIOR) - among
    return np.linalg.solve(matrix, to_known @ (values[known] / 255) + PRIOR * guess.reshape(-1)[unknown])


def solved(pixels: np.ndarray, trimap: Trimap, neighbours: int = 4, position_weight: float = 0.5,
           guess: np.ndarray | None = None) -> Solution:
    first = ramp_across(trimap) if guess is None else guess
    return solve(knn_system(pixels, trimap, first, [(neighbours, position_weight)]))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sets", [[(3, 0.5)], [(10, 0.5)], [(5, 2.0)], two_sets(10, 3.0, 0.1)])
def test_the_solution_equals_a_dense_solve_of_the_same_equations(seed: int,
                                                                 sets: Sequence[tuple[int, float]]) -> None:
    pixels, trimap = noise(seed), banded()
    guess = np.random.default_rng(seed).random((12, 14), np.float32)
    wanted = dense_alpha(pixels, trimap.values, guess, sets)
    found = solve(knn_system(pixels, trimap, guess, sets))
    assert found.converged and found.residual <= 1.01 * TOLERANCE
    np.testing.assert_allclose(found.alpha, wanted, atol=1 / 255)


def test_two_sets_share_out_all_neighbours() -> None:
    assert two_sets(10, 3.0, 0.1) == ((7, 3.0), (3, 0.1))
    assert two_sets(1, 3.0, 0.1) == ((1, 3.0),)


@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from([0.0, 0.5, 4.0]))
def test_alpha_stays_between_0_and_1(seed: int, neighbours: int, position_weight: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.choice(np.uint8([0, 128, 255]), (10, 9), p=[0.2, 0.6, 0.2])
    values[0, 0], values[0, 1], values[0, 2] = 0, 128, 255
    found = solved(noise(seed, (10, 9)), Trimap(values), neighbours, position_weight)
    assert found.alpha.dtype == np.float32 and found.alpha.shape == ((values == 128).sum(),)
    assert found.alpha.min() >= 0 and found.alpha.max() <= 1 and np.isfinite(found.alpha).all()


@pytest.mark.parametrize("edge", [5, 7, 9])
def test_unknown_pixels_of_the_foreground_s_colour_become_foreground_wherever_the_edge_is(edge: int) -> None:
    trimap = banded()
    system = knn_system(painted(RED, BLUE, edge), trimap, ramp_across(trimap), [(5, 0.5)])
    alpha, column = solve(system).alpha, system.where % 14
    assert (alpha[column < edge] > 0.98).all() and (alpha[column >= edge] < 0.02).all()


def test_a_mirrored_picture_gives_the_mirrored_alpha() -> None:
    pixels, trimap = noise(3), banded()
    alpha = trimap.values / 255
    mirrored = alpha.copy()[:, ::-1]
    alpha[trimap.unknown] = solved(pixels, trimap).alpha
    turned = Trimap(np.ascontiguousarray(trimap.values[:, ::-1]))
    mirrored[turned.unknown] = solved(np.ascontiguousarray(pixels[:, ::-1]), turned).alpha
    np.testing.assert_allclose(mirrored[:, ::-1], alpha, atol=2e-3)


def test_an_island_without_a_path_to_known_pixels_settles_on_the_first_guess() -> None:
    pixels, trimap = painted(RED, BLUE, 7), banded()
    pixels[4:8, 5:9] = GREEN
    guess = np.full((12, 14), 0.8, np.float32)
    system = knn_system(pixels, trimap, guess, [(5, 0.5)])
    found, island = solve(system), np.zeros((12, 14), bool)
    island[4:8, 5:9] = True
    assert found.converged
    np.testing.assert_allclose(found.alpha[island.reshape(-1)[system.where]], 0.8, atol=0.01)


@pytest.mark.parametrize("position_weight", [0.0, 0.5])
def test_a_picture_of_one_colour_is_still_solved(position_weight: float) -> None:
    found = solved(painted(RED, RED, 7), banded(), position_weight=position_weight)
    assert found.converged and np.isfinite(found.alpha).all() and 0 <= found.alpha.min() <= found.alpha.max() <= 1


@pytest.mark.parametrize(("colour", "low", "high"), [(RED, 0.99, 1.0), (BLUE, 0.0, 0.01)])
def test_a_single_unknown_pixel_takes_the_side_of_its_colour(colour: tuple[int, int, int], low: float,
                                                            high: float) -> None:
    pixels, values = painted(RED, BLUE, 7), np.zeros((12, 14), np.uint8)
    values[:, :7] = 255
    values[6, 6], pixels[6, 6] = 128, colour
    found = solved(pixels, Trimap(values))
    assert found.alpha.shape == (1,) and low <= found.alpha[0] <= high


def test_more_neighbours_than_pixels_are_not_asked_for() -> None:
    found = solved(noise(1, (2, 3)), Trimap(np.uint8([[0, 128, 255], [0, 128, 255]])), neighbours=32)
    assert found.alpha.shape == (2,)


def test_where_names_the_unknown_pixels_in_order() -> None:
    trimap = banded()
    system = knn_system(noise(0), trimap, ramp_across(trimap), [(4, 0.5)])
    np.testing.assert_array_equal(system.where, np.flatnonzero(trimap.values == 128))
    difference = system.matrix - system.matrix.T
    assert np.abs(difference.toarray()).max() < 1e-9 and np.linalg.eigvalsh(system.matrix.toarray()).min() > 0


def test_a_solve_that_is_cut_short_says_so_and_gives_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "MAX_ITERATIONS", 1)
    found = solved(noise(2), banded(), guess=np.zeros((12, 14), np.float32))
    assert not found.converged and found.residual > TOLERANCE and found.iterations == 1
    assert 0 <= found.alpha.min() <= found.alpha.max() <= 1


def test_features_are_colour_and_place() -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[2, 6] = (255, 0, 51)
    np.testing.assert_allclose(colour_and_place(pixels, np.array([2 * 8 + 6]), 0.5), [[1, 0, 0.2, 0.125, 0.375]])
