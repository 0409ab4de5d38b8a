"""edge.segment.detail: windows across a region sharpen its mask without moving or losing it."""
from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from edge.frame import Mask, Region
from edge.segment.detail import MOST_WINDOWS, TRUST, with_detail


class Painted:
    """A segmenter that sees exactly what is painted red, as finely as its input allows; remembers where it looked."""

    portrait = (160, 96)

    def __init__(self) -> None:
        self.regions: list[Region] = []

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        self.regions.append(region)
        return Mask((region.cut(pixels)[..., 0] > 128).astype(np.float32), region)


def painted(height: int, width: int) -> np.ndarray:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[height // 4 + 5 :, width // 3 + 3 : width * 2 // 3 - 2, 0] = 255
    return pixels


def coarse(pixels: np.ndarray, region: Region, step: int = 12) -> Mask:
    red = region.cut(pixels)[..., 0].astype(np.float32) / 255
    size = (region.width // step, region.height // step)
    return Mask(cv2.resize(red, size, interpolation=cv2.INTER_AREA), region)


@pytest.mark.parametrize(("height", "width"), [(320, 240), (240, 320), (300, 300)])
def test_the_mask_gets_finer_and_nearer_to_what_is_there(height: int, width: int) -> None:
    pixels = painted(height, width)
    mask = coarse(pixels, Region.whole(pixels.shape))
    fine = with_detail(Painted(), pixels, mask)
    assert fine.region == mask.region and fine.values.dtype == np.float32
    assert min(fine.values.shape) == 160 and min(mask.values.shape) < 41
    truth = pixels[..., 0] > 128

    def error(found: Mask) -> float:
        rows = np.arange(height) * found.values.shape[0] // height
        columns = np.arange(width) * found.values.shape[1] // width
        return float(np.abs(found.values[rows][:, columns] - truth).mean())

    assert error(fine) < error(mask)


def test_windows_stay_inside_the_region_and_cover_it() -> None:
    pixels, inside = painted(500, 400), Region(100, 50, 320, 240)
    segmenter = Painted()
    with_detail(segmenter, pixels, coarse(pixels, inside))
    assert all(r.left == 50 and r.width == 240 for r in segmenter.regions)
    assert min(r.top for r in segmenter.regions) == 100
    assert max(r.top + r.height for r in segmenter.regions) == 420
    tops = sorted(r.top for r in segmenter.regions)
    assert all(later - earlier <= segmenter.regions[0].height for earlier, later in pairwise(tops))


def test_a_lying_region_is_a_standing_one_on_its_side() -> None:
    pixels = painted(320, 240)
    standing = with_detail(Painted(), pixels, coarse(pixels, Region.whole(pixels.shape)))
    turned = np.ascontiguousarray(pixels.transpose(1, 0, 2))
    lying = with_detail(Painted(), turned, coarse(turned, Region.whole(turned.shape)))
    np.testing.assert_allclose(lying.values, standing.values.T, atol=0.02)


def test_the_whole_look_keeps_its_weight() -> None:
    pixels = np.zeros((320, 240, 3), np.uint8)  # the windows see nobody, the whole look was sure
    whole = Mask(np.ones((160, 120), np.float32), Region.whole(pixels.shape))
    assert with_detail(Painted(), pixels, whole).values.min() >= 1 / (1 + 2 * TRUST) - 1e-6


def test_a_slender_region_is_left_as_it_is() -> None:
    pixels, segmenter = np.zeros((2000, 100, 3), np.uint8), Painted()
    mask = Mask(np.zeros((160, 8), np.float32), Region.whole(pixels.shape))
    assert with_detail(segmenter, pixels, mask) is mask
    assert not segmenter.regions and MOST_WINDOWS < 2000 / 60
