"""H.264 in a fragmented MP4, which plays even when it was cut off half-way; every frame at its own time."""
from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.errors import OutputError
from edge.sinks import FrameSink
from edge.sinks.pixels import convert, even, even_size
from edge.sinks.unfinished import Unfinished

TICKS_PER_S = 90_000
"""Resolution of a frame's time: MPEG's clock, in which 24, 25, 30, 50 and 60 frames/s and 30000/1001 are whole."""

KEYFRAME_S = 2
"""Every so often a frame that stands alone, and with it a fragment: the most that a power cut can take."""

FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}

ENCODER = "libx264"

QUALITY = {"preset": "veryfast", "crf": "23",
           "bf": "0",  # no frame waits for a later one: times start at 0 and need no edit list, which fragments lack
           "colorspace": "smpte170m",  # what OpenCV's conversion makes; where it is not said, players guess by size
           "color_primaries": "bt709", "color_trc": "iec61966-2-1"}  # both sRGB's


class Mp4Sink(FrameSink):
    """Writes FILE.part.mp4 and renames it when closed. An odd height or width loses its last row or column."""

    def __init__(self, path: Path, height: int, width: int, frames_per_s: float) -> None:
        """frames_per_s: nominal; frames keep the times they come with.

        Raises OutputError where PyAV or its encoder is missing or the file cannot be made.
        """
        self._video, self._av, self._broken = Unfinished(path), _pyav(path), False
        height, width, self.fallbacks = even_size(height, width, f"{path.name}: H.264")
        self._file: Any = self._av.open(str(self._video.part.absolute()), "w", format="mp4", options=FRAGMENTED)
        try:
            self._stream = _stream(self._file, height, width, Fraction(frames_per_s).limit_denominator(1001))
        except self._av.FFmpegError as error:
            raise OutputError(f"{path}: H.264 cannot take frames of {width}×{height} ({error.strerror}); "
                              "choose another size") from error
        try:
            self._file.start_encoding()  # the file is made here, not in the loop
        except self._av.FFmpegError as error:
            raise self._video.refused(error.strerror) from error
        self._frame, self._yuv = self._av.VideoFrame(width, height, "yuv420p"), _i420(height, width)
        self._frame.time_base = Fraction(1, TICKS_PER_S)
        self._planes = list(zip(_targets(self._frame), _planes(self._yuv), strict=True))
        self._start_ns, self._tick, self.frames = 0, -1, 0

    def write(self, picture: np.ndarray, time_ns: int) -> None:
        """See FrameSink. The encoder copies what it gets: one frame of ours serves for the whole video."""
        convert(even(picture), cv2.COLOR_RGB2YUV_I420, self._yuv)
        for target, plane in self._planes:
            np.copyto(target, plane)
        self._frame.pts = self._tick = self._tick_of(time_ns)
        try:
            self._file.mux(self._stream.encode(self._frame))
        except self._av.FFmpegError as error:
            self._broken = True
            raise self._video.cut_short(error.strerror, self.frames) from error
        self.frames += 1

    def close(self) -> None:
        """See FrameSink. Without a single frame there is no file."""
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            with file:
                if not self._broken:
                    file.mux(self._stream.encode())
        except self._av.FFmpegError as error:
            if not self._broken:
                self._broken = True
                raise self._video.cut_short(error.strerror, self.frames) from error
        if self.frames == 0:
            self._video.discard()
            self.fallbacks.append(f"{self._video.path.name} was not made: no frame came")
        elif not self._broken:
            self._video.keep()

    def _tick_of(self, time_ns: int) -> int:
        """When the frame is shown, in ticks since the first; MP4 wants every one later than the one before."""
        if self.frames == 0:
            self._start_ns = time_ns
        tick = ((time_ns - self._start_ns) * TICKS_PER_S + 500_000_000) // 1_000_000_000
        line = f"{self._video.path.name}: frames with a time no later than the one before follow it by 11 µs"
        if tick <= self._tick and line not in self.fallbacks:
            self.fallbacks.append(line)
        return max(tick, self._tick + 1)


def _pyav(path: Path) -> Any:
    """The library with its H.264 encoder, or OutputError."""
    try:
        import av  # heavy, and only needed where video is written
    except ImportError as error:
        raise OutputError(f"{path}: H.264 needs PyAV; `pip install '.[video]'` in the checkout, "
                          "or write FILE.avi, which does without") from error
    if ENCODER not in av.codecs_available:
        raise OutputError(f"{path}: this PyAV ({av.__version__}) came without {ENCODER}; `pip install av`, "
                          "or write FILE.avi, which does without")
    return av


def _stream(file: Any, height: int, width: int, rate: Fraction) -> Any:
    """The file's one stream, its encoder opened: a size that it refuses costs no file."""
    stream = file.add_stream(ENCODER, rate=rate, options={**QUALITY, "g": str(max(1, round(rate * KEYFRAME_S)))})
    stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
    stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
    stream.codec_context.open()
    return stream


def _i420(height: int, width: int) -> np.ndarray:
    """Room for OpenCV's I420: luma, then both chroma planes at half the size, (height · 3 / 2, width) uint8."""
    return np.empty((height * 3 // 2, width), np.uint8)


def _planes(yuv: np.ndarray) -> list[np.ndarray]:
    """The three planes inside an I420 array: views (H, W), (H / 2, W / 2), (H / 2, W / 2)."""
    height, width = yuv.shape[0] * 2 // 3, yuv.shape[1]
    luma, blue, red = np.split(yuv.reshape(-1), [height * width, height * width * 5 // 4])
    return [luma.reshape(height, width), blue.reshape(height // 2, -1), red.reshape(height // 2, -1)]


def _targets(frame: Any) -> list[np.ndarray]:
    """The same three planes inside a PyAV frame, whose rows may be padded: views that can be written to."""
    return [np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
            for plane in frame.planes]
