"""The physical side, with the real firmware behind the wire: shutter, lamps, claps, and a cable that is pulled."""
from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from built_firmware import Simulated
from host_firmware import HostFirmware, HostWire
from served_booth import command, here, log_in, state, until
from vector_sounds import sound

from edge.bridge.device import Device
from edge.bridge.link import Link
from edge.bridge.words import Event, What
from edge.kiosk.booth import Booth
from edge.kiosk.claps import Claps


class Bench:
    """A board on the desk: the firmware, its clock running, somebody's fingers; one thread at a time touches it."""

    def __init__(self, firmware: HostFirmware) -> None:
        self.firmware, self.guard = firmware, threading.Lock()
        self.plugged, self.ms, self.down = True, 1000, 0
        self.lit: set[int] = set()
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def device(self, port: str) -> Device:
        return Device(Link(lambda: BenchWire(self), pause=lambda _: None))

    def press(self, button: int = 0) -> None:
        for down in (1 << button, 0):  # for so long by the board's own clock, however busy this machine is
            self.down, end_ms = down, self.ms + 60
            until(lambda: self.ms >= end_ms)  # noqa: B023

    def clap(self) -> None:
        with self.guard:
            self.firmware.hear(np.concatenate([np.zeros(300, int), sound("clap")]))

    def reset(self) -> None:
        with self.guard:
            self.firmware.reset()

    def stop(self) -> None:
        self._running.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._running.wait(0.002):
            with self.guard:
                for _ in range(2):
                    self.ms += 1
                    self.firmware.turn(self.ms, self.down)
                self.lit.add(self.firmware.lamps)


class BenchWire(HostWire):
    """A perfect wire, while it is plugged in."""

    def __init__(self, bench: Bench) -> None:
        if not bench.plugged:
            raise FileNotFoundError("no such port")
        super().__init__(bench.firmware)
        self.bench = bench

    def write(self, data: bytes) -> None:
        if not self.bench.plugged:
            raise OSError("unplugged")
        with self.bench.guard:
            super().write(data)


@pytest.fixture
def bench(library: Path) -> Iterator[Bench]:
    bench = Bench(HostFirmware(library))
    yield bench
    bench.stop()


@pytest.fixture
def booth(bench: Bench, tmp_path: Path) -> Iterator[tuple[httpx.Client, Booth]]:
    with here(tmp_path, bridge="test", opened_bridge=bench.device) as (client, booth):
        until(lambda: booth.buttons.there)
        yield client, booth


def test_the_shutter_takes_a_picture_and_the_lamps_count(booth: tuple[httpx.Client, Booth], bench: Bench) -> None:
    client, inside = booth
    bench.lit.clear()
    bench.press()
    assert until(lambda: state(client)["screen"] == "countdown")
    photo = until(lambda: (now := state(client))["screen"] == "shown" and now["photo"])
    assert photo["number"] == 1 and inside.buttons.pressed == 1
    assert {0, 3} <= bench.lit and len(bench.lit) > 1
    until(lambda: bench.firmware.lamps == 0)
    bench.press()
    assert until(lambda: state(client)["screen"] == "countdown")
    assert client.get(f"/api/photos/{photo['token']}").status_code == 200


def clap_twice(bench: Bench) -> None:
    """The firmware rests for 0.25 s between two sounds."""
    bench.clap()
    end_ms = bench.ms + 400
    until(lambda: bench.ms > end_ms)
    bench.clap()


def test_two_claps_take_a_picture_where_people_pose_and_nowhere_else(booth: tuple[httpx.Client, Booth],
                                                                     bench: Bench) -> None:
    client, inside = booth
    clap_twice(bench)
    until(lambda: inside.buttons.heard == 1)
    assert state(client)["screen"] == "attract"
    client.post("/api/session/start")
    end_ms = bench.ms + 400
    until(lambda: bench.ms > end_ms)
    clap_twice(bench)
    assert until(lambda: state(client)["screen"] == "countdown")


@pytest.mark.parametrize(("sounds", "wishes"), [
    ([(0, 1), (500, 1)], 1),
    ([(0, 1)], 0),
    ([(0, 1), (100, 1)], 0),
    ([(0, 1), (1300, 1)], 0),
    ([(0, 1), (1300, 1), (1800, 1)], 1),
    ([(0, 1), (300, 2), (600, 1)], 0),
    ([(0, 1), (400, 1), (800, 1)], 1),
    ([(0, 1), (400, 1), (800, 1), (1200, 1)], 2),
    ([(65_400, 1), (300, 1)], 1),
])
def test_a_wish_is_two_claps_and_nothing_else(sounds: list[tuple[int, int]], wishes: int) -> None:
    claps = Claps()
    heard = [claps.twice(Event(0, 1, ms, 0, What.TRIGGER, which, 0, 0)) for ms, which in sounds]
    assert sum(heard) == wishes


def test_a_button_is_no_clap() -> None:
    claps = Claps()
    assert not any(claps.twice(Event(0, 1, ms, 0, What.PRESS, 1, 0, 0)) for ms in (0, 500))


def test_the_second_button_changes_the_background(booth: tuple[httpx.Client, Booth], bench: Bench) -> None:
    client, _ = booth
    client.post("/api/session/start")
    names = [one["name"] for one in state(client)["backgrounds"]]
    bench.press(1)
    until(lambda: state(client)["background"] == names[1])


def test_a_device_that_was_reset_listens_again(booth: tuple[httpx.Client, Booth], bench: Bench) -> None:
    client, inside = booth
    client.post("/api/session/start")
    bench.reset()
    until(lambda: inside.buttons.greetings == 2)
    clap_twice(bench)
    assert until(lambda: inside.buttons.heard == 1)


def test_an_unplugged_bridge_is_the_hosts_affair_alone_and_comes_back(booth: tuple[httpx.Client, Booth],
                                                                      bench: Bench) -> None:
    client, inside = booth
    bench.plugged = False
    until(lambda: not inside.buttons.there)
    log_in(client)
    told = client.get("/api/admin/state").json()["bridge"]
    assert told["there"] is False and "plugged in" in told["why"]
    now = state(client)
    assert now["notice"] is None and now["camera"] == "ok" and client.get("/health").status_code == 200
    assert client.post("/api/session/shoot", json={"seconds": 1}).json()["screen"] == "countdown"
    until(lambda: state(client)["screen"] == "shown")
    bench.plugged = True
    until(lambda: inside.buttons.there)
    bench.press()
    assert until(lambda: state(client)["screen"] == "countdown")


def test_the_button_of_the_chips_own_image_takes_a_picture(simulated: Simulated, tmp_path: Path) -> None:
    """The MSP430's machine code in mspdebug, behind its pseudo-terminal."""
    pins = simulated.simulator.pins
    with command(tmp_path, "--bridge", simulated.simulator.path) as (client, _):
        log_in(client)
        until(lambda: client.get("/api/admin/state").json()["bridge"]["there"])
        pins.buttons = 1
        until(lambda: state(client)["screen"] == "countdown")
        pins.buttons = 0
        until(lambda: pins.lamps)
        assert until(lambda: (now := state(client))["screen"] == "shown" and now["photo"])["number"] == 1
        until(lambda: not pins.lamps)


def test_a_port_that_was_never_there_costs_nothing(tmp_path: Path) -> None:
    with command(tmp_path, "--bridge", "/dev/no-such-port") as (client, _):
        log_in(client)
        told = client.get("/api/admin/state").json()["bridge"]
        assert told["there"] is False and state(client)["camera"] == "ok"


def test_the_commands_bridge_reaches_the_firmware_behind_a_terminal(library: Path, tmp_path: Path) -> None:
    firmware = subprocess.Popen([library.with_name("masque-host")], stdout=subprocess.PIPE, text=True)
    try:
        assert firmware.stdout is not None
        port = firmware.stdout.readline().strip()
        with command(tmp_path, "--bridge", port) as (client, _):
            log_in(client)
            assert until(lambda: client.get("/api/admin/state").json()["bridge"]["there"])
            firmware.kill()
            until(lambda: client.get("/api/admin/state").json()["bridge"]["there"] is False)
    finally:
        firmware.kill()
        firmware.wait()
