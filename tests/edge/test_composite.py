"""edge.composite: a matte over a backdrop, to the nearest grey level; a blurred backdrop without a halo."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.composite import blurred, colour_from, composite, covering, filled
from edge.errors import PictureError

pictures = arrays(np.uint8, (5, 7, 3))


@given(pictures, pictures, arrays(np.uint8, (5, 7)))
def test_composite_is_the_float_formula_rounded_to_the_nearest_level(front: np.ndarray, back: np.ndarray,
                                                                    alpha: np.ndarray) -> None:
    share = alpha[..., None] / 255
    np.testing.assert_array_equal(composite(front, alpha, back), np.rint(front * share + back * (1 - share)))


def test_every_alpha_of_every_level_is_rounded_to_nearest() -> None:
    alpha, level = np.mgrid[:256, :256].astype(np.uint8)
    front, back = np.dstack([level] * 3), np.dstack([255 - level] * 3)
    share = alpha[..., None].astype(float) / 255
    np.testing.assert_array_equal(composite(front, alpha, back), np.rint(front * share + back * (1 - share)))


def test_alpha_0_is_the_backdrop_and_255_the_foreground_in_every_tile(portrait: np.ndarray, truth: np.ndarray) -> None:
    back = portrait[::-1]
    result = composite(portrait, truth, back)
    np.testing.assert_array_equal(result[truth == 255], portrait[truth == 255])
    np.testing.assert_array_equal(result[truth == 0], back[truth == 0])


def test_composite_changes_neither_of_its_pictures(portrait: np.ndarray, truth: np.ndarray) -> None:
    back = filled((10, 20, 30), portrait.shape)
    before = portrait.copy()
    result = composite(portrait, truth, back)
    np.testing.assert_array_equal(portrait, before)
    assert (back == (10, 20, 30)).all() and result.flags.writeable and result.shape == portrait.shape


@pytest.mark.parametrize(("soft", "most"), [(False, 1), (True, 8)], ids=["hard edge", "soft edge"])
def test_where_a_blurred_backdrop_shows_it_holds_nothing_of_the_person(soft: bool, most: int) -> None:
    y, x = np.mgrid[:480, :640]
    distance = np.hypot(y - 240, x - 320)
    alpha = np.clip((150 - distance) / 12 + 0.5, 0, 1) if soft else (distance < 150).astype(float)
    grey_wall = np.full((480, 640, 3), 120.0)
    picture = alpha[..., None] * (255, 0, 0) + (1 - alpha[..., None]) * grey_wall
    backdrop = blurred(picture.astype(np.uint8), (alpha * 255).astype(np.uint8)).astype(int)
    assert np.abs(backdrop[alpha < 0.98] - 120).max() <= most


def test_a_blurred_backdrop_is_blurred_and_keeps_the_size(portrait: np.ndarray, truth: np.ndarray) -> None:
    backdrop = blurred(portrait, truth)
    assert backdrop.shape == portrait.shape and backdrop.dtype == np.uint8
    sharp, soft = (np.abs(np.diff(pixels.astype(int), axis=1)).mean() for pixels in (portrait, backdrop))
    assert soft < 0.2 * sharp


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 2)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_any_shape_can_be_blurred(shape: tuple[int, int], value: int) -> None:
    picture = np.full((*shape, 3), 77, np.uint8)
    assert np.abs(blurred(picture, np.full(shape, value, np.uint8)).astype(int) - 77).max() <= 1


@example((1, 1), (1, 2))
@given(st.tuples(st.integers(1, 400), st.integers(1, 400)), st.tuples(st.integers(1, 400), st.integers(1, 400)))
def test_a_backdrop_picture_covers_any_size(own: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert covering(np.full((*own, 3), 50, np.uint8), (*wanted, 3)).shape == (*wanted, 3)


def test_a_backdrop_picture_is_cropped_around_its_centre_and_not_distorted() -> None:
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[40:60, 140:160] = 255
    shown = covering(picture, (200, 200))[..., 0] > 127
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    assert abs(rows.size - 40) <= 2 and abs(columns.size - 40) <= 2
    assert abs(rows.mean() - 99.5) <= 1 and abs(columns.mean() - 99.5) <= 1


def test_a_flat_backdrop_takes_no_memory_for_its_pixels() -> None:
    backdrop = filled((1, 2, 3), (3000, 4000, 3))
    assert backdrop.shape == (3000, 4000, 3) and backdrop.base is not None and backdrop.base.nbytes == 3


def test_colours_are_written_as_in_css() -> None:
    assert colour_from("#2a9d8f") == (42, 157, 143) == colour_from("#2A9D8F")


@pytest.mark.parametrize("text", ["2a9d8f", "#2a9d8", "#2a9d8f0", "#2a9d8g", "#", " #2a9d8f", "#2a9d8f\n"])
def test_what_is_no_colour_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(PictureError, match="#rrggbb"):
        colour_from(text)
