"""The port in MicroPython's WebAssembly build: bytes in two buffers, time, pins and samples as the owner sets them. It
stands where firmware/micropython/board.py stands on a Pico; firmware/host/port.c is the same in C."""

import time
from array import array

from words import CHIP_PICO

NO_BYTE = -1
CHIP = CHIP_PICO


class _Port:
    """now: what the clock shows, ms; None: the interpreter's own."""

    def __init__(self) -> None:
        self.arrived, self.next, self.leaving = b"", 0, bytearray()
        self.samples, self.heard = array("h"), 0
        self.now: int | None = None
        self.buttons = self.lamps = self.broken_lamps = 0
        self.listens = False


port = _Port()


def read() -> int:
    """The next byte that arrived, or NO_BYTE."""
    if port.next == len(port.arrived):
        return NO_BYTE
    port.next += 1
    return port.arrived[port.next - 1]


def write(data: bytearray, count: int) -> None:
    """Sends the first `count` bytes."""
    port.leaving += data[:count]


def ms() -> int:
    """Milliseconds, modulo 65,536."""
    return (time.ticks_ms() if port.now is None else port.now) & 0xFFFF


def wait() -> None:
    """Returns at once: the owner waits."""


def buttons() -> int:
    """Bit b is set while button b is down."""
    return port.buttons


def lamps(lit: int) -> None:
    """Bit l switches lamp l on."""
    port.lamps = lit


def lit() -> int:
    """Bit l is set while lamp l's pin is high."""
    return port.lamps & ~port.broken_lamps


def samples(room: "array[int]") -> int:
    """Fills `room` with samples, -512..511; how many."""
    count = min(len(room), len(port.samples) - port.heard)
    for i in range(count):
        room[i] = port.samples[port.heard + i]
    port.heard += count
    return count


def listen(on: bool) -> None:
    """The microphone, on or off; a sound that it did not hear to its end is over."""
    if port.listens and not on:
        port.heard = len(port.samples)
    port.listens = on


def ram_bytes() -> int:
    """A PC tests its memory itself."""
    return 0


def ram_fault() -> int:
    """None was found."""
    return 0
