"""`masque flash` from end to end: a port, the simulated bootloader, and behind it the firmware's own C."""
from __future__ import annotations

import csv
import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from board_on_socket import BoardOnSocket
from built_firmware import Simulated
from click.testing import CliRunner
from given_images import BOARD
from host_firmware import HostFirmware
from outcome import Outcome
from simulated_bootloader import Habits, SimulatedBoard

from edge.bridge.framing import FrameDecoder
from edge.bridge.words import Kind
from edge.cli import run
from tools.flash import known
from tools.flash.command import RULES, command
from tools.flash.image import read_image

ROOT = Path(__file__).parents[2]

WITHOUT = ("--without", "microphone", "--lines", "none")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where copies of images are kept; and a board that says nothing is given up sooner than a user would have it."""
    monkeypatch.setattr("edge.bridge.link.GREETING_TRIES", 1)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def flash(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """`flash(*arguments)`: `masque flash` as the console script runs it."""
    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["masque flash", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run(command, "masque")
        out, err = capfd.readouterr()
        return Outcome(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def on_socket(library: Path) -> Iterator[Callable[..., BoardOnSocket]]:
    """`on_socket(contents, slow_s)`: a board in its bootloader."""
    boards: list[BoardOnSocket] = []

    def start(contents: dict[int, int] | None = None, slow_s: float = 0.0) -> BoardOnSocket:
        board = SimulatedBoard(contents or {})
        board._restart(bootloader=True)
        boards.append(BoardOnSocket(board, HostFirmware(library), slow_s))
        return boards[-1]

    yield start
    for board in boards:
        board.stop()


@pytest.fixture(scope="module")
def elf(images: Path) -> Path:
    return images / "masque.elf"


def test_a_board_is_erased_on_request_written_read_back_and_tests_itself(flash, on_socket, elf: Path,
                                                                         state: Path) -> None:
    there = on_socket()
    done = flash("msp430fr2433", "--port", there.url, "--erase", "--image", elf, *WITHOUT, "--json")
    assert done.code == 0, done.err
    image = read_image(elf, BOARD)
    assert all(there.board.memory[address] == value for address, value in image.memory.items())
    assert "all 15,360 B of program and 512 B of information memory of the msp430fr2433 will be lost" in done.err
    told = done.json
    assert (told["bytes"], told["verified"], told["baud"]) == (len(image.memory), True, 115200)
    assert told["sha256"] == image.sha256
    assert {test["name"]: test["good"] for test in told["self_test"]} == {
        "ram": None, "program": True, "tables": True, "tile": True, "projection": True, "buttons": True, "lamps": True}
    assert told["peak_rss_mb"] > 5 and told["die"] == "2122232425262728" and told["through"] == "bootloader"
    assert [kept.sha256 for kept in known.kept(BOARD)] == [image.sha256]


def test_a_failed_self_test_is_exit_1_and_says_that_the_image_is_right(flash, on_socket, elf: Path) -> None:
    done = flash("msp430fr2433", "--port", on_socket().url, "--erase", "--image", elf, "--lines", "none")
    assert done.code == 1 and "verified" in done.out and "FAILED    microphone no sample of 256 came" in done.out
    assert done.err.splitlines()[-1] == ("masque: msp430fr2433: written and read back, but its self-test failed: "
                                         "microphone")


def test_without_erase_a_board_that_says_nothing_is_left_alone(flash, on_socket, elf: Path) -> None:
    there = on_socket({0xFFFE: 0, 0xFFFF: 0xC4, 0xC400: 7})
    done = flash("msp430fr2433", "--port", there.url, "--image", elf, *WITHOUT)
    assert done.code == 1 and there.board.erasures == [] and there.board.locked and there.board.memory[0xC400] == 7
    assert done.err.strip() == ("masque: the board says nothing; a wrong password would erase it. Name the image that "
                                "it runs with --old-image, or let it be erased with --erase")


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(flash, on_socket, elf: Path) -> None:
    there = on_socket({0xFFFE: 0, 0xFFFF: 0xC4})
    before = bytes(there.board.memory)
    done = flash("msp430fr2433", "--port", there.url, "--image", elf, *WITHOUT, "--dry-run")
    assert done.code == 0 and bytes(there.board.memory) == before
    assert "password  not known: without --erase nothing would be sent\ndry run   nothing was changed" in done.out
    told = flash("msp430fr2433", "--port", there.url, "--erase", "--image", elf, "--dry-run", "--json").json
    assert told["dry_run"] and told["erase"] and told["through"] == "bootloader" and bytes(there.board.memory) == before


class MachineCode:
    """The image in mspdebug's simulator, as what runs on the board. After its first self-test somebody enters the
    bootloader by hand."""

    def __init__(self, chip: Simulated, board: SimulatedBoard) -> None:
        self.board, self.asked = board, 0
        self._port = os.open(chip.simulator.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def give(self, data: bytes) -> bytes:
        os.write(self._port, data)
        said = b""
        while select.select([self._port], [], [], 0.3 if data.endswith(b"\0") and not said else 0.02)[0]:
            said += os.read(self._port, 4096)
        if any(frame.kind == Kind.SELF_TEST | Kind.ANSWER for frame in FrameDecoder().process(said)):
            self.asked += 1
            if self.asked == 1:
                self.board._restart(bootloader=True)
        return said


class Hum(deque[int]):
    """What a microphone hears of a room, for as long as anybody listens."""

    def popleft(self) -> int:
        self.rotate(-1)
        return self[-1]


def test_a_board_that_says_what_it_runs_is_flashed_anew_without_erasing(flash, simulated: Simulated, images: Path,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine code's own answer gives the key, the bootloader takes it, and the machine code tests itself."""
    monkeypatch.setattr("edge.bridge.link.GREETING_TRIES", 8)  # a busy machine lets a simulated chip answer late
    file = images / "masque-sim.elf"
    image = read_image(file, BOARD)
    board = SimulatedBoard({**image.memory, 0x1800: 42})
    there = BoardOnSocket(board, MachineCode(simulated, board))
    simulated.simulator.pins.samples = Hum((3, -4))
    try:
        done = flash("msp430fr2433", "--port", there.url, "--image", file, "--lines", "none", "--json")
    finally:
        there.stop()
        simulated.simulator.pins.samples = deque()
    assert done.code == 0, done.err
    assert board.erasures == [] and board.memory[0x1800] == 42, "information memory included"
    assert done.json["verified"] and {test["name"] for test in done.json["self_test"] if test["good"]} == {
        "ram", "program", "tables", "tile", "projection", "microphone", "buttons", "lamps"}


def patched(elf: Path, to: Path, *changes: tuple[bytes, bytes]) -> Path:
    content = elf.read_bytes()
    for old, new in changes:
        assert content.count(old) == 1 and len(old) == len(new)
        content = content.replace(old, new)
    to.write_bytes(content)
    return to


def test_images_of_others_and_damaged_ones_are_refused(flash, elf: Path, tmp_path: Path) -> None:
    other = patched(elf, tmp_path / "a.elf", (b"msp430fr2433\0", b"msp430fr2355\0"))
    foreign = patched(elf, tmp_path / "b.elf", (b"masque\0\0msp430", b"mosque\0\0msp430"))
    image = read_image(elf, BOARD)
    code = bytes(image.memory[address] for address in range(image.mark.start + 64, image.mark.start + 96))
    damaged = patched(elf, tmp_path / "c.elf", (code, bytes(byte ^ 1 for byte in code)))
    for path, said in ((other, "was built for msp430fr2355, the board is a msp430fr2433"),
                       (foreign, "is not ours: it has no mark at 0xff60"), (damaged, "its program has CRC 0x")):
        done = flash("msp430fr2433", "--port", "/dev/null", "--image", path, "--erase")
        assert done.code == 1 and said in done.err, done.err
    (tmp_path / "d.elf").write_bytes(b"no ELF")
    assert "no ELF file for the MSP430" in flash("msp430fr2433", "--image", tmp_path / "d.elf").err


@pytest.mark.parametrize("arguments", [
    ("pico", "--erase"), ("pico", "--old-image", "x"), ("msp430fr2433", "--through", "bootloader"), ("esp32",),
    ("msp430fr2433", "--count", "2"), ("msp430fr2433", "--lines", "crossed")])
def test_what_does_not_go_together_is_exit_2(flash, arguments: tuple[str, ...]) -> None:
    assert flash(*arguments).code == 2


def test_a_port_that_is_not_there_is_one_line(flash, elf: Path) -> None:
    done = flash("msp430fr2433", "--port", "/dev/no-such-port", "--image", elf, "--erase")
    assert done.code == 1 and "/dev/no-such-port: there is no such port" in done.err.splitlines()[-1]


def spawned(*arguments: object, **popen: int) -> subprocess.Popen[str]:
    script = "from edge.cli import run; from tools.flash.command import command; run(command, 'masque')"
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
                            **popen)


def test_ctrl_c_stops_between_packets_and_says_what_is_on_the_board(on_socket, elf: Path, flash) -> None:
    there = on_socket(slow_s=0.03)
    process = spawned("msp430fr2433", "--port", there.url, "--erase", "--image", elf, *WITHOUT)
    until = time.monotonic() + 30
    while there.board.memory[0xC700] == 0xFF and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "write: stopped; the board holds " in err and "no reset vector: it waits in its bootloader" in err, err
    assert not there.board._packet and there.board.memory[0xFFFE:] == b"\xff\xff"
    there.slow_s = 0.0
    assert flash("msp430fr2433", "--port", there.url, "--erase", "--image", elf, *WITHOUT).code == 0


def test_many_boards_leave_a_line_each_and_a_failed_one_is_red(on_socket, elf: Path, tmp_path: Path) -> None:
    there, log = on_socket(), tmp_path / "boards.csv"

    def numbers() -> Iterator[str]:
        yield "A-17\n"
        there.board._restart(bootloader=True)
        there.board.habits = Habits(pretends=True, answers_erase=False)
        yield "A-18\n"

    runner = CliRunner()
    arguments = ["msp430fr2433", "--port", there.url, "--erase", "--image", str(elf), *WITHOUT]
    done = runner.invoke(command, [*arguments, "--serial-log", str(log)], input=Typed(numbers()), color=True)
    assert done.exit_code == 1, done.output
    rows = list(csv.DictReader(log.open(encoding="utf-8")))
    assert [(row["serial"], row["result"], row["step"], row["self_test"]) for row in rows] == [
        ("A-17", "ok", "", "ok"), ("A-18", "failed", "verify", "not asked")]
    assert rows[0]["sha256"] == read_image(elf, BOARD).sha256 and rows[0]["die"] == "2122232425262728"
    assert "\x1b[31mFAILED  A-18: verify: at 0xc400 the chip holds" in done.output
    assert f"2 boards, 1 good, 1 failed: {log}" in done.output


def test_ctrl_c_ends_a_row_of_boards_and_its_log_is_whole(on_socket, elf: Path, tmp_path: Path) -> None:
    there, log = on_socket(), tmp_path / "boards.csv"
    process = spawned("msp430fr2433", "--port", there.url, "--erase", "--image", elf, *WITHOUT, "--serial-log", log,
                      stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write("A-1\n")
    process.stdin.flush()
    until = time.monotonic() + 30
    while (not log.exists() or log.read_text().count("\n") < 2) and time.monotonic() < until:
        time.sleep(0.05)
    there.board._restart(bootloader=True)
    there.slow_s = 0.03
    process.stdin.write("A-2\n")
    process.stdin.flush()
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    rows = list(csv.DictReader(log.open(encoding="utf-8")))
    assert [(row["serial"], row["step"], row["result"]) for row in rows] == [("A-1", "", "ok"),
                                                                             ("A-2", "stopped", "failed")]
    assert "stopped; the board holds" in rows[1]["said"] or "stopped; the board was told" in rows[1]["said"]
    assert process.returncode == 1 and "2 boards, 1 good, 1 failed" in out and "stopped; the board" in err


def test_ctrl_c_between_two_boards_is_no_failure(on_socket, elf: Path, tmp_path: Path) -> None:
    process = spawned("msp430fr2433", "--port", on_socket().url, "--image", elf, "--serial-log", tmp_path / "log.csv",
                      stdin=subprocess.PIPE)
    assert process.stdout is not None and "Ctrl-C ends" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0 and "0 boards, 0 good, 0 failed" in out


class Typed(io.RawIOBase):
    """Standard input on which a line is typed when it is asked for."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._left = lines, b""

    def readable(self) -> bool:
        return True

    def readinto(self, room) -> int:
        if not self._left:
            self._left = next(self._lines, "").encode()
        count = min(len(room), len(self._left))
        room[:count], self._left = self._left[:count], self._left[count:]
        return count


def test_the_udev_rules_are_printed_without_a_board(flash) -> None:
    done = flash("--udev-rules")
    assert done.code == 0 and done.out == RULES.read_text(encoding="ascii")
    for number in ("2047", "0013", "2e8a", "0005", 'TAG+="uaccess"', "ID_MM_DEVICE_IGNORE"):
        assert number in done.out
    lines = [line for line in done.out.splitlines() if line and not line.startswith("#")]
    assert all("==" in line and line.count('"') % 2 == 0 for line in lines) and json.dumps(lines)
