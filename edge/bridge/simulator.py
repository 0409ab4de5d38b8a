"""An MSP430FR2433 that is not there: the very image that would be flashed, in mspdebug's simulator, behind a
pseudo-terminal.

The simulator has a processor, memory and a multiplier, but no UART, no timers and no converter. So it stops wherever
the image calls one of the functions of firmware/common/port.h; the call is answered here and returns at once.
Everything else is done by the image's own instructions.
"""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.bridge.debugger import PC, Debugger, Registers
from edge.bridge.elf import symbols
from edge.bridge.framing import Fate, FrameDecoder
from edge.bridge.surroundings import IDLE_S, Pins, Terminal
from edge.errors import BridgeError

ARGUMENT = ANSWER = 12
"""The register of a function's first argument and of its answer (TI SLAA534, MSP430 EABI, section 3.3)."""

CLOCK_STATE = 0x018E
"""CSCTL7, where the image looks whether its clock has settled; the simulator has no clock to wait for."""

NOTHING = 0xFFFF
NO_SAMPLE = 0x8000


@dataclass(frozen=True)
class Request:
    """kind and sequence number of a request that was answered, and the simulator's cycles from its last byte's arrival
    to the answer's first byte."""

    kind: int
    sequence: int
    cycles: int


class Simulator:
    """Runs an image."""

    def __init__(self, image: Path, told: Callable[[Request], None] = lambda request: None) -> None:
        """told: called with each request that the image answered. Raises BridgeError when it cannot be run."""
        table = symbols(image)
        self.debugger = Debugger(image)
        self.pins = Pins()
        self._told, self._decoder = told, FrameDecoder()
        self._arrived: deque[int] = deque()
        self._leaving = bytearray()
        self._asked: tuple[int, int, int] | None = None
        self._calls = {table[name]: call for name, call in self._port().items() if name in table}
        if len(self._calls) != len(self._port()):
            missing = ", ".join(sorted(set(self._port()) - set(table)))
            raise BridgeError(f"{image}: has no {missing}; it is no image of this firmware")
        self.debugger.write(CLOCK_STATE, b"\0\0")
        self._return = _return_instruction(self.debugger, table["isr_sleep"])
        for address in self._calls:
            self.debugger.breakpoint(address)
        self._terminal = Terminal()

    @property
    def path(self) -> str:
        """Of the pseudo-terminal, for any program that can open a serial port."""
        return self._terminal.path

    def _port(self) -> dict[str, Callable[[Registers], int | None]]:
        """Function of port.h → what it does here; its answer, if it has one."""
        return {"port_read": self._read, "port_write": self._write, "port_ms": self._ms, "port_wait": self._wait,
                "port_buttons": lambda _: self.pins.buttons, "port_lamps": self._lamps,
                "port_lit": lambda _: self.pins.lamps, "port_sample": self._sample, "port_listen": self._listen}

    def turn(self) -> None:
        """Runs to the next call of the port and answers it."""
        registers = self.debugger.run()
        call = self._calls.get(registers[PC])
        if call is None:
            raise BridgeError(f"the simulated chip stopped at {registers[PC]:#06x}, where no function of the port is")
        answer = call(registers)
        if answer is not None:
            registers[ANSWER] = answer
        registers[PC] = self._return
        self.debugger.set_registers(registers)

    def close(self) -> None:
        """Ends the simulator and closes the terminal."""
        self.debugger.close()
        self._terminal.close()

    def _read(self, _: Registers) -> int:
        if not self._arrived:
            self._fill(0.0)
        if not self._arrived:
            return NOTHING
        byte = self._arrived.popleft()
        for frame in self._decoder.process(bytes((byte,))):
            if frame.fate is Fate.SOUND:
                self._asked = (frame.kind, frame.sequence, self.debugger.cycles())
        return byte

    def _write(self, registers: Registers) -> None:
        if self._asked is not None:
            kind, sequence, began = self._asked
            self._told(Request(kind, sequence, self.debugger.cycles() - began))
            self._asked = None
        self._leaving.append(registers[ARGUMENT] & 0xFF)
        if not self._leaving[-1]:
            self._send()

    def _wait(self, _: Registers) -> None:
        if not self._arrived and not self.pins.samples:
            self._fill(IDLE_S)

    def _ms(self, _: Registers) -> int:
        return int(time.monotonic() * 1000) & 0xFFFF

    def _lamps(self, registers: Registers) -> None:
        self.pins.lamps = registers[ARGUMENT] & 0xFF

    def _listen(self, registers: Registers) -> None:
        self.pins.listens = bool(registers[ARGUMENT] & 0xFF)

    def _sample(self, _: Registers) -> int:
        return self.pins.samples.popleft() & 0xFFFF if self.pins.samples else NO_SAMPLE

    def _fill(self, timeout_s: float) -> None:
        """Takes what was written to the terminal."""
        self._arrived.extend(self._terminal.arrived(timeout_s))

    def _send(self) -> None:
        """Passes a frame on."""
        self._terminal.send(bytes(self._leaving))
        self._leaving.clear()


def _return_instruction(debugger: Debugger, near: int) -> int:
    """The address of a `ret` (4130h) at the end of a function."""
    code = debugger.read(near, 64)
    places = [at for at in range(0, len(code), 2) if code[at : at + 2] == b"\x30\x41"]
    if not places:
        raise BridgeError(f"no return instruction was found after {near:#06x}")
    return near + places[0]
