"""Flashing through a debug probe, with mspdebug: load, then read back in a session of its own.

mspdebug 0.22 was seen to report an erasure and a programming of an MSP430FR2433 that never happened
(github.com/dlbeer/mspdebug, issue 43): its word counts for nothing here, only the bytes that are read back do.
"""
from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from edge.bridge.debugger import INSTALL
from edge.errors import FlashError
from tools.flash.bootloader import DEVICE_ID_AT, DIE_RECORD_AT, DIE_RECORD_BYTES
from tools.flash.by_bootloader import DEVICE_ID, UNTOUCHED, Written
from tools.flash.image import Image
from tools.flash.steps import Brake, StepError, Told, stating

DRIVER = "tilib"
"""What drives the probe of a LaunchPad (eZ-FET); it needs TI's libmsp430.so beside mspdebug."""

FORGETFUL = "sim"
"""The driver whose memory ends with its session: there is read back in the session that wrote."""

SESSION_S = 120.0

LINES = 3
"""Of what mspdebug said: enough for the reason."""

NO_LIBRARY = "it is in TI's MSP Debug Stack; or name another --driver, or flash through the bootloader with --port"

IMAGE, DESCRIPTOR = "image.txt", "descriptor.bin"


class Probe:
    """mspdebug with a driver; each session is a process of its own, in a folder of its own."""

    def __init__(self, driver: str = DRIVER, program: str = "mspdebug") -> None:
        """Raises FlashError where mspdebug is not installed."""
        found = shutil.which(program)
        if found is None:
            raise FlashError(f"{program} is not installed; {INSTALL}; or flash through the bootloader with --port")
        self.driver, self._program = driver, found

    def session(self, step: str, commands: list[str], folder: Path) -> None:
        """Raises StepError with what mspdebug said last."""
        try:
            done = subprocess.run([self._program, "-q", self.driver, *commands], cwd=folder, capture_output=True,
                                  text=True, errors="replace", timeout=SESSION_S, stdin=subprocess.DEVNULL,
                                  start_new_session=True)  # Ctrl-C is ours: it does not cut a session
        except subprocess.TimeoutExpired as error:
            raise StepError(step, f"mspdebug {self.driver} did nothing for {SESSION_S:.0f} s; is the probe plugged "
                                  f"in?") from error
        if done.returncode:
            lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
            said = "; ".join(lines[:LINES]) or "it said nothing"
            raise StepError(step, f"mspdebug {self.driver} ended with {done.returncode}: {said}"
                                  + (f"; {NO_LIBRARY}" if "libmsp430" in said else ""))


def flash_by_mspdebug(probe: Probe, image: Image, erase: bool, told: Told, brake: Brake) -> Written:
    """Writes an image over what is there (FRAM needs no erasure; with `erase` all of it goes first) and reads it back.
    Raises StepError: which step, which bytes, what is on the board."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / IMAGE).write_text(ti_text(image), encoding="ascii")
        with stating(lambda: UNTOUCHED):
            brake.look("identify")
            die = _identify(probe, image.mark.board, folder)
            brake.look("identify")
        load = [*(["erase"] if erase else []), f"load {IMAGE}"]
        runs = list(image.runs())
        save = [f"save_raw {start:#06x} {len(data)} {start:04x}.bin" for start, data in runs]
        told("write", 0, len(image.memory))
        with stating(lambda: "what the board holds now is not known: do not start it; flash again"):
            began = time.monotonic()
            probe.session("write", load + save if probe.driver == FORGETFUL else load, folder)
            written = time.monotonic()
            told("write", len(image.memory), len(image.memory))
            brake.look("write")
            if probe.driver != FORGETFUL:
                probe.session("verify", [*save, "reset"], folder)
            _compare(runs, folder)
            told("verify", len(image.memory), len(image.memory))
        return Written(len(image.memory), die, 0, written - began, time.monotonic() - written, 0)


def ti_text(image: Image) -> str:
    """The image as TI text: "@" and an address, then bytes; "q" at the end (TI SLAU131, appendix on object formats)."""
    lines = []
    for start, data in image.runs():
        lines.append(f"@{start:04X}")
        lines += [data[at : at + 16].hex(" ").upper() for at in range(0, len(data), 16)]
    return "\n".join([*lines, "q"]) + "\n"


def _identify(probe: Probe, board: str, folder: Path) -> str:
    """The die record. Raises StepError for another chip."""
    count = DIE_RECORD_AT + DIE_RECORD_BYTES - DEVICE_ID_AT
    probe.session("identify", [f"save_raw {DEVICE_ID_AT:#06x} {count} {DESCRIPTOR}"], folder)
    descriptor = _saved("identify", folder / DESCRIPTOR, count)
    found = int.from_bytes(descriptor[:2], "little")
    if found != DEVICE_ID[board]:
        raise StepError("identify", f"the chip's device ID is {found:#06x}, the board's is {DEVICE_ID[board]:#06x}")
    return descriptor[-DIE_RECORD_BYTES:].hex()


def _compare(runs: list[tuple[int, bytes]], folder: Path) -> None:
    """Raises StepError where the chip holds another byte than the image."""
    for start, data in runs:
        there = _saved("verify", folder / f"{start:04x}.bin", len(data))
        if there != data:
            at = next(i for i in range(len(data)) if there[i] != data[i])
            raise StepError("verify", f"at {start + at:#06x} the chip holds {there[at : at + 8].hex(' ')}, the image "
                                      f"has {data[at : at + 8].hex(' ')}, whatever mspdebug said")


def _saved(step: str, path: Path, count: int) -> bytes:
    """What mspdebug read. Raises StepError where it is not as much as was asked for."""
    data = path.read_bytes() if path.is_file() else b""
    if len(data) != count:
        raise StepError(step, f"mspdebug read {len(data):,} bytes, {count:,} were asked for")
    return data
