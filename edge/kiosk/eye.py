"""The booth's camera in a thread of its own: opened again as often as it goes away, and never waited for."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from edge.camera import FrameSource
from edge.camera.newest import NewestSource
from edge.errors import MasqueError
from edge.frame import Frame, Region

AWAY_S = 1.5
"""Without a frame for so long the camera counts as away."""

PAUSES_S = (0.2, 0.5, 1.0, 2.0)
"""Between two tries to open it; the last one again and again."""


class Eye:
    """Gives the newest frame, and photographs."""

    def __init__(self, opened: Callable[[], FrameSource]) -> None:
        """opened: opens the camera, as often as needed; raises PictureError where it is not there."""
        self._opened = opened
        self.why = "the camera is being opened"
        self.fallbacks: list[str] = []
        self.stamp: Region | None = None
        self._seen_s = time.monotonic()
        self._frame: Frame | None = None
        self._still: np.ndarray | None = None
        self._still_wanted = self._closing = False
        self._turn = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="eye", daemon=True)
        self._thread.start()

    @property
    def silent_s(self) -> float:
        """How long an open camera has given nothing."""
        return 0.0 if self.why else time.monotonic() - self._seen_s

    @property
    def there(self) -> bool:
        """Whether frames come."""
        return not self.why and time.monotonic() - self._seen_s < AWAY_S

    def frame(self, wait_s: float) -> Frame | None:
        """The next frame, None where none came in time. It stays as it is until `done`."""
        with self._turn:
            self._turn.wait_for(lambda: self._frame is not None, wait_s)
            return self._frame

    def done(self) -> None:
        """The frame may be overwritten: the next one is read."""
        with self._turn:
            self._frame = None
            self._turn.notify_all()

    def ask_still(self) -> None:
        """Wants a photograph; `still` gives it."""
        with self._turn:
            self._still_wanted = True

    def still(self) -> np.ndarray | None:
        """The photograph that was asked for (H, W, 3) uint8, once; None while there is none."""
        with self._turn:
            still, self._still = self._still, None
            return still

    def close(self) -> None:
        """Lets the camera go."""
        with self._turn:
            self._closing = True
            self._turn.notify_all()
        self._thread.join(2.0)

    def _run(self) -> None:
        tries = 0
        while not self._closing:
            try:
                with self._opened() as source:
                    tries = 0
                    self.stamp = source.stamp
                    self._watch(source)
            except (MasqueError, OSError) as error:
                self.why = str(error)
                tries += 1
                with self._turn:
                    self._turn.wait_for(lambda: self._closing, PAUSES_S[min(tries, len(PAUSES_S)) - 1])

    def _watch(self, source: FrameSource) -> None:
        """Frames until the source ends (a film begins again) or fails.

        A recording's next frame is made while the last one is shown: its pixels stay until the next read but one. A
        camera's would be old by then: the newest is asked for when it can be shown.
        """
        ahead = not isinstance(source, NewestSource)
        while not self._closing and (frame := source.read()) is not None:
            self.why, self._seen_s, self.fallbacks = "", time.monotonic(), list(source.fallbacks)
            if self._still_wanted:
                self._take(source, frame)
            if ahead:
                self._until_done()
            with self._turn:
                self._frame = frame
                self._turn.notify_all()
            if not ahead:
                self._until_done()
        self._until_done()

    def _until_done(self) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._frame is None or self._closing)

    def _take(self, source: FrameSource, frame: Frame) -> None:
        large = source.still()
        with self._turn:
            self._still, self._still_wanted = frame.pixels.copy() if large is None else large, False
        self._seen_s = time.monotonic()
