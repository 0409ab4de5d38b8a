"""From a photograph in the gallery to its cuts: fast, then fine; and to another background, as often as a guest likes.

What is left to do is read off the gallery: a photograph without a cut-out, a screen before another background than the
wanted one, a composite that is not there. Whoever asks last wins, and no cut is made twice. Everything here blocks.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import edge.demo
from edge.card import MODELS
from edge.kiosk.develop import Developed, Developer
from edge.kiosk.event import EventFolder
from edge.kiosk.gallery import Gallery, Photo
from edge.kiosk.live_words import Setup
from edge.kiosk.look import Look, look_of
from edge.kiosk.session import Stage

PORTRAIT = Path(edge.demo.__file__).with_name("portrait.jpg")

LOOKS = ("screen", "thumbnail", "composite")
"""Kinds that show a background; the others are the person alone."""

Told = Callable[[Stage, bool], None]
"""Hears of a cut in the gallery, and whether anybody was seen in it; in the thread that develops."""


def _silent(stage: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class Job:
    """How a photograph is developed. told: see Told; stage: hears of the fine cut's stages; trimap: a guest's own, as
    PNG; fast: whether somebody waits before a screen, and a fast cut comes first."""

    told: Told
    stage: Callable[[str], None] = _silent
    trimap: bytes | None = None
    fast: bool = True


class Darkroom:
    """Keeps gallery and developing processes together. Its methods may be called from any thread."""

    def __init__(self, setup: Setup, gallery: Gallery, events: EventFolder) -> None:
        self.gallery, self.events = gallery, events
        self.developer = Developer(setup.board, Path(setup.models) if setup.models else MODELS)
        self._wanted: dict[str, str] = {}
        self._guard, self._attaching = Lock(), Lock()

    @property
    def waiting(self) -> int:
        """Photographs that are being developed, or wait for it."""
        return len(self._wanted)

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

    def develop(self, token: str, background: str, job: Job) -> None:
        """Whatever a photograph lacks before a background: fast cut, fine cut, composites.

        While another thread develops the same one, this changes what it is heading for, shows the new background on
        the screen at once where there is a cut-out, and returns.
        Raises BoothError, EventError, PictureError, OutputError; what is in the gallery by then stays.
        """
        with self._guard:
            another = token in self._wanted
            self._wanted[token] = background
        if another:
            self._rescreen(token, job)
            return
        try:
            while not self._done(token, job):
                pass
        except BaseException:
            self._wanted.pop(token, None)
            raise

    def _done(self, token: str, job: Job) -> bool:
        """One step; True: nothing is left to do, or the photograph was removed."""
        photo, wanted = self.gallery.photo(token), self._wanted[token]
        there = photo.versions if photo else {}
        if photo is None:
            pass
        elif "screen_cutout" not in there and job.fast:
            self._fast(photo, wanted, job)
        elif "cutout" not in there and (photo.background == wanted or "screen_cutout" not in there):
            self._fine(photo, wanted, job)
        elif photo.background != wanted:
            self._rescreen(token, job)
        elif "composite" not in there:
            self._recompose(photo, wanted, job)
        else:
            photo = None
        with self._guard:
            if photo is None and self._wanted[token] == wanted:
                del self._wanted[token]
                return True
        return False

    def _fast(self, photo: Photo, background: str, job: Job) -> None:
        made = self.developer.quick(self._photograph(photo), self._look(photo, background))
        if self._attached(photo.token, made, background):
            job.told(Stage.FAST, made.report["person"])

    def _fine(self, photo: Photo, background: str, job: Job) -> None:
        made = self.developer.fine(self._photograph(photo), self._look(photo, background), job.stage, job.trimap)
        with self._attaching:
            if self._wanted[photo.token] != background:  # somebody has chosen another one meanwhile
                parts = {kind: part for kind, part in made.parts.items() if kind not in LOOKS}
                self._attached(photo.token, Developed(parts, made.report), None)
            elif self._attached(photo.token, made, background):
                job.told(Stage.FINE, True)

    def _rescreen(self, token: str, job: Job) -> None:
        """The wanted background on the screen; the composite before the last one leaves in the same moment."""
        photo, wanted, small = self.gallery.photo(token), self._wanted.get(token), self.gallery.read(
            token, "screen_cutout")
        if photo is None or wanted is None or small is None:
            return  # removed, done by now, or the first cut is not there yet
        made = self.developer.rescreen(small, self._photograph(photo), self._look(photo, wanted))
        with self._attaching:
            now = self.gallery.photo(token)
            if now and now.background != wanted and self._wanted.get(token) == wanted and self._attached(
                    token, made, wanted, ("composite",)):
                job.told(Stage.FAST, True)

    def _recompose(self, photo: Photo, background: str, job: Job) -> None:
        cutout = self.gallery.read(photo.token, "cutout")
        if cutout is None:
            return
        made = self.developer.recompose(cutout, self._photograph(photo), self._look(photo, background))
        with self._attaching:
            now = self.gallery.photo(photo.token)
            if now and now.background == background and self._attached(photo.token, made, background):
                job.told(Stage.FINE, True)

    def _attached(self, token: str, made: Developed, background: str | None, without: tuple[str, ...] = ()) -> bool:
        """False: the photograph was removed meanwhile. without: kinds that show the background before."""
        parts = dict(made.parts)
        if "person" in made.report:
            parts["report"] = json.dumps(made.report).encode()
        return self.gallery.attach(token, parts, background, without) is not None

    def _photograph(self, photo: Photo) -> bytes:
        """Its content; nothing where it was removed this very moment: the process says so in its own words."""
        return self.gallery.read(photo.token, "photograph") or b""

    def _look(self, photo: Photo, background: str) -> Look:
        return look_of(self.events, background, photo.number, photo.taken_s)
