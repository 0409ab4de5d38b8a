"""The memory that frames are given in: made once, used by turns, so that the loop allocates no pictures."""
from __future__ import annotations

import cv2
import numpy as np

from edge.preprocess import place

FRAMES_KEPT = 2
"""A frame stays valid until the next read but one (see FrameSource)."""


class Buffers:
    """Pictures (height, width, 3) uint8 by turns."""

    def __init__(self, height: int, width: int, count: int = FRAMES_KEPT) -> None:
        self._pictures = [np.empty((height, width, 3), np.uint8) for _ in range(count)]
        self._turn = 0

    def next(self) -> np.ndarray:
        """The buffer that was given out longest ago; what it shows may be overwritten."""
        self._turn = (self._turn + 1) % len(self._pictures)
        return self._pictures[self._turn]


def rgb_into(bgr: np.ndarray, into: np.ndarray) -> None:
    """Writes a picture (h, w, 3) uint8 BGR into (H, W, 3) as RGB; one of another size is fitted, black around it."""
    if bgr.shape == into.shape:
        cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=into)
    else:
        fit_into(bgr[..., ::-1], into)


def rgb_from_yuv420(planes: np.ndarray, into: np.ndarray) -> None:
    """Writes full-range BT.601 YUV 4:2:0 (sYCC), planes (3h/2, w) uint8 without padding, into (h, w, 3) as RGB."""
    height, width = into.shape[:2]
    blue, red = (cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
                 for plane in planes[height:].reshape(2, height // 2, width // 2))
    cv2.cvtColor(cv2.merge((planes[:height], red, blue)), cv2.COLOR_YCrCb2RGB, dst=into)


def fit_into(picture: np.ndarray, into: np.ndarray) -> None:
    """Writes a picture (h, w, 3) uint8 into (H, W, 3), as large as it fits, proportions kept, black around it."""
    spot = place(picture.shape, into.shape[:2])
    into[...] = 0
    shrinks = spot.height < picture.shape[0] or spot.width < picture.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    spot.cut(into)[...] = cv2.resize(np.ascontiguousarray(picture), (spot.width, spot.height), interpolation=how)
