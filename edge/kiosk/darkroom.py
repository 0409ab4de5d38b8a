"""From a photograph in the gallery to its cuts: fast, then fine; to another background later. It all blocks."""
from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import edge.demo
from edge.card import MODELS
from edge.errors import BoothError
from edge.kiosk.develop import Developed, Developer
from edge.kiosk.event import EventFolder
from edge.kiosk.gallery import Gallery, Photo
from edge.kiosk.live_words import Setup
from edge.kiosk.look import Look, look_of
from edge.kiosk.session import Stage

PORTRAIT = Path(edge.demo.__file__).with_name("portrait.jpg")

Told = Callable[[Stage, bool], None]
"""Hears of a cut in the gallery, and whether anybody was seen in it; in the thread that develops."""


class Darkroom:
    """Keeps gallery and developing processes together. Its methods may be called from any thread."""

    def __init__(self, setup: Setup, gallery: Gallery, events: EventFolder) -> None:
        self.gallery, self.events = gallery, events
        self.developer = Developer(setup.board, Path(setup.models) if setup.models else MODELS)
        self.waiting = 0
        self._count = Lock()

    def start(self) -> None:
        """Starts the processes and has them cut one picture, so that the first guest waits no longer than the second.

        Raises BoothError.
        """
        self.developer.start()
        event = self.events.current
        self.developer.quick(PORTRAIT.read_bytes(), look_of(self.events, event.backgrounds[0].name))

    def close(self) -> None:
        """Ends the processes, whatever they are doing."""
        self.developer.close()

    def develop(self, token: str, background: str, told: Told) -> None:
        """Fast and fine cut of a photograph before a background; told: hears of each once it is in the gallery.

        Raises BoothError, EventError, PictureError, OutputError; what is in the gallery by then stays.
        """
        with self._counted():
            photo, photograph = self._there(token)
            look = self._look(photo, background)
            fast = self.developer.quick(photograph, look)
            if self._attached(token, fast, background):
                told(Stage.FAST, fast.report["person"])
                if self._attached(token, self.developer.fine(photograph, look), background):
                    told(Stage.FINE, True)

    def dress(self, token: str, background: str, told: Told) -> None:
        """Another background behind a photograph: from its cut-outs where they are there. Tells and raises as
        develop does."""
        photo, photograph = self._there(token)
        small, large = (self.gallery.read(token, kind) for kind in ("screen_cutout", "cutout"))
        if small is None or large is None:
            self.develop(token, background, told)
            return
        with self._counted():
            look = self._look(photo, background)
            if self._attached(token, self.developer.rescreen(small, photograph, look), background, ("composite",)):
                told(Stage.FAST, True)
                if self._attached(token, self.developer.recompose(large, photograph, look), background):
                    told(Stage.FINE, True)

    def cut(self, token: str, background: str, trimap: bytes | None, stage: Callable[[str], None]) -> None:
        """The fine cut alone, for uploads, with a guest's own trimap where there is one. stage: hears of each stage."""
        with self._counted():
            photo, photograph = self._there(token)
            look = self._look(photo, background)
            self._attached(token, self.developer.fine(photograph, look, stage, trimap), background)

    def _attached(self, token: str, developed: Developed, background: str, without: tuple[str, ...] = ()) -> bool:
        """False: the photograph was removed meanwhile. without: kinds that show the background before."""
        parts = dict(developed.parts)
        if "person" in developed.report:
            parts["report"] = json.dumps(developed.report).encode()
        return self.gallery.attach(token, parts, background, without) is not None

    def _there(self, token: str) -> tuple[Photo, bytes]:
        photo, photograph = self.gallery.photo(token), self.gallery.read(token, "photograph")
        if photo is None or photograph is None:
            raise BoothError("the photograph was removed before it was developed")
        return photo, photograph

    def _look(self, photo: Photo, background: str) -> Look:
        return look_of(self.events, background, photo.number, photo.taken_s)

    @contextmanager
    def _counted(self):
        with self._count:
            self.waiting += 1
        try:
            yield
        finally:
            with self._count:
                self.waiting -= 1
