"""A link goes on when bytes, answers, the device or the port are gone for a while, and says so when they stay away."""
from __future__ import annotations

import os
import subprocess
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from host_firmware import HostFirmware, HostWire

from edge.bridge.device import Device
from edge.bridge.framing import Frame, FrameDecoder, encoded
from edge.bridge.link import PAUSES_S, Link
from edge.bridge.ports import open_wire
from edge.bridge.words import VERSION, Hello, Kind
from edge.errors import BridgeError
from edge.matting.q15 import quantised, solve_tile


@pytest.fixture
def firmware(library: Path) -> HostFirmware:
    """In C alone: this side of the wire is what is tested."""
    return HostFirmware(library)


class Unplugged(HostWire):
    """A port that goes away after some writes."""

    def __init__(self, firmware: HostFirmware, writes: int) -> None:
        super().__init__(firmware)
        self.writes = writes

    def write(self, data: bytes) -> None:
        self.writes -= 1
        if self.writes < 0:
            raise OSError(5, "Input/output error")
        super().write(data)


class Deaf(HostWire):
    """Loses the first answers."""

    def __init__(self, firmware: HostFirmware, losses: int) -> None:
        super().__init__(firmware)
        self.losses, self.waits_s = losses, []

    def read(self, timeout_s: float) -> bytes:
        arrived = super().read(timeout_s)
        if arrived and self.losses:
            self.losses -= 1
            arrived = b""
        self.waits_s.append(timeout_s)
        return arrived


class Scripted:
    """A device that says the same to everything."""

    def __init__(self, said) -> None:
        self.said, self._arrived = said, b""

    def write(self, data: bytes) -> None:
        for frame in FrameDecoder().process(data):
            self._arrived += self.said(frame)

    def read(self, timeout_s: float) -> bytes:
        arrived, self._arrived = self._arrived, b""
        return arrived

    def close(self) -> None:
        pass


def link_over(*wires) -> tuple[Link, list[float]]:
    """A link that opens one wire after the other, and the pauses that it makes."""
    pauses: list[float] = []
    waiting = iter(wires)

    def opened():
        wire = next(waiting)
        if isinstance(wire, Exception):
            raise wire
        return wire

    return Link(opened, pause=pauses.append), pauses


def test_a_lost_answer_is_asked_for_again_under_the_same_number(firmware: HostFirmware) -> None:
    wire = Deaf(firmware, losses=3)
    link, _ = link_over(wire)
    assert link.exchange(Kind.PING, b"abc") == b"abc"
    assert link.counters.resent == 3
    assert wire.waits_s[0] < wire.waits_s[1] < wire.waits_s[2], "each try waits longer"


def test_a_device_that_was_unplugged_is_opened_and_greeted_again(firmware: HostFirmware) -> None:
    gone = FileNotFoundError(2, "No such file or directory")
    link, pauses = link_over(Unplugged(firmware, 2), gone, gone, HostWire(firmware))
    device = Device(link)
    device.ping()
    firmware.reset()
    device.ping()
    assert link.counters.openings == 2
    assert pauses == [0.0, *PAUSES_S[1:4]], "with growing pauses"


def test_who_never_answers_is_given_up_with_a_word_on_what_to_do(firmware: HostFirmware) -> None:
    silent = [Scripted(lambda frame: b"") for _ in range(9)]
    link, _ = link_over(*silent)
    with pytest.raises(BridgeError, match=r"does not answer \(no answer\); is it plugged in, flashed"):
        Device(link)


def test_a_device_that_chatters_all_the_time_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port at another speed, or somebody else's firmware."""
    class Chatter(Scripted):
        def read(self, timeout_s: float) -> bytes:
            return b"temperature 21.5\r\n\0"

    monkeypatch.setattr("edge.bridge.link.ANSWER_S", 0.01)
    link, _ = link_over(*[Chatter(lambda frame: b"") for _ in range(9)])
    with pytest.raises(BridgeError, match="does not answer"):
        link._persistent(Kind.PING, b"", 0.01, (0.0, 0.0), 3)
    assert link.counters.damaged > 10


def test_why_a_port_does_not_open_is_told() -> None:
    link, _ = link_over(*[BridgeError("/dev/ttyACM0: is in use")] * 9)
    with pytest.raises(BridgeError, match=r"/dev/ttyACM0: is in use"):
        Device(link)


def test_a_banner_and_half_a_frame_before_the_first_answer_do_no_harm(firmware: HostFirmware) -> None:
    wire = HostWire(firmware)
    firmware.give(encoded(Kind.PING, 1, b"cut off")[:6])
    wire._arrived = b"MSP430 ready\r\n" + b"\x07\x01"
    link, _ = link_over(wire)
    Device(link).ping()
    assert link.counters.damaged >= 1


def test_answers_that_nobody_asked_for_are_not_taken(firmware: HostFirmware) -> None:
    def answered(frame) -> bytes:
        late = encoded(Kind.PING | Kind.ANSWER, (frame.sequence - 1) & 0xFF, b"late")
        other = encoded(Kind.LAMPS | Kind.ANSWER, frame.sequence, b"\0")
        return late + other + encoded(Kind.PING | Kind.ANSWER, frame.sequence, b"right")

    link, _ = link_over(Scripted(answered))
    assert link.exchange(Kind.PING, b"") == b"right"
    assert link.counters.strays == 2


def test_alphas_that_are_not_those_of_the_solve_are_asked_for_again(firmware: HostFirmware) -> None:
    """Whatever let a wrong alpha through as a sound frame: the CRC of the whole says that it is wrong."""
    class Altering(HostWire):
        altered = 0

        def read(self, timeout_s: float) -> bytes:
            frames = [frame for frame in FrameDecoder().process(super().read(timeout_s))]
            if self.altered == 0 and any(frame.kind == Kind.ALPHA for frame in frames):
                self.altered += 1
                frames = [Frame(frame.fate, frame.kind, frame.sequence, bytes(len(frame.body))) for frame in frames]
            return b"".join(encoded(frame.kind, frame.sequence, frame.body) for frame in frames)

    wire = Altering(firmware)
    link, _ = link_over(wire)
    shares = np.random.default_rng(1).dirichlet([1.0] * 5, 40)
    tile = quantised(np.zeros((40, 4), int), shares[:, :4], shares[:, 4], np.ones(40))
    assert np.array_equal(Device(link).solve(tile, 9).answer.alpha, solve_tile(tile, 9).alpha)
    assert wire.altered == 1


def test_firmware_of_another_version_is_refused_with_both() -> None:
    hello = Hello(VERSION + 1, 1, 96, 4, 96, 32, 0, 0).packed()
    link, _ = link_over(Scripted(lambda frame: encoded(Kind.HELLO | Kind.ANSWER, frame.sequence, hello)))
    with pytest.raises(BridgeError, match=f"words of version {VERSION + 1}, this program {VERSION}; flash"):
        Device(link)


def test_a_request_that_the_firmware_does_not_know_is_an_error_at_once(firmware: HostFirmware) -> None:
    link, _ = link_over(HostWire(firmware))
    with pytest.raises(BridgeError, match="does not know request 0x3f with 2 bytes"):
        link.exchange(0x3F, b"ab")
    assert link.counters.resent == 0


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """A pseudo-terminal: our end, and the name of the other."""
    master, other = os.openpty()
    tty.setraw(other)
    yield master, os.ttyname(other)
    os.close(master)
    os.close(other)


def test_a_port_is_ours_alone(terminal: tuple[int, str]) -> None:
    wire = open_wire(terminal[1], 115200)
    with pytest.raises(BridgeError, match="is in use; another program may hold it"):
        open_wire(terminal[1], 115200)
    wire.close()
    open_wire(terminal[1], 115200).close()


def test_bytes_arrive_as_they_come_and_waiting_ends_in_time(terminal: tuple[int, str]) -> None:
    wire = open_wire(terminal[1], 115200)
    assert wire.read(0.01) == b""
    os.write(terminal[0], bytes(range(256)))
    got = b""
    while len(got) < 256:
        got += wire.read(2.0)
    assert got == bytes(range(256))
    wire.write(b"\x00\x03\x11\x13\x7f\xff")
    assert os.read(terminal[0], 16) == b"\x00\x03\x11\x13\x7f\xff"
    wire.close()


def test_a_url_of_pyserial_will_do() -> None:
    wire = open_wire("loop://", 115200)
    wire.write(b"abc")
    assert wire.read(1.0) == b"abc"


@pytest.mark.parametrize(("url", "said"), [
    ("/dev/ttyNOTHING9", "/dev/ttyNOTHING9: there is no such port"),
    ("nonsense://x", "nonsense://x: "),
    ("serial:NO-SUCH", "no board with the serial number NO-SUCH among the serial ports"),
])
def test_a_port_that_cannot_be_opened_says_why(url: str, said: str) -> None:
    with pytest.raises(BridgeError) as failed:
        open_wire(url, 115200)
    assert str(failed.value).startswith(said)


def test_the_same_firmware_answers_as_a_process_on_a_terminal(library: Path) -> None:
    """Through a real terminal and pyserial; the process is ended in the middle and another takes its place."""
    def started() -> tuple[subprocess.Popen, str]:
        process = subprocess.Popen([library.with_name("masque-host")], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    process, path = started()
    paths = [path]
    device = Device(Link(lambda: open_wire(paths[-1], 115200), pause=lambda _: None))
    device.ping()
    process.kill()
    process.wait()
    process, path = started()
    paths.append(path)
    device.ping(b"renumbered")
    assert device.link.counters.openings >= 2
    process.kill()
    process.wait()
