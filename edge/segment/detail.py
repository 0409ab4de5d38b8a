"""Closer looks at a photograph's person, blended into the look at the whole.

The whole look knows what it sees; a closer look sees it finer, but with less around it. So closer looks count, but do
not decide: first four, one from each corner of the region, then windows across the region, each as large as the input
allows, then windows of half the region's sides wherever the outline runs. An upright region fills the upright input
with its width: 96 pixels at the large tier; windows across it fill the lying input with the same width: 160 pixels;
half windows show it 192 pixels wide.
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

CORNER, HALF = 0.8, 0.5
"""Sides of a corner's window and of the last, smallest windows, as a share of the region's."""

CORNERS, HALVES = 2, 3
"""How many of each stand side by side, and one above the other."""

CORNER_TRUST, ACROSS_TRUST, HALF_TRUST = 1.0, 0.5, 0.25
"""Weight of a closer look beside the 1 of what was seen before."""

OUTLINE = 0.002
"""A half window is worth a look when at least this share of it is neither surely person nor surely background."""

SURE = 0.05
"""Probabilities this close to 0 or 1 are sure."""

STEP = 0.6
"""Windows follow one another at this share of their own length."""

MOST_WINDOWS = 8
"""Slender regions that would need more do without windows."""

FADED = 0.25
"""Share of a window's side over which its weight falls towards an edge behind which the region goes on."""


def with_detail(segmenter: Segmenter, pixels: np.ndarray, mask: Mask) -> Mask:
    """pixels (H, W, 3) uint8, mask of some region → the same region's mask at about twice the resolution."""
    def look(window: Region) -> np.ndarray:
        return segmenter.segment(pixels, window).values

    return Mask(closer_looks(look, mask.values, mask.region, segmenter.portrait), mask.region)


def closer_looks(look: Look, seen: np.ndarray, region: Region, portrait: tuple[int, int]) -> np.ndarray:
    """What was seen of a region, (h, w) or (h, w, c) float32, with closer looks blended in, finer."""
    seen = _blended(look, seen, region, _grid(region, CORNER, CORNERS), portrait, CORNER_TRUST)
    seen = _blended(look, seen, region, _windows_across(region, portrait), portrait, ACROSS_TRUST)
    halves = [window for window in _grid(region, HALF, HALVES) if _undecided(seen, region, window)]
    return _blended(look, seen, region, halves, portrait, HALF_TRUST)


def _grid(region: Region, share: float, count: int) -> list[Region]:
    """count × count windows with sides of `share` of the region's, evenly over it."""
    height, width = max(1, round(share * region.height)), max(1, round(share * region.width))
    tops, lefts = (np.linspace(0, whole - part, count).round().astype(int)
                   for whole, part in ((region.height, height), (region.width, width)))
    return [Region(region.top + int(top), region.left + int(left), height, width) for top in tops for left in lefts]


def _undecided(seen: np.ndarray, region: Region, window: Region) -> bool:
    """Whether some of what was seen in a window, of a person or of any part, is neither sure nor surely not there."""
    inside = _within(window, region, seen).cut(seen)
    return bool(((inside > SURE) & (inside < 1 - SURE)).mean() >= OUTLINE)


def _within(window: Region, region: Region, seen: np.ndarray) -> Region:
    """Where a window of the region lies in what was seen of the region."""
    return Region(window.top - region.top, window.left - region.left, window.height, window.width).scaled(
        seen.shape[0] / region.height, seen.shape[1] / region.width, seen.shape)


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
        spot = _within(window, region, total)
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
