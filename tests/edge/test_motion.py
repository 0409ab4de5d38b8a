"""edge.motion, edge.guide: the keyframe's mask goes where the picture goes; what moved is told from what is noise."""
from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.frame import Mask, Region
from edge.guide import Guide
from edge.motion import Motion

rng = np.random.default_rng(8)

TEXTURE = cv2.GaussianBlur(rng.integers(0, 256, (180, 320)).astype(np.uint8), (0, 0), 3)
TEXTURE = cv2.normalize(TEXTURE, None, 0, 255, cv2.NORM_MINMAX)


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
    motion.remember(TEXTURE)
    found = motion.carried([Mask(values, region)], shifted(TEXTURE, across, down))
    assert found is not None
    carried = found[0]
    assert carried.region == region and carried.values.dtype == np.float32
    step_x, step_y = region.width / cells[1], region.height / cells[0]
    wanted = shifted(values, across / step_x, down / step_y)
    moved, stayed = (np.abs(mask - wanted).mean() for mask in (carried.values, values))
    assert moved < 0.02 and (across == down == 0 or moved < 0.3 * stayed)


def test_a_still_picture_leaves_the_mask_as_it_is() -> None:
    motion, values = Motion(), disc(Region(0, 0, 180, 320), (96, 160))
    motion.remember(TEXTURE)
    for _ in range(3):
        carried = motion.carried([Mask(values, Region(0, 0, 180, 320))] * 2, TEXTURE)
        assert carried is not None and len(carried) == 2
        for mask in carried:
            np.testing.assert_allclose(mask.values, values, atol=0.02)


def test_another_scene_is_not_explained_by_motion() -> None:
    motion, mask = Motion(), Mask(disc(Region(0, 0, 180, 320), (96, 160)), Region(0, 0, 180, 320))
    motion.remember(TEXTURE)
    assert motion.carried([mask], 255 - TEXTURE) is None
    assert motion.carried([mask], cv2.convertScaleAbs(TEXTURE, alpha=0.6)) is None  # the light went out
    assert motion.carried([mask], TEXTURE) is not None


def test_pictures_too_small_for_motion_keep_their_mask() -> None:
    motion, mask = Motion(), Mask(np.ones((4, 4), np.float32), Region(0, 0, 8, 8))
    motion.remember(TEXTURE[:8, :8])
    assert motion.carried([mask], TEXTURE[8:16, :8]) == [mask]


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
    np.testing.assert_array_equal(guide.pixels, cv2.resize(pixels[::-1], (160, 90), interpolation=cv2.INTER_AREA))
    np.testing.assert_array_equal(guide.luma, cv2.cvtColor(guide.pixels, cv2.COLOR_RGB2GRAY))
