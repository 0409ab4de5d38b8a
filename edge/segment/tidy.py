"""Takes specks out of a mask: small islands of person are dropped, small holes in a person are filled.

Measured on 217 validation pictures, an earlier large model: person IoU +0.01 (selfies) to +0.08 points (full length),
boundary-F +0.2 to +0.7 points; what it takes away is what a viewer sees first.
Contours are worked on in their own boxes: a mask of 192×320 with both takes 0.3 ms, not 0.7.
"""
from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from edge.frame import Mask, Region
from edge.preprocess import wider

ISLAND, HOLE = 0.05, 0.01
"""Islands and holes smaller than this share of the largest person are specks; a second person is larger, and so is
the gap between an arm and the body."""

OFF, ON = 0.02, 0.98
"""Probabilities that a dropped island is held under and a filled hole over."""


ROOM_PX = 3
"""How far around a speck anything is looked at: it grows by two, its neighbours by one."""


def tidied(mask: Mask) -> Mask:
    """The same mask without specks; values outside their close surroundings stay as they are."""
    person = (mask.values > 0.5).astype(np.uint8)
    contours, tree = cv2.findContours(person, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if len(contours) < 2:
        return mask
    islands = [_inside(contours, i, person) for i in range(len(contours)) if tree[0, i, 3] < 0]
    holes = [_inside(contours, i, 1 - person) for i in range(len(contours)) if tree[0, i, 3] >= 0]
    largest, values = max(island.sum() for _, island in islands), mask.values.copy()
    for where, island in islands:
        if island.sum() < ISLAND * largest:
            near, here = _with_room(where, island, person.shape)
            around = _grown(here, 2) & ~_grown(near.cut(person).astype(bool) & ~here, 1)
            near.cut(values)[around] = np.minimum(near.cut(values)[around], OFF)
    for where, hole in holes:
        if hole.sum() < HOLE * largest:
            near, here = _with_room(where, hole, person.shape)
            around = _grown(here, 1)
            near.cut(values)[around] = np.maximum(near.cut(values)[around], ON)
    return Mask(values, mask.region)


def _inside(contours: Sequence[np.ndarray], number: int, of: np.ndarray) -> tuple[Region, np.ndarray]:
    """The pixels of `of` (h, w) uint8, 0 or 1, that a contour goes around: its box, and which there, bool."""
    left, top, width, height = cv2.boundingRect(contours[number])
    box, drawn = Region(top, left, height, width), np.zeros((height, width), np.uint8)
    cv2.drawContours(drawn, contours, number, 1, cv2.FILLED, offset=(-left, -top))
    return box, (drawn & box.cut(of)).astype(bool)


def _with_room(box: Region, inside: np.ndarray, shape: tuple[int, ...]) -> tuple[Region, np.ndarray]:
    """The same with ROOM_PX more on every side, as far as the mask reaches."""
    near = wider(box, ROOM_PX, shape)
    here = np.zeros((near.height, near.width), bool)
    Region(box.top - near.top, box.left - near.left, box.height, box.width).paste(here, inside)
    return near, here


def _grown(pixels: np.ndarray, radius_px: int) -> np.ndarray:
    size = 2 * radius_px + 1
    return cv2.dilate(pixels.astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)
