"""The booth: one session, one camera, one gallery, on the event loop. Words from processes and threads come in here, orders
of the session go out from here."""
from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.errors import MasqueError
from edge.kiosk import shapes
from edge.kiosk.address import Address
from edge.kiosk.buttons import Buttons, Said
from edge.kiosk.changes import Changes
from edge.kiosk.darkroom import Darkroom, Told
from edge.kiosk.event import DEFAULT, EventFolder
from edge.kiosk.figures import Figures
from edge.kiosk.gallery import Gallery
from edge.kiosk.intake import take_in
from edge.kiosk.journal import NAME, Journal, journal
from edge.kiosk.live_process import camera_of
from edge.kiosk.live_words import Alive, Missed, Setup, Shown, Taken
from edge.kiosk.look import look_of
from edge.kiosk.paper import Paper
from edge.kiosk.pin import Logins, PinFile
from edge.kiosk.printing import Printer
from edge.kiosk.session import Notice, Order, Screen, Session, Stage
from edge.kiosk.sharing import Outbox
from edge.kiosk.texts import languages
from edge.kiosk.thumbnails import Thumbnails
from edge.kiosk.uploads import Progress, Uploads
from edge.kiosk.viewfinder import Viewfinder

log = logging.getLogger(NAME)

LOST_S = 2.5
"""A live process that was lost is back within two seconds; only then guests are told that the camera is away."""

SENDING_S = 2.0
"""Between two looks for a picture to be sent away."""

VITAL = ("camera", "gallery", "develop")
"""Without these there are no pictures."""

HOUSEKEEPING_S = 1.0
"""Between two looks at the event folder, at lifetimes and at the quota."""

LONGEST_NAP_S = 0.5
"""The session is asked at least this often what time has done."""


@dataclass(frozen=True)
class Options:
    """What `masque kiosk` was told. event: a folder, or None for the one that ships; bridge: a port, or "". """

    address: Address
    setup: Setup
    gallery: Path
    event: Path | None = None
    bridge: str = ""
    quiet: bool = False


@dataclass
class Booth:
    """Everything that runs. Made and used on the event loop, unless a method says otherwise."""

    options: Options
    opened: Callable[..., Any] = camera_of
    opened_bridge: Callable[..., Any] | None = None
    closing: bool = field(default=False, init=False)
    jpeg: bytes = field(default=b"", init=False)
    alive: Alive = field(default=Alive(0, False, "the camera is being opened"), init=False)

    def __post_init__(self) -> None:
        """Opens gallery and event; nothing runs yet. Raises OutputError, EventError."""
        self.journal: Journal = journal(self.options.quiet)
        self.events = EventFolder(self.options.event or DEFAULT)
        event = self.events.current
        self.gallery = Gallery(self.options.gallery, quota_bytes=event.quota_mb * 1_000_000)
        self.pin, self.logins = PinFile(self.options.gallery / "pin.json"), Logins()
        self.upload_key = secrets.token_urlsafe(12)
        self.figures = Figures()
        self.session = Session(event.backgrounds[0].name, event.countdown_s)
        self.languages = languages()
        self.changed, self.framed = Changes(), Changes()
        self.darkroom = Darkroom(self.options.setup, self.gallery, self.events)
        self.paper = Paper(self.gallery, self.events, Printer(self.gallery))
        self.outbox, self.uploads = Outbox(self.gallery), Uploads()
        self.thumbnails = Thumbnails(self.events)
        self.viewfinder = Viewfinder(self.options.setup, self._from_thread(self._heard), opened=self.opened)
        self.buttons = Buttons(self.options.bridge, self._from_thread(self._pressed), self.opened_bridge)
        self.viewers = self.listeners = 0
        self.started_s, self.causes = time.monotonic(), dict[str, str]()
        self._lost_s: float | None = None
        self._owed = 0
        self._tasks: set[asyncio.Task] = set()
        self._poke = asyncio.Event()

    async def run(self) -> None:
        """Starts all processes and serves the session until `close`."""
        self._loop = asyncio.get_running_loop()
        self._dress()
        self._spawn(self._opened_darkroom())
        self.viewfinder.start()
        self.buttons.start()
        self._spawn(self._keep_house())
        self._spawn(self._send_away())
        while not self.closing:
            self._poke.clear()
            nap_s = min(LONGEST_NAP_S, self.session.due_s(time.monotonic()))
            try:
                await asyncio.wait_for(self._poke.wait(), nap_s)
            except TimeoutError:
                self._tick()

    async def close(self) -> None:
        """Ends everything, within three seconds."""
        self.closing = True
        self._poke.set()
        self.changed.ring()
        self.framed.ring()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*(asyncio.to_thread(part.close) for part in (self.viewfinder, self.buttons, self.darkroom)))
        await asyncio.to_thread(self.gallery.close)

    def do(self, verb: str, *arguments: Any) -> None:
        """A verb of the session, now; its orders are carried out."""
        before = self.session.version
        for order in getattr(self.session, verb)(time.monotonic(), *arguments) or []:
            self._obey(order)
        if self.session.version != before:
            self.changed.ring()
        self._poke.set()

    def trouble(self, what: str, why: str) -> None:
        """Notes a cause for the admin page, or that it is over (why = "")."""
        if why and self.causes.get(what) != why:
            log.warning("%s: %s", what, why)
        if not why and self.causes.pop(what, None):
            log.info("%s: all is well again", what)
        elif why:
            self.causes[what] = why

    def refreshed(self) -> None:
        """Shows something again that is not the session's: the gallery, the event."""
        self.session.version += 1
        self.changed.ring()

    def dress(self, token: str, background: str) -> None:
        """Has a photograph of the gallery put before another background."""
        self._spawn(self._developed(token, background, self.darkroom.dress))

    async def printed(self, token: str) -> shapes.NoticeShown:
        """Prints a picture: what the guest hears."""
        return self._said_of(await asyncio.to_thread(self.paper.print, token))

    async def test_printed(self) -> shapes.NoticeShown:
        """Prints a test page: what the host hears."""
        return self._said_of(await asyncio.to_thread(self.paper.test))

    async def taken_in(self, content: bytes, trimap: bytes | None, background: str) -> str:
        """A stranger's picture, made anew and in the gallery: its token. Cutting it out goes on behind.

        Raises PictureError, BoothError, OutputError.
        """
        event = self.events.current
        taken = await asyncio.to_thread(take_in, content, trimap)
        photo = await asyncio.to_thread(self.gallery.add, taken.photograph, event.title, event.lifetime_s, background,
                                        "upload")
        self.figures.uploads.inc()
        self._spawn(self._cut_out(photo.token, background, taken.trimap, self.uploads.begin(photo.token)))
        return photo.token

    def unhealthy(self) -> list[str]:
        """What keeps the booth from taking pictures, one line each."""
        return [f"{what}: {why}" for what, why in self.causes.items() if what in VITAL]

    def _tick(self) -> None:
        if self._lost_s is not None and time.monotonic() - self._lost_s > LOST_S:
            self._lost_s = None
            self._camera(False, "the live process does not come back")
        self.do("tick")

    def _obey(self, order: Order) -> None:
        session = self.session
        if order is Order.TAKE:
            self._owed = session.shot
            self.figures.shots.inc()
            self.buttons.light(3)
            self.viewfinder.take(session.shot)
        elif order is Order.DISCARD:
            self._spawn(self.removed(session.discarded))
        elif order is Order.DRESS:
            self.dress(session.token, session.background)
        elif order is Order.COUNT:
            self.buttons.count_down(session.of_s)
        elif order is Order.REST:
            self.buttons.light(0)
        self._dress()

    async def removed(self, token: str) -> bool:
        """Removes a photograph, everywhere. False: there is none."""
        found = await asyncio.to_thread(self.gallery.remove, token)
        self.do("gone", token)
        self.refreshed()
        return found

    def _dress(self) -> None:
        """The preview looks as the session says."""
        event = self.events.current
        if event.background(self.session.background) is None:
            self.session.background = event.backgrounds[0].name
        look = look_of(self.events, self.session.background)
        if look != self.viewfinder.look:
            self.viewfinder.dress(look)

    def _heard(self, word: Any) -> None:
        """A word of the live process."""
        match word:
            case Shown():
                self.jpeg = word.jpeg
                self.figures.frames.inc()
                self.framed.ring()
            case Alive():
                self.alive, self._lost_s = word, None
                self._camera(word.camera, word.why)
                if word.camera and self._owed and self._owed == -self.session.shot:
                    self._owed = self.session.shot
                    self.viewfinder.take(self._owed)
            case Taken():
                self._owed = 0
                self.buttons.light(0)
                self._spawn(self._taken(word))
            case Missed():
                self._owed = 0
                self.buttons.light(0)
                self.trouble("camera", word.why)
                self.do("missed", word.shot, "notice.camera_away")
            case None:
                self.figures.restarts.inc()
                log.warning("live process: %s; a new one starts", self.viewfinder.why_restarted)
                self._lost_s, self._owed = time.monotonic(), -abs(self._owed)

    def _camera(self, there: bool, why: str) -> None:
        self.trouble("camera", why or ("" if there else "no frames"))
        self.do("camera_is", there)

    async def _taken(self, word: Taken) -> None:
        """A photograph goes into the gallery before anything is done with it."""
        event, background = self.events.current, self.session.background
        try:
            photo = await asyncio.to_thread(self.gallery.add, word.jpeg, event.title, event.lifetime_s, background)
        except OSError as error:
            self.trouble("gallery", str(error))
            self.do("missed", word.shot, "notice.disk_full")
            return
        self.trouble("gallery", "")
        self.do("taken", word.shot, photo.token)
        await self._developed(photo.token, background, self.darkroom.develop)

    async def _developed(self, token: str, background: str, work: Callable[[str, str, Told], None]) -> None:
        """Fast, then fine; the session hears of both."""
        def told(stage: Stage) -> None:
            self._loop.call_soon_threadsafe(self._cut, token, stage)

        try:
            with self.figures.develop.time():
                await asyncio.to_thread(work, token, background, told)
            self.trouble("develop", "")
        except (MasqueError, OSError) as error:
            self.trouble("develop", str(error))
            notice = "notice.fine_failed" if self.session.state is Screen.SHOWN else "notice.shot_failed"
            self.do("spoiled", token, notice)

    def _cut(self, token: str, stage: Stage) -> None:
        self.do("developed", token, stage)
        self.refreshed()

    async def _cut_out(self, token: str, background: str, trimap: bytes | None, progress: Progress) -> None:
        def told(stage: str) -> None:
            progress.stage = stage

        try:
            await asyncio.to_thread(self.darkroom.cut, token, background, trimap, told)
        except (MasqueError, OSError) as error:
            log.warning("upload: %s", error)
            progress.notice = Notice("notice.upload_failed")
        progress.done = True

    def _said_of(self, answer: tuple[Notice, str]) -> shapes.NoticeShown:
        notice, cause = answer
        self.trouble("printer", cause)
        if notice.kind == "news":
            self.figures.prints.inc()
        self.refreshed()
        return shapes.NoticeShown(key=notice.key, kind=notice.kind)

    async def _opened_darkroom(self) -> None:
        try:
            await asyncio.to_thread(self.darkroom.start)
        except MasqueError as error:
            self.trouble("develop", str(error))

    async def _send_away(self) -> None:
        """Pictures that guests have sent to the host's album, one after another."""
        while not self.closing:
            try:
                if await asyncio.to_thread(self.outbox.send_next, self.events.current) is None:
                    await asyncio.sleep(SENDING_S)
                self.trouble("sharing", "")
            except (MasqueError, OSError) as error:
                self.trouble("sharing", str(error))
                await asyncio.sleep(SENDING_S)

    def _pressed(self, said: Said) -> None:
        """Button or clap: a picture, whatever is on the screen."""
        self.do("shoot")

    async def _keep_house(self) -> None:
        """Once a second: the event folder, lifetimes, the quota."""
        while not self.closing:
            await asyncio.sleep(HOUSEKEEPING_S)
            try:
                if await asyncio.to_thread(self.events.refresh):
                    self._event_changed()
                for token in await asyncio.to_thread(self.gallery.expire):
                    self.do("gone", token)
                    self.refreshed()
            except (MasqueError, OSError) as error:
                self.trouble("gallery", str(error))

    def _event_changed(self) -> None:
        event = self.events.current
        self.trouble("event", self.events.fault or "")
        self.session.countdown_s, self.gallery.quota_bytes = event.countdown_s, event.quota_mb * 1_000_000
        self._dress()
        self.refreshed()

    def _spawn(self, work: Coroutine) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _from_thread(self, told: Callable[[Any], None]) -> Callable[[Any], None]:
        """For words that come in another thread; after the end nobody hears them."""
        def passed(word: Any) -> None:
            if not self.closing:
                self._loop.call_soon_threadsafe(told, word)

        return passed
