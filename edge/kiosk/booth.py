"""The booth: one session, one camera, one gallery, on the event loop.

Words from processes and threads come in here, orders of the session go out from here; errands.py does what takes time.
"""
from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.kiosk.address import Address
from edge.kiosk.aside import aside
from edge.kiosk.buttons import Buttons, Said
from edge.kiosk.changes import Changes
from edge.kiosk.darkroom import Darkroom
from edge.kiosk.errands import Errands
from edge.kiosk.event import DEFAULT, EventFolder
from edge.kiosk.figures import Figures
from edge.kiosk.gallery import Gallery, Photo
from edge.kiosk.journal import NAME, Journal, journal
from edge.kiosk.live_words import Alive, Missed, Setup, Shown, Taken
from edge.kiosk.look import look_of
from edge.kiosk.pin import Logins, PinFile
from edge.kiosk.session import Order, Screen, Session, Stage
from edge.kiosk.texts import languages
from edge.kiosk.thumbnails import Thumbnails
from edge.kiosk.uploads import Uploads
from edge.kiosk.viewfinder import Viewfinder

log = logging.getLogger(NAME)

LOST_S = 2.5
"""A live process that was lost is back within two seconds; only then guests are told that the camera is away."""

LONGEST_NAP_S = 0.5
"""The session is asked at least this often what time has done."""

FLASH = 3
"""Lamps while the photograph is taken: both."""

VITAL = ("camera", "gallery", "develop")
"""Causes without whose end there are no pictures."""


@dataclass(frozen=True)
class Options:
    """What `masque kiosk` was told. event: a folder, or None for the one that ships; bridge: a port, or ""; quiet: the
    log is kept for the admin page and not printed."""

    address: Address
    setup: Setup
    gallery: Path
    event: Path | None = None
    bridge: str = ""
    quiet: bool = False


class Booth:
    """Everything that runs. Made and used on the event loop, unless a method says otherwise."""

    def __init__(self, options: Options, opened_bridge: Callable[[str], Any] | None = None, **live: Any) -> None:
        """Opens gallery and event; nothing runs yet. opened_bridge: see Buttons; live: see Viewfinder's options.

        Raises OutputError, EventError.
        """
        self.options, self.closing = options, False
        self.journal: Journal = journal(options.quiet)
        self.events = EventFolder(options.event or DEFAULT)
        event = self.events.current
        self.gallery = Gallery(options.gallery, quota_bytes=event.quota_mb * 1_000_000)
        for note in self.gallery.notes:
            log.warning("gallery: %s", note)
        self.pin, self.logins = PinFile(options.gallery / "pin.json"), Logins()
        self.upload_key = secrets.token_urlsafe(12)
        self.session = Session(event.backgrounds[0].name, event.countdown_s, event.idle_s, camera=False)
        self.languages, self.thumbnails = languages(), Thumbnails(self.events)
        self.changed, self.framed, self.figures, self.uploads = Changes(), Changes(), Figures(), Uploads()
        self.darkroom = Darkroom(options.setup, self.gallery, self.events)
        self.errands = Errands(self)
        self.viewfinder = Viewfinder(options.setup, self._from_thread(self._heard), **live)
        self.buttons = Buttons(options.bridge, self._from_thread(self._pressed), opened_bridge)
        self.viewers = self.listeners = 0
        self.jpeg, self.alive = b"", Alive(0, False, "the camera is being opened")
        self.shown: Photo | None = None
        self.shown_s = 0.0
        self.prints_left: int | None = None
        self.started_s, self.causes = time.monotonic(), dict[str, str]()
        self._lost_s: float | None = self.started_s
        self._owed, self._again, self._worn = 0, False, ""
        self._poke = asyncio.Event()

    async def run(self) -> None:
        """Starts all processes and serves the session until `close`."""
        self._loop = asyncio.get_running_loop()
        self.dress()
        self.viewfinder.watch(False)
        self.viewfinder.start()
        self.buttons.start()
        self.errands.start()
        while not self.closing:
            self._poke.clear()
            try:
                nap_s = min(LONGEST_NAP_S, self.session.due_s(time.monotonic()))
                await asyncio.wait_for(self._poke.wait(), nap_s)
            except TimeoutError:
                self._tick()

    async def close(self) -> None:
        """Ends everything, within three seconds."""
        self.closing = True
        self._poke.set()
        self.changed.ring()
        self.framed.ring()
        self.errands.close()
        await asyncio.gather(*(aside(part.close) for part in (self.viewfinder, self.buttons, self.darkroom)))
        try:
            await aside(self.gallery.close)
        except OSError as error:
            log.warning("gallery: %s", error)  # what it had to keep is a reading of the clocks

    def do(self, verb: str, *arguments: Any) -> None:
        """A verb of the session, now; its orders are carried out."""
        before = self.session.version
        for order in getattr(self.session, verb)(time.monotonic(), *arguments) or []:
            self._obey(order)
        if self.session.background != self._worn:
            self.dress()
        if self.session.version != before:
            self.changed.ring()
        self._poke.set()

    def refreshed(self) -> None:
        """Something changed that pages show and that is not the session's: the gallery, the event."""
        self.session.version += 1
        self.changed.ring()

    def trouble(self, what: str, why: str) -> None:
        """Notes a cause for the admin page, or that it is over (why = "")."""
        if why:
            if self.causes.get(what) != why:
                log.warning("%s: %s", what, why)
            self.causes[what] = why
        elif what in self.causes:
            log.info("%s: all is well again", what)
            del self.causes[what]

    def unhealthy(self) -> list[str]:
        """What keeps the booth from taking pictures, one line each."""
        waking = [] if self.session.camera or "camera" in self.causes else ["camera: " + self.alive.why]
        return waking + [f"{what}: {why}" for what, why in self.causes.items() if what in VITAL]

    def dress(self) -> None:
        """The preview looks as the session says."""
        event = self.events.current
        if event.background(self.session.background) is None:
            self.session.background = event.backgrounds[0].name
        self._worn = self.session.background
        look = look_of(self.events, self._worn)
        if look != self.viewfinder.look:
            self.viewfinder.dress(look)

    def developed(self, photo: Photo, stage: Stage, person: bool, prints_left: int | None) -> None:
        """A cut of a photograph lies in the gallery, as photo says."""
        if photo.token == self.session.token:
            self.show(photo, prints_left)
        self.do("developed", photo.token, stage)
        if photo.token == self.session.token and photo.background != self.session.background:
            self.errands.dress(photo.token, self.session.background)  # it was chosen while the first cut was made
        if not person and photo.token == self.session.token:
            self.do("say", "notice.nobody")
        self.refreshed()

    def show(self, photo: Photo | None, prints_left: int | None) -> None:
        """The photograph of the session, as the gallery has it now."""
        self.shown, self.shown_s, self.prints_left = photo, time.monotonic(), prints_left

    def _tick(self) -> None:
        if self._lost_s is not None and time.monotonic() - self._lost_s > LOST_S and self.viewfinder.restarts > 0:
            self._lost_s = None
            self._camera(False, self.viewfinder.why_restarted)
        self.do("tick")

    def _obey(self, order: Order) -> None:
        session = self.session
        if order is Order.TAKE:
            self._owed = session.shot
            self.figures.shots.inc()
            self.figures.late.observe(time.monotonic() - session.zero_s)
            self.buttons.light(FLASH)
            self.viewfinder.take(session.shot)
        elif order is Order.DISCARD:
            self.errands.send(self.errands.remove(session.discarded))
        elif order is Order.DRESS:
            self.errands.dress(session.token, session.background)
        elif order is Order.COUNT:
            self.buttons.count_down(session.of_s)
        else:
            self.buttons.light(0)

    def _heard(self, word: Any) -> None:
        """A word of the live process."""
        match word:
            case Shown():
                self.jpeg = word.jpeg
                self.figures.frames.inc()
                self.framed.ring()
            case Alive():
                self._well(word)
            case Taken() | Missed():
                self._answered(word)
            case None:
                self._lost()

    def _well(self, word: Alive) -> None:
        """A sign of life; a photograph that a lost process owes is asked of the new one."""
        first = not self.alive.frames and not word.frames
        self.alive = word
        if first and not word.camera:
            return  # it is starting
        self._lost_s = None
        self._camera(word.camera, word.why)
        if word.camera and self._again and self.session.awaits(self._owed):
            self._again = False
            self.viewfinder.take(self._owed)

    def _lost(self) -> None:
        self.figures.restarts.inc()
        log.warning("live process: %s; a new one starts", self.viewfinder.why_restarted)
        self.alive, self._lost_s = Alive(0, False, self.viewfinder.why_restarted), time.monotonic()
        self._again = bool(self._owed)

    def _answered(self, word: Taken | Missed) -> None:
        self.buttons.light(0)
        self._owed = 0
        if isinstance(word, Missed):
            self.trouble("camera", word.why)
            self.do("missed", word.shot, "notice.camera_away")
        elif self.session.awaits(word.shot):
            self.errands.develop(word, self.session.background)

    def _camera(self, there: bool, why: str) -> None:
        self.trouble("camera", why or ("" if there else "no frames"))
        self.do("camera_is", there)

    def _pressed(self, said: Said) -> None:
        """Shutter: a picture, whatever is on the screen; second button: the next background. A clap counts only where
        people pose: they also applaud what they see, and one another."""
        if said is Said.SECOND:
            names = [one.name for one in self.events.current.backgrounds]
            self.do("dress", names[(names.index(self._worn) + 1) % len(names)])
        elif said is Said.SHUTTER or self.session.screen is Screen.LIVE:
            self.do("shoot")

    def _from_thread(self, told: Callable[[Any], None]) -> Callable[[Any], None]:
        """For words that come in another thread; after the end nobody hears them."""
        def passed(word: Any) -> None:
            if not self.closing:
                self._loop.call_soon_threadsafe(told, word)

        return passed
