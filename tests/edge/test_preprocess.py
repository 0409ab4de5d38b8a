"""edge.preprocess: a region fits the network's input undistorted, and comes back to where it was."""
from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from edge.frame import Region
from edge.preprocess import grown_to_aspect, letterbox, place, quantised, upright

PORTRAIT, LANDSCAPE = (160, 96), (96, 160)

sizes = st.tuples(st.integers(1, 3000), st.integers(1, 3000))
inputs = st.sampled_from([(160, 96), (96, 160), (112, 64), (64, 112), (80, 48), (48, 80)])


@given(sizes, inputs)
def test_the_fitted_picture_never_leaves_the_input(shape: tuple[int, int], into: tuple[int, int]) -> None:
    spot = place(shape, into)
    assert min(spot) >= 0 and spot.height >= 1 and spot.width >= 1
    assert spot.top + spot.height <= into[0] and spot.left + spot.width <= into[1]


@given(sizes, inputs)
def test_the_fitted_picture_keeps_its_proportions_and_touches_two_sides(shape: tuple[int, int],
                                                                        into: tuple[int, int]) -> None:
    spot = place(shape, into)
    scale = min(into[0] / shape[0], into[1] / shape[1])
    assert spot.height == into[0] or spot.width == into[1]
    assert abs(spot.height - max(1, shape[0] * scale)) <= 0.5 and abs(spot.width - max(1, shape[1] * scale)) <= 0.5


@given(sizes, inputs)
def test_the_bars_are_equal_to_a_pixel(shape: tuple[int, int], into: tuple[int, int]) -> None:
    spot = place(shape, into)
    assert into[0] - spot.height - 2 * spot.top in (0, 1)
    assert into[1] - spot.width - 2 * spot.left in (0, 1)


def test_letterbox_does_not_distort() -> None:
    picture = np.zeros((500, 900, 3), np.uint8)
    cv2.circle(picture, (450, 250), 200, (255, 255, 255), -1)
    boxed = letterbox(picture, LANDSCAPE)[..., 0] > 127
    height, width = boxed.any(axis=1).sum(), boxed.any(axis=0).sum()
    assert abs(int(height) - int(width)) <= 1


def test_letterbox_puts_black_bars_and_nothing_else_around() -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    boxed = letterbox(white, PORTRAIT)
    assert boxed.shape == (160, 96, 3) and boxed.dtype == np.uint8
    assert (boxed[32:128] == 255).all() and not boxed[:32].any() and not boxed[128:].any()


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)), inputs)
def test_placing_and_cutting_gives_back_what_was_placed(picture: np.ndarray, into: tuple[int, int]) -> None:
    spot = place(picture.shape, into)
    shown = spot.cut(letterbox(picture, into))
    assert shown.shape == (spot.height, spot.width)
    assert picture.min() <= shown.min() and shown.max() <= picture.max()


@pytest.mark.parametrize("shape", [(160, 96), (96, 160)])
def test_a_picture_of_the_input_s_own_size_passes_unchanged(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    np.testing.assert_array_equal(letterbox(picture, shape), picture)


def test_shrinking_averages_and_does_not_alias() -> None:
    stripes = np.zeros((960, 576), np.uint8)
    stripes[:, ::3] = 240
    boxed = letterbox(stripes, PORTRAIT)
    assert boxed.min() == boxed.max() == 80


def test_wide_regions_lie_down_and_others_stand() -> None:
    assert upright((100, 101), PORTRAIT) == LANDSCAPE
    assert upright((101, 100), PORTRAIT) == upright((100, 100), PORTRAIT) == PORTRAIT


def test_quantised_is_the_byte_minus_128() -> None:
    every_byte = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    tensor = quantised(every_byte)
    assert tensor.shape == (1, 16, 16, 3) and tensor.dtype == np.int8
    np.testing.assert_array_equal(tensor[0].astype(int), every_byte.astype(int) - 128)


@given(st.data())
def test_growing_to_an_aspect_keeps_the_region_and_stays_inside(data: st.DataObject) -> None:
    within = data.draw(sizes)
    top, left = data.draw(st.integers(0, within[0] - 1)), data.draw(st.integers(0, within[1] - 1))
    region = Region(top, left, data.draw(st.integers(1, within[0] - top)), data.draw(st.integers(1, within[1] - left)))
    aspect = data.draw(st.sampled_from([96 / 160, 160 / 96]))
    grown = grown_to_aspect(region, aspect, within)
    assert grown.top <= region.top and grown.left <= region.left
    assert grown.top + grown.height >= region.top + region.height
    assert grown.left + grown.width >= region.left + region.width
    assert grown.top + grown.height <= within[0] and grown.left + grown.width <= within[1]
    assume(grown.height < within[0] and grown.width < within[1])
    assert abs(grown.width - grown.height * aspect) <= 1 + aspect
