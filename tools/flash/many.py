"""Many boards in a row: which one is next."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TextIO

from edge.bridge.ports import ADAPTERS, LAUNCHPAD, PICO, listed

POLL_S = 0.3

SETTLE_S = 1.0
"""A port may be opened this long after it appeared: until then udev sets its rights, and ModemManager tries it."""



def vendors(board: str, way: str) -> Callable[[Any], bool]:
    """Which ports of pyserial may be such a board: the LaunchPad's probe, a Pico, or a serial cable to a bootloader."""
    if way == "bootloader":
        return lambda port: port.vid in ADAPTERS
    usb = PICO if board == "pico" else LAUNCHPAD
    return lambda port: (port.vid, port.pid) == usb


class Next(NamedTuple):
    """A board that is there now. url: how to reach it; serial: its number, from USB or from whoever sits there."""

    url: str | None
    serial: str


def plugged_in(fits: Callable[[Any], bool], ports: Callable[[], list[Any]] = listed,
               pause: Callable[[float], None] = time.sleep) -> Iterator[Next]:
    """Boards as they are plugged in, those that are there already first; each once, until it is pulled out. Known by
    their USB serial numbers. fits: which ports may be one."""
    seen: set[str] = set()
    while True:
        there = {port.serial_number or port.device: port for port in ports() if fits(port)}
        seen &= there.keys()
        new = sorted(there.keys() - seen)
        if not new:
            pause(POLL_S)
            continue
        pause(SETTLE_S)
        seen.add(new[0])
        yield Next(f"serial:{new[0]}" if there[new[0]].serial_number else there[new[0]].device, new[0])


def called_in(url: str | None, lines: TextIO) -> Iterator[Next]:
    """Boards in a jig whose port stays: a line of input says that the next one is there, and is its serial number (a
    scanner types it); the end of the input ends the row."""
    for line in lines:
        yield Next(url, line.strip())
