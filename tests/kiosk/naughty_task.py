"""What a process of the booth may do wrong; runs in the process."""
from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from edge.errors import EventError, PictureError


class Naughty:
    def __init__(self, greeting: str = "hello") -> None:
        self.greeting, self.calls = greeting, 0

    def greet(self, name: str, told) -> tuple[dict, dict[str, bytes]]:
        told("looked")
        told("thought")
        self.calls += 1
        return {"said": f"{self.greeting} {name}", "calls": self.calls, "pid": os.getpid(), "nice": os.nice(0)}, {
            "left": b"\0\xff" * 4, "right": b""}

    def refuse(self, told) -> None:
        raise PictureError("the picture is bad")

    def blame(self, told) -> None:
        raise EventError("the frame is gone")

    def stumble(self, told) -> None:
        raise IndexError("0 is no index")

    def eat(self, megabytes: int, told) -> tuple[dict, dict[str, bytes]]:
        return {"size": len(bytearray(megabytes * 1_000_000))}, {}

    def spin(self, told) -> None:
        while True:
            pass

    def sleep(self, told) -> None:
        time.sleep(60)

    def die(self, told) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)

    def babble(self, told) -> None:
        told._connection.send_bytes(b"\x80\x04no json")

    def flood(self, told) -> None:
        os.write(told._connection.fileno(), b"\x7f\xff\xff\xff" + b"x" * 1000)

    def write(self, path: str, told) -> tuple[dict, dict[str, bytes]]:
        Path(path).write_bytes(b"mine")
        return {}, {}
