"""The sink that keeps nothing: for measuring the rest."""
from __future__ import annotations

import numpy as np

from edge.sinks import FrameSink


class NullSink(FrameSink):
    """Takes frames and forgets them."""

    def __init__(self) -> None:
        self.fallbacks: list[str] = []

    def write(self, picture: np.ndarray, time_ns: int) -> None:
        """See FrameSink."""

    def close(self) -> None:
        """See FrameSink."""
