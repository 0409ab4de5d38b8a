"""The Pico's firmware in a real MicroPython, with the seams of the C core's twin (host_firmware.py): the same tests run
on both."""
from __future__ import annotations

from ast import literal_eval
from collections.abc import Sequence

import numpy as np

from edge.bridge.interpreter import Interpreter
from edge.bridge.points import Point
from edge.bridge.words import Chip


class PicoFirmware:
    """One interpreter serves many tests: each begins with a reset."""

    chip = Chip.PICO

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter, self.ms, self.buttons, self.lamps, self.listens = interpreter, 0, 0, 0, False
        self.reset()

    def reset(self) -> None:
        """As the reset button does it: everything is forgotten, bytes on their way are lost."""
        self._told(self.interpreter.call("start"))

    def give(self, data: bytes) -> bytes:
        """Bytes for the device, a turn of its loop, and what it says."""
        return self._turn(data, b"")

    def turn(self, ms: int, buttons: int = 0) -> None:
        """A turn of the loop at a time, with some buttons down."""
        self.ms, self.buttons = ms & 0xFFFF, buttons
        self._turn(b"", b"")

    def hear(self, samples: np.ndarray) -> None:
        """Samples for the microphone, then a turn of the loop."""
        self._turn(b"", np.asarray(samples, "<i2").tobytes())

    def wear(self, broken_lamps: int = 0, stuck_buttons: int = 0) -> None:
        """Bits of lamps whose pins stay low, and of buttons that are down until the next turn."""
        self.buttons = stuck_buttons
        self.interpreter.call("run", f"board.port.broken_lamps = {broken_lamps}")

    def tables(self, size: int) -> bytes:
        """The image of the projection tables."""
        image = literal_eval(self.value("__import__('tables').IMAGE"))
        assert len(image) == size
        return image

    def solve_points(self, points: Sequence[Point], labels: Sequence[int]) -> tuple[list[int], int]:
        """Links and solves points that no signal made: alphas, and how many sweeps it took."""
        self.interpreter.call("run", f"import columns\nfrom knn_tile import tile\nlabels = bytearray({list(labels)})\n"
                              f"for i, (x, y) in enumerate({[tuple(point) for point in points]}):\n"
                              "    columns.place(i, x, y)\n"
                              "columns.label(0, labels, 0, len(labels))\ncolumns.link(len(labels))\ntile.guess()\n"
                              "solved = tile.solve(64, 4)")
        alpha, sweeps = literal_eval(self.value("(list(tile.alpha), solved[0])"))
        return alpha[: len(points)], sweeps

    def value(self, expression: str) -> str:
        """What an expression is worth there, written as Python."""
        return self.interpreter.call("value", expression)

    def _turn(self, data: bytes, samples: bytes) -> bytes:
        return self._told(self.interpreter.call("turn", data.hex(), self.ms, self.buttons, samples.hex()))

    def _told(self, told: str) -> bytes:
        state, sent = told.split(" ")
        self.listens, self.lamps = state[0] == "1", int(state[1])
        return bytes.fromhex(sent)
