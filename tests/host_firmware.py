"""The firmware on this machine, in this process: the shared library of firmware/host behind wires of every quality."""
from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from pico_firmware import PicoFirmware

from edge.bridge.points import Point
from edge.bridge.words import Chip

ALPHAS_AT = 1056
"""In struct tile: behind 96 rows with their guesses."""


class HostFirmware:
    """The C core; one a process."""

    chip = Chip.HOST

    def __init__(self, library: Path) -> None:
        self.c = ctypes.CDLL(str(library))
        self.c.host_buttons(0)
        self.c.host_broken_lamps(0)
        self.c.host_samples(None, 0)
        self.reset()

    def reset(self) -> None:
        """As the reset button does it: everything is forgotten, bytes on their way are lost."""
        self.c.core_start()
        self.take()

    def give(self, data: bytes) -> bytes:
        """Bytes for the device, a turn of its loop, and what it says."""
        self.c.host_give(data, len(data))
        self.c.core_turn()
        return self.take()

    def take(self) -> bytes:
        """What the device has said."""
        room = ctypes.create_string_buffer(8192)
        count = self.c.host_take(room, len(room))
        return room.raw[:count]

    def turn(self, ms: int, buttons: int = 0) -> None:
        """A turn of the loop at a time, with some buttons down."""
        self.c.host_clock(ms & 0xFFFF)
        self.c.host_buttons(buttons)
        self.c.core_turn()

    def hear(self, samples: np.ndarray) -> None:
        """Samples for the microphone, then a turn of the loop."""
        array = np.ascontiguousarray(samples, np.int16)
        self.c.host_samples(array.ctypes.data_as(ctypes.POINTER(ctypes.c_int16)), array.size)
        self.c.core_turn()

    @property
    def lamps(self) -> int:
        """Bits of the lamps that are lit."""
        return self.c.host_lamps()

    @property
    def listens(self) -> bool:
        """Whether the microphone is on."""
        return bool(self.c.host_listens())

    def wear(self, broken_lamps: int = 0, stuck_buttons: int = 0) -> None:
        """Bits of lamps whose pins stay low, and of buttons that are down until the next turn."""
        self.c.host_broken_lamps(broken_lamps)
        self.c.host_buttons(stuck_buttons)

    def tables(self, size: int) -> bytes:
        """The image of the projection tables."""
        return bytes((ctypes.c_char * size).in_dll(self.c, "tables"))

    def solve_points(self, points: Sequence[Point], labels: Sequence[int]) -> tuple[list[int], int]:
        """Links and solves points that no signal made, through the C functions themselves: alphas, and how many sweeps
        it took."""
        class CPoint(ctypes.Structure):
            _fields_ = (("x", ctypes.c_int16), ("y", ctypes.c_int16))

        for i, point in enumerate(points):
            self.c.columns_place(ctypes.c_uint8(i), CPoint(*point))
        self.c.columns_label(ctypes.c_uint8(0), bytes(labels), ctypes.c_uint8(len(labels)))
        self.c.columns_link(ctypes.c_uint8(len(points)))
        self.c.tile_guess()
        change = ctypes.c_uint16()
        sweeps = self.c.tile_solve(ctypes.c_uint8(64), ctypes.c_uint16(4), ctypes.byref(change)) & 0xFF
        image = bytes((ctypes.c_char * (ALPHAS_AT + 192)).in_dll(self.c, "tile"))
        return np.frombuffer(image[ALPHAS_AT:], "<u2").tolist()[: len(points)], sweeps


Firmware = HostFirmware | PicoFirmware
"""The same core in C and in MicroPython: most tests run on both."""


class HostWire:
    """A perfect wire: nothing is lost, and who waits in vain waits no time at all."""

    def __init__(self, firmware: Firmware) -> None:
        self.firmware = firmware
        self._arrived = b""

    def write(self, data: bytes) -> None:
        self._arrived += self.firmware.give(data)

    def read(self, timeout_s: float) -> bytes:
        arrived, self._arrived = self._arrived, b""
        return arrived

    def close(self) -> None:
        self._arrived = b""


class NoisyWire(HostWire):
    """Loses a byte in a hundred; flips bits, doubles bytes, cuts and doubles what is sent, brings old copies late; the
    device resets at random."""

    LOSS, FLIP, DOUBLE, CUT, TWICE, LATE, RESET = 0.01, 0.002, 0.001, 0.002, 0.01, 0.005, 0.001

    def __init__(self, firmware: Firmware, random: Random) -> None:
        super().__init__(firmware)
        self.random, self.resets, self._old = random, 0, [b"\0"]

    def write(self, data: bytes) -> None:
        if self.random.random() < self.RESET:
            self.firmware.reset()
            self.resets += 1
        for copy in self._copies(data):
            answer = self.firmware.give(self._spoilt(copy))
            self._arrived += b"".join(self._spoilt(part) for part in self._copies(answer))

    def _copies(self, data: bytes) -> list[bytes]:
        """What a sender sends, once as a rule."""
        copies = [data]
        if self.random.random() < self.TWICE:
            copies.append(data)
        if self.random.random() < self.LATE:
            copies.insert(self.random.randrange(2), self.random.choice(self._old))
        self._old = [*self._old[-20:], data]
        return copies

    def _spoilt(self, data: bytes) -> bytes:
        random, spoilt = self.random.random, bytearray()
        for byte in data:
            chance = random()
            if chance < self.LOSS:
                continue
            chance -= self.LOSS
            if chance < self.FLIP:
                byte ^= 1 << self.random.randrange(8)
            elif chance < self.FLIP + self.DOUBLE:
                spoilt.append(byte)
            spoilt.append(byte)
        if data and random() < self.CUT:
            del spoilt[self.random.randrange(len(spoilt) + 1):]
        return bytes(spoilt)
