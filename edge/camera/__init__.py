"""Where frames come from: one verb, `read`."""
from __future__ import annotations

from typing import Protocol

from edge.frame import Frame


class FrameSource(Protocol):
    """Gives frames one after the other."""

    def read(self) -> Frame | None:
        """The next frame; None when there are no more."""
        ...
