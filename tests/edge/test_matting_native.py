"""edge.native.matting: the C loops do what their slow twins here do, take what they should and refuse the rest.

The solve itself is held against a dense one in test_knn_matting.py.
"""
from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.native import matting

rng = np.random.default_rng(5)

AROUND = [(y, x) for y in range(-2, 3) for x in range(-2, 3) if (y, x) != (0, 0)]
NOVELTY = 0.05


def weights_of(pixels: np.ndarray, unknown: np.ndarray, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    blocks = matting.count_blocks(unknown)
    at, weights = np.empty((blocks, 1), np.int32), np.full((blocks, 192), np.nan, np.float32)
    matting.laplacian(pixels, unknown, epsilon, at, weights)
    return at[:, 0], weights.reshape(blocks, 24, 8)


def slow_weight(pixels: np.ndarray, here: tuple[int, int], there: tuple[int, int], epsilon: float) -> float:
    """Levin, Lischinski, Weiss 2008, eq. 12, off the diagonal and without its sign: over all windows that hold both."""
    height, width = pixels.shape[:2]
    total = 0.0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if max(abs(here[0] - y), abs(there[0] - y), abs(here[1] - x), abs(there[1] - x)) > 1:
                continue
            colours = pixels[y - 1 : y + 2, x - 1 : x + 2].reshape(9, 3) / 255
            middle = colours.mean(axis=0)
            inverse = np.linalg.inv((colours - middle).T @ (colours - middle) / 9 + epsilon / 9 * np.eye(3))
            total += (1 + (pixels[here] / 255 - middle) @ inverse @ (pixels[there] / 255 - middle)) / 9
    return total


@pytest.mark.parametrize(("height", "width"), [(5, 8), (7, 19), (3, 3), (9, 17)])
@pytest.mark.parametrize("epsilon", [1e-7, 1e-5])
def test_window_weights_are_those_of_the_paper_and_zero_in_known_pixels(height: int, width: int,
                                                                        epsilon: float) -> None:
    pixels = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    unknown = (rng.random((height, width)) < 0.4).astype(np.uint8)
    unknown[0, 0] = unknown[-1, -1] = 1
    at, weights = weights_of(pixels, unknown, epsilon)
    seen = np.zeros_like(unknown)
    for first, block in zip(at, weights, strict=True):
        y, left = divmod(int(first), width)
        assert left % 8 == 0
        for lane in range(8):
            if left + lane >= width or not unknown[y, left + lane]:
                assert not block[:, lane].any()
                continue
            seen[y, left + lane] = 1
            wanted = [slow_weight(pixels, (y, left + lane), (y + i, left + lane + j), epsilon)
                      if 0 <= y + i < height and 0 <= left + lane + j < width else 0.0 for i, j in AROUND]
            np.testing.assert_allclose(block[:, lane], wanted, atol=2e-4)
    np.testing.assert_array_equal(seen, unknown)


@pytest.mark.parametrize("noise", [0, 1])
def test_windows_of_nearly_one_colour_keep_their_weights_finite_and_their_sum_below_nine(noise: int) -> None:
    pixels = (np.array([10, 128, 250]) + rng.integers(0, noise + 1, (12, 24, 3))).astype(np.uint8)
    _, weights = weights_of(pixels, np.ones((12, 24), np.uint8), 1e-7)
    assert np.isfinite(weights).all() and np.abs(weights.sum(axis=1)).max() < 9


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 700), st.integers(1, 9), st.integers(1, 12), st.booleans())
def test_neighbours_are_the_nearest_ones_exactly(count: int, dimensions: int, neighbours: int, coarse: bool) -> None:
    points = np.random.default_rng(count * dimensions).random((count, dimensions)).astype(np.float32)
    if coarse:  # many equal ones
        points = np.round(points * 3).astype(np.float32)
    queries, wanted = max(1, count // 2), min(neighbours, count - 1)
    index, distance = np.empty((queries, wanted), np.int32), np.empty((queries, wanted), np.float32)
    matting.nearest(points, index, distance)
    away = np.linalg.norm(points[:queries, None].astype(float) - points[None], axis=2)
    away[np.arange(queries), np.arange(queries)] = np.inf
    np.testing.assert_allclose(distance, np.sort(away, axis=1)[:, :wanted], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(away, index.astype(np.int64), axis=1), distance, atol=1e-5)
    assert all(len(set(row)) == wanted for row in index)


def voted(pixels: np.ndarray, trimap: np.ndarray, guess: float = 0.5, weight: float = 2.0) -> tuple[np.ndarray, ...]:
    """pull and towards of the unknown pixels."""
    pull, towards = np.zeros(trimap.shape, np.float32), np.full(trimap.shape, guess, np.float32)
    matting.sampled(pixels, trimap, weight, pull, towards)
    assert not pull[trimap != 128].any() and (towards[trimap != 128] == np.float32(guess)).all()
    return pull[trimap == 128], towards[trimap == 128]


def sided(height: int = 40, width: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Orange on the left, blue on the right, between them mixtures of both from 1 to 0; the trimap."""
    alpha = np.clip((40 - np.arange(width)) / 20, 0, 1)[None, :, None]
    pixels = np.repeat(alpha * np.array([240, 120, 30]) + (1 - alpha) * np.array([20, 60, 200]), height, axis=0)
    trimap = np.repeat(np.where(alpha[..., 0] == 1, 255, np.where(alpha[..., 0] == 0, 0, 128)), height, axis=0)
    return np.round(pixels).astype(np.uint8), trimap.astype(np.uint8)


def test_a_mixture_of_known_colours_is_taken_apart_and_pulls_hard() -> None:
    pixels, trimap = sided()
    pull, towards = voted(pixels, trimap)
    truth = np.clip((40 - np.nonzero(trimap == 128)[1]) / 20, 0, 1)
    np.testing.assert_allclose(towards, truth, atol=0.02)
    assert pull.min() > 1.5 and pull.max() <= 2.0 + 2 * NOVELTY


def test_a_colour_that_no_pair_explains_stays_where_it_was_and_pulls_little() -> None:
    pixels, trimap = sided()
    pixels[trimap == 128] = (20, 250, 20)
    pull, towards = voted(pixels, trimap, guess=0.8)
    np.testing.assert_allclose(towards, 0.8, atol=0.01)
    np.testing.assert_allclose(pull, 2.0 * NOVELTY, rtol=0.05)


def test_a_colour_of_both_sides_is_left_open() -> None:
    pixels, trimap = sided()
    stripes = (np.indices(trimap.shape)[0] // 4) % 2 == 0
    pixels[stripes | (trimap == 128)] = (90, 90, 90)
    pull, _ = voted(pixels, trimap)
    assert pull.max() < 0.5


@pytest.mark.parametrize("missing", [0, 255])
def test_without_samples_of_one_side_every_pixel_stays_where_it_was(missing: int) -> None:
    pixels, trimap = sided()
    trimap[trimap == missing] = 255 - missing
    pull, towards = voted(pixels, trimap, guess=0.3)
    np.testing.assert_allclose(towards, 0.3, atol=1e-6)
    assert (pull > 0).all()


def slow_band(guide: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ramp = np.clip((a * (guide / 255) + b - 0.3) / 0.4, 0, 1)
    person = (ramp >= 0.5).astype(np.uint8)
    unknown = (cv2.morphologyEx(person, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0) | (abs(ramp - 0.5) < 0.48)
    return np.where(unknown, ramp, person), np.where(unknown, 128, person * 255)


@settings(deadline=None)
@given(st.integers(1, 30), st.integers(1, 40), st.sampled_from([0.0, 1.0]))
def test_the_band_holds_the_outline_and_what_is_half_transparent(height: int, width: int, steep: float) -> None:
    guide = rng.integers(0, 256, (height + 2, width + 3)).astype(np.uint8)[1:-1, 2:-1]
    a = steep * rng.random((height, width), np.float32)
    b = 2 * (rng.random((height, width), np.float32) > 0.97).astype(np.float32)
    alpha, trimap = np.full((height, width), np.nan, np.float32), np.full((height, width), 7, np.uint8)
    known = matting.band(guide, a, b, (0.3, 0.7), 0.02, alpha, trimap)
    for found, slow in zip((alpha, trimap), slow_band(guide, a, b), strict=True):
        np.testing.assert_allclose(found, slow, atol=1e-5)
    assert known == ((trimap == 0).any() and (trimap == 255).any())


def test_links_to_known_pixels_alone_are_solved_in_one_step() -> None:
    """The matrix is then its own diagonal; each answer is the weighted mean of what pulls."""
    unknown = np.zeros((4, 16), np.uint8)
    unknown[1, 2:10] = 1
    begin = np.flatnonzero(unknown).astype(np.int32)[:, None]
    weight = rng.random((8, 2), np.float32) * 50
    end = np.tile(np.array([[0, 63]], np.int32), (8, 1))
    alpha = np.zeros((4, 16), np.float32)
    alpha[3, 15] = 1
    at = np.array([[16], [24]], np.int32)
    pull, towards = np.full((4, 16), 2, np.float32), np.full((4, 16), 0.25, np.float32)
    steps, residual = matting.solve(unknown, at, np.zeros((2, 192), np.float32), begin, end, weight, pull, towards, 9,
                                    1e-5, alpha)
    assert steps == 1 and residual <= 1e-5
    wanted = (weight[:, 1] + 2 * 0.25) / (weight.sum(axis=1) + 2)
    np.testing.assert_allclose(alpha[unknown > 0], wanted, atol=1e-5)


def slow_foreground(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Eq. 5 at one size, swept until nothing moves: every pixel's two colours from its four neighbours'."""
    height, width = alpha.shape
    sides = np.stack([pixels, pixels]).astype(float)
    for _ in range(60):
        for y in range(height):
            for x in range(width):
                near = [(y + i, x + j) for i, j in ((0, 1), (1, 0), (0, -1), (-1, 0))
                        if 0 <= y + i < height and 0 <= x + j < width]
                weight = np.array([1e-5 + abs(alpha[y, x] - alpha[place]) for place in near])
                mix = np.array([alpha[y, x], 1 - alpha[y, x]])
                beside = sum(w * sides[:, i, j] for w, (i, j) in zip(weight, near, strict=True))
                right = mix[:, None] * pixels[y, x] + beside
                found = np.clip(np.linalg.solve(np.outer(mix, mix) + weight.sum() * np.eye(2), right), 0, 255)
                for side in np.flatnonzero(mix < 1):  # a sure pixel's own side keeps the picture's colour
                    sides[side, y, x] = found[side]
    return sides[0]


def test_colours_are_those_of_the_paper_s_equations_where_alpha_changes() -> None:
    y, x = np.mgrid[:24, :24]
    alpha = np.clip((16 - x + 2 * np.sin(y)) / 8, 0, 1).astype(np.float32)
    own = np.where(((x // 3 + y // 3) % 2 == 0)[..., None], [250, 40, 20], [20, 200, 90])
    pixels = np.round(alpha[..., None] * own + (1 - alpha[..., None]) * [20, 90, 210]).astype(np.uint8)
    front, back = np.empty((24, 24, 3), np.float32), np.empty((24, 24, 3), np.float32)
    matting.multilevel(pixels, alpha, front, back)
    band = (alpha > 0.1) & (alpha < 1)
    assert np.abs(front - slow_foreground(pixels, alpha))[band].mean() < 5


def test_the_two_sides_mix_to_the_picture_and_sure_pixels_keep_its_colours() -> None:
    alpha = rng.random((37, 52)).astype(np.float32)
    alpha[:10], alpha[10:20] = 0, 1
    pixels = rng.integers(0, 256, (37, 52, 3)).astype(np.uint8)
    front, back = np.empty((37, 52, 3), np.float32), np.empty((37, 52, 3), np.float32)
    matting.multilevel(pixels, alpha, front, back)
    assert min(front.min(), back.min()) >= 0 and max(front.max(), back.max()) <= 255
    np.testing.assert_array_equal(front[alpha == 1], pixels[alpha == 1])
    np.testing.assert_array_equal(back[alpha == 0], pixels[alpha == 0])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (50, 3), (33, 64)])
def test_a_mixture_of_two_flat_colours_is_taken_apart_at_every_size(shape: tuple[int, int]) -> None:
    alpha = np.tile(np.linspace(0, 1, shape[1], dtype=np.float32), (shape[0], 1))
    front, back = np.empty((*shape, 3), np.float32), np.empty((*shape, 3), np.float32)
    pixels = np.round(alpha[..., None] * [200, 100, 50] + (1 - alpha[..., None]) * [10, 60, 220]).astype(np.uint8)
    matting.multilevel(pixels, alpha, front, back)
    mixed = alpha[..., None] * front + (1 - alpha[..., None]) * back
    assert np.abs(mixed - pixels).max() < 20
    if min(shape) > 8:
        assert np.abs(mixed - pixels).max() < 8
        assert np.abs(front - [200, 100, 50])[alpha > 0.3].mean() < 10


WHOLE, PLANE, PICTURE = np.ones((4, 9), np.uint8), np.zeros((4, 9), np.float32), np.zeros((4, 9, 3), np.uint8)
AT, WEIGHTS = np.zeros((8, 1), np.int32), np.zeros((8, 192), np.float32)
NONE = (np.empty((0, 1), np.int32), np.empty((0, 1), np.int32), np.empty((0, 1), np.float32))


def far_link(pixel: int) -> tuple[np.ndarray, ...]:
    return np.array([[0]], np.int32), np.array([[pixel]], np.int32), np.ones((1, 1), np.float32)


@pytest.mark.parametrize(("call", "said"), [
    (lambda: matting.count_blocks(PLANE), "unknown has type f"),
    (lambda: matting.laplacian(PICTURE, WHOLE, 0.0, AT, WEIGHTS), "epsilon must be above 0"),
    (lambda: matting.laplacian(PICTURE, WHOLE[:3].copy(), 1e-6, AT, WEIGHTS), "unknown is 3 x 9, not 4 x 9"),
    (lambda: matting.laplacian(PICTURE, WHOLE, 1e-6, AT[:7].copy(), WEIGHTS), "at is 7 x 1, not 8 x 1"),
    (lambda: matting.laplacian(PICTURE, WHOLE, 1e-6, AT, WEIGHTS[:, :191].copy()), "weights is 8 x 191, not 8 x 192"),
    (lambda: matting.nearest(PLANE, np.zeros((4, 4), np.int32), np.zeros((4, 4), np.float32)), "4 neighbours for 4"),
    (lambda: matting.nearest(np.zeros((5, 33), np.float32), AT[:2].copy(), PLANE[:2, :1].copy()), "33 features"),
    (lambda: matting.sampled(PICTURE, WHOLE, -1.0, PLANE.copy(), PLANE.copy()), "weight must be above 0"),
    (lambda: matting.sampled(PICTURE, WHOLE, 1.0, PLANE.copy(), PLANE.astype(np.float64)), "towards has type d"),
    (lambda: matting.solve(WHOLE, AT + 36, WEIGHTS, *NONE, PLANE, PLANE, 9, 1e-4, PLANE.copy()), "at holds pixel 36"),
    (lambda: matting.solve(WHOLE, AT, WEIGHTS, *far_link(-1), PLANE, PLANE, 9, 1e-4, PLANE.copy()), "link_to holds"),
    (lambda: matting.solve(WHOLE, AT, WEIGHTS, *NONE, PLANE, PLANE[:2].copy(), 9, 1e-4, PLANE.copy()), "towards is 2"),
    (lambda: matting.band(WHOLE, PLANE, PLANE, (0.6, 0.4), 0.02, PLANE.copy(), WHOLE.copy()), "must rise"),
    (lambda: matting.band(WHOLE, PLANE, PLANE, (0.4, 0.6), 0.02, PLANE.copy(), WHOLE[1:].copy()), "trimap is 3 x 9"),
    (lambda: matting.multilevel(PICTURE, PLANE, PICTURE.astype(np.float32), PICTURE), "back has type B"),
], ids=["type", "epsilon", "size", "blocks", "weights", "few", "wide", "weight", "double", "outside", "link", "plane",
        "ramp", "band", "colours"])
def test_what_does_not_fit_is_refused_with_both_numbers(call: Callable[[], None], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_arrays_with_gaps_are_refused() -> None:
    with pytest.raises((ValueError, BufferError)):
        matting.count_blocks(np.zeros((4, 18), np.uint8)[:, ::2])
