"""A second, finer look at a photograph's person: windows that lie across the region, each as large as the input allows.

An upright region fills the upright input with its width: 96 pixels at the large tier. Windows across it fill the lying
input with the same width: 160 pixels. The whole look knows what it sees, the windows see it finer; their mean scored
0.9444 person IoU and 0.724 boundary-F where the whole alone scored 0.9416 and 0.706 (111 picsart validation pictures,
an earlier large model), with gains on the other sources too; more trust in the windows loses the meaning.
"""
from __future__ import annotations

import cv2
import numpy as np

from edge.frame import Mask, Region
from edge.segment.tflite import Segmenter

TRUST = 0.5
"""Weight of a window beside the whole look's 1."""

STEP = 0.6
"""Windows follow one another at this share of their own length."""

MOST_WINDOWS = 8
"""Slender regions that would need more keep the whole look alone."""


def with_detail(segmenter: Segmenter, pixels: np.ndarray, mask: Mask) -> Mask:
    """pixels (H, W, 3) uint8, mask of some region → the same region's mask at about 1.7 times the resolution."""
    region, stands = mask.region, mask.region.height >= mask.region.width
    across, along = sorted((region.height, region.width))
    length = round(across * min(segmenter.portrait) / max(segmenter.portrait))
    count = int(np.ceil((along - length) / (STEP * max(1, length)))) + 1
    if length < 1 or count > MOST_WINDOWS:
        return mask
    scale = max(segmenter.portrait) / across
    size = (max(1, round(region.width * scale)), max(1, round(region.height * scale)))
    enlarged = cv2.resize(mask.values, size, interpolation=cv2.INTER_LINEAR)
    total: np.ndarray = enlarged if stands else enlarged.T  # rows run along the region
    weight = np.ones((total.shape[0], 1), np.float32)
    for start in np.linspace(0, along - length, count).astype(int):
        window = (Region(region.top + start, region.left, length, region.width) if stands
                  else Region(region.top, region.left + start, region.height, length))
        seen = segmenter.segment(pixels, window).values
        top, bottom = round(start * scale), min(total.shape[0], round((start + length) * scale))
        seen = cv2.resize(seen if stands else seen.T, (total.shape[1], bottom - top), interpolation=cv2.INTER_LINEAR)
        trust = TRUST * _faded(bottom - top)
        total[top:bottom] = total[top:bottom] + trust * seen
        weight[top:bottom] += trust
    mean = (total / weight).astype(np.float32)
    return Mask(np.ascontiguousarray(mean if stands else mean.T), region)


def _faded(length: int) -> np.ndarray:
    """(length, 1) float32: 1 in the middle half, falling towards both ends, where a window sees no surroundings."""
    from_end = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1
    return np.minimum(4 * from_end / length, 1).astype(np.float32)[:, None]
