"""From the shot to the picture: a fast cut at screen size at once, the fine cut at the camera's size when it is ready.

Two processes of one kind (cutter.py), so that a guest who poses now does not wait for the last one's hair: one is
quick, the other takes its time and yields the processor. Each is started again when it dies. On machines with little
memory one process does both in turn.
"""
from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.boards import detect
from edge.card import MODELS
from edge.errors import BoothError
from edge.kiosk.look import Look
from edge.kiosk.worker import Limits, Told, Worker

SCREEN_PX = 1280
"""Longer side of what is shown on the booth's screen."""

MEMORY_BYTES = 1_500_000_000
"""Private memory a developing process may take; a fine cut of 12 megapixels: see edge/kiosk/README.md."""

SMALL_MEMORY_BYTES = 1_000_000_000
"""A machine with less has one process for both: a second one would take 0.1 GB for its models and libraries alone."""

QUICK_S, FINE_S = 20.0, 300.0
"""A process that takes longer than this is ended."""


@dataclass(frozen=True)
class Developed:
    """parts: kinds of the gallery → content, for `Gallery.attach`; report: the keys of `masque matte --json` without
    `image`, and `person`: whether anybody was seen (recomposed pictures: `ms` alone)."""

    parts: dict[str, bytes]
    report: dict[str, Any]


def _silent(stage: str) -> None:
    """Nobody listens."""


class Developer:
    """The booth's side of both processes. Its methods block; call them from threads, in any order."""

    def __init__(self, board: str | None = None, models: Path = MODELS, threads: int = 1,
                 memory_bytes: int = MEMORY_BYTES, screen_px: int = SCREEN_PX, machine_bytes: int = 0) -> None:
        """board: None = this machine's; machine_bytes: all memory (0: look). Nothing is started yet, see start."""
        settings = (board or detect(), models, threads)
        self.screen_px = screen_px
        small = (machine_bytes or memory_size_bytes()) < SMALL_MEMORY_BYTES
        self.quick_worker = Worker("edge.kiosk.cutter:Cutter", Limits(memory_bytes), *settings)
        self.fine_worker = self.quick_worker if small else Worker(
            "edge.kiosk.cutter:Cutter", Limits(memory_bytes, nice=10), *settings)

    def start(self) -> None:
        """Starts both processes, so that the first guest waits no longer than the others."""
        self.quick_worker.start()
        self.fine_worker.start()

    def quick(self, photograph: bytes, look: Look, told: Told = _silent) -> Developed:
        """JPEG → screen, screen_cutout, thumbnail. told: hears each stage's name when it is over.

        Raises PictureError: no picture; EventError, BoothError: look or process at fault, the next call may work.
        """
        return _developed(self.quick_worker, "quick", photograph, look, self.screen_px, timeout_s=QUICK_S, told=told)

    def fine(self, photograph: bytes, look: Look, told: Told = _silent, trimap: bytes | None = None) -> Developed:
        """JPEG → composite, cutout, alpha, trimap at its own size, and finer screen, screen_cutout, thumbnail.

        trimap: a picture of the same size (black, grey, white) in place of the network's. Raises as quick does.
        """
        return _developed(self.fine_worker, "fine", photograph, look, self.screen_px, trimap, timeout_s=FINE_S,
                          told=told)

    def rescreen(self, screen_cutout: bytes, photograph: bytes, look: Look) -> Developed:
        """Another look after the fact, at once: screen and thumbnail from a stored screen_cutout."""
        return _developed(self.quick_worker, "recompose", screen_cutout, _needed(photograph, look), look, "screen",
                          timeout_s=QUICK_S)

    def recompose(self, cutout: bytes, photograph: bytes, look: Look) -> Developed:
        """Another look at the camera's size: composite from a stored cutout; nothing is segmented or solved again."""
        return _developed(self.fine_worker, "recompose", cutout, _needed(photograph, look), look, "composite",
                          timeout_s=FINE_S)

    def close(self) -> None:
        """Ends both processes, whatever they are doing."""
        self.quick_worker.close()
        self.fine_worker.close()


def memory_size_bytes() -> int:
    """All memory of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _needed(photograph: bytes, look: Look) -> bytes | None:
    return photograph if look.needs_photograph else None


def _developed(worker: Worker, method: str, *arguments: object, timeout_s: float, told: Told = _silent) -> Developed:
    """A call; a process that died of it is started again at once, so that the next guest does not wait for that."""
    try:
        answer = worker.call(method, *arguments, timeout_s=timeout_s, told=told)
    except BoothError:
        with suppress(BoothError):  # the booth is ending
            worker.start()
        raise
    return Developed(answer.parts, answer.figures)
