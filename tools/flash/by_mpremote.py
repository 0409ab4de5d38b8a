"""Flashing a Raspberry Pi Pico that runs MicroPython: mpremote copies the files of firmware/micropython, their hashes
are read back, and only then main.py, which starts the rest, is put there.

Source of the commands: docs.micropython.org, "MicroPython remote control: mpremote".
"""
from __future__ import annotations

import ast
import hashlib
import shutil
import subprocess
import time
from binascii import a2b_base64, crc32
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.board_shapes import SolverBoard
from edge.bridge.points import Tables
from edge.bridge.words import FRAME_BYTES, VERSION
from edge.errors import FlashError
from tools.flash.by_bootloader import UNTOUCHED, Written
from tools.flash.steps import Brake, StepError, Told, stating

MARK, TABLES, WORDS, STARTER = "mark.py", "tables.py", "words.py", "main.py"

PLATFORM = "rp2"

SESSION_S = 60.0

ASK_ALL = b"\x03" * FRAME_BYTES
"""A running program of ours gives the prompt back when a whole frame of Ctrl-C comes (firmware/micropython/frame.py).
"""

IDENTIFY = ("import sys, os, machine, binascii; s = os.statvfs('/'); "
            "print(sys.platform, binascii.hexlify(machine.unique_id()).decode(), s[0] * s[3])")

CLEAR = ("import os\nif {name!r} in os.listdir('/'): os.remove('/' + {name!r})")

HASHES = """import hashlib, binascii
for name in {names!r}:
    digest = hashlib.sha256()
    with open('/' + name, 'rb') as file:
        while True:
            block = file.read(512)
            if not block: break
            digest.update(block)
    print(name, binascii.hexlify(digest.digest()).decode())
"""


@dataclass(frozen=True)
class Program:
    """The files of the Pico's firmware. files: name → content, in the order in which they are copied, main.py last."""

    folder: Path
    files: dict[str, bytes]
    tables: Tables

    @property
    def sha256(self) -> str:
        """Of names and contents."""
        whole = hashlib.sha256()
        for name in sorted(self.files):
            whole.update(name.encode() + b"\0" + hashlib.sha256(self.files[name]).digest())
        return whole.hexdigest()


def read_program(folder: Path, board: SolverBoard) -> Program:
    """Reads a folder of ours. Raises FlashError with both numbers where it is another's, damaged, of another version,
    or larger than the board."""
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.py"))}
    if missing := {MARK, TABLES, WORDS, STARTER} - found.keys():
        raise FlashError(f"{folder}: is not ours: it has no {', '.join(sorted(missing))}")
    mark, words = _constants(folder / MARK), _constants(folder / WORDS)
    due, check = mark.get("CHECK"), 0
    for name in mark.get("FILES", ()):
        check = crc32(found.get(name, b""), check)
    if check & 0xFFFF != due or set(found) - {MARK, TABLES} != set(mark.get("FILES", ())):
        raise FlashError(f"{folder}: its files have CRC {check & 0xFFFF:#06x}, {MARK} says {due:#06x}; write it anew: "
                         f"python -m tools.micropython_mark")
    if words.get("VERSION") != VERSION:
        raise FlashError(f"{folder}: speaks words of version {words.get('VERSION')}, this program {VERSION}")
    size, there = sum(map(len, found.values())), board.chip.program_bytes.value
    if size > there:
        raise FlashError(f"{folder}: is {size:,} bytes, {board.name} has {there:,}")
    starter = found.pop(STARTER)
    return Program(folder, {**found, STARTER: starter}, _tables(folder / TABLES))


class Remote:
    """mpremote and the port that it shall use; each session is a process of its own."""

    def __init__(self, port: str, program: str = "mpremote") -> None:
        """Raises FlashError where mpremote is not installed."""
        found = shutil.which(program)
        if found is None:
            raise FlashError(f"{program} is not installed; pip install '.[flash]' in the checkout")
        self.port, self._program = port, found

    def session(self, step: str, *arguments: str) -> str:
        """What it printed. Raises StepError with what it said last."""
        try:
            done = subprocess.run([self._program, "connect", self.port, *arguments], capture_output=True, text=True,
                                  errors="replace", timeout=SESSION_S, stdin=subprocess.DEVNULL, start_new_session=True)
        except subprocess.TimeoutExpired as error:
            raise StepError(step, f"mpremote did not come back within {SESSION_S:.0f} s") from error
        if done.returncode:
            lines = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
            raise StepError(step, f"mpremote ended with {done.returncode}: {lines[-1] if lines else 'it said nothing'}")
        return done.stdout


def flash_by_mpremote(remote: Remote, program: Program, interrupt: Callable[[bytes], None], told: Told,
                      brake: Brake) -> Written:
    """Copies a program, reads the hashes back and restarts the board. interrupt: sends bytes to the port, so that a
    program that runs there gives it free. Raises StepError: which step, which file, what is on the board."""
    with stating(lambda: UNTOUCHED):
        brake.look("identify")
        interrupt(ASK_ALL)
        serial = _identify(remote, program)
        brake.look("identify")
    run = _Run(remote, program, told, brake)
    with stating(run.state):
        began = time.monotonic()
        remote.session("write", "exec", CLEAR.format(name=STARTER))
        names = list(program.files)
        run.copy(names[:-1])
        run.compare(names[:-1])
        run.copy(names[-1:])
        written = time.monotonic()
        run.compare(names)
        verified = time.monotonic()
    remote.session("start", "reset")
    return Written(sum(map(len, program.files.values())), serial, 0, written - began, verified - written, 0)


def _identify(remote: Remote, program: Program) -> str:
    """The board's serial number. Raises StepError for another board, or one without room."""
    told = remote.session("identify", "exec", IDENTIFY).split()
    if len(told) != 3 or not told[2].isdigit():
        raise StepError("identify", f"the board answered {' '.join(told)!r}; is MicroPython on it?")
    platform, serial, free = told
    if platform != PLATFORM:
        raise StepError("identify", f"MicroPython runs there on {platform!r}, a Pico says {PLATFORM!r}")
    size = sum(map(len, program.files.values()))
    if int(free) < size:
        raise StepError("identify", f"the files are {size:,} bytes, {int(free):,} are free on the board")
    return serial


class _Run:
    """Files on their way to the board."""

    def __init__(self, remote: Remote, program: Program, told: Told, brake: Brake) -> None:
        self._remote, self._program, self._told, self._brake = remote, program, told, brake
        self._copied: list[str] = []

    def state(self) -> str:
        """What is on the board now."""
        starts = f"{STARTER} is there, do not trust it" if STARTER in self._copied else f"no {STARTER}: nothing starts"
        return f"{len(self._copied)} of {len(self._program.files)} files were copied, {starts}; flash again"

    def copy(self, names: list[str]) -> None:
        """One file a session, so that there is a place to stop."""
        sizes = {name: len(data) for name, data in self._program.files.items()}
        for name in names:
            self._brake.look("write")
            self._remote.session("write", "fs", "cp", str(self._program.folder / name), f":{name}")
            self._copied.append(name)
            self._told("write", sum(sizes[copied] for copied in self._copied), sum(sizes.values()))

    def compare(self, names: list[str]) -> None:
        """Raises StepError where the board holds another file."""
        self._brake.look("verify")
        told = self._remote.session("verify", "exec", HASHES.format(names=names))
        there = dict(line.split() for line in told.splitlines() if len(line.split()) == 2)
        for name in names:
            due = hashlib.sha256(self._program.files[name]).hexdigest()
            if there.get(name) != due:
                raise StepError("verify", f"{name} has SHA-256 {there.get(name, 'none')[:16]} on the board, {due[:16]} "
                                          f"here")
        self._told("verify", len(names), len(self._program.files))


def _constants(path: Path) -> dict[str, Any]:
    """NAME = a literal, or a2b_base64 of one, as a module says it; nothing is run. Raises FlashError where it is no
    Python."""
    try:
        statements = ast.parse(path.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError) as error:
        raise FlashError(f"{path}: cannot be read: {error}") from error
    found = {}
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            value, packed = statement.value, isinstance(statement.value, ast.Call)
            with suppress(ValueError):
                literal = ast.literal_eval(value.args[0] if isinstance(value, ast.Call) else value)
                found[statement.targets[0].id] = a2b_base64(literal) if packed else literal
    return found


def _tables(path: Path) -> Tables:
    try:
        return Tables.unpacked(_constants(path)["IMAGE"])
    except (KeyError, ValueError, TypeError) as error:
        raise FlashError(f"{path}: {error}; write it anew: python -m tools.tables") from error
