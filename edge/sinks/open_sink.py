"""From what a user writes behind --out to an open sink. One table is the whole plug-in system."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge.errors import OutputError
from edge.sinks import FrameSink

Opener = Callable[[str, int, int, float], FrameSink]
"""(text, height, width, frames_per_s) → an open sink; imports what it needs."""


def _mp4(text: str, height: int, width: int, frames_per_s: float) -> FrameSink:
    from edge.sinks.mp4 import Mp4Sink

    return Mp4Sink(Path(text), height, width, frames_per_s)


def _avi(text: str, height: int, width: int, frames_per_s: float) -> FrameSink:
    from edge.sinks.motion_jpeg import MotionJpegSink

    return MotionJpegSink(Path(text), height, width, frames_per_s)


def _v4l2(text: str, height: int, width: int, frames_per_s: float) -> FrameSink:
    from edge.sinks.loopback import LoopbackSink

    return LoopbackSink(Path(text.partition(":")[2]), height, width)


def _http(text: str, height: int, width: int, frames_per_s: float) -> FrameSink:
    from edge.sinks.http import HttpSink

    return HttpSink(text, height, width)


def _null(text: str, height: int, width: int, frames_per_s: float) -> FrameSink:
    from edge.sinks.null import NullSink

    return NullSink()


SINKS: dict[str, tuple[str, Opener]] = {
    ".mp4": ("FILE.mp4 (H.264)", _mp4),
    ".avi": ("FILE.avi (Motion JPEG)", _avi),
    "v4l2": ("v4l2:/dev/videoN", _v4l2),
    "http": ("http://127.0.0.1:PORT", _http),
    "null": ("null (nowhere)", _null),
}
"""Ending or scheme → (how it is written, what opens it)."""


def open_sink(text: str, height: int, width: int, frames_per_s: float) -> FrameSink:
    """text: see SINKS; height, width: of every frame, in pixels; frames_per_s: nominal, above 0.

    Raises OutputError where text means nothing to us or cannot be written to, ValueError for a size below 1 or a rate
    that is not above 0.
    """
    if height < 1 or width < 1 or not frames_per_s > 0:
        raise ValueError(f"no frames of {width}×{height} at {frames_per_s} frames/s")
    kind = _kind(text)
    if kind not in SINKS:
        raise OutputError(f"{text}: cannot tell where that goes; known are "
                          f"{', '.join(spelling for spelling, _ in SINKS.values())}")
    return SINKS[kind][1](text, height, width, frames_per_s)


def _kind(text: str) -> str:
    """The scheme before a colon if there is one, `null`, else the file's ending."""
    scheme, colon, rest = text.partition(":")
    if colon and (scheme in SINKS or rest.startswith("//")):
        return scheme
    return text if text == "null" else Path(text).suffix.lower()
