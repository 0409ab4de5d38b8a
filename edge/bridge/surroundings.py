"""What a simulated board is surrounded by: a pseudo-terminal as its wire, buttons, lamps, a microphone."""
from __future__ import annotations

import os
import select
import tty
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

IDLE_S = 0.002
"""How long a sleep of the board lasts when no byte arrives."""


@dataclass
class Pins:
    """What hangs on the board: buttons that are down (bits), lamps that are lit (bits), sounds for its microphone,
    whether it listens."""

    buttons: int = 0
    lamps: int = 0
    samples: deque[int] = field(default_factory=deque)
    listens: bool = False


class Terminal:
    """A pseudo-terminal; `path` is for any program that can open a serial port."""

    def __init__(self) -> None:
        self._master, self._kept_open = os.openpty()  # the other end stays open while nobody is there
        tty.setraw(self._kept_open)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._kept_open)

    def arrived(self, timeout_s: float) -> bytes:
        """What was written to it; b"" when nothing came in time."""
        return os.read(self._master, 4096) if select.select([self._master], [], [], timeout_s)[0] else b""

    def send(self, data: bytes) -> None:
        """Passes bytes on; what a terminal that nobody reads cannot hold is lost, as on a wire."""
        with suppress(BlockingIOError):
            os.write(self._master, data)

    def close(self) -> None:
        """Gives it back."""
        os.close(self._master)
        os.close(self._kept_open)


class SimulatedBoard(Protocol):
    """A board that is not there."""

    pins: Pins

    @property
    def path(self) -> str:
        """Of its terminal."""

    def turn(self) -> None:
        """Goes on for a moment."""

    def close(self) -> None:
        """Ends it."""
