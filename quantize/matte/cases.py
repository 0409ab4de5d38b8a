"""Pictures with a true alpha and trimaps, as alphamatting.com lays them out: input/, alpha/, trimap…/."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from edge.errors import DataError
from edge.frame import Trimap
from edge.matting.trimap import shrunk_trimap
from edge.photograph import read_grey, read_photograph


class Case(NamedTuple):
    """One picture with one trimap: pixels (h, w, 3) uint8, trimap (h, w) uint8 of 0, 128, 255, truth (h, w) 0..1."""

    name: str
    pixels: np.ndarray
    trimap: np.ndarray
    truth: np.ndarray

    def within(self, long_side_px: int) -> Case:
        """The same case no larger than a tier's working size."""
        scale = long_side_px / max(self.trimap.shape)
        if scale >= 1:
            return self
        size = tuple(max(1, round(side * scale)) for side in self.trimap.shape[::-1])
        pixels, truth = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (self.pixels, self.truth))
        return Case(self.name, pixels, shrunk_trimap(Trimap(self.trimap), size[::-1]).values, truth)


def cases(folder: Path, trimaps: str, first: int | None = None) -> Iterator[Case]:
    """The pictures of a set, by name. Raises DataError when there are none."""
    paths = sorted((folder / "input").glob("*.png"))[:first]
    if not paths:
        raise DataError(f"{folder / 'input'}: holds no picture (.png); --data names the folder with matting/, which "
                        f"holds input/, alpha/ and {trimaps}/")
    for path in paths:
        drawn = read_grey(folder / trimaps / path.name)
        trimap = np.where((drawn > 0) & (drawn < 255), 128, drawn).astype(np.uint8)
        yield Case(path.stem, read_photograph(path).pixels, trimap, read_grey(folder / "alpha" / path.name) / 255)


def trimaps_in(folder: Path) -> tuple[str, ...]:
    """The trimap folders of a set. Raises DataError when it is none."""
    found = tuple(sorted(path.name for path in folder.glob("trimap*") if path.is_dir()))
    for needed in ("input", "alpha"):
        if not found or not (folder / needed).is_dir():
            raise DataError(f"{folder}: no matting pictures; input/, alpha/ and trimap/ (or trimap1/, …) are wanted")
    return found
