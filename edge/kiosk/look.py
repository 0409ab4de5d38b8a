"""How a picture of the event looks: its background, its frame, its words; and the composite made so."""
from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import numpy as np

from edge.composite import blurred, colour_from, composite, covering, filled
from edge.errors import EventError
from edge.kiosk.drawn import drawn
from edge.kiosk.event import EventFolder
from edge.kiosk.event_files import first_picture
from edge.kiosk.event_shapes import Background, Frame, Line
from edge.kiosk.overlay import framed, lettered
from edge.photograph import read_overlay, read_photograph

NEEDS_PHOTOGRAPH = ("blur", "keep")
"""Kinds of background that are made from the photograph itself."""

DRAWN_PX = 1600
"""Longer side at which scenes are drawn: they are soft, and larger ones are as good enlarged."""

REMEMBERED = 4
"""Decoded pictures kept for the next composite; at 12 megapixels each is 36 MB."""


@dataclass(frozen=True)
class Look:
    """Everything about a picture but the person. folder: where the files lie; texts: filled in already."""

    folder: Path
    background: Background
    frame: Frame | None = None
    texts: tuple[Line, ...] = ()

    @property
    def needs_photograph(self) -> bool:
        """Whether the background is made from the photograph: the cut-out alone is not enough then."""
        return self.background.kind in NEEDS_PHOTOGRAPH


def look_of(folder: EventFolder, background: str, number: int = 0, taken_s: float | None = None) -> Look:
    """The event's look before one of its backgrounds; number, taken_s (since 1970): for the words.

    {title}, {number}, {date} and {time} in texts are filled in. Raises EventError for a background unknown by now.
    """
    event = folder.current
    chosen = event.background(background)
    if chosen is None:
        raise EventError(f"no background is called {background!r}; known: "
                         f"{', '.join(known.name for known in event.backgrounds)}")
    when = time.localtime(taken_s)
    values = {"title": event.title, "number": str(number or ""), "date": time.strftime("%d.%m.%Y", when),
              "time": time.strftime("%H:%M", when)}
    texts = tuple(msgspec.structs.replace(line, text=_filled(line.text, values)) for line in event.texts)
    return Look(folder.path, chosen, next((frame for frame in event.frames if frame.name == event.frame), None), texts)


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


class Backdrops:
    """Backgrounds as pixels, decoded once; for one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[tuple, np.ndarray] = {}

    def picture(self, folder: Path, background: Background, shape: tuple[int, ...]) -> np.ndarray:
        """A background that needs no photograph, for (height, width): (H, W, 3) uint8 RGB. A clip: its first picture.

        Raises PictureError for a file that is none.
        """
        match background.kind:
            case "colour":
                return filled(colour_from(background.colour), shape)
            case "drawn":
                small = fitted(shape, DRAWN_PX)
                scene = self._remembered((background.drawn, *small), lambda: drawn(background.drawn, small))
                return scene if small == shape[:2] else covering(scene, shape)
            case kind:
                path = folder / (background.file or background.clip)
                read = first_picture if kind == "clip" else lambda file: read_photograph(file).pixels
                return covering(self._remembered(_state(path), lambda: read(path)), shape)

    def overlay(self, path: Path) -> np.ndarray:
        """A frame's pixels (h, w, 4) uint8 RGBA."""
        return self._remembered(_state(path), lambda: read_overlay(path))

    def composed(self, foreground: np.ndarray, alpha: np.ndarray, look: Look,
                 photograph: np.ndarray | None = None) -> np.ndarray:
        """foreground (H, W, 3), alpha (H, W) uint8 in the look → (H, W, 3) uint8; photograph (H, W, 3): see Look."""
        if look.background.kind == "keep":
            assert photograph is not None
            picture = photograph
        else:
            if look.background.kind == "blur":
                assert photograph is not None
                backdrop = blurred(photograph, alpha)
            else:
                backdrop = self.picture(look.folder, look.background, alpha.shape)
            picture = composite(foreground, alpha, backdrop)
        return self.finished(picture, look)

    def finished(self, picture: np.ndarray, look: Look) -> np.ndarray:
        """A picture (H, W, 3) uint8 with the look's frame and words over it."""
        if look.frame is not None:
            picture = framed(picture, self.overlay(look.folder / look.frame.file))
        return lettered(picture, look.texts, look.folder)

    def _remembered(self, key: tuple, made) -> np.ndarray:
        if key not in self._kept:
            while len(self._kept) >= REMEMBERED:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = made()
        return self._kept[key]


def shrunk(picture: np.ndarray, long_side_px: int) -> np.ndarray:
    """(H, W) or (H, W, 3) uint8 no longer than that; itself where it is short enough."""
    height, width = fitted(picture.shape, long_side_px)
    if (height, width) == picture.shape[:2]:
        return picture
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def fitted(shape: tuple[int, ...], long_side_px: int) -> tuple[int, int]:
    """(height, width) no longer than that; as it is where it is short enough."""
    scale = min(1.0, long_side_px / max(shape[:2]))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _state(path: Path) -> tuple:
    try:
        stat = path.stat()
    except OSError as error:
        raise EventError(f"{path}: {error.strerror}; put it back or take it out of event.toml") from error
    return (str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino)
