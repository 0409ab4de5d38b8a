"""A camera behind /dev/videoN (USB, most of them) through OpenCV, and everything that such cameras do wrong."""
from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from edge.camera import say_once
from edge.camera.buffers import rgb_into
from edge.errors import PictureError
from edge.quiet import quiet_libraries

CODING = "MJPG"
"""Asked for: over USB 2, uncompressed 1280×720 comes at about 10 frames/s."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 4.0
"""Between two tries to open a camera that went away; each pause is twice the one before."""

LARGEST = (10_000, 10_000)
"""Asked for where nobody says how large photographs are to be: drivers give the nearest size that they have."""

SETTLING = 3
"""Pictures of a new size that are left out: the exposure finds itself anew."""

FIRST_TRIES = 10
"""A camera's first frames are often empty; if so many are, it has nothing to show."""

WHAT_TO_CHECK = ("check its cable and power, whether `ls /dev/video*` lists it (after plugging in again it may have "
                 "another number; /dev/v4l/by-id/ has names that stay), and whether another program uses it")


class Capture(Protocol):
    """What we use of cv2.VideoCapture."""

    def isOpened(self) -> bool:
        """Whether the device answered."""
        ...

    def set(self, prop: int, value: float, /) -> bool:
        """Asks for a CAP_PROP_…; what comes may be something else."""
        ...

    def get(self, prop: int, /) -> float:
        """What a CAP_PROP_… really is; 0 or −1 where it is not known."""
        ...

    def grab(self) -> bool:
        """Waits for a frame, for 10 s at most; False: the device is gone or silent."""
        ...

    def retrieve(self, image: Any = None, /) -> tuple[bool, Any]:
        """The frame that was grabbed, BGR, in the given memory where it fits."""
        ...

    def release(self) -> None:
        """Lets the device go."""
        ...


def open_device(path: str) -> Capture:
    """The device through OpenCV's V4L2 door, opened or not.

    One that does not exist is not tried: OpenCV would complain on standard error, again and again while it is away.
    """
    return cv2.VideoCapture(path, cv2.CAP_V4L2) if Path(path).exists() else cv2.VideoCapture()


class V4l2Camera:
    """See edge.camera.newest.Camera. Size and rate are what the camera gives, `fallbacks` says what was asked.

    Tried on stand-ins only (tests/edge/test_camera_v4l2.py): no camera was within reach.
    """

    small: tuple[int, int] | None = None

    def __init__(self, path: str, height: int, width: int, frames_per_s: float,
                 opened: Callable[[str], Capture] = open_device, still: tuple[int, int] | None = None) -> None:
        """height, width, frames_per_s: what to ask for; still: (height, width) of photographs, None = the largest.

        Raises PictureError where no picture comes.
        """
        self._still = still or LARGEST
        self.name, self.advice, self._opened = path, WHAT_TO_CHECK, opened
        self._asked = (height, width, frames_per_s)
        self.dropped, self.fallbacks = 0, list[str]()
        with quiet_libraries():  # not when it is opened again: it is no affair for two threads at once
            self._capture: Capture | None = self._negotiated()
        if self._capture is None:
            raise PictureError(f"{path}: {_why_not(path)}")
        self.frames_per_s = _positive(self._capture.get(cv2.CAP_PROP_FPS), frames_per_s)
        self.height, self.width = self._first_shape(self._capture)
        self._bgr = np.empty((self.height, self.width, 3), np.uint8)
        self._pause_s = FIRST_PAUSE_S
        self._say_what_came(self._capture)

    def capture(self, into: np.ndarray, pause: Callable[[float], object], small: np.ndarray | None = None
                ) -> int | None:
        """See Camera. A camera that went away is opened again, with pauses that grow up to LONGEST_PAUSE_S."""
        if self._capture is None:
            self._reopen(pause)
        if self._capture is None:
            return None
        if not self._capture.grab():
            say_once(self.fallbacks, f"{self.name}: went away or fell silent; tried to open it again")
            self._let_go()
            return None
        time_ns = time.monotonic_ns()
        came, picture = self._capture.retrieve(self._bgr)
        if not came or not _is_picture(picture):
            self.dropped += 1
            say_once(self.fallbacks, f"{self.name}: gave empty or broken frames; left out")
            return None
        self._give(picture, into)
        return time_ns

    def photograph(self) -> np.ndarray | None:
        """See Camera. The device changes to the photograph's size and back."""
        if self._capture is None or self._still == (self.height, self.width):
            return None
        taken = self._resized(self._capture, *self._still)
        back = self._resized(self._capture, self.height, self.width)
        if back is None:
            self._let_go()  # the next frame opens it anew
        if taken is None or taken.size <= self._bgr.size:
            say_once(self.fallbacks, f"{self.name}: gives no photographs larger than its frames of "
                                     f"{self.width}×{self.height}")
            return None
        return cv2.cvtColor(taken, cv2.COLOR_BGR2RGB)

    def close(self) -> None:
        """See Camera."""
        self._let_go()

    def _negotiated(self) -> Capture | None:
        """The device, opened and asked for coding, size and rate, in the order that OpenCV needs; None: not there."""
        height, width, frames_per_s = self._asked
        capture = self._opened(self.name)
        if not capture.isOpened():
            capture.release()
            return None
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*CODING))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, frames_per_s)
        return capture

    def _first_shape(self, capture: Capture) -> tuple[int, int]:
        """(height, width) of the first real picture: drivers have been seen to promise another one."""
        for _ in range(FIRST_TRIES):
            if not capture.grab():
                break
            came, picture = capture.retrieve()
            if came and _is_picture(picture):
                return picture.shape[:2]
        capture.release()
        raise PictureError(f"{self.name}: opens but gives no picture; another camera on the same USB hub may take all "
                           f"of its bandwidth, or this is not the camera's picture device: {WHAT_TO_CHECK}")

    def _say_what_came(self, capture: Capture) -> None:
        height, width, frames_per_s = self._asked
        letters = (int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF).to_bytes(4, "little").decode("latin-1")
        coding = letters if letters.isascii() and letters.isprintable() else "an unknown coding"
        asked = f"{width}×{height} at {frames_per_s:g}/s as {CODING}"
        came = f"{self.width}×{self.height} at {self.frames_per_s:g}/s as {coding}"
        if asked != came:
            self.fallbacks.append(f"{self.name}: asked for {asked}, gives {came}")

    def _resized(self, capture: Capture, height: int, width: int) -> np.ndarray | None:
        """The first settled picture (H, W, 3) uint8 BGR after asking for another size; None: there is none."""
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        picture = None
        for _ in range(1 + SETTLING):
            if not capture.grab():
                return None
            came, picture = capture.retrieve()
            picture = picture if came and _is_picture(picture) else None
        return picture

    def _reopen(self, pause: Callable[[float], object]) -> None:
        pause(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        self._capture = self._negotiated()

    def _let_go(self) -> None:
        if self._capture is not None:
            self._capture.release()
        self._capture = None

    def _give(self, picture: np.ndarray, into: np.ndarray) -> None:
        if picture.shape != into.shape:
            say_once(self.fallbacks, f"{self.name}: changed from {self.width}×{self.height} to "
                                     f"{picture.shape[1]}×{picture.shape[0]}; fitted inside the first size")
        rgb_into(picture, into)
        self._pause_s = FIRST_PAUSE_S


def _is_picture(picture: Any) -> bool:
    """A short frame comes as nothing, as a row of bytes or with one channel."""
    return (isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.ndim == 3
            and picture.shape[2] == 3 and min(picture.shape) > 1)


def _positive(value: float, otherwise: float) -> float:
    return value if value > 0 else float(otherwise)


def _why_not(path: str) -> str:
    """What to do about a device that does not open."""
    if not Path(path).exists():
        return "no such device; is the camera plugged in? `ls /dev/video*` lists those that are there"
    if not os.access(path, os.R_OK | os.W_OK):
        return "no permission; `sudo usermod -aG video $USER`, then log in again"
    return ("cannot be opened as a camera; another program may use it (`fuser -v` says which), or it is not the "
            "camera's picture device (many cameras have two: try the next number)")
