"""Motion JPEG into AVI: needs OpenCV alone, each frame stands for itself.

AVI and not a bare row of JPEGs (.mjpeg): that knows no times, and hardly a player but ffmpeg's and VLC's opens it.
AVI with MJPG is what cameras have written since the nineties, and what players on every desktop read.
"""
from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from edge.sinks import FrameSink
from edge.sinks.avi import AviFile
from edge.sinks.jpeg import QUALITY, jpeg_bytes
from edge.sinks.pixels import convert


class MotionJpegSink(FrameSink):
    """Writes FILE.avi. AVI knows one rate: a frame goes to the slot of that rate in which its time lies.

    Empty slots show the frame before; two frames in one slot take two, until the second would play more than a slot
    late: then it is left out. After 2 GB the video goes on in FILE.2.avi.
    """

    def __init__(self, path: Path, height: int, width: int, frames_per_s: float, quality: int = QUALITY) -> None:
        """frames_per_s: the file's rate; quality: see QUALITY. Raises OutputError where the file cannot be made."""
        self.fallbacks: list[str] = []
        self._path, self._quality, self._files = path, quality, 1
        self._rate = Fraction(frames_per_s).limit_denominator(1001)
        self._bgr = np.empty((height, width, 3), np.uint8)
        self._start_ns = 0
        self._file = self._opened(path)

    def write(self, picture: np.ndarray, time_ns: int) -> None:
        """See FrameSink."""
        slot = self._slot(time_ns)
        if slot < self._file.frames - 1:
            self._left_out()
            return
        convert(picture, cv2.COLOR_RGB2BGR, self._bgr)
        jpeg = jpeg_bytes(self._bgr, self._quality)
        if not self._file.room_for(jpeg):
            self._go_on_in_another_file()
            slot = self._slot(time_ns)
        for _ in range(slot - self._file.frames):
            self._file.add(b"")
        self._file.add(jpeg)

    def close(self) -> None:
        """See FrameSink. Without a single frame there is no file."""
        self._file.close()
        if self._file.frames == 0:
            self.fallbacks.append(f"{self._path.name} was not made: no frame came")

    def _slot(self, time_ns: int) -> int:
        """Where in this file a frame of that time belongs; its first frame is slot 0."""
        if self._file.frames == 0:
            self._start_ns = time_ns
        return round((time_ns - self._start_ns) * self._rate / 1_000_000_000)

    def _opened(self, path: Path) -> AviFile:
        return AviFile(path, self._bgr.shape[0], self._bgr.shape[1], self._rate)

    def _go_on_in_another_file(self) -> None:
        self._file.close()
        self._files += 1
        path = self._path.with_name(f"{self._path.stem}.{self._files}{self._path.suffix}")
        self.fallbacks.append(f"{self._file.video.path.name} is full (2 GB, what every player reads): "
                              f"the video goes on in {path.name}")
        self._file = self._opened(path)

    def _left_out(self) -> None:
        line = f"{self._path.name} plays {float(self._rate):g} frames/s; of frames that came faster some were left out"
        if line not in self.fallbacks:
            self.fallbacks.append(line)
