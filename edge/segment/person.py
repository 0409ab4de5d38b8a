"""Finds the people of a photograph: a look at the whole, then closer looks at the region around what was seen.

As long as what was seen reaches an edge of the region that is not the picture's own edge, the region grows and the
network looks again (US 2017/0287137, crop refinement): an outstretched arm is not cut off.
"""
from __future__ import annotations

import cv2
import numpy as np

from edge.frame import Mask, Region
from edge.preprocess import region_around
from edge.segment.tflite import Segmenter
from edge.segment.tidy import tidied

MARGIN = 0.1
"""Free space kept around the person on a closer look, as a share of its longer side."""

CLOSER = 0.85
"""A region of more than this share of the picture is not worth a closer look."""

LOOKS = 3
"""Closer looks at the most."""

SLENDER = 2.0
"""Pictures this many times longer than the network input are looked at in overlapping windows."""

MOST_WINDOWS = 24
"""Longer pictures (above about 21:1) get one look at the whole: a strip of 1×3,000 pixels took 5 s and 300 MB."""

SEEN = 0.001
"""Share of the picture that must be person before anybody is said to be there."""

SURE = 0.85
"""Probability that the surest tenth of a person must reach. The least sure of 172 validation pictures with people gave
0.97, 0.96 and 0.91 (large, medium, small); a white wall gave an earlier large model 0.78."""


def find_person(segmenter: Segmenter, pixels: np.ndarray) -> Mask | None:
    """pixels (H, W, 3) uint8 → mask over the region that holds every person, at network size; None: nobody is there."""
    mask = tidied(_first_look(segmenter, pixels))
    if (mask.values > 0.5).mean() < SEEN:
        return None
    for _ in range(LOOKS):
        region = region_around(mask, pixels.shape, segmenter.portrait, MARGIN)
        if region is not None and is_cut_off(mask, pixels.shape):
            region = wider(region, round(MARGIN * max(region.height, region.width)), pixels.shape)
        if region is None or region == mask.region or not _worth_it(region, pixels.shape):
            break
        closer = tidied(segmenter.segment(pixels, region))
        if not (closer.values > 0.5).any():
            break
        mask = closer
        if not is_cut_off(mask, pixels.shape):
            break
    return mask if _sure(mask) else None


def _sure(mask: Mask) -> bool:
    """Whether the network is sure of a part of what it saw: plain walls look a little like clothes."""
    return bool(np.quantile(mask.values[mask.values > 0.5], 0.9) >= SURE)


def wider(region: Region, by_px: int, picture: tuple[int, ...]) -> Region:
    """The region grown by so many pixels on every side, inside the picture."""
    top, left = max(0, region.top - by_px), max(0, region.left - by_px)
    bottom = min(picture[0], region.top + region.height + by_px)
    right = min(picture[1], region.left + region.width + by_px)
    return Region(top, left, bottom - top, right - left)


def _worth_it(region: Region, picture: tuple[int, ...]) -> bool:
    return region.height * region.width <= CLOSER * picture[0] * picture[1]


def is_cut_off(mask: Mask, picture: tuple[int, ...]) -> bool:
    """Whether the person reaches an edge of the mask's region behind which the picture goes on."""
    person, region = mask.values > 0.5, mask.region
    return bool((region.top > 0 and person[0].any()) or (region.left > 0 and person[:, 0].any())
                or (region.top + region.height < picture[0] and person[-1].any())
                or (region.left + region.width < picture[1] and person[:, -1].any()))


def _first_look(segmenter: Segmenter, pixels: np.ndarray) -> Mask:
    """The mask of the whole picture; a very slender one is pieced together from windows that overlap by half."""
    whole = Region.whole(pixels.shape)
    windows = _windows(whole, segmenter.portrait)
    if len(windows) == 1:
        return segmenter.segment(pixels, whole)
    looks = [segmenter.segment(pixels, window) for window in windows]
    scale = min(looks[0].values.shape) / min(whole.height, whole.width)
    merged = np.zeros((max(1, round(whole.height * scale)), max(1, round(whole.width * scale))), np.float32)
    for window, look in zip(windows, looks, strict=True):
        spot = window.scaled(scale, scale, merged.shape)
        seen = cv2.resize(look.values, (spot.width, spot.height), interpolation=cv2.INTER_LINEAR)
        spot.paste(merged, np.maximum(spot.cut(merged), seen))
    return Mask(merged, whole)


def _windows(whole: Region, portrait: tuple[int, int]) -> list[Region]:
    aspect = max(portrait) / min(portrait)
    short, long = sorted((whole.height, whole.width))
    length = round(aspect * short)
    count = int(np.ceil((long - length) / (length / 2))) + 1
    if long <= SLENDER * aspect * short or count > MOST_WINDOWS:
        return [whole]
    starts = np.linspace(0, long - length, count).astype(int)
    return [Region(0, int(s), short, length) if whole.width > whole.height else Region(int(s), 0, length, short)
            for s in starts]
