"""edge.native.loops: the C loops do what their slow twins here do, take what they should and refuse the rest."""
from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.matting.guided import no_person
from edge.native import loops

rng = np.random.default_rng(11)

LEVELS = 4095

shapes = st.tuples(st.integers(1, 30), st.integers(1, 40))


def boxed(plane: np.ndarray, radius: int) -> np.ndarray:
    """The mean over every window, cut at the picture's edge: OpenCV's sums over OpenCV's counts."""
    side = (2 * radius + 1, 2 * radius + 1)
    sums, counts = (cv2.boxFilter(p, cv2.CV_64F, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
                    for p in (plane.astype(np.float64), np.ones(plane.shape)))
    return sums / counts


def slow_coefficients(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> tuple[np.ndarray, ...]:
    """He, Sun, Tang 2013, eq. 5 and 6, then the means of eq. 8; values to the nearest of LEVELS steps."""
    image, mask = guide / 255, np.round(values.astype(np.float64) * LEVELS) / LEVELS
    covariance = boxed(image * mask, radius) - boxed(image, radius) * boxed(mask, radius)
    variance = boxed(image * image, radius) - boxed(image, radius) ** 2
    a = covariance / (variance + epsilon)
    return boxed(a, radius), boxed(boxed(mask, radius) - a * boxed(image, radius), radius)


def smooth(height: int, width: int, sigma: float = 2.0) -> np.ndarray:
    """A picture's luma: (height, width) uint8 with soft structure over its whole range."""
    plane = cv2.GaussianBlur(rng.random((height, width)).astype(np.float32), (0, 0), sigma)
    return (255 * (plane - plane.min()) / max(1e-6, float(np.ptp(plane)))).astype(np.uint8)


def filled(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    a, b = (np.full(guide.shape, np.nan, np.float32) for _ in range(2))
    loops.guided(guide, values, radius, epsilon, a, b)
    return a, b


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 22), st.sampled_from([1e-4, 1e-2]))
def test_coefficients_are_those_of_the_paper_at_every_size_and_radius(height: int, width: int, radius: int,
                                                                      epsilon: float) -> None:
    guide, values = smooth(height, width), smooth(height, width).astype(np.float32) / 255
    a, b = filled(guide, values, radius, epsilon)
    slow_a, slow_b = slow_coefficients(guide, values, radius, epsilon)
    answer, slow = a * (guide / 255) + b, slow_a * (guide / 255) + slow_b
    np.testing.assert_allclose(answer, slow, atol=2e-3)
    np.testing.assert_allclose(a, slow_a, atol=2e-2)


@pytest.mark.parametrize("radius", [23, 60, 90])
def test_windows_whose_sums_need_fewer_levels_stay_close(radius: int) -> None:
    guide, values = smooth(300, 250, 9), smooth(300, 250, 9).astype(np.float32) / 255
    a, b = filled(guide, values, radius, 1e-3)
    slow_a, slow_b = slow_coefficients(guide, values, radius, 1e-3)
    np.testing.assert_allclose(a * (guide / 255) + b, slow_a * (guide / 255) + slow_b, atol=3e-3)


def test_sums_do_not_drift_down_a_tall_picture() -> None:
    guide, values = np.full((4000, 64), 255, np.uint8), np.ones((4000, 64), np.float32)
    guide[:50, ::2] = 0
    a, b = filled(guide, values, 20, 1e-4)
    np.testing.assert_allclose(a + b, 1.0, atol=1e-4)
    np.testing.assert_array_equal(a[200], a[3900])


def test_values_beyond_0_and_1_are_held_at_the_ends() -> None:
    guide = smooth(20, 30)
    for outside, held in ((-3.0, 0.0), (7.0, 1.0)):
        a, b = filled(guide, np.full((20, 30), outside, np.float32), 3, 1e-4)
        np.testing.assert_allclose(a * (guide / 255) + b, held, atol=1e-3)


def slow_alpha(pixels: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    size = pixels.shape[1::-1]
    slope, offset = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in (a, b))
    luma = pixels.astype(np.float32) @ np.float32([0.299, 0.587, 0.114])
    return np.clip(slope * luma + 255 * offset, 0, 255)


def no_kinds(pixels: np.ndarray) -> np.ndarray:
    return no_person(pixels.shape)[1]


@settings(deadline=None)
@given(st.integers(1, 150), st.integers(1, 150), st.integers(1, 40), st.integers(1, 40), st.sampled_from([1.0, 0.3]))
def test_an_enlarged_alpha_is_the_ramp_of_the_enlarged_coefficients(height: int, width: int, small_h: int, small_w: int,
                                                                    steep: float) -> None:
    pixels = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    a, b = (0.3 + 0.15 * rng.random((small_h, small_w), np.float32) for _ in range(2))
    luma, alpha = np.full((small_h, small_w), 90, np.uint8), np.empty((height, width), np.uint8)
    ramp = (0.5 - steep / 2, 0.5 + steep / 2)
    loops.enlarge(pixels, luma, a, b, ramp, np.full_like(no_kinds(pixels), 2), alpha)
    wanted = np.clip((slow_alpha(pixels, a, b) / 255 - ramp[0]) / steep, 0, 1) * 255
    small = np.clip((a * 90 / 255 + b - ramp[0]) / steep * 255 + 0.5, 0, 255).astype(np.uint8)
    assert small.min() < 255 and np.abs(alpha - wanted).max() <= 1.0


def disc_of_coefficients() -> tuple[np.ndarray, ...]:
    """A picture, its luma, and coefficients (45, 80) of a soft disc that follow the picture a little."""
    b, pixels = np.zeros((45, 80), np.float32), rng.integers(0, 256, (360, 640, 3)).astype(np.uint8)
    cv2.circle(b, (40, 22), 14, 1.0, -1)
    b = cv2.GaussianBlur(b, (0, 0), 0.7)
    edge = ((b > 0.01) & (b < 0.99)).astype(np.float32)
    return pixels, np.zeros((45, 80), np.uint8), 0.1 * edge, b


def test_tiles_without_an_edge_are_flat_and_the_others_as_if_there_were_no_tiles() -> None:
    pixels, luma, a, b = disc_of_coefficients()
    alpha, kinds = no_person(pixels.shape)
    loops.enlarge(pixels, luma, a, b, (0.0, 1.0), kinds, alpha)
    rows, columns = np.mgrid[:360, :640]
    shown = kinds[rows // loops.TILE_HIGH, columns // loops.TILE_WIDE]
    assert (alpha[shown == 0] == 0).all() and (alpha[shown == 1] == 255).all()
    assert (shown == 0).mean() > 0.4 and (shown == 1).mean() > 0.03
    wanted = slow_alpha(pixels, a, b)
    assert np.abs(alpha[shown == 2] - wanted[shown == 2]).max() <= 1.0
    near = cv2.dilate(((b > 0.01) & (b < 0.99)).astype(np.uint8), np.ones((3, 3)))
    assert (shown[cv2.resize(near, (640, 360), interpolation=cv2.INTER_NEAREST) > 0] == 2).mean() > 0.95


@pytest.mark.parametrize("cells", [10, 40, 80, 97])
def test_a_speck_of_one_small_pixel_is_seen_wherever_it_lies(cells: int) -> None:
    """In a guide 32, 8, 4 and 3.3 times narrower than the picture: a tile lies over few small pixels, or over many."""
    pixels, luma = np.zeros((32, 320, 3), np.uint8), np.zeros((4, cells), np.uint8)
    nothing = np.zeros((4, cells), np.float32)
    for x in range(cells):
        b, (alpha, kinds) = nothing.copy(), no_person(pixels.shape)
        b[2, x] = 1
        loops.enlarge(pixels, luma, nothing, b, (0.0, 1.0), kinds, alpha)
        assert np.abs(alpha - slow_alpha(pixels, nothing, b)).max() <= 1.0


def test_an_alpha_that_goes_on_equals_one_that_begins_anew() -> None:
    pixels, luma, a, b = disc_of_coefficients()
    alpha, kinds = no_person(pixels.shape)
    for shift in (0, 9, -14, 3):
        moved = [np.roll(plane, shift, 1) for plane in (a, b)]
        loops.enlarge(pixels, luma, *moved, (0.4, 0.6), kinds, alpha)
        anew, fresh = no_person(pixels.shape)
        loops.enlarge(pixels, luma, *moved, (0.4, 0.6), fresh, anew)
        np.testing.assert_array_equal(alpha, anew)
        np.testing.assert_array_equal(kinds, fresh)


def test_background_that_is_there_already_is_not_painted_again_and_all_else_is() -> None:
    pixels, luma, a, b = disc_of_coefficients()
    behind, picture, whole = (rng.integers(0, 256, pixels.shape).astype(np.uint8) for _ in range(3))
    alpha, kinds = no_person(pixels.shape)
    loops.blend(pixels, alpha, None, behind, False, picture, None)
    shown = kinds.copy()
    for shift in (0, 9, -14):
        loops.enlarge(pixels, luma, np.roll(a, shift, 1), np.roll(b, shift, 1), (0.4, 0.6), kinds, alpha)
        loops.blend(pixels, alpha, kinds, behind, False, picture, shown)
        loops.blend(pixels, alpha, None, behind, False, whole, None)
        np.testing.assert_array_equal(picture, whole)
        np.testing.assert_array_equal(shown, kinds)
    picture[:8, :8] = 7  # what the caller promised not to do shows that it was left alone
    loops.blend(pixels, alpha, kinds, behind, False, picture, shown)
    assert (picture[:8, :8] == 7).all()


@settings(deadline=None)
@given(st.integers(1, 130), st.integers(1, 130), st.integers(1, 16))
def test_a_shrunk_picture_is_the_mean_of_its_cells(height: int, width: int, downscale: int) -> None:
    pixels = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    small_h, small_w = max(1, height // downscale), max(1, width // downscale)
    cell_h, cell_w = height // small_h, width // small_w
    if max(cell_h, cell_w) > 16:
        return
    small, luma = np.empty((small_h, small_w, 3), np.uint8), np.empty((small_h, small_w), np.uint8)
    loops.shrink(pixels, small, luma)
    tops = [((2 * y + 1) * height // small_h - cell_h) // 2 for y in range(small_h)]
    lefts = [((2 * x + 1) * width // small_w - cell_w) // 2 for x in range(small_w)]
    means = np.array([[pixels[y : y + cell_h, x : x + cell_w].mean(axis=(0, 1)) for x in lefts] for y in tops])
    assert np.abs(small - means).max() <= 0.51 and np.abs(luma - means @ [0.299, 0.587, 0.114]).max() <= 0.51


def slow_outline(guide: np.ndarray, mask: np.ndarray, radius: int, sure: float) -> tuple[np.ndarray, ...]:
    """OpenCV's enlarging and eroding, then the filter that the paper describes."""
    size = guide.shape[::-1]
    values = cv2.resize(np.clip((mask - 0.02) / 0.96, 0, 1), size, interpolation=cv2.INTER_LINEAR)
    held = cv2.resize(cv2.erode(mask, np.ones((3, 3))), size, interpolation=cv2.INTER_LINEAR) > sure
    a, b = filled(np.ascontiguousarray(guide), values, radius, 1e-3)
    return np.where(held, 0, a), np.where(held, 1, b), held


@settings(deadline=None)
@given(shapes, shapes, st.integers(1, 6))
def test_an_outline_is_the_filter_of_the_enlarged_mask_and_person_where_that_is_sure(
        cells: tuple[int, int], size: tuple[int, int], radius: int) -> None:
    mask = np.clip(rng.normal(0.9, 0.3, cells), 0, 1).astype(np.float32)
    picture, (a, b) = smooth(size[0] + 5, size[1] + 9), np.full((2, *size), np.nan, np.float32)
    guide = picture[3 : 3 + size[0], 4 : 4 + size[1]]
    loops.outline(guide, mask, radius, 1e-3, (0.02, 0.6), a, b)
    slow_a, slow_b, held = slow_outline(guide, mask, radius, 0.6)
    np.testing.assert_allclose(a * (guide / 255) + b, slow_a * (guide / 255) + slow_b, atol=2e-3)
    assert (a[held] == 0).all() and (b[held] == 1).all()


def test_an_outline_that_is_never_sure_is_the_filter_alone() -> None:
    mask, guide, (a, b) = np.ones((9, 12), np.float32), smooth(45, 60), np.empty((2, 45, 60), np.float32)
    mask[:, :6] = 0
    loops.outline(guide, mask, 3, 1e-3, (0.02, 1.0), a, b)
    slow_a, slow_b, _ = slow_outline(guide, mask, 3, 2.0)
    np.testing.assert_allclose(a, slow_a, atol=5e-3)
    assert np.abs(b - slow_b).max() < 5e-3 and (a[:, 30:] != 0).any()


def test_light_is_mixed_as_light_and_sure_pixels_are_copied() -> None:
    alpha, level = np.mgrid[:256, :256].astype(np.uint8)
    front, back, picture = np.dstack([level] * 3), np.dstack([255 - level] * 3), np.empty((256, 256, 3), np.uint8)
    loops.blend(front, alpha, None, back, True, picture, None)

    def light(bytes_: np.ndarray) -> np.ndarray:
        s = bytes_ / 255
        return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)

    share = alpha[..., None] / 255
    mixed = light(front) * share + light(back) * (1 - share)
    wanted = 255 * np.where(mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055)
    assert np.abs(picture - wanted)[mixed[..., 0] > 0.002].max() <= 1.5
    np.testing.assert_array_equal(picture[0], back[0])
    np.testing.assert_array_equal(picture[255], front[255])


def test_a_broadcast_backdrop_is_the_same_as_one_written_out() -> None:
    pixels, alpha = (rng.integers(0, 256, shape).astype(np.uint8) for shape in ((37, 70, 3), (37, 70)))
    row = rng.integers(0, 256, (1, 70, 3)).astype(np.uint8)
    for backdrop in (np.broadcast_to(np.uint8([9, 99, 199]), (37, 70, 3)), np.broadcast_to(row, (37, 70, 3)),
                     np.broadcast_to(row[:, :1].repeat(37, 0), (37, 70, 3)), pixels[::-1, ::-1]):
        shown, wanted = np.empty_like(pixels), np.empty_like(pixels)
        loops.blend(pixels, alpha, None, backdrop, False, shown, None)
        loops.blend(pixels, alpha, None, backdrop.copy(), False, wanted, None)
        np.testing.assert_array_equal(shown, wanted)


def test_settling_moves_by_the_share_of_how_much_a_pixel_moved() -> None:
    held, present = rng.random((30, 40), np.float32), rng.random((20, 25), np.float32)
    moved, around = rng.integers(0, 9, (30, 40)).astype(np.uint8), np.zeros((30, 40), np.float32)
    around[4:24, 10:35] = present
    share = np.float32([0.3, 0.3, 0.3, 0.475, 0.65, 0.825, 1, 1, 1])[moved]
    wanted = held + share * (around - held)
    loops.settle(held, present, (4, 10), moved, (0.3, 2.0, 6.0))
    np.testing.assert_allclose(held, wanted, atol=1e-6)


def linear(plane: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """plane (h, w) at places, linear in between; beyond its outermost centres it goes on as there."""
    y, x = (np.clip(at, 0, side - 1) for at, side in zip((y, x), plane.shape, strict=True))
    top, left = y.astype(int), x.astype(int)
    below, right = np.minimum(top + 1, plane.shape[0] - 1), np.minimum(left + 1, plane.shape[1] - 1)
    upper = plane[top, left] * (1 - x + left) + plane[top, right] * (x - left)
    return upper * (1 - y + top) + (plane[below, left] * (1 - x + left) + plane[below, right] * (x - left)) * (y - top)


Axes = tuple[tuple[float, ...], tuple[float, ...]]


def slowly_carried(values: np.ndarray, flow: np.ndarray, axes: Axes, shape: tuple[int, int]) -> np.ndarray:
    cells, across = np.mgrid[: shape[0], : shape[1]].astype(np.float64), np.ascontiguousarray(flow[:, 0::2])
    in_flow = [at * axis[0] + axis[1] for at, axis in zip(cells, axes, strict=True)]
    here = [at * axis[2] + axis[3] for at, axis in zip(cells, axes, strict=True)]
    return linear(values, here[0] + axes[0][4] * linear(np.ascontiguousarray(flow[:, 1::2]), *in_flow),
                  here[1] + axes[1][4] * linear(across, *in_flow))


@settings(deadline=None)
@given(shapes, shapes, shapes, st.sampled_from([(0.7, -0.4, 0.9, 0.3, 0.5), (1.6, 2.0, 1.3, -4.0, -2.0)]))
def test_a_carried_mask_is_sampled_where_the_flow_points(was: tuple[int, int], steps: tuple[int, int],
                                                        shape: tuple[int, int], axis: tuple[float, ...]) -> None:
    values, flow = rng.random(was, np.float32), rng.normal(0, 2, (steps[0], 2 * steps[1])).astype(np.float32)
    axes, out = (axis, tuple(0.8 * part for part in axis)), np.full(shape, np.nan, np.float32)
    loops.carry(values, flow, *axes, None, None, out)
    np.testing.assert_allclose(out, slowly_carried(values, flow, axes, shape), atol=2e-4)


@settings(deadline=None)
@given(st.floats(-9, 9), st.floats(-9, 9), st.sampled_from([0.0, 1.5]))
def test_a_carried_mask_is_flat_only_where_all_that_it_comes_from_is(down: float, across: float, waves: float) -> None:
    y, x = np.mgrid[:70, :90]
    values = np.clip(15.3 - np.hypot(y - 31, x - 44), 0, 1).astype(np.float32)
    flow = np.tile(np.float32([across, down]), (14, 18)) + waves * rng.normal(0, 1, (14, 36)).astype(np.float32)
    axes, out = ((0.2, -0.4, 1.0, 0.2, 1.0), (0.2, -0.4, 1.0, -0.3, -1.0)), np.full((71, 88), np.nan, np.float32)
    loops.carry(values, flow, *axes, None, None, out)
    np.testing.assert_allclose(out, slowly_carried(values, flow, axes, out.shape), atol=2e-4)


def test_a_carried_average_counts_what_is_fresh_by_its_share_and_alone_beyond_the_mask() -> None:
    values, fresh, share = rng.random((20, 30), np.float32), rng.random((40, 50), np.float32), np.full((9, 16), 0.25)
    share[:, 8:] = np.linspace(0.25, 1, 8)
    flow, out = rng.normal(0, 1, (9, 32)).astype(np.float32), np.empty((40, 50), np.float32)
    axes = ((0.225, -0.4, 0.6, -3.0, 1.0), (0.32, -0.4, 0.8, -5.0, 1.0))
    loops.carry(values, flow, *axes, share.astype(np.float32), fresh, out)
    y, x = np.mgrid[:40, :50]
    counts = linear(share, y * 0.225 - 0.4, x * 0.32 - 0.4)
    known = (y * 0.6 - 3 >= -0.5) & (y * 0.6 - 3 <= 19.5) & (x * 0.8 - 5 >= -0.5) & (x * 0.8 - 5 <= 29.5)
    past = slowly_carried(values, flow, axes, (40, 50))
    np.testing.assert_allclose(out, np.where(known, past + counts * (fresh - past), fresh), atol=1e-4)
    assert 0.2 < known.mean() < 0.9


def test_a_flow_that_is_no_number_is_none() -> None:
    values, out = rng.random((6, 8), np.float32), np.empty((6, 8), np.float32)
    axis = (1.0, 0.0, 1.0, 0.0, 1.0)
    loops.carry(values, np.full((6, 16), np.nan, np.float32), axis, axis, None, None, out)
    assert np.isfinite(out).all()


PLANE, WHOLE = np.zeros((4, 6), np.float32), np.zeros((4, 6), np.uint8)
PICTURE, ALPHA, ONE = np.zeros((8, 12, 3), np.uint8), np.zeros((8, 12), np.uint8), np.zeros((1, 1), np.uint8)
UP = (0.0, 1.0)
STEP, SURELY = (1.0, 0.0, 1.0, 0.0, 1.0), (0.02, 0.95)


@pytest.mark.parametrize(("call", "said"), [
    (lambda: loops.guided(WHOLE, PLANE, 91, 1e-4, PLANE.copy(), PLANE.copy()), "radius is 91"),
    (lambda: loops.guided(WHOLE, PLANE, -1, 1e-4, PLANE.copy(), PLANE.copy()), "radius is -1"),
    (lambda: loops.guided(WHOLE, PLANE, 2, float("nan"), PLANE.copy(), PLANE.copy()), "epsilon"),
    (lambda: loops.guided(PLANE, PLANE, 2, 1e-4, PLANE.copy(), PLANE.copy()), "guide has type f"),
    (lambda: loops.guided(WHOLE, PLANE[:3].copy(), 2, 1e-4, PLANE.copy(), PLANE.copy()), "values is 3 x 6, not 4 x 6"),
    (lambda: loops.guided(WHOLE, PLANE, 2, 1e-4, PLANE.astype(np.float64), PLANE.copy()), "a has type d"),
    (lambda: loops.enlarge(PICTURE[..., :2].copy(), WHOLE, PLANE, PLANE, UP, ONE.copy(), ALPHA.copy()), "2 channels"),
    (lambda: loops.enlarge(PICTURE, WHOLE, PLANE, PLANE, UP, ONE.copy(), ALPHA[:, 1:].copy()), "alpha is 8 x 11"),
    (lambda: loops.enlarge(PICTURE, WHOLE, PLANE, PLANE, UP, WHOLE.copy(), ALPHA.copy()), "kinds is 4 x 6, not 1 x 1"),
    (lambda: loops.enlarge(PICTURE, WHOLE, PLANE, PLANE, UP[::-1], ONE.copy(), ALPHA.copy()), "must rise"),
    (lambda: loops.blend(PICTURE, WHOLE, None, PICTURE, False, PICTURE.copy(), None), "alpha is 4 x 6, not 8"),
    (lambda: loops.blend(PICTURE, ALPHA, None, PICTURE[..., ::-1], False, PICTURE.copy(), None), "side by side"),
    (lambda: loops.settle(PLANE.copy(), PLANE, (1, 0), WHOLE, (0.3, 2.0, 6.0)), "leaves held's 4 x 6"),
    (lambda: loops.settle(PLANE.copy(), PLANE, (0, 0), WHOLE, (0.3, 6.0, 6.0)), "must change more"),
    (lambda: loops.shrink(PICTURE, np.zeros((9, 12, 3), np.uint8), np.zeros((9, 12), np.uint8)), "8 x 12 cannot be"),
    (lambda: loops.outline(WHOLE, PLANE, 91, 1e-4, SURELY, PLANE.copy(), PLANE.copy()), "radius is 91"),
    (lambda: loops.outline(WHOLE[:, ::2], PLANE, 2, 1e-4, SURELY, PLANE.copy(), PLANE.copy()), "guide has 2 bytes"),
    (lambda: loops.outline(WHOLE, PLANE, 2, 1e-4, (0.5, 1.0), PLANE.copy(), PLANE.copy()), "nearer to 0 or 1"),
    (lambda: loops.outline(WHOLE, PLANE, 2, 1e-4, SURELY, PLANE.copy(), PLANE[1:].copy()), "b is 3 x 6, not 4 x 6"),
    (lambda: loops.carry(PLANE, PLANE[:, :5].copy(), STEP, STEP, None, None, PLANE.copy()), "flow has 5 columns"),
    (lambda: loops.carry(PLANE, PLANE, STEP, STEP, PLANE, PLANE, PLANE.copy()), "share is 4 x 6, not 4 x 3"),
    (lambda: loops.carry(PLANE, PLANE, STEP, STEP, PLANE[:, :3].copy(), WHOLE, PLANE.copy()), "fresh has type B"),
], ids=["radius", "negative", "epsilon", "guide", "size", "double", "channels", "alpha", "tiles", "ramp", "other",
        "mirrored", "place", "calm", "larger", "wide", "apart", "certain", "b",
        "pairs", "share", "fresh"])
def test_what_does_not_fit_is_refused_with_both_numbers(call: Callable[[], None], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def test_an_array_that_must_not_be_written_is_not() -> None:
    fixed = PLANE.copy()
    fixed.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        loops.guided(WHOLE, PLANE, 2, 1e-4, fixed, PLANE.copy())


def test_arrays_with_gaps_are_refused() -> None:
    with pytest.raises((ValueError, BufferError)):
        loops.guided(np.zeros((4, 12), np.uint8)[:, ::2], PLANE, 2, 1e-4, PLANE.copy(), PLANE.copy())
