"""Where a thing is worn: the face and the head of the person in front, from the alphas of their classes, calmed."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from edge.effects import Seen

SIDE_PX = 160
"""Faces are looked for at this longer side; soft edges tell what lies between its pixels."""

LEAST_FACE = 1e-3
"""Smaller faces, as a share of the frame, wear nothing."""

RIVAL = 1 / 5
"""Of several faces the highest counts that has at least this share of the largest one's area: what a network takes for
a face by mistake lies on the body."""

WISPS = 0.02
"""Share of a part's area that is cut off on each of its sides: ears, wisps, soft edges."""

EYES = 0.82
"""Height of the eyes above the chin, in widths of the face. Hats, hair and bald heads move a face's upper edge, nothing
its chin."""

LONGEST_FACE = 1.4
"""Height of a face by its width; what hangs below that is a neck."""

FLAT = 0.75
"""Pictures flatter than this (height by width) hang at the eyes, others stand on the chin."""

HAIRLINE = 0.25
"""Least height of a hat's lower edge in a head down to the chin, from the top: bald heads have no hairline."""

AROUND = 1.1
"""Width of a hat by the width of its head, whose wisps are cut off."""

SHARES, SPEED_SHARES = np.array([0.4, 0.4, 0.1]), np.array([0.1, 0.1, 0.0])
"""What a frame's x, y and width count in the running means of places and of their speeds. Trembling (mean
second difference of x, y and width of a face 184 pixels wide, demo source, large model) fell from 3.0, 4.7 and 5.1
pixels to 1.0, 1.3 and 0.4; the price is an error across of 4.9 pixels where it was 2.7."""


class Box(NamedTuple):
    """Edges in pixels of the frame, with fractions."""

    left: float
    top: float
    right: float
    bottom: float


class Spot(NamedTuple):
    """Where a picture is laid: its centre and its width, in pixels of the frame."""

    x: float
    y: float
    width: float


Place = Callable[[Seen, float], Spot | None]
"""(seen, height of the picture by its width) → where it goes, None where there is no face."""


def on_face(seen: Seen, aspect: float) -> Spot | None:
    """As wide as the face: what is flat (glasses) at the eyes, what is high (a mask) from the chin upwards."""
    face = _face(seen)
    if face is None:
        return None
    box = _box(face, seen)
    width = box.right - box.left
    chin = min(box.bottom, box.top + LONGEST_FACE * width)
    above_chin = EYES if aspect < FLAT else aspect / 2
    return Spot((box.left + box.right) / 2, chin - above_chin * width, width)


def on_head(seen: Seen, aspect: float) -> Spot | None:
    """As wide as face, hair and headwear above the middle of the face (long hair does not count), on the hairline."""
    face = _face(seen)
    if face is None:
        return None
    below = _box(face, seen)
    box = _box(_head(seen, face), seen)
    width = AROUND * (box.right - box.left)
    brim = max(below.top, box.top + HAIRLINE * (below.bottom - box.top))
    return Spot((box.left + box.right) / 2, brim - aspect * width / 2, width)


PLACES: dict[str, tuple[tuple[str, ...], Place]] = {
    "head": (("face", "hair", "headwear"), on_head),
    "face": (("face",), on_face),
}
"""Name of a place → the classes that tell it, and how."""


class Settled:
    """A spot over time: running means of place and width, and of the place's speed, without which it would lag."""

    def __init__(self) -> None:
        self._held: np.ndarray | None = None
        self._speed = np.zeros(3)

    def next(self, spot: Spot | None) -> Spot | None:
        """The spot of the next frame, calmed. What jumps by more than its width is another face: it has no past. None
        is passed on and everything forgotten."""
        if spot is None:
            self._held = None
            return None
        present = np.array(spot)
        if self._held is None or np.abs(present - self._held).max() > self._held[2]:
            self._held, self._speed = present, np.zeros(3)
            return spot
        expected = self._held + self._speed
        self._held = expected + SHARES * (present - expected)
        self._speed = self._speed + SPEED_SHARES * (present - expected)
        return Spot(*self._held.tolist())


def _small(seen: Seen, name: str) -> np.ndarray:
    """A class's alpha inside the person, SIDE_PX large: (h, w) uint8."""
    height, width = seen.alpha.shape
    scale = min(1.0, SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    alphas = (seen.classes[name], seen.alpha)
    part, person = (cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR) for alpha in alphas)
    return cv2.min(part, person)


def _face(seen: Seen) -> np.ndarray | None:
    """The alpha (h, w) uint8 of the one face that counts, 0 elsewhere; SIDE_PX large."""
    face = _small(seen, "face")
    count, labels, boxes, centres = cv2.connectedComponentsWithStats((face > 127).astype(np.uint8))
    areas = boxes[1:, cv2.CC_STAT_AREA]
    if count == 1 or areas.max() < LEAST_FACE * face.size:
        return None
    large = 1 + np.flatnonzero(areas >= RIVAL * areas.max())
    return np.where(labels == large[centres[large, 1].argmin()], face, 0)


def _head(seen: Seen, face: np.ndarray) -> np.ndarray:
    """Face, hair and headwear (h, w) uint8 above the middle of this face (h, w), as far as they hang together.

    Together they are sure where each alone is not: is it hair or a hat?
    """
    head = cv2.add(face, cv2.add(_small(seen, "hair"), _small(seen, "headwear")))
    rows = np.flatnonzero(face.any(axis=1))
    head[(rows[0] + rows[-1]) // 2 + 1 :] = 0
    _, labels = cv2.connectedComponents((head > 127).astype(np.uint8))
    return np.where(np.isin(labels, labels[(face > 127) & (labels > 0)]), head, 0)


def _box(plane: np.ndarray, seen: Seen) -> Box:
    """Between which edges a part lies, but for its wisps; between pixels too, so that it moves as smoothly as alpha."""
    edges = []
    for axis, scale in enumerate(np.divide(seen.alpha.shape, plane.shape)[::-1]):
        profile = plane.sum(axis=axis, dtype=np.float64)
        filled = np.concatenate([[0], profile.cumsum()])
        edges.append(np.interp([WISPS * filled[-1], (1 - WISPS) * filled[-1]], filled, np.arange(filled.size)) * scale)
    (left, right), (top, bottom) = edges
    return Box(float(left), float(top), float(right), float(bottom))
