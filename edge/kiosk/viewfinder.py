"""The booth's side of the live process: starts it, listens to it, starts it again when it dies or falls silent."""
from __future__ import annotations

import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from edge.kiosk.live_words import Alive, Busy, Dress, Setup, Shown, Take, Watched
from edge.kiosk.look import Look

SILENT_S, STARTING_S = 1.0, 20.0
"""For so long a live process may say nothing unless it said that it is Busy, and a new one until its first word; then
it is ended and replaced."""

PRELOADED = ["edge.kiosk.live_process"]
"""What the process that live processes are forked from holds already: numpy, OpenCV, the network's runtime. A new live
process is there in a tenth of a second; without it, importing alone takes most of one on a fast machine."""

RATE_OVER_S = 2.0
"""The preview's rate is counted over this time."""

PAUSES_S = (0.0, 0.2, 0.5, 1.0)
"""Before a new start, when one start after the other fails within RATE_OVER_S; the last one again and again."""


class Viewfinder:
    """Owns the live process. Every word from it goes to `told`, in this object's own thread."""

    def __init__(self, setup: Setup, told: Callable[[Any], None], target: Callable[..., None] | None = None,
                 **options: Any) -> None:
        """told: takes the words of edge.kiosk.live_words, and None when the process was lost. target, options: what
        runs in the process, edge.kiosk.live_process.run unless said otherwise, and what it takes beside pipe and
        setup."""
        self.setup, self.told, self._target, self._options = setup, told, target, options
        self.restarts, self.why_restarted = -1, ""
        self.look: Look | None = None
        self.watched = True
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._link: Connection | None = None
        self._process: BaseProcess | None = None
        self._closing, self._sending = threading.Event(), threading.Lock()
        self._times: deque[float] = deque(maxlen=256)
        self._thread = threading.Thread(target=self._run, name="viewfinder", daemon=True)

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    @property
    def frames_per_s(self) -> float:
        """Of the preview, over the last RATE_OVER_S."""
        since = time.monotonic() - RATE_OVER_S
        return sum(at > since for at in list(self._times)) / RATE_OVER_S

    @property
    def process_id(self) -> int | None:
        """Of the live process that runs now."""
        process = self._process
        return process.pid if process else None

    def dress(self, look: Look | None) -> None:
        """Changes what stands behind the person, now and after every new start."""
        self.look = look
        self._send(Dress(look))

    def watch(self, watched: bool) -> None:
        """Says whether somebody looks at the preview."""
        if watched != self.watched:
            self.watched = watched
            self._send(Watched(watched))

    def take(self, shot: int) -> None:
        """Asks for a photograph; Taken or Missed with that number comes, or the process is lost."""
        self._send(Take(shot))

    def close(self) -> None:
        """Ends process and thread."""
        self._closing.set()
        self._send(None)
        if self._thread.is_alive():
            self._thread.join(2 * SILENT_S)

    def _send(self, word: Any) -> None:
        with self._sending, suppress(OSError):
            if self._link is not None:
                self._link.send(word)

    def _run(self) -> None:
        quick_ends = 0
        while not self._closing.wait(PAUSES_S[min(quick_ends, len(PAUSES_S) - 1)]):
            self.restarts += 1
            began = time.monotonic()
            self._spawn()
            try:
                self.why_restarted = self._listen()
            finally:
                self._end()
            quick_ends = quick_ends + 1 if time.monotonic() - began < RATE_OVER_S else 0
            if not self._closing.is_set():
                self.told(None)

    def _spawn(self) -> None:
        ours, theirs = self._context.Pipe()
        target = self._target
        if target is None:
            from edge.kiosk.live_process import run as target
        self._process = self._context.Process(target=target, args=(theirs, self.setup), kwargs=self._options,
                                              name="masque live", daemon=True)
        self._process.start()
        theirs.close()
        with self._sending:
            self._link = ours
            with suppress(OSError):
                ours.send(Dress(self.look))
                ours.send(Watched(self.watched))

    def _listen(self) -> str:
        """Words until the process dies or falls silent: why that was."""
        assert self._link is not None and self._process is not None
        heard_s, patience_s = time.monotonic(), STARTING_S
        while True:
            try:
                word = self._link.recv() if self._link.poll(0.1) else None
            except (EOFError, OSError):
                self._process.join(0.5)
                return f"the live process ended (exit code {self._process.exitcode})"
            now = time.monotonic()
            if word is not None:
                heard_s, patience_s = now, word.for_s if isinstance(word, Busy) else SILENT_S
                if isinstance(word, Shown):
                    self._times.append(now)
                self.told(word)
            elif now - heard_s > patience_s:
                return f"the live process said nothing for {patience_s:g} s"
            if self._closing.is_set() and not isinstance(word, Shown | Alive):
                return "the booth ends"

    def _end(self) -> None:
        with self._sending:
            link, self._link = self._link, None
        assert link is not None and self._process is not None
        link.close()
        self._process.join(0.3 if self._closing.is_set() else 0.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
