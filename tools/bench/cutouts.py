"""Cut-out people moved over other places: films whose true alpha is known, from photographs that have one.

    DATA/matting_people/input/NAME.png, alpha/NAME.png        DATA/backgrounds/*.jpg
"""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from edge.camera.demo import BREATH_PERIOD_S, SWAY_PERIOD_S, DemoSource
from edge.composite import covering
from edge.errors import DataError
from edge.frame import Region
from edge.matting.foreground import foreground
from edge.photograph import read_grey, read_photograph

SWAY_SHARE = 0.1
"""How far people sway to either side, as a share of the frame's width."""

ROOM = 1.25
"""The person's box is this much larger than what it has to fill: where the photograph ends stays out of sight."""

TREMBLE_PX, TREMBLE_DEGREES = 0.8, 0.1
"""Standard deviations of what is added to every frame's pose, as if a hand held the camera (pixels at 1280×720)."""


class MovingCutout(DemoSource):
    """A person from one photograph before another place, moved like the demo's portrait and trembling a little."""

    def __init__(self, pixels: np.ndarray, alpha: np.ndarray, place: np.ndarray, number: int = 0, height: int = 720,
                 width: int = 1280, frames: int = 150) -> None:
        """pixels (h, w, 3) uint8 with alpha (h, w) uint8; place (h', w', 3) uint8; number: each moves differently.

        Raises DataError when the alpha shows nobody.
        """
        super().__init__(height, width, frames)
        self._alpha = alpha.astype(np.float32) / 255
        self._premultiplied = foreground(pixels, alpha, pixels, self._alpha).astype(np.float32) * self._alpha[..., None]
        self._scene = covering(place, (height, width * 5 // 4))
        self._box, self._number = _box(self._alpha), number
        self._tremble = np.random.default_rng(number).normal(0, 1, (frames, 3))

    def _pose(self, seconds: float) -> np.ndarray:
        """Photograph pixels → frame pixels: the head at the top, filling the frame, swaying, nearing, trembling."""
        box, tremble = self._box, self._tremble[round(seconds * self.frames_per_s)]
        sway = np.sin(2 * np.pi * seconds / SWAY_PERIOD_S + self._number)
        nearing = 1 + 0.02 * np.sin(2 * np.pi * seconds / BREATH_PERIOD_S + self._number)
        middle = (box.left + box.width / 2, float(box.top))
        pose = cv2.getRotationMatrix2D(middle, 2.0 * sway + TREMBLE_DEGREES * tremble[2], self._fill() * nearing)
        shake = TREMBLE_PX * self.height / 720 * tremble
        pose[0, 2] += self.width * (0.5 + SWAY_SHARE * sway) - middle[0] + shake[0]
        pose[1, 2] += self.height * 0.12 - middle[1] + shake[1]
        return pose

    def _fill(self) -> float:
        """The scale at which the person's box fills the frame's height, and its width when sides are cut off."""
        box, width = self._box, self._alpha.shape[1]
        whole = box.left > 0 and box.left + box.width < width
        return ROOM * (self.height / box.height if whole else max(self.height / box.height, self.width / box.width))


def _box(alpha: np.ndarray) -> Region:
    box = Region.around(alpha, 0.0)
    if box is None:
        raise DataError("a cut-out's alpha shows nobody (nothing above 0.5): it cannot be moved")
    return box


def moving_cutouts(data: Path, height: int, width: int, frames: int) -> Iterator[tuple[str, MovingCutout]]:
    """(name, source) of every pair in DATA/matting_people, each before a place of its own.

    Raises DataError when a folder holds nothing, PictureError for a picture that cannot be read.
    """
    people = _pictures(data / "matting_people" / "input")
    places = _pictures(data / "backgrounds")
    for number, path in enumerate(people):
        alpha = read_grey(data / "matting_people" / "alpha" / path.name)
        place = read_photograph(places[number * len(places) // len(people)]).pixels
        yield path.stem, MovingCutout(read_photograph(path).pixels, alpha, place, number, height, width, frames)


def _pictures(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
    if not found:
        raise DataError(f"{folder}: holds no picture (.png, .jpg); --data names the folder with matting_people/ and "
                        "backgrounds/")
    return found
