"""A process that does dangerous or heavy work for the booth, and may die of it.

The booth's side is `Worker`; in the process `serve` runs. Calls go there pickled; answers come back as JSON and bytes,
which are only data whoever wrote them: a process that opens strangers' files is not believed.
"""
from __future__ import annotations

import importlib
import json
import os
import pickle
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from edge.errors import BoothError, EventError, MasqueError, OutputError, PictureError

LARGEST_ANSWER = 1 << 30
"""Bytes of one part of an answer; more means that the process has gone mad."""

KINDS: dict[str, type[MasqueError]] = {kind.__name__: kind for kind in (PictureError, EventError, OutputError)}
"""Errors that keep their kind on the way back; all others become BoothErrors."""

Told = Callable[[str], None]
"""Hears the name of every stage that is over."""


@dataclass(frozen=True)
class Limits:
    """What a process may use. memory_bytes: of private writable memory (RLIMIT_DATA); cpu_s: 0 = no limit; nice: as
    nice(1); writes: whether it may write to files."""

    memory_bytes: int
    cpu_s: int = 0
    nice: int = 0
    writes: bool = False


@dataclass(frozen=True)
class Answer:
    """figures: as JSON can say it; parts: name → bytes."""

    figures: dict[str, Any]
    parts: dict[str, bytes]


class Worker:
    """One process, started when it is needed and again after it died. Calls from several threads wait in a row."""

    def __init__(self, task: str, limits: Limits, *settings: object) -> None:
        """task: "module:Class" to be made with settings in the process; its methods are what can be called."""
        self.task, self.limits, self.settings = task, limits, settings
        self.starts, self._closed = 0, False
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def start(self) -> None:
        """Starts the process now, so that the first call does not wait for it. Raises BoothError as call does."""
        with self._lock:
            self._ready()

    def call(self, method: str, *arguments: object, timeout_s: float, told: Told = lambda stage: None) -> Answer:
        """task.method(*arguments) in the process. Raises what the method raised, if it is one of KINDS; BoothError: the
        process died (out of memory) or took longer than timeout_s; the next call has a new one."""
        with self._lock:
            connection, ends_s = self._ready(), time.monotonic() + timeout_s
            try:
                connection.send_bytes(pickle.dumps((method, arguments)))
                return self._answer(connection, ends_s, timeout_s, told)
            except (EOFError, OSError, ValueError, KeyError, TypeError) as error:
                if isinstance(error, MasqueError):
                    raise
                raise self._died() from error

    @property
    def alive(self) -> bool:
        """Whether the process runs at this moment."""
        process = self._process
        return process is not None and process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return self._process.pid if self._process is not None and self.alive else None

    def close(self) -> None:
        """Ends the process, whatever it is doing, for good: a call that waits for it raises BoothError."""
        self._closed = True
        self._end()

    def _ready(self) -> Connection:
        if self._closed:
            raise BoothError(f"{self.task} is closed: the booth is ending")
        if self._connection is None or not self.alive:
            self._end()
            ours, theirs = socket.socketpair()
            command = [sys.executable, "-P", "-m", "edge.kiosk.worker", str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL,
                                             env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
            theirs.close()
            self._connection = Connection(ours.detach())
            self.starts += 1
            with suppress(OSError):  # it has died already: the first call says so
                self._connection.send_bytes(pickle.dumps((self.task, self.limits, self.settings)))
        return self._connection

    def _answer(self, connection: Connection, ends_s: float, timeout_s: float, told: Told) -> Answer:
        while True:
            if not connection.poll(max(0.0, ends_s - time.monotonic())):
                self._end()
                raise BoothError(f"{self.task} took longer than {timeout_s:.0f} s and was ended")
            said = json.loads(connection.recv_bytes(LARGEST_ANSWER))
            if "stage" in said:
                told(str(said["stage"]))
            elif "error" in said:
                if said["over"]:
                    self._end()
                raise KINDS.get(said["error"], BoothError)(str(said["text"]))
            else:
                return Answer(said["figures"], {str(name): connection.recv_bytes(LARGEST_ANSWER)
                                                for name in said["parts"]})

    def _died(self) -> BoothError:
        """What to raise; the process may be ending still, or may have sent nonsense."""
        process, code = self._process, None
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(1)
        self._end()
        megabytes = self.limits.memory_bytes / 1e6
        return BoothError(f"{self.task} ended with {code} in the middle of its work (limit: {megabytes:.0f} MB)")

    def _end(self) -> None:
        process, connection, self._process, self._connection = self._process, self._connection, None, None
        if connection is not None:
            connection.close()
        if process is not None:
            with suppress(OSError):
                process.kill()
            process.wait()


class Stages:
    """What a method in the process tells the booth with: `told("segment")`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, stage: str) -> None:
        """Sends one stage's name."""
        self._connection.send_bytes(json.dumps({"stage": stage}).encode())


def serve(connection: Connection) -> None:
    """The process's whole life: takes its limits, makes the task, answers calls until the booth is gone.

    What is unpickled here comes from the booth itself.
    """
    name, limits, settings = pickle.loads(connection.recv_bytes())  # noqa: S301
    _take(limits)
    module, _, kind = name.partition(":")
    try:
        task = getattr(importlib.import_module(module), kind)(*settings)
    except Exception as error:  # the first call hears of it, and the next one has a new process
        connection.recv_bytes()
        _excuse(connection, error, limits, over=True)
        return
    while True:
        method, arguments = pickle.loads(connection.recv_bytes())  # noqa: S301
        try:
            figures, parts = getattr(task, method)(*arguments, told=Stages(connection))
        except Exception as error:
            _excuse(connection, error, limits)
        else:
            _send(connection, {"figures": figures, "parts": list(parts)})
            for part in parts.values():
                connection.send_bytes(part)


def _excuse(connection: Connection, error: Exception, limits: Limits, over: bool = False) -> None:
    said = f"out of memory: {limits.memory_bytes / 1e6:.0f} MB" if isinstance(error, MemoryError) else str(error)
    _send(connection, {"error": type(error).__name__, "text": said, "over": over})


def _send(connection: Connection, said: Mapping[str, object]) -> None:
    connection.send_bytes(json.dumps(said).encode())


def _take(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory_bytes, limits.memory_bytes))
    if limits.cpu_s:
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    if not limits.writes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(limits.nice)


if __name__ == "__main__":
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        serve(Connection(int(sys.argv[1])))
