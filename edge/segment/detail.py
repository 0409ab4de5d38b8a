"""Closer looks at a photograph's person, blended into the look at the whole.

The whole look knows what it sees; a closer look sees it finer, but with less around it. So closer looks count, but do
not decide: first four, one from each corner of the region, then windows across the region, each as large as the input
allows. An upright region fills the upright input with its width: 96 pixels at the large tier; windows across it fill
the lying input with the same width: 160 pixels.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from edge.frame import Mask, Region
from edge.preprocess import place, upright
from edge.segment.tflite import Segmenter

Look = Callable[[Region], np.ndarray]
"""A region of the picture → what is seen there, (h, w) or (h, w, c) float32, at network size."""

CORNER = 0.8
"""Sides of a corner's window, as a share of the region's."""

CORNER_TRUST, WINDOW_TRUST = 1.0, 0.5
"""Weight of a closer look beside the 1 of what was seen before."""

STEP = 0.6
"""Windows follow one another at this share of their own length."""

MOST_WINDOWS = 8
"""Slender regions that would need more do without windows."""

FADED = 0.25
"""Share of a window's side over which its weight falls towards an edge behind which the region goes on."""


def with_detail(segmenter: Segmenter, pixels: np.ndarray, mask: Mask) -> Mask:
    """pixels (H, W, 3) uint8, mask of some region → the same region's mask at about 1.7 times the resolution."""
    def look(window: Region) -> np.ndarray:
        return segmenter.segment(pixels, window).values

    return Mask(closer_looks(look, mask.values, mask.region, segmenter.portrait), mask.region)


def closer_looks(look: Look, seen: np.ndarray, region: Region, portrait: tuple[int, int]) -> np.ndarray:
    """What was seen of a region, (h, w) or (h, w, c) float32, with closer looks blended in, finer."""
    seen = _blended(look, seen, region, _corners(region), portrait, CORNER_TRUST)
    return _blended(look, seen, region, _windows_across(region, portrait), portrait, WINDOW_TRUST)


def _corners(region: Region) -> list[Region]:
    height, width = max(1, round(CORNER * region.height)), max(1, round(CORNER * region.width))
    return [Region(top, left, height, width) for top in (region.top, region.top + region.height - height)
            for left in (region.left, region.left + region.width - width)]


def _windows_across(region: Region, portrait: tuple[int, int]) -> list[Region]:
    """Windows over the region's short side, one after the other along its long side; none for slender regions."""
    across, along = sorted((region.height, region.width))
    length = round(across * min(portrait) / max(portrait))
    count = int(np.ceil((along - length) / (STEP * max(1, length)))) + 1
    if length < 1 or count > MOST_WINDOWS:
        return []
    starts = np.linspace(0, along - length, count).astype(int)
    if region.height >= region.width:
        return [Region(region.top + start, region.left, length, region.width) for start in starts]
    return [Region(region.top, region.left + start, region.height, length) for start in starts]


def _blended(look: Look, seen: np.ndarray, region: Region, windows: Sequence[Region], portrait: tuple[int, int],
             trust: float) -> np.ndarray:
    """The weighted mean of what was seen and of a look through each window, at the windows' resolution."""
    if not windows:
        return seen
    shape = (windows[0].height, windows[0].width)
    scale = place(shape, upright(shape, portrait)).height / shape[0]
    size = (max(1, round(region.width * scale)), max(1, round(region.height * scale)))
    total = cv2.resize(seen, size, interpolation=cv2.INTER_LINEAR)
    weight = np.ones(total.shape[:2], np.float32)
    for window in windows:
        spot = Region(window.top - region.top, window.left - region.left, window.height, window.width).scaled(
            total.shape[0] / region.height, total.shape[1] / region.width, total.shape)
        trusted = trust * np.outer(_faded(spot.top, spot.height, total.shape[0]),
                                   _faded(spot.left, spot.width, total.shape[1]))
        closer = cv2.resize(look(window), (spot.width, spot.height), interpolation=cv2.INTER_LINEAR)
        spot.cut(total)[...] += _over(trusted, closer) * closer
        spot.cut(weight)[...] += trusted
    return (total / _over(weight, total)).astype(np.float32)


def _over(plane: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A plane (h, w) that numpy spreads over the channels of `values`, if there are any."""
    return plane if values.ndim == 2 else plane[..., None]


def _faded(start: int, length: int, whole: int) -> np.ndarray:
    """(length,) float32: 1, falling towards each end behind which the region, `whole` long, goes on."""
    from_start, from_end = np.arange(1, length + 1, dtype=np.float32), np.arange(length, 0, -1, dtype=np.float32)
    ends = [from_start if start > 0 else None, from_end if start + length < whole else None]
    faded = np.ones(length, np.float32)
    for distance in ends:
        if distance is not None:
            faded = np.minimum(faded, distance / max(1.0, FADED * length))
    return faded
