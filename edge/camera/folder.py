"""A folder of pictures as a film: in the order that people count in, one picture a frame."""
from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from edge.camera import FrameSource, say_once
from edge.camera.buffers import fit_into
from edge.errors import PictureError
from edge.frame import Frame
from edge.photograph import read_photograph

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm", ".pgm", ".pbm")
"""Files that count as pictures; others (notes, Thumbs.db, hidden files) are passed over in silence."""


class FolderSource(FrameSource):
    """The pictures of a folder, not of folders inside it; photo2 comes before photo10.

    All frames have the first readable picture's size: a picture of another size is fitted inside it with its
    proportions kept and black around it. An unreadable picture is left out, its place in time stays. `fallbacks` names
    both.
    """

    def __init__(self, folder: Path, frames_per_s: float) -> None:
        """Raises PictureError where there is no folder, no permission, or no picture in it."""
        self.folder, self.frames_per_s, self.dropped = folder, frames_per_s, 0
        self.fallbacks: list[str] = []
        self._pictures = _pictures(folder)
        self._shape: tuple[int, ...] | None = None
        self._position = self._given = 0

    def read(self) -> Frame | None:
        """See FrameSource. Raises PictureError when the last picture is reached and none could be read."""
        while (time_ns := self.next_time_ns()) is not None:
            path = self._pictures[self._position]
            self._position += 1
            try:
                photograph = read_photograph(path)
            except PictureError as error:
                say_once(self.fallbacks, f"left out: {error}")
                continue
            for note in photograph.notes:
                say_once(self.fallbacks, f"{path}: {note}")
            self._given += 1
            return Frame(self._fitted(path, photograph.pixels), self._given - 1, time_ns)
        if self._shape is None and self.fallbacks:
            raise PictureError(f"{self.folder}: none of {len(self._pictures)} pictures can be read; "
                               f"the first one: {self.fallbacks[0].removeprefix('left out: ')}")
        return None

    def next_time_ns(self) -> int | None:
        """See Recording."""
        if self._position >= len(self._pictures):
            return None
        return round(self._position * 1e9 / self.frames_per_s)

    def skip(self) -> None:
        """See Recording; the picture is not even opened."""
        self._position += 1

    def close(self) -> None:
        """See FrameSource; no file stays open between two reads."""
        self._position = len(self._pictures)

    def _fitted(self, path: Path, pixels: np.ndarray) -> np.ndarray:
        self._shape = self._shape or pixels.shape
        if pixels.shape == self._shape:
            return pixels
        height, width = self._shape[:2]
        say_once(self.fallbacks, f"{path}: {pixels.shape[1]}×{pixels.shape[0]} does not match the first picture's "
                                 f"{width}×{height}; fitted inside it, black around it")
        fitted = np.empty(self._shape, np.uint8)
        fit_into(pixels, fitted)
        return fitted


def _pictures(folder: Path) -> list[Path]:
    """The folder's pictures in natural order."""
    try:
        files = [path for path in folder.iterdir()
                 if path.suffix.lower() in ENDINGS and not path.name.startswith(".") and path.is_file()]
    except OSError as error:
        raise PictureError(f"{folder}: cannot be read as a folder ({error.strerror or error})") from error
    if not files:
        raise PictureError(f"{folder}: no pictures in this folder (0 files end in {' '.join(ENDINGS)}); "
                           "pictures in folders inside it do not count")
    return sorted(files, key=natural)


def natural(path: Path) -> tuple:
    """Sorting key: numbers by their value, letters without their case; alike but for that: by the whole name."""
    parts = re.split(r"([0-9]+)", path.stem.casefold())
    return [(int(part), "") if i % 2 else (0, part) for i, part in enumerate(parts)], path.name
