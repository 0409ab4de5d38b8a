"""edge.matting.tiles: tiles cover a picture once; a plane seen enlarged is the same whatever tile asks for it."""
from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.matting.tiles import TILE_PX, Enlarged, tiles

sizes = st.tuples(st.integers(1, 900), st.integers(1, 900))


@given(sizes)
def test_tiles_cover_every_pixel_exactly_once(shape: tuple[int, int]) -> None:
    count = np.zeros(shape, int)
    for place in tiles((*shape, 3)):
        count[place] += 1
        assert count[place].size <= TILE_PX**2
    assert (count == 1).all()


def test_an_enlarged_plane_is_a_linear_resize_with_aligned_pixel_centres() -> None:
    small = cv2.GaussianBlur(np.random.default_rng(3).random((30, 40), np.float32), (0, 0), 2)
    whole = Enlarged(small, (300, 520)).at((slice(0, 300), slice(0, 520)))
    np.testing.assert_allclose(whole, cv2.resize(small, (520, 300), interpolation=cv2.INTER_LINEAR), atol=4e-3)


def test_tiles_of_an_enlarged_plane_join_without_seams() -> None:
    small = cv2.GaussianBlur(np.random.default_rng(3).random((30, 40, 3), np.float32), (0, 0), 2)
    large = Enlarged(small, (600, 800))
    joined = np.empty((600, 800, 3), np.float32)
    for place in tiles(joined.shape):
        joined[place] = large.at(place)
    np.testing.assert_allclose(joined, large.at((slice(0, 600), slice(0, 800))), atol=6e-3)


@given(st.tuples(st.integers(2, 40), st.integers(2, 40)), st.integers(1, 9), st.data())
def test_a_window_holds_every_small_pixel_that_influences_its_tile(small: tuple[int, int], factor: int,
                                                                   data: st.DataObject) -> None:
    shape = small[0] * factor, small[1] * factor
    y, x = data.draw(st.integers(0, small[0] - 1)), data.draw(st.integers(0, small[1] - 1))
    plane = np.zeros(small, np.float32)
    plane[y, x] = 1
    seen = Enlarged(plane, shape)
    top, left = data.draw(st.integers(0, shape[0] - 1)), data.draw(st.integers(0, shape[1] - 1))
    place = slice(top, min(top + 16, shape[0])), slice(left, min(left + 16, shape[1]))
    if seen.at(place).any():
        assert seen.window(place, margin=1).any()
