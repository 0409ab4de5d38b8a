"""Talking to the firmware on a board before it is flashed, and after."""
from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

from edge.board_shapes import SolverBoard
from edge.bridge.device import Device
from edge.bridge.link import Link
from edge.bridge.points import Tables
from edge.bridge.ports import SerialLines, Wire
from edge.bridge.self_test import Finding, judged
from edge.bridge.words import SelfTested
from edge.errors import BridgeError
from tools.flash.steps import StepError

AGAIN = 4
"""How often a board is greeted that has just been started: one with USB of its own is away for seconds."""

PARTLY_TESTED = {"pico"}
"""Boards whose firmware reaches only a part of the RAM."""


class OnLines:
    """A line that stays open and becomes the wire of a link for a while."""

    def __init__(self, lines: SerialLines) -> None:
        self._lines = lines

    def write(self, data: bytes) -> None:
        """Sends all of it."""
        self._lines.write(data)

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at least one byte; b"" when nothing came in time."""
        return self._lines.read(timeout_s)

    def close(self) -> None:
        """Whoever opened the line closes it."""


def asked(open_wire: Callable[[], Wire]) -> SelfTested | None:
    """What a board says of itself; None where nothing answers, or firmware without a self-test."""
    link = Link(open_wire)
    try:
        return Device(link).self_test(random.randrange(1, 65536))
    except (BridgeError, OSError):
        return None
    finally:
        link.close()


def self_tested(open_wire: Callable[[], Wire], board: SolverBoard, tables: Tables | None,
                without: frozenset[str]) -> list[Finding]:
    """The findings of a board that has just been started, less those of tests that were not wanted. Raises StepError
    when it does not answer."""
    seed = random.randrange(1, 65536)
    problem: OSError | None = None
    for _ in range(AGAIN):
        link = Link(open_wire)
        with suppress(OSError):
            try:
                device = Device(link)
                device.check(board)
                told = device.self_test(seed)
                ram_bytes = None if board.name in PARTLY_TESTED else board.chip.ram_bytes.value
                return [found for found in judged(told, seed, tables, ram_bytes) if found.name not in without]
            except OSError as error:
                problem = error
            finally:
                link.close()
    raise StepError("self-test", f"the board was written and read back, but its firmware does not answer: {problem}")
