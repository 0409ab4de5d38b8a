"""edge.matting.system and .solve: the unknown band's alpha, against a dense solve of the same equations."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import PictureError
from edge.frame import Trimap
from edge.matting import solve as solving
from edge.matting.features import colours, placed
from edge.matting.solve import EPSILON, TOLERANCE, Solution, solve
from edge.matting.system import LINK_WEIGHT, STEP_PX, KnnSystem, knn_system

RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (20, 220, 20)


def banded(height: int = 14, width: int = 21, band: tuple[int, int] = (6, 16)) -> Trimap:
    """Foreground on the left, background on the right, unknown in the columns of the band."""
    values = np.zeros((height, width), np.uint8)
    values[:, : band[0]], values[:, band[0] : band[1]] = 255, 128
    return Trimap(values)


def painted(colour_left: tuple[int, int, int], colour_right: tuple[int, int, int], edge: int,
            shape: tuple[int, int] = (14, 21)) -> np.ndarray:
    pixels = np.empty((*shape, 3), np.uint8)
    pixels[:, :edge], pixels[:, edge:] = colour_left, colour_right
    return pixels


def noise(seed: int, shape: tuple[int, int] = (14, 21)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def soft_picture(seed: int, size: int = 96, shift: int = 0) -> tuple[np.ndarray, Trimap]:
    """A round patch of one texture over another, with a soft edge and noise; the trimap leaves a ring open."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size].astype(float)
    away = np.hypot(y - size / 2, x - size / 2 - shift) - size * 0.3 + 3 * np.sin(np.arctan2(y - size / 2, x) * 9)
    alpha = np.clip(0.5 - away / 10, 0, 1)[..., None]
    front = np.dstack([200 + 30 * np.sin(x / 5), 90 + 20 * np.cos(y / 7), 60 + 0 * x])
    back = np.dstack([40 + 20 * np.sin(y / 9), 80 + 30 * np.sin(x / 11), 170 + 0 * x])
    pixels = alpha * front + (1 - alpha) * back + rng.normal(0, 3, (size, size, 3))
    values = np.where(away < -16, 255, np.where(away > 16, 0, 128)).astype(np.uint8)
    return np.clip(pixels, 0, 255).astype(np.uint8), Trimap(values)


def windows(height: int, width: int) -> Iterator[np.ndarray]:
    """The nine flat indices of every 3×3 window inside a picture."""
    for y in range(height - 2):
        for x in range(width - 2):
            yield np.add.outer(np.arange(y, y + 3) * width, np.arange(x, x + 3)).ravel()


def dense_laplacian(pixels: np.ndarray) -> np.ndarray:
    """L of Levin, Lischinski, Weiss 2008, eq. 12, over every pixel, every term written out, in double precision."""
    colours = pixels.reshape(-1, 3) / 255
    laplacian = np.zeros((colours.shape[0],) * 2)
    for window in windows(*pixels.shape[:2]):
        away = colours[window] - colours[window].mean(axis=0)
        inverse = np.linalg.inv(away.T @ away / 9 + EPSILON / 9 * np.eye(3))
        laplacian[np.ix_(window, window)] += np.eye(9) - (1 + away @ inverse @ away.T) / 9
    return laplacian


def dense_alpha(system: KnnSystem) -> np.ndarray:
    """(L + links + diag(pull))·α = pull·towards solved at once over the unknown pixels; known ones go to the right."""
    matrix = dense_laplacian(system.pixels)
    for begin, ends, weights in zip(system.links.begin[:, 0], system.links.end, system.links.weight, strict=True):
        for end, weight in zip(ends, weights, strict=True):
            matrix[[begin, end], [begin, end]] += weight
            matrix[[begin, end], [end, begin]] -= weight
    unknown = np.flatnonzero(system.unknown)
    known = np.flatnonzero(system.unknown == 0)
    alpha = system.towards.reshape(-1).astype(float)
    pull, towards = system.pull.reshape(-1)[unknown], system.towards.reshape(-1)[unknown]
    right = pull * towards - matrix[np.ix_(unknown, known)] @ alpha[known]
    alpha[unknown] = np.linalg.solve(matrix[np.ix_(unknown, unknown)] + np.diag(pull), right)
    return alpha.reshape(system.unknown.shape)


def solved(pixels: np.ndarray, trimap: Trimap, guess: np.ndarray | None = None) -> Solution:
    return solve(knn_system(pixels, trimap, guess))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("band", [(6, 16), (1, 20), (8, 9)])
def test_the_solution_equals_a_dense_solve_of_the_same_equations(seed: int, band: tuple[int, int]) -> None:
    pixels = noise(seed) // 4 + painted(RED, BLUE, 11) // 2
    guess = np.random.default_rng(seed).random((14, 21), np.float32)
    system = knn_system(pixels, banded(band=band), guess, prior_weight=0.1)
    found = solve(system, tolerance=1e-6)
    assert found.converged
    np.testing.assert_allclose(found.alpha, np.clip(dense_alpha(system), 0, 1), atol=0.5 / 255)


def test_links_lead_from_every_second_pixel_to_its_nearest_in_colour_and_place() -> None:
    pixels, trimap = noise(5), banded()
    links = knn_system(pixels, trimap, neighbours=3, position_weight=0.5).links
    y, x = np.mgrid[:14:STEP_PX, :21:STEP_PX]
    nodes = (y * 21 + x).ravel()
    features = placed(colours(pixels, nodes), pixels.shape, nodes, 0.5)
    begins = [i for i in nodes if trimap.unknown.reshape(-1)[i]]
    assert sorted(links.begin[:, 0]) == begins
    for begin, ends, weights in zip(links.begin[:, 0], links.end, links.weight, strict=True):
        away = np.linalg.norm(features - features[nodes == begin], axis=1)
        away[nodes == begin] = np.inf
        assert set(ends) == set(nodes[np.argsort(away)[:3]])
        assert (np.diff(weights) <= 0).all() and 0 <= weights.min() <= weights.max() <= LINK_WEIGHT * STEP_PX**2 / 2


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from([0.0, 0.5, 4.0]))
def test_alpha_stays_between_0_and_1_and_known_pixels_as_they_are(seed: int, neighbours: int,
                                                                  position_weight: float) -> None:
    values = np.random.default_rng(seed).choice(np.uint8([0, 128, 255]), (10, 9), p=[0.2, 0.6, 0.2])
    found = solve(knn_system(noise(seed, (10, 9)), Trimap(values), None, neighbours, position_weight))
    assert found.alpha.dtype == np.float32 and np.isfinite(found.alpha).all()
    assert found.alpha.min() >= 0 and found.alpha.max() <= 1
    np.testing.assert_array_equal(found.alpha[values != 128], values[values != 128] / np.float32(255))


@pytest.mark.parametrize("edge", [7, 10, 14])
def test_unknown_pixels_of_the_foreground_s_colour_become_foreground_wherever_the_edge_is(edge: int) -> None:
    alpha = solved(painted(RED, BLUE, edge), banded()).alpha
    assert (alpha[:, :edge] > 0.98).all() and (alpha[:, edge:] < 0.02).all()


def test_foreground_and_background_change_places() -> None:
    pixels, trimap = soft_picture(3)
    turned = solved(pixels, Trimap(255 - np.where(trimap.unknown, 127, trimap.values).astype(np.uint8)),
                    np.zeros((96, 96), np.float32))
    assert np.abs(turned.alpha - (1 - solved(pixels, trimap).alpha)).max() < 0.02


def test_a_colour_that_nobody_knows_follows_the_guess_and_without_one_is_foreground() -> None:
    pixels, trimap = painted(RED, BLUE, 11, (40, 60)), banded(40, 60, (10, 50))
    pixels[12:28, 20:40] = GREEN
    for guess, wanted in ((None, 1.0), (np.full((40, 60), 0.3, np.float32), 0.3)):
        alpha = solved(pixels, trimap, guess).alpha
        np.testing.assert_allclose(alpha[15:25, 23:37], wanted, atol=0.05)


def test_where_nothing_is_known_the_guess_is_the_answer() -> None:
    guess = np.tile(np.linspace(0, 1, 21, dtype=np.float32), (14, 1))
    found = solved(painted(RED, BLUE, 7), Trimap(np.full((14, 21), 128, np.uint8)), np.full_like(guess, 0.7))
    assert found.converged
    np.testing.assert_allclose(found.alpha, 0.7, atol=2e-3)


@pytest.mark.parametrize("colours", [(RED, RED), ((0, 0, 0), (0, 0, 0)), ((255, 255, 255), (254, 255, 255))])
def test_a_picture_of_one_colour_is_still_solved(colours: tuple[tuple[int, int, int], ...]) -> None:
    found = solved(painted(*colours, 11), banded())
    assert found.converged and np.isfinite(found.alpha).all()


@pytest.mark.parametrize(("colour", "low", "high"), [(RED, 0.99, 1.0), (BLUE, 0.0, 0.01)])
@pytest.mark.parametrize("place", [(6, 6), (0, 0), (13, 20), (0, 13)])
def test_a_single_unknown_pixel_takes_the_side_of_its_colour(colour: tuple[int, int, int], low: float, high: float,
                                                            place: tuple[int, int]) -> None:
    pixels, values = painted(RED, BLUE, 7), np.zeros((14, 21), np.uint8)
    values[:, :7] = 255
    values[place], pixels[place] = 128, colour
    assert low <= solved(pixels, Trimap(values)).alpha[place] <= high


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 3), (5, 8)])
def test_pictures_too_small_for_a_window_are_solved_too(shape: tuple[int, int]) -> None:
    values = np.full(shape, 128, np.uint8)
    values.reshape(-1)[-1] = 255
    found = solve(knn_system(noise(1, shape), Trimap(values), neighbours=32))
    assert found.alpha.shape == shape and np.isfinite(found.alpha).all() and found.alpha.reshape(-1)[-1] == 1


def test_a_trimap_with_nothing_unknown_is_its_own_answer() -> None:
    values = np.repeat(np.uint8([[0, 255]]), 8, axis=1)
    found = solved(noise(1, (1, 16)), Trimap(values))
    np.testing.assert_array_equal(found.alpha, values / np.float32(255))
    assert found.converged and found.iterations == 0


def test_looks_of_another_making_tell_apart_what_colour_does_not() -> None:
    pixels, trimap = painted(RED, RED, 11, (40, 60)), banded(40, 60, (10, 50))
    told = np.zeros((40, 60, 2), np.float32)
    told[:, 30:, 1] = 1
    guess = np.full((40, 60), 0.5, np.float32)

    def looks(_: np.ndarray, where: np.ndarray) -> np.ndarray:
        return told.reshape(-1, 2)[where]

    system = knn_system(pixels, trimap, guess, 8, 0.0, looks=looks)
    plain, apart, links = solve(knn_system(pixels, trimap, guess, 8)).alpha, solve(system).alpha, system.links
    assert ((links.begin % 60 < 30) == (links.end % 60 < 30)).all()
    assert (apart[20, 29] - apart[20, 31]) > 1.5 * (plain[20, 29] - plain[20, 31]) > 0


def test_a_solve_that_is_cut_short_says_so_and_gives_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, trimap = soft_picture(2)
    whole = solved(pixels, trimap)
    monkeypatch.setattr(solving, "MAX_ITERATIONS", 3)
    found = solved(pixels, trimap)
    assert not found.converged and found.residual > TOLERANCE and found.iterations == 3
    assert whole.converged and whole.residual <= TOLERANCE and whole.iterations > 3
    assert np.abs(found.alpha - whole.alpha).mean() < 0.2 and 0 <= found.alpha.min() <= found.alpha.max() <= 1


def test_beginning_at_the_answer_or_at_the_last_frame_s_takes_fewer_steps() -> None:
    last = solved(*soft_picture(4))
    system = knn_system(*soft_picture(5, shift=1))
    cold = solve(system)
    assert solve(system, cold.alpha).iterations < cold.iterations / 2  # clipping has spoilt it a little
    warm = solve(system, last.alpha)
    assert warm.converged and warm.iterations < 0.8 * cold.iterations
    assert np.abs(warm.alpha - cold.alpha)[system.unknown > 0].mean() < 1 / 255


@pytest.mark.parametrize("most", [625, 1500, 4000])
def test_pieces_hold_no_more_than_they_may_and_together_everything(most: int) -> None:
    _, trimap = soft_picture(6, size=120)
    pieces = list(solving._pieces(trimap.unknown.view(np.uint8), most))
    assert len(pieces) > 1 and max(int(piece.sum()) for piece in pieces) <= most
    np.testing.assert_array_equal(np.max(pieces, axis=0), trimap.unknown)


@pytest.mark.parametrize("most", [700, 2500])
def test_pieces_join_without_a_seam(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(solving, "SETTLED", 0.02 / 255)
    monkeypatch.setattr(solving, "MAX_ROUNDS", 60)
    system = knn_system(*soft_picture(7, size=120))
    whole, joined = solve(system, tolerance=1e-6), solve(system, most_unknowns=most, tolerance=1e-6)
    assert joined.converged and joined.pieces > 1
    assert np.abs(joined.alpha - whole.alpha).max() < 1 / 255


def test_a_piece_too_small_to_overlap_is_refused() -> None:
    with pytest.raises(ValueError, match="100 unknown pixels; it must hold 625"):
        solve(knn_system(*soft_picture(1)), most_unknowns=100)


GUESS = np.full((14, 21), 0.5, np.float32)


@pytest.mark.parametrize(("change", "said"), [
    ({"pixels": np.full((14, 21, 3), np.nan, np.float32)}, r"\(14, 21, 3\) uint8.*float32"),
    ({"pixels": noise(0, (14, 20))}, r"\(14, 20, 3\) uint8"),
    ({"guess": np.where(np.eye(14, 21), np.nan, GUESS)}, "first alpha: 14 of 294 values are not numbers"),
    ({"guess": GUESS[:3]}, r"first alpha is \(3, 21\), its trimap \(14, 21\)"),
    ({"looks": lambda _, where: np.full((where.size, 4), np.inf)}, "looks: 308 of 308 values are not numbers"),
    ({"looks": lambda _, where: np.zeros((where.size, 31))}, r"looks are \(77, 31\).* at most 30"),
    ({"looks": lambda _, where: np.zeros((3, 4))}, r"looks are \(3, 4\), not \(77, 'd'\)"),
], ids=["not bytes", "other size", "nan", "guess", "infinite", "wide", "few"])
def test_what_cannot_be_solved_is_refused_in_one_line(change: dict[str, Any], said: str) -> None:
    with pytest.raises(PictureError, match=said) as caught:
        knn_system(**{"pixels": noise(0), "trimap": banded(), "guess": GUESS, **change})
    assert "\n" not in str(caught.value)


def test_features_are_colour_and_place() -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[2, 6] = (255, 0, 51)
    where = np.array([2 * 8 + 6])
    np.testing.assert_allclose(placed(colours(pixels, where), pixels.shape, where, 0.5), [[1, 0, 0.2, 0.125, 0.375]])
