"""Where frames come from: one verb, `read`. `open_source.py` opens any of them; the others are one kind each."""
from __future__ import annotations

from typing import Protocol, Self

import numpy as np

from edge.frame import Frame, Region


class FrameSource(Protocol):
    """Gives frames one after the other; `with` closes it.

    frames_per_s: nominal rate; each frame's own `time_ns` is what counts. dropped: frames that came and nobody saw.
    fallbacks: lines for the report, what went wrong and what was done; a line comes once, however often it happens.
    truth: the alpha (H, W) uint8 of the frame read last, where a source knows it: the demo does.
    stamp: where each frame shows its time (edge.camera.stamp), where it does.
    """

    frames_per_s: float
    dropped: int
    fallbacks: list[str]
    truth: np.ndarray | None = None
    stamp: Region | None = None

    def read(self) -> Frame | None:
        """The next frame; None when there are no more. `index` grows by one per frame given, `time_ns` always grows.

        Its pixels are the source's own memory and stay as they are until the next read but one; whoever keeps them
        longer copies them.
        """
        ...

    def still(self) -> np.ndarray | None:
        """A photograph (H, W, 3) uint8 RGB, as large as the source can, in memory of its own. None: no larger than its
        frames; take one of those. Frames pause meanwhile. From the thread that reads."""
        return None

    def close(self) -> None:
        """Lets camera or file go; may be called twice."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def say_once(fallbacks: list[str], line: str) -> None:
    """Adds a line to the report unless it stands there already: a camera that fails all night fills no memory."""
    if line not in fallbacks:
        fallbacks.append(line)
