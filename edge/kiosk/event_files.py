"""The files that an event names: are they there, and are they what the event takes them for?"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from edge.camera.video import VideoSource
from edge.errors import MasqueError
from edge.kiosk.event_shapes import Event
from edge.kiosk.overlay import font, missing
from edge.photograph import read_overlay, read_photograph
from edge.settings import shown


def wrong_files(event: Event, folder: Path) -> Iterator[str]:
    """Opens every one as it will be opened in use → what is wrong first, with the key in front."""
    for key, name, open_it in _named(event):
        if not name:
            continue
        if not (folder / name).is_file():
            yield f"{key} = {shown(name)}: there is no such file in {folder}"
            return
        try:
            open_it(folder / name)
        except MasqueError as error:
            yield f"{key} = {shown(name)}: {error}"
            return
    yield from _unwritable(event, folder)


def _unwritable(event: Event, folder: Path) -> Iterator[str]:
    for place, line in enumerate(event.texts):
        letters = font(folder / line.font if line.font else None, 20.0)
        if lacks := missing(letters, line.text.replace("{title}", event.title)):
            yield (f"texts[{place}].text = {shown(line.text)}: its font has no {shown(lacks)}; give font = "
                   "\"FILE.ttf\", one that has, or sudo apt install fonts-manrope")


def _named(event: Event) -> Iterator[tuple[str, str, Callable[[Path], object]]]:
    """(key, file or "", what opens it)"""
    for place, background in enumerate(event.backgrounds):
        yield f"backgrounds[{place}].file", background.file, read_photograph
        yield f"backgrounds[{place}].clip", background.clip, first_picture
    for place, frame in enumerate(event.frames):
        yield f"frames[{place}].file", frame.file, read_overlay
    for place, line in enumerate(event.texts):
        yield f"texts[{place}].font", line.font, lambda path: font(path, 12.0)


def first_picture(clip: Path) -> np.ndarray:
    """The first picture of a film: (H, W, 3) uint8 RGB. Raises PictureError where there is none."""
    source = VideoSource(clip)
    try:
        frame = source.read()
        assert frame is not None  # VideoSource has looked
        return frame.pixels.copy()
    finally:
        source.close()
