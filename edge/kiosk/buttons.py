"""The physical side: shutter button, lamps and the ear of a microcontroller, in a thread that nobody waits for.

Without one, or while it is unplugged, everything else goes on; the admin page says so.
"""
from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from edge.errors import MasqueError
from edge.kiosk.journal import NAME

if TYPE_CHECKING:
    from edge.bridge.device import Device
    from edge.kiosk.claps import Claps

log = logging.getLogger(NAME)

POLL_S = 0.02
"""Between two questions for events: a press is seen within a frame of the preview."""

AGAIN_S = 2.0
"""Between two tries to reach a microcontroller that is not there."""

LEVEL = 100
"""How loud a sound has to be (of 511) to be listened to."""


class Said(StrEnum):
    """What the physical side tells the booth."""

    SHUTTER = "shutter"
    SECOND = "second"
    """The other button."""
    HEARD = "heard"
    """Two claps."""


class Buttons:
    """Owns the wire. `told` is called in this object's own thread."""

    def __init__(self, port: str, told: Callable[[Said], None],
                 opened: Callable[[str], Device] | None = None) -> None:
        """port: as `masque bridge --port` takes it, "" for none; opened: makes a Device of it.

        pressed, heard: how often; greetings: how often a device was met that had to be told to listen.
        """
        self.port, self.told, self._opened = port, told, opened or _opened
        self.why = "no microcontroller is wanted (--bridge)" if not port else "not reached yet"
        self.there: bool | None = False if port else None
        self.pressed = self.heard = 0
        self.greetings = 0
        self._greeting: object = None
        self._orders: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="buttons", daemon=True)

    def start(self) -> None:
        """Begins, where a microcontroller is wanted."""
        if self.port:
            self._thread.start()

    def count_down(self, seconds: int) -> None:
        """The lamps blink once a second."""
        self._order("countdown", seconds)

    def light(self, lamps: int) -> None:
        """Bit l lights lamp l."""
        self._order("lamps", lamps)

    def close(self) -> None:
        """Ends the thread; lamps go out."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _order(self, what: str, value: int) -> None:
        if self.there:
            self._orders.put((what, value))

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._serve(self._opened(self.port))
            except (MasqueError, OSError) as error:
                if self.there or self.why != str(error):
                    log.warning("bridge: %s", error)
                self.there, self.why = False, str(error)
            self._closing.wait(AGAIN_S)

    def _serve(self, device: Device) -> None:
        from edge.kiosk.claps import Claps

        try:
            while device.next_event() is not None:
                pass  # what happened while nobody asked is nobody's wish any more
            self._greeting, self.there, self.why = None, True, ""
            claps = Claps()
            log.info("bridge: %s answers", self.port)
            while not self._closing.wait(POLL_S):
                self._obey(device)
                self._listen(device, claps)
            device.lamps(0)
        finally:
            device.link.close()

    def _obey(self, device: Device) -> None:
        with suppress(queue.Empty):
            while True:
                what, value = self._orders.get_nowait()
                if what == "countdown":
                    device.countdown(value)
                else:
                    device.lamps(value)

    def _listen(self, device: Device, claps: Claps) -> None:
        from edge.bridge.words import What

        event = device.next_event()
        if device.hello is not self._greeting:  # a device that was reset has forgotten to listen
            device.listen(LEVEL)
            self.greetings, self._greeting = self.greetings + 1, device.hello
        if event is None:
            return
        if event.what == What.PRESS:
            self.pressed += 1
            self.told(Said.SECOND if event.which else Said.SHUTTER)
        elif claps.twice(event):
            self.heard += 1
            self.told(Said.HEARD)


def _opened(port: str) -> Device:
    from edge.boards import load_solver_board
    from edge.bridge.device import Device
    from edge.bridge.link import Link
    from edge.bridge.ports import open_wire

    baud = load_solver_board("msp430fr2433").wire.baud.value
    return Device(Link(lambda: open_wire(port, baud)))
