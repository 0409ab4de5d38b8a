"""edge.camera.buffers: memory by turns; a picture of another size is fitted inside, undistorted."""
from __future__ import annotations

import numpy as np
import pytest

from edge.camera.buffers import Buffers, fit_into, rgb_from_yuv420, rgb_into


def test_buffers_come_by_turns_and_are_never_new() -> None:
    buffers = Buffers(4, 6, count=3)
    given = [buffers.next() for _ in range(7)]
    assert len({id(buffer) for buffer in given[:3]}) == 3 and all(buffer.shape == (4, 6, 3) for buffer in given)
    assert [id(buffer) for buffer in given[3:]] == [id(buffer) for buffer in given[:4]]


@pytest.mark.parametrize(("shape", "rows", "columns"), [((20, 20), (0, 40), (20, 60)), ((200, 400), (0, 40), (0, 80)),
                                                        ((10, 80), (15, 25), (0, 80)), ((1, 1), (0, 40), (20, 60))])
def test_another_size_keeps_its_proportions_in_the_middle_and_the_rest_is_black(
        shape: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]) -> None:
    into = np.full((40, 80, 3), 77, np.uint8)
    fit_into(np.full((*shape, 3), (9, 8, 7), np.uint8), into)
    shown = np.zeros((40, 80), bool)
    shown[slice(*rows), slice(*columns)] = True
    assert (into[shown] == (9, 8, 7)).all() and not into[~shown].any()


def test_a_fitted_picture_is_still_the_picture() -> None:
    rng = np.random.default_rng(3)
    picture = np.kron(rng.integers(0, 256, (5, 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8))
    into = np.empty((20, 32, 3), np.uint8)
    fit_into(picture, into)
    np.testing.assert_array_equal(into, picture[::2, ::2])


@pytest.mark.parametrize("shape", [(40, 80), (20, 40)])
def test_blue_green_red_becomes_red_green_blue(shape: tuple[int, int]) -> None:
    into = np.empty((40, 80, 3), np.uint8)
    rgb_into(np.full((*shape, 3), (1, 2, 3), np.uint8), into)
    assert (into == (3, 2, 1)).all()


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (10, 10, 10),
                                    (200, 120, 40)])
def test_full_range_yuv_becomes_the_colour_that_it_was(colour: tuple[int, int, int]) -> None:
    """By JPEG's own equations (ITU-T T.871, section 7)."""
    r, g, b = colour
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    blue, red = 128 + (b - luma) / 1.772, 128 + (r - luma) / 1.402
    planes = np.vstack([np.full((8, 12), luma), np.full((2, 12), blue), np.full((2, 12), red)])
    into = np.empty((8, 12, 3), np.uint8)
    rgb_from_yuv420(planes.round().clip(0, 255).astype(np.uint8), into)
    np.testing.assert_allclose(into.astype(int), np.broadcast_to(colour, into.shape), atol=3)


def test_the_two_colour_planes_lie_where_the_picture_has_them() -> None:
    """Red in the left half only: what came from the wrong rows of a plane would show."""
    planes = np.full((12, 8), 128, np.uint8)
    planes[10:].reshape(4, 4)[:, :2] = 200
    into = np.empty((8, 8, 3), np.uint8)
    rgb_from_yuv420(planes, into)
    assert (into[:, :2, 0] > 220).all() and (into[:, -2:] == 128).all()
