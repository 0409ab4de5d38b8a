"""Fixtures for tests/bridge and tests/firmware: the firmware built for this machine and for the chip, and a simulated
chip."""
from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from host_firmware import Firmware, HostFirmware, HostWire
from pico_firmware import PicoFirmware

from edge.bridge.device import Device
from edge.bridge.interpreter import STAND_IN, Interpreter, pico_firmware
from edge.bridge.link import Link
from edge.bridge.ports import open_wire
from edge.bridge.simulator import Request, Simulator

ROOT = Path(__file__).parents[1]


def needs(*programs: str) -> None:
    """Skips where a program is missing that `make test` would have installed; on CI that is a failure."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"{', '.join(missing)} missing: make test installs them")
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: sudo apt install clang lld llvm mspdebug libclang-rt-14-dev")


def needs_micropython(package: str = "@micropython") -> None:
    """Skips where Node.js or a package of firmware/webassembly is missing, as `needs` does."""
    missing = [what for what, there in (("node", shutil.which("node")),
                                        (package, (STAND_IN / "node_modules" / package).is_dir())) if not there]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"{', '.join(missing)} missing: make test installs them")
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: sudo apt install nodejs npm; npm ci --prefix firmware/webassembly")


def needs_rp2040js() -> None:
    """The same for the emulated chip."""
    needs_micropython("rp2040js")


def built(folder: str, *arguments: str) -> Path:
    """The build folder of a part of the firmware, after make; one process makes at a time."""
    with (ROOT / "firmware" / folder / "Makefile").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        done = subprocess.run(["make", "-s", "-C", ROOT / "firmware" / folder, *arguments],
                              capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "firmware" / folder / "build"


class Simulated:
    """A simulated chip that runs in a thread of its own until it is stopped."""

    def __init__(self, image: Path) -> None:
        self.requests: list[Request] = []
        self.simulator = Simulator(image, self.requests.append)
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def device(self) -> Device:
        """A device at the other end of its terminal."""
        return Device(Link(lambda: open_wire(self.simulator.path, 115200)))

    def stop(self) -> None:
        self._running = False
        self._thread.join(timeout=30)
        self.simulator.close()

    def _run(self) -> None:
        while self._running:
            self.simulator.turn()


@pytest.fixture(scope="session")
def library() -> Path:
    """The firmware as a shared library for this machine."""
    return built("host") / "libmasque.so"


@pytest.fixture(scope="session")
def interpreter() -> Iterator[Interpreter]:
    """The Pico's firmware in one MicroPython for all tests."""
    needs_micropython()
    process = pico_firmware()
    yield process
    process.close()


@pytest.fixture
def pico(interpreter: Interpreter) -> PicoFirmware:
    """The same, just reset."""
    return PicoFirmware(interpreter)


@pytest.fixture(params=["C", "MicroPython"])
def firmware(request: pytest.FixtureRequest) -> Firmware:
    """The firmware, just reset: in C in this process, and in MicroPython."""
    if request.param == "C":
        return HostFirmware(request.getfixturevalue("library"))
    return request.getfixturevalue("pico")


@pytest.fixture
def device(firmware: Firmware) -> Device:
    """The same, behind a perfect wire."""
    return Device(Link(lambda: HostWire(firmware), pause=lambda _: None))


@pytest.fixture(scope="session")
def images() -> Path:
    """The folder with the chip's image, masque.elf, and the simulator's, masque-sim.elf."""
    needs("clang", "ld.lld", "llvm-objcopy", "llvm-objdump")
    return built("msp430fr2433")


@pytest.fixture(scope="session")
def simulated(images: Path) -> Iterator[Simulated]:
    """One simulated chip for all tests."""
    needs("mspdebug")
    chip = Simulated(images / "masque-sim.elf")
    yield chip
    chip.stop()


@pytest.fixture
def started_simulation(images: Path) -> Iterator[Callable[[Path], Simulated]]:
    """`started_simulation(image)`: another simulated chip, stopped after the test."""
    needs("mspdebug")
    chips: list[Simulated] = []

    def start(image: Path) -> Simulated:
        chips.append(Simulated(image))
        return chips[-1]

    yield start
    for chip in chips:
        chip.stop()
