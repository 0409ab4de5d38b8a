"""Small pictures of the backgrounds, made once for each state of the event folder. Safe in threads."""
from __future__ import annotations

from threading import Lock

import numpy as np

from edge.errors import PictureError
from edge.kiosk.event import EventFolder
from edge.kiosk.event_shapes import Background
from edge.kiosk.look import Backdrops
from edge.sinks.jpeg import jpeg_bytes

SIZE = (180, 320)
"""(height, width) in pixels."""


class Thumbnails:
    """Of one event folder."""

    def __init__(self, events: EventFolder) -> None:
        self.events, self._backdrops, self._turn = events, Backdrops(), Lock()
        self._made: dict[tuple[str, ...], bytes] = {}

    def jpeg(self, name: str) -> bytes:
        """The background of that name, which the event knows; a grey field where its file cannot be read now."""
        background = self.events.current.background(name)
        if background is None:
            return _encoded(_grey())
        kind = background.kind
        key = (background.name, kind, str(getattr(background, kind)))
        with self._turn:
            if key not in self._made:
                self._made[key] = _encoded(self._picture(background))
            return self._made[key]

    def _picture(self, background: Background) -> np.ndarray:
        if background.kind in ("blur", "keep"):
            return _grey()
        try:
            return self._backdrops.picture(self.events.path, background, SIZE)
        except (PictureError, OSError):
            return _grey()


def _grey() -> np.ndarray:
    return np.full((*SIZE, 3), 96, np.uint8)


def _encoded(pixels: np.ndarray) -> bytes:
    return jpeg_bytes(np.ascontiguousarray(pixels[..., ::-1]))
