"""The frame made small: guide of the live path's filter, picture for the network, and what moved since the last one."""
from __future__ import annotations

import cv2
import numpy as np

from edge.native import loops

NEIGHBOURHOOD = (5, 5)
"""A pixel's movement is the mean over these: sensor noise has none, an edge has."""


class Guide:
    """One frame at guide size; its arrays are filled anew by every `take`, nothing is allocated."""

    def __init__(self, frame: tuple[int, int], downscale: int) -> None:
        """frame: (height, width) of all frames to come; downscale: the board's guide_downscale."""
        height, width = (max(1, side // downscale) for side in frame)
        self.shape = (height, width)
        self.pixels = np.zeros((height, width, 3), np.uint8)
        self.luma, self._before = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
        self.moved = np.zeros((height, width), np.uint8)
        self._fresh = True

    def take(self, pixels: np.ndarray, small: np.ndarray | None = None) -> None:
        """pixels (H, W, 3) uint8 → pixels (h, w, 3), luma (h, w) and moved (h, w): |change of luma| since the frame
        before, over its neighbourhood, in 1/255; 255 everywhere for the first.

        small (h, w, 3): the same made small by somebody else; taken where it has the guide's size, which spares the
        way over the whole frame.
        """
        self.luma, self._before = self._before, self.luma
        if small is not None and small.shape == self.pixels.shape:
            self.pixels[...] = small
            cv2.cvtColor(small, cv2.COLOR_RGB2GRAY, dst=self.luma)
        else:
            loops.shrink(np.ascontiguousarray(pixels), self.pixels, self.luma)
        cv2.absdiff(self.luma, self._before, dst=self.moved)
        cv2.blur(self.moved, NEIGHBOURHOOD, dst=self.moved)
        if self._fresh:
            self.moved.fill(255)
            self._fresh = False
