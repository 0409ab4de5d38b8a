"""Ends any source after so many frames: `--frames N`, `?frames=N`."""
from __future__ import annotations

import numpy as np

from edge.camera import FrameSource
from edge.frame import Frame


class FirstFrames(FrameSource):
    """The first `frames` frames of another source, then None."""

    def __init__(self, source: FrameSource, frames: int) -> None:
        self.source, self._left = source, frames
        self.frames_per_s, self.dropped, self.fallbacks = source.frames_per_s, source.dropped, source.fallbacks
        self.stamp = source.stamp

    def read(self) -> Frame | None:
        """See FrameSource."""
        if self._left <= 0:
            return None
        self._left -= 1
        frame = self.source.read()
        self.dropped, self.truth = self.source.dropped, self.source.truth
        return frame

    def still(self) -> np.ndarray | None:
        """See FrameSource."""
        return self.source.still()

    def close(self) -> None:
        """See FrameSource."""
        self.source.close()
