"""Where finished frames go: H.264 in a fragmented MP4, which plays even when it was cut off half-way."""
from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from edge.errors import OutputError


class Mp4Sink:
    """Writes (H, W, 3) uint8 RGB frames; `with` closes the file whatever happens."""

    def __init__(self, path: Path, height: int, width: int, frames_per_s: int) -> None:
        """height and width: even. Raises OutputError where PyAV is missing or the file cannot be made."""
        try:
            import av  # heavy, and only needed where video is written
        except ImportError as error:
            raise OutputError(f"{path}: writing video needs PyAV; `pip install '.[video]'` in the checkout") from error
        self.path, self._frame_of = path, av.VideoFrame.from_ndarray
        try:
            self._file = av.open(str(path), "w", format="mp4",
                                 options={"movflags": "frag_keyframe+empty_moov+default_base_moof"})
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
        self._stream = self._file.add_stream("libx264", rate=Fraction(frames_per_s),
                                             options={"preset": "veryfast", "crf": "23"})
        self._stream.height, self._stream.width, self._stream.pix_fmt = height, width, "yuv420p"

    def write(self, picture: np.ndarray) -> None:
        """Adds one frame of the size given at opening."""
        for packet in self._stream.encode(self._frame_of(picture, format="rgb24")):
            self._file.mux(packet)

    def __enter__(self) -> Mp4Sink:
        return self

    def __exit__(self, *_) -> None:
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()
