"""A video file, decoded by the FFmpeg inside OpenCV: it is on every board already, PyAV is not."""
from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from edge.camera import FrameSource, say_once
from edge.camera.buffers import Buffers
from edge.errors import PictureError
from edge.frame import Frame
from edge.photograph import MAX_PIXELS
from edge.quiet import quiet_libraries

TRIES_BEFORE_THE_END = 300
"""OpenCV says "no frame" for a damaged one and at the end alike; only the end says it this often (10 s of film)."""

LIKELY_RATES = (1.0, 240.0)
"""Frames/s outside of these are a header's nonsense; then FALLBACK_RATE stands in."""

FALLBACK_RATE = 30.0

SHORTFALL_S = 0.5
"""A film that ends this much earlier than its header says is reported as cut short."""

TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
"""Degrees that the file asks for → how to turn."""


class VideoSource(FrameSource):
    """The frames of a video file at their own size, upright as the file's rotation says, at their own times.

    Damaged frames are left out and counted in `fallbacks`; where a file was cut off, what was written before plays.
    A film that changes its size on the way is stretched to its first size: OpenCV does that and does not tell.
    """

    def __init__(self, path: Path) -> None:
        """Raises PictureError for anything of which not one frame can be decoded."""
        self.path, self._video = path, _opened(path)
        self.fallbacks: list[str] = []
        self.dropped = self._given = self._lost = 0
        self.frames_per_s = self._rate()
        self._turn = TURNS.get(round(self._video.get(cv2.CAP_PROP_ORIENTATION_META)) % 360)
        # OpenCV would turn too, but into new memory each time
        self._video.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
        self._make_buffers()
        self._next_ns: int | None = None
        self._last_ns, self._ended = -1, False
        if self.next_time_ns() is None:
            raise PictureError(f"{path}: no frame of this video can be decoded ({path.stat().st_size:,} bytes); "
                               "it is damaged or in a format unknown here: convert it to H.264 in MP4")

    def read(self) -> Frame | None:
        """See FrameSource."""
        while (time_ns := self.next_time_ns()) is not None:
            self.skip()
            came, picture = self._video.retrieve(self._bgr)
            if came:
                self._given += 1
                return Frame(self._upright(picture), self._given - 1, time_ns)
            self._lose(1)
        return None

    def next_time_ns(self) -> int | None:
        """See Recording. Decodes the frame, which later ones build on, but does not convert it."""
        if self._next_ns is None and not self._ended:
            self._grab()
        return self._next_ns

    def skip(self) -> None:
        """See Recording."""
        self._next_ns = None

    def close(self) -> None:
        """See FrameSource."""
        self._ended, self._next_ns = True, None
        self._video.release()

    def _grab(self) -> None:
        for failed in range(TRIES_BEFORE_THE_END):
            if self._video.grab():
                self._lose(failed)
                self._next_ns = self._last_ns = self._time_ns()
                return
        self._end()

    def _time_ns(self) -> int:
        """The grabbed frame's time; a file whose times stand still or go back is given its nominal rate."""
        time_ns = round(self._video.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
        return time_ns if time_ns > self._last_ns else self._last_ns + round(1e9 / self.frames_per_s)

    def _rate(self) -> float:
        rate = self._video.get(cv2.CAP_PROP_FPS)
        if LIKELY_RATES[0] <= rate <= LIKELY_RATES[1]:
            return rate
        say_once(self.fallbacks, f"{self.path}: says {rate:g} frames/s; {FALLBACK_RATE:g} is taken as its rate, "
                                 "each frame keeps its own time")
        return FALLBACK_RATE

    def _make_buffers(self) -> None:
        height, width = (int(self._video.get(side)) for side in (cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FRAME_WIDTH))
        if not 0 < height * width <= MAX_PIXELS:
            raise PictureError(f"{self.path}: {width}×{height} is {height * width / 1e6:.0f} megapixels, at most "
                               f"{MAX_PIXELS / 1e6:.0f} are read; make the video smaller first")
        self._bgr = np.empty((height, width, 3), np.uint8)
        shown = self._bgr if self._turn is None else cv2.rotate(self._bgr, self._turn)
        self._turned, self._buffers = np.empty_like(shown), Buffers(*shown.shape[:2])

    def _upright(self, picture: np.ndarray) -> np.ndarray:
        """As decoded (h, w, 3) BGR → upright, RGB, in the next buffer."""
        if self._turn is not None:
            picture = cv2.rotate(picture, self._turn, dst=self._turned)
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=self._buffers.next())

    def _lose(self, frames: int) -> None:
        """Counts damaged frames in one line of the report."""
        if frames == 0:
            return
        self.fallbacks[:] = [line for line in self.fallbacks if line != self._damage()]
        self._lost += frames
        self.fallbacks.append(self._damage())

    def _damage(self) -> str:
        # at least: a frame that others are built on takes some of them along without a word
        return f"{self.path}: at least {self._lost} damaged frames could not be decoded; left out"

    def _end(self) -> None:
        """Compares with what the header promised; a cut that leaves the header whole is noticed only here."""
        self._ended = True
        rate = self._video.get(cv2.CAP_PROP_FPS)
        promised_s = self._video.get(cv2.CAP_PROP_FRAME_COUNT) / rate if rate > 0 else 0.0
        length_s = self._last_ns / 1e9 + 1 / self.frames_per_s
        if promised_s - length_s > SHORTFALL_S:
            say_once(self.fallbacks, f"{self.path}: the pictures end after {length_s:.1f} s, the header says "
                                     f"{promised_s:.1f} s; cut short or damaged at its end")


def _opened(path: Path) -> cv2.VideoCapture:
    """The file's header, read; no frame is decoded yet."""
    if path.exists() and not path.is_file():
        raise PictureError(f"{path}: is not a file; a folder of pictures is opened as folder:{path}")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise PictureError(f"{path}: {error.strerror or error}") from error
    if empty:
        raise PictureError(f"{path}: the file is empty (0 bytes)")
    # FFmpeg's complaints about damaged frames: we count them. OpenCV reads this once, before its first video.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with quiet_libraries():
        video = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not video.isOpened():
        raise PictureError(f"{path}: cannot be read as a video ({path.stat().st_size:,} bytes); it is none, or it was "
                           "cut off before its index was written: copy or record it again")
    return video
