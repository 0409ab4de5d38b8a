"""How much an alpha flickers: how far it changes from frame to frame where the picture itself stands still."""
from __future__ import annotations

import cv2
import numpy as np

STILL = 3
"""A pixel stands still while no channel's mean over 5×5 pixels changes by more than this, in 1/255."""

LEAST = 0.1
"""Pairs of frames of which less than this share stands still say nothing: the camera moved."""


class Flicker:
    """Takes the frames of a clip one after the other and remembers the last one alone."""

    def __init__(self) -> None:
        self.changes: list[float] = []
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def add(self, pixels: np.ndarray, alpha: np.ndarray) -> None:
        """The next frame: pixels (H, W, 3) uint8, alpha (H, W) uint8, of the same size as the frame before."""
        smooth = cv2.blur(pixels, (5, 5))
        if self._last is not None:
            before, alpha_before = self._last
            still = cv2.absdiff(smooth, before).max(axis=2) <= STILL
            if still.mean() >= LEAST:
                self.changes.append(float(cv2.absdiff(alpha, alpha_before)[still].mean()))
        self._last = smooth, alpha

    @property
    def mean(self) -> float | None:
        """Mean |change of alpha| over still pixels, then over pairs of frames, in 1/255; None: nothing stood still.

        A path that sees nobody does not flicker: read it beside a figure that says how much it sees.
        """
        return float(np.mean(self.changes)) if self.changes else None
