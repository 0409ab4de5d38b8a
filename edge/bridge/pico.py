"""A Raspberry Pi Pico that is not there: its firmware in MicroPython's WebAssembly build, behind a pseudo-terminal.

Everything but firmware/micropython/board.py is what a Pico would run, byte for byte of its files; speed is this
machine's.
"""
from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass

from edge.bridge.framing import Fate, FrameDecoder
from edge.bridge.interpreter import pico_firmware
from edge.bridge.surroundings import IDLE_S, Pins, Terminal
from edge.bridge.words import Kind

MOST_SAMPLES = 4096
"""Samples that the microphone gets before a turn; it keeps them until it listens."""

OWN_CLOCK = -1


@dataclass(frozen=True)
class Request:
    """kind and sequence number of a request that was answered; ms: how long the interpreter took on this machine, for
    all that had arrived with it."""

    kind: int
    sequence: int
    ms: float


class PicoSimulator:
    """Runs the firmware, a turn of its loop at a time."""

    def __init__(self, told: Callable[[Request], None] = lambda request: None) -> None:
        """told: called with each request that was answered. Raises BridgeError when Node.js or MicroPython is
        missing."""
        self.interpreter = pico_firmware()
        self.interpreter.call("start")
        self.pins, self._terminal = Pins(), Terminal()
        self._told, self._decoder = told, FrameDecoder()

    @property
    def path(self) -> str:
        """Of the pseudo-terminal, for any program that can open a serial port."""
        return self._terminal.path

    def turn(self) -> None:
        """A turn of the firmware's loop, with what has arrived."""
        samples = self._samples()
        arrived = self._terminal.arrived(0.0 if samples else IDLE_S)
        began = time.perf_counter()
        state = self.interpreter.call("turn", arrived.hex(), OWN_CLOCK, self.pins.buttons, samples.tobytes().hex())
        ms = 1000 * (time.perf_counter() - began)
        flags, sent = state.split(" ")
        self.pins.listens, self.pins.lamps = flags[0] == "1", int(flags[1])
        asked = [frame for frame in self._decoder.process(arrived) if _wants_an_answer(frame.fate, frame.kind)]
        if sent:
            if asked:
                self._told(Request(asked[-1].kind, asked[-1].sequence, ms))
            self._terminal.send(bytes.fromhex(sent))

    def close(self) -> None:
        """Ends the interpreter and closes the terminal."""
        self.interpreter.close()
        self._terminal.close()

    def _samples(self) -> array[int]:
        """The next that it will hear."""
        count = min(len(self.pins.samples), MOST_SAMPLES)
        return array("h", [self.pins.samples.popleft() for _ in range(count)])


def _wants_an_answer(fate: Fate, kind: int) -> bool:
    return fate is Fate.SOUND and not Kind.PART <= kind < Kind.ANSWER
