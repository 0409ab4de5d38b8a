"""edge.segment.detail: windows across a region sharpen its mask without moving or losing it."""
from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from edge.frame import Mask, Region
from edge.segment.detail import ACROSS_TRUST, CORNER, CORNER_TRUST, HALF_TRUST, MOST_WINDOWS, closer_looks, with_detail


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
    assert min(fine.values.shape) == 192 and min(mask.values.shape) < 41
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
    across = [region for region in segmenter.regions[4:] if region.width == 240]
    assert all(r.left == 50 and r.width == 240 for r in across)
    assert min(r.top for r in across) == 100
    assert max(r.top + r.height for r in across) == 420
    tops = sorted(r.top for r in across)
    assert all(later - earlier <= across[0].height for earlier, later in pairwise(tops))


def test_one_look_from_each_corner_comes_first() -> None:
    pixels, inside = painted(500, 400), Region(100, 50, 320, 240)
    segmenter = Painted()
    with_detail(segmenter, pixels, coarse(pixels, inside))
    height, width = round(CORNER * 320), round(CORNER * 240)
    assert segmenter.regions[:4] == [Region(top, left, height, width) for top in (100, 420 - height)
                                     for left in (50, 290 - width)]


def test_a_lying_region_is_a_standing_one_on_its_side() -> None:
    pixels = painted(320, 240)
    standing = with_detail(Painted(), pixels, coarse(pixels, Region.whole(pixels.shape)))
    turned = np.ascontiguousarray(pixels.transpose(1, 0, 2))
    lying = with_detail(Painted(), turned, coarse(turned, Region.whole(turned.shape)))
    np.testing.assert_allclose(lying.values, standing.values.T, atol=0.02)


def test_the_whole_look_keeps_its_weight() -> None:
    pixels = np.zeros((320, 240, 3), np.uint8)  # the windows see nobody, the whole look was sure
    whole = Mask(np.ones((160, 120), np.float32), Region.whole(pixels.shape))
    fine = with_detail(Painted(), pixels, whole)
    least = 1 / (1 + 4 * CORNER_TRUST) / (1 + 2 * ACROSS_TRUST) / (1 + 4 * HALF_TRUST)
    assert fine.values.min() >= least - 1e-6


def test_half_windows_come_last_and_only_where_the_outline_runs() -> None:
    pixels = np.zeros((480, 288, 3), np.uint8)
    pixels[300:, 150:, 0] = 255  # an outline in the lower right quarter alone
    segmenter, whole = Painted(), Region.whole(pixels.shape)
    fine = with_detail(segmenter, pixels, coarse(pixels, whole))
    halves = [region for region in segmenter.regions if region.height == 240 and region.width == 144]
    assert halves and halves == segmenter.regions[-len(halves):]
    assert all(region.top + region.height > 300 and region.left + region.width > 150 for region in halves)
    assert fine.values.shape == (320, 192)


def test_parts_ask_for_half_windows_too() -> None:
    asked: list[Region] = []

    def look(window: Region) -> np.ndarray:
        asked.append(window)
        return np.full((160, 96, 6), 1 / 6, np.float32)

    region = Region(0, 0, 480, 288)
    seen = closer_looks(look, look(region), region, (160, 96))
    assert seen.shape == (320, 192, 6) and sum(window.width == 144 for window in asked) == 9


def test_a_slender_region_is_seen_from_its_corners_only() -> None:
    pixels, segmenter = np.zeros((2000, 100, 3), np.uint8), Painted()
    with_detail(segmenter, pixels, Mask(np.zeros((160, 8), np.float32), Region.whole(pixels.shape)))
    assert len(segmenter.regions) == 4 and MOST_WINDOWS < 2000 / 60


@pytest.mark.parametrize("shape", [(1, 1), (2, 1), (3, 40), (40, 3)])
def test_the_smallest_regions_keep_their_mask(shape: tuple[int, int]) -> None:
    pixels = np.zeros((*shape, 3), np.uint8)
    fine = with_detail(Painted(), pixels, Mask(np.zeros(shape, np.float32), Region.whole(shape)))
    assert fine.region == Region.whole(shape) and not fine.values.any()
