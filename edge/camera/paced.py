"""Film by the clock: `--realtime` shows a recording at its own speed and leaves out what comes too late."""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from edge.camera import FrameSource, say_once
from edge.frame import Frame


class Recording(FrameSource, Protocol):
    """A source that waits for nobody and can pass over a frame: film, folder, demo."""

    def next_time_ns(self) -> int | None:
        """When the frame that `read` would give next is due, in its own time; None at the end."""
        ...

    def skip(self) -> None:
        """Passes over that frame, which takes no `index`; its picture is not made where that saves work."""
        ...


class PacedSource(FrameSource):
    """The frames of a recording, each when it is due after the first one; late ones are dropped and counted.

    Late is a frame when its successor is due at the nominal rate.
    """

    def __init__(self, source: Recording, clock: Callable[[], int] = time.monotonic_ns,
                 sleep: Callable[[float], object] = time.sleep) -> None:
        """clock: ns, never going back; sleep: seconds."""
        self.source, self._clock, self._sleep = source, clock, sleep
        self.frames_per_s, self.dropped, self.fallbacks = source.frames_per_s, 0, source.fallbacks
        self.stamp = source.stamp
        self._start_ns: int | None = None

    def read(self) -> Frame | None:
        """See FrameSource. Sleeps until the frame is due."""
        self._skip_late()
        time_ns = self.source.next_time_ns()
        if time_ns is None:
            return None
        if self._start_ns is None:
            self._start_ns = self._clock() - time_ns
        if (early_ns := self._start_ns + time_ns - self._clock()) > 0:
            self._sleep(early_ns / 1e9)
        frame, self.truth = self.source.read(), self.source.truth
        return frame

    def still(self) -> np.ndarray | None:
        """See FrameSource."""
        return self.source.still()

    def close(self) -> None:
        """See FrameSource."""
        self.source.close()

    def _skip_late(self) -> None:
        """Where passing over a second of film gains nothing, the film goes on from there: else nothing is seen."""
        at_first_ns, skipped = self._late_ns(), 0
        while self._late_ns() >= 1e9 / self.frames_per_s:
            self.source.skip()
            self.dropped, skipped = self.dropped + 1, skipped + 1
            if skipped >= self.frames_per_s and self._late_ns() >= at_first_ns:
                say_once(self.fallbacks, "realtime: even without showing them the frames cannot be decoded as fast as "
                                         "they follow each other; the film runs slower than the clock")
                self._start_ns = None

    def _late_ns(self) -> int:
        """How long ago the next frame was due; 0 before the first frame and after the last one."""
        time_ns = self.source.next_time_ns()
        return 0 if time_ns is None or self._start_ns is None else self._clock() - self._start_ns - time_ns
