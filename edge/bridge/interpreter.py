"""MicroPython's door: its WebAssembly build in a process of Node.js, with the firmware of a Raspberry Pi Pico inside.

It is an interpreter on a PC, not a Pico: it has no pins, no `machine`, no `rp2`; firmware/webassembly/board.py stands
for them. firmware/webassembly/run.mjs is the other side of what is said here.
"""
from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
from pathlib import Path

from edge.errors import BridgeError

FIRMWARE = Path(__file__).parents[2] / "firmware"
SCRIPTS, STAND_IN = FIRMWARE / "micropython", FIRMWARE / "webassembly"

INSTALL_NODE = "on Debian and Raspberry Pi OS: sudo apt install nodejs npm"
INSTALL_MICROPYTHON = "npm ci --prefix firmware/webassembly"

LONGEST_LINE = 200
"""Of what is passed on when it ends: Node.js quotes MicroPython's loader, which is one line of 100 kB."""


class Interpreter:
    """Calls functions of the main.py among the modules of some folders."""

    def __init__(self, *folders: Path, timeout_s: float = 60.0) -> None:
        """folders: of modules; of two with one name the later folder's is imported. Raises BridgeError when Node.js or
        MicroPython is missing, or a module cannot be loaded."""
        node = shutil.which("node")
        if node is None:
            raise BridgeError(f"Node.js is not installed, it runs MicroPython as WebAssembly; {INSTALL_NODE}")
        if not (STAND_IN / "node_modules" / "@micropython").is_dir():
            raise BridgeError(f"{STAND_IN}: MicroPython is not installed there; in a checkout: {INSTALL_MICROPYTHON}")
        self._timeout_s, self._text, self._said = timeout_s, b"", tempfile.TemporaryFile()  # noqa: SIM115 until `close`
        self._process = subprocess.Popen([node, STAND_IN / "run.mjs", *folders], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=self._said,
                                         process_group=0)  # Ctrl-C is for whoever asks it, not for both
        try:
            self.call("value", "0")
        except BridgeError:
            self.close()
            raise

    def call(self, function: str, *arguments: int | str) -> str:
        """What a function of main.py returns. Raises BridgeError when it raises, does not return in time, or the
        interpreter has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps([function, *arguments]).encode("ascii") + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise BridgeError(f"MicroPython ended: {self._last_words()}") from None
        told = json.loads(self._line())
        if "error" in told:
            raise BridgeError(f"MicroPython raised an error in {function}: {_end_of(told['error'])}")
        return told["answer"]

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def _line(self) -> bytes:
        """The next line that it writes."""
        assert self._process.stdout is not None
        file = self._process.stdout.fileno()
        while b"\n" not in self._text:
            if not select.select([file], [], [], self._timeout_s)[0]:
                raise BridgeError(f"MicroPython did not answer within {self._timeout_s:g} s: its program hangs")
            more = os.read(file, 65536)
            if not more:
                raise BridgeError(f"MicroPython ended: {self._last_words()}")
            self._text += more
        line, _, self._text = self._text.partition(b"\n")
        return line

    def _last_words(self) -> str:
        """What it wrote last before it ended."""
        self._process.wait()
        self._said.seek(0)
        return _end_of(self._said.read().decode("utf-8", "replace")) or f"exit status {self._process.returncode}"


def _end_of(text: str) -> str:
    """The last two lines in one: of an error in a module, where and what."""
    return "; ".join(line.strip()[:LONGEST_LINE] for line in text.strip().splitlines()[-2:])


def pico_firmware(timeout_s: float = 60.0) -> Interpreter:
    """The firmware of the Pico with pins that are not there; `start` is still to be called. Raises BridgeError as
    `Interpreter` does."""
    if not (SCRIPTS / "dispatch.py").is_file():
        raise BridgeError(f"{SCRIPTS}: the Pico's firmware is not there; it comes with a checkout of the repository")
    return Interpreter(SCRIPTS, STAND_IN, timeout_s=timeout_s)
