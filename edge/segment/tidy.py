"""Takes specks out of a mask: small islands of person are dropped, small holes in a person are filled.

Measured on 217 validation pictures, an earlier large model: person IoU +0.01 (selfies) to +0.08 points (full length),
boundary-F +0.2 to +0.7 points; what it takes away is what a viewer sees first.
"""
from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edge.frame import Mask

ISLAND, HOLE = 0.05, 0.01
"""Islands and holes smaller than this share of the largest person are specks; a second person is larger, and so is
the gap between an arm and the body."""

OFF, ON = 0.02, 0.98
"""Probabilities that a dropped island is held under and a filled hole over."""


def tidied(mask: Mask) -> Mask:
    """The same mask without specks; values outside their close surroundings stay as they are."""
    person = (mask.values > 0.5).astype(np.uint8)
    contours, tree = cv2.findContours(person, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if len(contours) < 2:
        return mask
    islands = [_inside(contours, i, person) for i in range(len(contours)) if tree[0, i, 3] < 0]
    holes = [_inside(contours, i, 1 - person) for i in range(len(contours)) if tree[0, i, 3] >= 0]
    largest, values = max(island.sum() for island in islands), mask.values.copy()
    for island in islands:
        if island.sum() < ISLAND * largest:
            around = _grown(island, 2) & ~_grown(person.astype(bool) & ~island, 1)
            values[around] = np.minimum(values[around], OFF)
    for hole in holes:
        if hole.sum() < HOLE * largest:
            around = _grown(hole, 1)
            values[around] = np.maximum(values[around], ON)
    return Mask(values, mask.region)


def _inside(contours: Sequence[np.ndarray], number: int, of: np.ndarray) -> np.ndarray:
    """The pixels (h, w) bool of `of` (h, w) uint8, 0 or 1, that a contour goes around."""
    filled = cv2.drawContours(np.zeros_like(of), contours, number, 1, cv2.FILLED)
    return (filled & of).astype(bool)


def _grown(pixels: np.ndarray, radius_px: int) -> np.ndarray:
    size = 2 * radius_px + 1
    return cv2.dilate(pixels.astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)
