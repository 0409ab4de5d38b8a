"""Booths for the tests: `masque kiosk` in a process of its own, or a booth in this one with stand-ins at its doors."""
from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from edge.board_shapes import CameraBoard
from edge.camera import FrameSource
from edge.errors import PictureError
from edge.frame import Frame
from edge.kiosk.address import Address
from edge.kiosk.booth import Booth, Options
from edge.kiosk.live_process import camera_of
from edge.kiosk.live_words import Setup
from edge.kiosk.server import Serving

ROOT = Path(__file__).parents[2]

PIN = "271828"

SMALL = "demo?size=320x180"
"""A camera whose pictures cost little; photographs are 640×360."""


def until(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Waits for something to become true, and gives it."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
    return found


@contextmanager
def command(folder: Path, *arguments: str, environment: dict[str, str] | None = None,
            source: str = SMALL, before: tuple[str, ...] = ()) -> Iterator[tuple[httpx.Client, subprocess.Popen]]:
    """`masque kiosk` on a free port, with a client that has seen its camera. before: a program that starts it."""
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "edge", "kiosk", "--port", "0", "--board", "desk", "--source", source,
         "--pin", PIN, "--gallery", str(folder / "gallery"), *arguments], cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=(folder / "stderr").open("w"), env={**os.environ, **(environment or {})})
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, (folder / "stderr").read_text()
        with httpx.Client(base_url=line.split()[-1], timeout=20) as client:
            until(lambda: state(client)["camera"] == "ok")
            yield client, process
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def here(folder: Path, event: Path | None = None, host: str = "127.0.0.1", bridge: str = "",
         names: tuple[str, ...] = (), source: str = SMALL, opened_bridge: Callable[[str], Any] | None = None,
         **live: Any) -> Iterator[tuple[httpx.Client, Booth]]:
    """A booth on a thread of this process, real uvicorn and real processes included; live: see Viewfinder's options."""
    options = Options(Address(host, 0, names), Setup(source, "desk"), folder / "gallery", event, bridge, quiet=True)
    loop, ready = asyncio.new_event_loop(), threading.Event()
    serving: list[Serving] = []

    def started(now: Serving) -> None:
        serving.append(now)
        ready.set()

    def make(options: Options) -> Booth:
        booth = Booth(options, opened_bridge, **live)
        booth.pin.set(PIN)
        return booth

    work = Serving.serve(options, started, make)
    thread = threading.Thread(target=lambda: loop.run_until_complete(work), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        port = serving[0].booth.options.address.port
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            until(lambda: state(client)["camera"] == "ok")
            yield client, serving[0].booth
    finally:
        loop.call_soon_threadsafe(serving[0].stop)
        thread.join(10)
        assert not thread.is_alive()


def state(client: httpx.Client) -> dict[str, Any]:
    """What the page would show."""
    answer = client.get("/api/state")
    assert answer.status_code == 200, answer.text
    return answer.json()


def shot(client: httpx.Client, stage: str = "fast", seconds: int = 1) -> dict[str, Any]:
    """A picture, counted down and cut as far as `stage`."""
    before = (state(client)["photo"] or {}).get("number", 0)
    assert client.post("/api/session/shoot", json={"seconds": seconds}).status_code == 200

    def there() -> dict[str, Any] | None:
        now = state(client)
        photo = now["photo"]
        done = now["screen"] == "shown" and photo and photo["number"] > before
        return photo if done and photo["stage"] in (stage, "fine") else None

    return until(there)


def log_in(client: httpx.Client) -> None:
    """The host, with the PIN."""
    assert client.post("/api/admin/login", json={"pin": PIN}).json()["admin"]


class Unpluggable(FrameSource):
    """A camera that is there while a file is."""

    def __init__(self, source: FrameSource, plug: Path) -> None:
        self._source, self._plug = source, plug
        self.frames_per_s, self.dropped, self.fallbacks = source.frames_per_s, 0, list[str]()
        self.stamp = source.stamp

    def read(self) -> Frame | None:
        self._check()
        return self._source.read()

    def still(self):
        self._check()
        return self._source.still()

    def close(self) -> None:
        self._source.close()

    def _check(self) -> None:
        if not self._plug.exists():
            raise PictureError("the camera: no frame; check its cable")


class Stuck(Unpluggable):
    """A camera whose driver never answers while its plug is out, and never will in this process."""

    def _check(self) -> None:
        while not self._plug.exists() or self._hung:
            self._hung = True
            time.sleep(0.1)

    _hung = False


def stuck(plug: Path, setup: Setup, board: CameraBoard) -> FrameSource:
    """For `opened` of the live process, with the first argument bound."""
    return Stuck(camera_of(setup, board), plug)


def unpluggable(plug: Path, setup: Setup, board: CameraBoard) -> FrameSource:
    """For `opened` of the live process, with the first argument bound."""
    if not plug.exists():
        raise PictureError("the camera: no such device; is it plugged in?")
    return Unpluggable(camera_of(setup, board), plug)
