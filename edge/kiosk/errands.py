"""What the booth does beside the session: gallery, darkroom, paper, sending away, keeping house."""
from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Coroutine
from typing import TYPE_CHECKING

from edge.errors import MasqueError
from edge.kiosk.aside import aside
from edge.kiosk.darkroom import Job
from edge.kiosk.intake import take_in
from edge.kiosk.journal import NAME
from edge.kiosk.live_words import Taken
from edge.kiosk.paper import Paper
from edge.kiosk.printing import Printer
from edge.kiosk.session import Notice, Screen, Stage
from edge.kiosk.sharing import Outbox
from edge.kiosk.uploads import Progress

if TYPE_CHECKING:
    from edge.kiosk.booth import Booth

log = logging.getLogger(NAME)

HOUSEKEEPING_S = 1.0
"""Between two looks at the event folder, at lifetimes and at what a guest's photograph has left to live."""

ROOM_BYTES = 32_000_000
"""With so much free again a full disk is over, before a guest has tried."""

SENDING_S = 2.0
"""Between two looks for a picture to be sent away."""

TROUBLES = (MasqueError, OSError)


class Errands:
    """Of one booth. On the event loop; what blocks runs aside."""

    def __init__(self, booth: Booth) -> None:
        self.booth = booth
        self.printer = Printer(booth.gallery)
        self.paper = Paper(booth.gallery, booth.events, self.printer)
        self.outbox = Outbox(booth.gallery)
        self._tasks: set[asyncio.Task] = set()

    def start(self) -> None:
        """Begins what goes on for ever."""
        for work in (self._open_darkroom(), self._keep_house(), self._send_away()):
            self.send(work)

    def close(self) -> None:
        """Calls everything off."""
        for task in list(self._tasks):
            task.cancel()

    def send(self, work: Coroutine) -> None:
        """Does work without waiting for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def develop(self, word: Taken, background: str) -> None:
        """Puts a photograph into the gallery and has it cut out."""
        self.send(self._take(word, background))

    def dress(self, token: str, background: str) -> None:
        """Has a photograph of the gallery put before another background."""
        self.send(self._cut(token, background))

    async def remove(self, token: str) -> bool:
        """Removes a photograph, everywhere. False: there is none."""
        found = await aside(self.booth.gallery.remove, token)
        self.booth.do("gone", token)
        self.booth.refreshed()
        return found

    async def print(self, token: str) -> Notice:
        """Prints a picture: what the guest hears."""
        return self._said_of(await aside(self.paper.print, token))

    async def test_print(self) -> Notice:
        """Prints a test page: what the host hears."""
        return self._said_of(await aside(self.paper.test))

    async def take_in(self, content: bytes, trimap: bytes | None, background: str) -> str:
        """A stranger's picture, made anew and in the gallery: its token. Cutting it out goes on behind.

        Raises PictureError, BoothError, OutputError.
        """
        booth, event = self.booth, self.booth.events.current
        taken = await aside(take_in, content, trimap)
        photo = await aside(booth.gallery.add, taken.photograph, event.title, event.lifetime_s, background, "upload")
        booth.figures.uploads.inc()
        self.send(self._cut_out(photo.token, background, taken.trimap, booth.uploads.begin(photo.token)))
        return photo.token

    async def _take(self, word: Taken, background: str) -> None:
        """Into the gallery first: whatever happens then, the photograph is there."""
        booth, event = self.booth, self.booth.events.current
        try:
            photo = await aside(booth.gallery.add, word.jpeg, event.title, event.lifetime_s, background)
        except OSError as error:
            booth.trouble("gallery", str(error))
            booth.do("missed", word.shot, "notice.disk_full")
            return
        booth.trouble("gallery", "")
        booth.do("taken", word.shot, photo.token)
        with booth.figures.develop.time():
            await self._cut(photo.token, background)

    async def _cut(self, token: str, background: str) -> None:
        """Whatever the photograph lacks before that background; the session hears of each cut."""
        booth, loop = self.booth, asyncio.get_running_loop()

        def told(stage: Stage, person: bool) -> None:
            photo, left = booth.gallery.photo(token), self.printer.prints_left(booth.events.current)
            if photo is not None:
                loop.call_soon_threadsafe(booth.developed, photo, stage, person, left)

        try:
            await aside(booth.darkroom.develop, token, background, Job(told))
            booth.trouble("develop", "")
        except TROUBLES as error:
            if await aside(booth.gallery.photo, token) is None:
                return  # it was removed in the middle of it
            booth.trouble("develop", str(error))
            shown = booth.session.state is Screen.SHOWN
            booth.do("spoiled", token, "notice.fine_failed" if shown else "notice.shot_failed")

    async def _cut_out(self, token: str, background: str, trimap: bytes | None, progress: Progress) -> None:
        def at(stage: str) -> None:
            progress.stage = stage

        def told(stage: Stage, person: bool) -> None:
            """The page asks for progress."""

        try:
            await aside(self.booth.darkroom.develop, token, background, Job(told, at, trimap, fast=False))
        except TROUBLES as error:
            log.warning("upload: %s", error)
            progress.notice = Notice("notice.upload_failed")
        progress.done = True

    def _said_of(self, answer: tuple[Notice, str]) -> Notice:
        notice, cause = answer
        self.booth.trouble("printer", cause)
        if notice.kind == "news":
            self.booth.figures.prints.inc()
        self.send(self._look_again())
        return notice

    async def _open_darkroom(self) -> None:
        try:
            await aside(self.booth.darkroom.start)
        except TROUBLES as error:
            self.booth.trouble("develop", str(error))

    async def _send_away(self) -> None:
        """Pictures that guests have sent to the host's album, one after another."""
        while True:
            try:
                if await aside(self.outbox.send_next, self.booth.events.current) is None:
                    await asyncio.sleep(SENDING_S)
                self.booth.trouble("sharing", "")
            except TROUBLES as error:
                self.booth.trouble("sharing", str(error))
                await asyncio.sleep(SENDING_S)

    async def _keep_house(self) -> None:
        """Once a second: the event folder, lifetimes."""
        booth = self.booth
        while True:
            await asyncio.sleep(HOUSEKEEPING_S)
            try:
                if await aside(booth.events.refresh):
                    self._event_changed()
                for token in await aside(booth.gallery.expire):
                    booth.do("gone", token)
                    booth.refreshed()
                if "gallery" in booth.causes and await aside(self._has_room):
                    booth.trouble("gallery", "")
            except TROUBLES as error:
                booth.trouble("gallery", str(error))

    def _has_room(self) -> bool:
        return shutil.disk_usage(self.booth.gallery.folder).free >= ROOM_BYTES

    def _event_changed(self) -> None:
        booth, event = self.booth, self.booth.events.current
        booth.trouble("event", booth.events.fault or "")
        booth.session.countdown_s, booth.session.idle_s = event.countdown_s, event.idle_s
        booth.gallery.quota_bytes = event.quota_mb * 1_000_000
        booth.dress()
        booth.refreshed()

    async def _look_again(self) -> None:
        """At the photograph that is shown: copies are left, it was replaced."""
        booth = self.booth
        if token := booth.session.token:
            photo = await aside(booth.gallery.photo, token)
            booth.show(photo, await aside(self.printer.prints_left, booth.events.current))
        booth.refreshed()

    def _ended(self, task: asyncio.Task) -> None:
        """What nobody foresaw is told, not lost."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an errand failed: %r", error, exc_info=error)
