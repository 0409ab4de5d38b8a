"""From a camera the newest frame wins: a thread keeps up with the camera, `read` gives what is newest by then."""
from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Protocol

import numpy as np

from edge.camera import FrameSource, say_once
from edge.errors import PictureError
from edge.frame import Frame

STALL_S = 2.0
"""A camera that gives nothing for so long gets a line in the report."""

GIVE_UP_S = 30.0
"""… and for so long, ends the work: a kiosk's service starts anew, a person looks at the cable."""

CLOSE_S = 2.0
"""How long `close` waits for the thread. OpenCV may sit in a dead camera for 10 s; the thread lets it go by itself."""

STILL_S = 3.0
"""For so long a photograph is waited for: a camera that changes its size takes most of a second."""

BUFFERS = 4
"""Two frames that were given and stay valid (FrameSource), the newest one, and the one that is being written."""


class Camera(Protocol):
    """A camera in the hands of one thread. name: for messages; advice: what to check when it gives nothing.

    height, width: of every picture it writes; small: (height, width) of a second, smaller one, None where it has none;
    frames_per_s, dropped, fallbacks: see FrameSource.
    """

    name: str
    advice: str
    height: int
    width: int
    small: tuple[int, int] | None
    frames_per_s: float
    dropped: int
    fallbacks: list[str]

    def capture(self, into: np.ndarray, pause: Callable[[float], object], small: np.ndarray | None = None
                ) -> int | None:
        """Waits for the next picture and writes it as RGB into (height, width, 3) uint8; its time in ns, monotonic.

        small (h, w, 3) uint8, for cameras that have it: the same picture made small. None: nothing usable came; into
        may be spoiled, the caller tries again. pause(seconds): how to wait between tries; it ends early when the camera
        is no longer wanted.
        """
        ...

    def photograph(self) -> np.ndarray | None:
        """A picture (H, W, 3) uint8 RGB, as large as was asked for or as it can, in memory of its own; frames pause.

        None: no larger than its frames, or it failed; frames go on.
        """
        ...

    def close(self) -> None:
        """Lets the camera go."""
        ...


class Buffer:
    """Room for one picture (height, width, 3) uint8, and for its small one where the camera has that."""

    def __init__(self, camera: Camera) -> None:
        self.pixels = np.empty((camera.height, camera.width, 3), np.uint8)
        self.small = np.empty((*camera.small, 3), np.uint8) if camera.small else None


class NewestSource(FrameSource):
    """A camera's frames without delay and without a queue: what nobody read in time is dropped and counted."""

    def __init__(self, camera: Camera, stall_s: float = STALL_S, give_up_s: float = GIVE_UP_S,
                 close_s: float = CLOSE_S) -> None:
        """Starts the thread, which closes the camera when it ends; camera must not be used from outside any more."""
        self.frames_per_s, self.dropped, self.fallbacks = camera.frames_per_s, camera.dropped, camera.fallbacks
        self._camera, self._stall_s, self._give_up_s, self._close_s = camera, stall_s, give_up_s, close_s
        self._free = [Buffer(camera) for _ in range(BUFFERS)]
        self._given: list[Buffer] = []
        self._newest: tuple[Buffer, int] | None = None
        self._replaced = self._index = 0
        self._error: Exception | None = None
        self._still: np.ndarray | None = None
        self._still_wanted = False
        self._arrived, self._stopping = threading.Condition(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {camera.name}", daemon=True)
        self._thread.start()

    def read(self) -> Frame | None:
        """See FrameSource. Waits where no frame is new; None after `close`.

        Raises PictureError when the camera gave nothing for give_up_s, and whatever the camera itself raised.
        """
        with self._arrived:
            if not self._arrived.wait_for(self._has_news, self._stall_s):
                say_once(self.fallbacks, f"{self._camera.name}: gave no frame for {self._stall_s:g} s; waited for it")
                if not self._arrived.wait_for(self._has_news, self._give_up_s - self._stall_s):
                    raise PictureError(f"{self._camera.name}: no frame for {self._give_up_s:g} s; "
                                       f"{self._camera.advice}")
            return self._take()

    def still(self) -> np.ndarray | None:
        """See FrameSource. None also where the camera gives no photograph for STILL_S."""
        with self._arrived:
            self._still, self._still_wanted = None, True
            self._arrived.wait_for(lambda: not self._still_wanted or self._stopping.is_set(), STILL_S)
            self._still_wanted, still, self._still = False, self._still, None
            return still

    def close(self) -> None:
        """See FrameSource."""
        self._stopping.set()
        with self._arrived:
            self._arrived.notify_all()
        self._thread.join(self._close_s)

    def _has_news(self) -> bool:
        return self._newest is not None or self._error is not None or self._stopping.is_set()

    def _take(self) -> Frame | None:
        if self._stopping.is_set():
            return None
        if self._newest is None:
            assert self._error is not None
            raise self._error
        (buffer, time_ns), self._newest = self._newest, None
        self._given.append(buffer)
        if len(self._given) > BUFFERS - 2:
            self._free.append(self._given.pop(0))
        self.dropped = self._replaced + self._camera.dropped
        self._index += 1
        return Frame(buffer.pixels, self._index - 1, time_ns, buffer.small)

    def _run(self) -> None:
        """The thread: any error goes to the reader, who would wait for nothing else."""
        try:
            with closing(self._camera):
                while not self._stopping.is_set():
                    if self._still_wanted:
                        self._put_still(self._camera.photograph())
                    buffer = self._free.pop()
                    self._put(buffer, self._camera.capture(buffer.pixels, self._stopping.wait, buffer.small))
        except Exception as error:
            with self._arrived:
                self._error, self._still_wanted = error, False
                self._arrived.notify_all()

    def _put_still(self, still: np.ndarray | None) -> None:
        with self._arrived:
            if self._still_wanted:
                self._still, self._still_wanted = still, False
            self._arrived.notify_all()

    def _put(self, buffer: Buffer, time_ns: int | None) -> None:
        with self._arrived:
            if time_ns is None:
                self._free.append(buffer)
                return
            if self._newest is not None:
                self._free.append(self._newest[0])
                self._replaced += 1
            self._newest = buffer, time_ns
            self._arrived.notify_all()
