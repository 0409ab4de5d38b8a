"""edge.motion, edge.guide: the keyframe's mask goes where the picture goes; what moved is told from what is noise."""
from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.frame import Mask, Region
from edge.guide import Guide
from edge.motion import NEW_SHARE, Motion

rng = np.random.default_rng(8)

TEXTURE = cv2.GaussianBlur(rng.integers(0, 256, (180, 320)).astype(np.uint8), (0, 0), 3)
TEXTURE = cv2.normalize(TEXTURE, None, 0, 255, cv2.NORM_MINMAX)


WHOLE = Region(0, 0, 180, 320)


def remember(motion: Motion, luma: np.ndarray) -> None:
    """A keyframe."""
    motion.follow(luma)
    motion.remember()


def shifted(plane: np.ndarray, across: float, down: float) -> np.ndarray:
    move = np.float32([[1, 0, across], [0, 1, down]])
    return cv2.warpAffine(plane, move, plane.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def disc(region: Region, cells: tuple[int, int]) -> np.ndarray:
    """A soft disc in the middle of the guide, as a mask of so many cells over `region` sees it."""
    y, x = np.mgrid[:180, :320]
    whole = np.clip((45 - np.hypot(y - 90, x - 160)) / 6 + 0.5, 0, 1).astype(np.float32)
    return cv2.resize(region.cut(whole), cells[::-1], interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("region", [Region(0, 0, 180, 320), Region(20, 90, 140, 150)], ids=["whole", "part"])
@pytest.mark.parametrize(("across", "down"), [(0, 0), (8, 0), (-6, 5), (0, -9)])
def test_the_mask_goes_where_the_picture_goes(region: Region, across: float, down: float) -> None:
    cells, motion = (96, 100), Motion()
    values = disc(region, cells)
    remember(motion, TEXTURE)
    assert motion.follow(shifted(TEXTURE, across, down))
    carried = motion.carried(Mask(values, region), region, cells)
    assert carried.region == region and carried.values.dtype == np.float32
    step_x, step_y = region.width / cells[1], region.height / cells[0]
    wanted = shifted(values, across / step_x, down / step_y)
    moved, stayed = (np.abs(mask - wanted).mean() for mask in (carried.values, values))
    assert moved < 0.02 and (across == down == 0 or moved < 0.3 * stayed)


def test_a_still_picture_leaves_the_mask_as_it_is() -> None:
    motion, values = Motion(), disc(WHOLE, (96, 160))
    remember(motion, TEXTURE)
    for _ in range(3):
        assert motion.follow(TEXTURE)
        np.testing.assert_allclose(motion.carried(Mask(values, WHOLE), WHOLE, (96, 160)).values, values, atol=0.02)


def test_another_scene_is_not_explained_by_motion() -> None:
    motion = Motion()
    assert not motion.follow(TEXTURE)  # there is no keyframe
    remember(motion, TEXTURE)
    assert not motion.follow(255 - TEXTURE)
    assert not motion.follow(cv2.convertScaleAbs(TEXTURE, alpha=0.6))  # the light went out
    assert motion.follow(TEXTURE)


def test_a_keyframe_that_is_due_draws_the_motion_out() -> None:
    motion, values = Motion(), disc(WHOLE, (96, 160))
    remember(motion, TEXTURE)
    assert motion.follow(shifted(TEXTURE, 4, 0)) and motion.follow(shifted(TEXTURE, 8, 0), due=True)
    drawn_out = motion.carried(Mask(values, WHOLE), WHOLE, (96, 160)).values
    assert np.abs(drawn_out - shifted(values, 4, 0)).mean() < 0.02


def test_a_mask_goes_from_one_region_to_another() -> None:
    motion, (before, after) = Motion(), (Region(20, 90, 140, 150), Region(10, 70, 160, 200))
    remember(motion, TEXTURE)
    assert motion.follow(shifted(TEXTURE, 8, 0))
    carried = motion.carried(Mask(disc(before, (96, 100)), before), after, (80, 96))
    assert carried.region == after and carried.values.shape == (80, 96)
    wanted = shifted(disc(after, (80, 96)), 8 * 96 / 200, 0)
    assert np.abs(carried.values - wanted).mean() < 0.02


def test_a_keyframe_is_averaged_with_the_one_before_where_motion_explains_it() -> None:
    motion, zeros = Motion(), np.zeros((96, 160), np.float32)
    picture = TEXTURE.copy()
    remember(motion, picture)
    picture[:, 200:] = 255 - picture[:, 200:]
    motion.follow(picture)
    averaged = motion.averaged(Mask(zeros, WHOLE), Mask(zeros + 1, WHOLE)).values
    np.testing.assert_allclose(averaged[:, :80], NEW_SHARE, atol=0.05)
    assert (averaged[:, 110:] > 0.9).mean() > 0.8


def test_of_what_the_last_look_did_not_reach_the_fresh_one_alone_tells() -> None:
    motion, part = Motion(), Region(0, 0, 180, 160)
    remember(motion, TEXTURE)
    assert motion.follow(TEXTURE)
    old, fresh = Mask(np.zeros((96, 80), np.float32), part), Mask(np.ones((96, 160), np.float32), WHOLE)
    averaged = motion.averaged(old, fresh).values
    np.testing.assert_allclose(averaged[:, :78], NEW_SHARE, atol=0.01)
    np.testing.assert_array_equal(averaged[:, 80:], 1)


def test_pictures_too_small_for_motion_keep_their_mask() -> None:
    motion, region, values = Motion(), Region(0, 0, 8, 8), rng.random((4, 4), np.float32)
    remember(motion, TEXTURE[:8, :8])
    motion.follow(TEXTURE[8:16, :8])
    np.testing.assert_array_equal(motion.carried(Mask(values, region), region, (4, 4)).values, values)


def test_everything_moved_in_the_first_frame_and_nothing_in_its_copy() -> None:
    guide, pixels = Guide((360, 640), 4), np.dstack([cv2.resize(TEXTURE, (640, 360))] * 3)
    guide.take(pixels)
    assert guide.shape == (90, 160) and (guide.moved == 255).all()
    guide.take(pixels)
    assert not guide.moved.any()


def test_sensor_noise_is_no_movement_and_a_moving_edge_is() -> None:
    guide, flat = Guide((360, 640), 4), np.full((360, 640, 3), 120, np.uint8)
    for _ in range(2):
        guide.take(np.clip(flat + rng.normal(0, 4, flat.shape), 0, 255).astype(np.uint8))
    assert guide.moved.max() <= 2
    edge = flat.copy()
    edge[:, 300:] = 200
    guide.take(edge)
    moved = guide.moved.copy()
    assert (moved[:, 80:] > 40).all() and moved[:, :60].max() <= 2


def test_the_guide_keeps_its_arrays_and_equals_a_plain_reduction() -> None:
    guide, pixels = Guide((360, 640), 4), rng.integers(0, 256, (360, 640, 3)).astype(np.uint8)
    arrays = (guide.pixels, guide.moved)
    guide.take(pixels)
    guide.take(pixels[::-1].copy())
    assert guide.pixels is arrays[0] and guide.moved is arrays[1]
    means = pixels[::-1].reshape(90, 4, 160, 4, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(guide.pixels, np.floor(means + 0.5))
    assert np.abs(guide.luma - means @ [0.299, 0.587, 0.114]).max() <= 0.501


def test_a_small_picture_of_the_guides_size_is_taken_as_it_is_and_no_other() -> None:
    pixels, small = np.full((360, 640, 3), 100, np.uint8), np.full((90, 160, 3), (200, 50, 10), np.uint8)
    guide = Guide((360, 640), 4)
    guide.take(pixels, small)
    assert (guide.pixels == small).all() and (np.abs(guide.luma.astype(int) - 90) <= 1).all()
    guide.take(pixels, small[:-1])
    assert (guide.pixels == 100).all() and (guide.luma == 100).all()
