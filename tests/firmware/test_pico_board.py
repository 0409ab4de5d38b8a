"""The Pico's port and its loop run in a real MicroPython, on parts that remember what was done to them; and mypy reads
all of the firmware with the stubs of the very board. No Pico was here."""
from __future__ import annotations

import importlib.metadata
import itertools
import json
import re
import shutil
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from built_firmware import needs_micropython, needs_rp2040js

from edge.bridge.framing import FrameDecoder, encoded
from edge.bridge.interpreter import SCRIPTS, Interpreter
from edge.bridge.words import AskHello, Chip, Hello, Kind
from edge.errors import BridgeError

PARTS = Path(__file__).parent / "pico_parts"

INTERRUPT = b"\x03" * 64


class Board:
    """board.py and main.py of the Pico with stand-ins for machine, rp2 and USB."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def value(self, expression: str) -> Any:
        return literal_eval(self.interpreter.call("value", expression))

    def run(self, program: str) -> None:
        self.interpreter.call("run", program)

    def serve(self, where: str, data: bytes) -> None:
        """Bytes wait at USB or at the UART; the loop runs until it is interrupted, when it first sleeps."""
        self.run(f"{where}.arrived = {data!r}\n{USB}.later = {INTERRUPT!r}")
        self.interpreter.call("serve")


USB, UART = "board.sys.stdin", "board.machine.uarts[0]"


@pytest.fixture
def board() -> Iterator[Board]:
    needs_micropython()
    interpreter = Interpreter(SCRIPTS, PARTS, timeout_s=20)
    yield Board(interpreter)
    interpreter.close()


def hello(sent: bytes) -> Hello:
    (frame,) = FrameDecoder().process(sent)
    answer = Hello.unpacked(frame.body)
    assert answer is not None
    return answer


@pytest.mark.parametrize(("here", "there"), [(USB, UART), (UART, USB)])
def test_an_answer_goes_where_its_question_came_from(board: Board, here: str, there: str) -> None:
    board.serve(here, encoded(Kind.HELLO, 1, AskHello(7, 1).packed()))
    assert hello(board.value(f"{here}.sent")).chip == Chip.PICO and board.value(f"{there}.sent") == b""


def test_a_full_answer_waits_for_room_in_the_uart(board: Board) -> None:
    body = bytes(range(1, 58))
    board.serve(UART, encoded(Kind.PING, 1, body))
    assert board.value("board.machine.UART.ROOM") < 64
    assert [frame.body for frame in FrameDecoder().process(board.value(f"{UART}.sent"))] == [body]


def test_ctrl_c_is_a_byte_while_it_serves_and_64_of_them_give_the_prompt_back(board: Board) -> None:
    threes = encoded(Kind.PING, 3, b"\x03" * 50)
    board.serve(USB, threes + INTERRUPT[:63] + b"\0" + threes)
    frames = list(FrameDecoder().process(board.value(f"{USB}.sent")))
    assert [frame.body for frame in frames] == [b"\x03" * 50] * 2
    assert board.value("board.micropython.key") == 3 and board.value(f"{USB}.arrived") == b""


def test_the_watchdog_is_fed_while_it_serves_and_off_at_the_prompt(board: Board) -> None:
    board.run("board.machine.mem32[0x40058000] = 0xC0000123")
    board.serve(USB, encoded(Kind.PING, 1, b""))
    fed, timeout = board.value("(board.machine.watchdogs[0].fed, board.machine.watchdogs[0].timeout)")
    assert fed >= 1 and timeout < 8388
    assert board.value("board.machine.mem32[0x40058000]") == 0x80000123
    board.run("board.ms()")
    assert board.value("board.machine.watchdogs[0].fed") == fed


def test_a_core_that_fails_leaves_the_watchdog_on(board: Board) -> None:
    board.run("board.machine.mem32[0x40058000] = 1 << 30")
    board.run("def failing(): raise ValueError('broken')\nboard.read = failing")
    with pytest.raises(BridgeError, match="broken"):
        board.interpreter.call("serve")
    assert board.value("board.machine.mem32[0x40058000]") == 1 << 30 and board.value("board.micropython.key") == -1


def pins(what: str) -> list[int]:
    """The GP numbers in a row of firmware/README.md's table."""
    text = (SCRIPTS.parent / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| {what}") and "GP" in line)
    return [int(number) for number in re.findall(r"GP(\d+)", row)]


def test_pins_are_those_of_the_readme(board: Board) -> None:
    assert board.value("board.buttons()") == 0
    for pin, bit in zip(pins("buttons"), (1, 2), strict=True):
        board.run(f"board.machine.pins[{pin}].level = 0")
        assert board.value("board.buttons()") == bit
        board.run(f"board.machine.pins[{pin}].level = 1")
    for lamps, levels in ((1, [1, 0, 1]), (2, [0, 1, 0]), (3, [1, 1, 1]), (0, [0, 0, 0])):
        board.run(f"board.lamps({lamps})")
        assert board.value(f"[board.machine.pins[pin].level for pin in {[*pins('lamps'), 'LED']}]") == levels
        assert board.value("board.lit()") == lamps
    wire = board.value("{key: getattr(option, 'name', option) for key, option in "
                       "board.machine.uarts[0].options.items()}")
    assert ([wire["tx"], wire["rx"]], wire["baudrate"]) == (pins("wire"), 115200)
    assert board.value("board.machine.uarts[0].number") == 0


def convert(board: Board, samples: list[int]) -> None:
    """The converter puts 12-bit samples into the ring, wherever it is."""
    board.run(f"at = board._ring.newest()\nfor sample in {samples}:\n"
              "    board._ring.store[board._ring.first + at] = sample\n    at = (at + 1) % 1024\n"
              "board._ring.dma.write = board._ring.address + 2 * at")


def heard(board: Board, most: int = 64) -> list[int]:
    return board.value(f"(lambda room: [room[i] for i in range(board.samples(room))])"
                       f"(__import__('array').array('h', bytes(2 * {most})))")


def test_an_emulated_rp2040_samples_8000_times_a_second_round_the_ring(board: Board) -> None:
    """The very register writes, in rp2040js: converter and DMA run there as its authors read the data sheet."""
    needs_rp2040js()
    board.run("board.listen(True)")
    address, ring = board.value("board._ring.address"), 0x2000_0800
    writes = [(at, ring if word == address else word) for at, word in board.value("board.machine.mem32.log")]
    after = emulated(writes, ring, [10, 100, 130, 10_000])
    for milliseconds, seen in after.items():
        count = 8 * milliseconds
        newest = (seen["write"] - ring) // 2
        assert 0 <= newest < 1024 and abs((newest - count + 512) % 1024 - 512) <= 1, milliseconds
        if count > 1024:
            inside = [seen["ring"][(newest - back) % 1024] for back in range(1, 1001)]
            assert all((a - b) % 4096 == 4 for a, b in itertools.pairwise(inside))
    assert after[10]["ring"][:70] == [4 * i for i in range(70)]


def emulated(writes: list[tuple[int, int]], ring: int, milliseconds: list[int]) -> dict[int, dict[str, Any]]:
    """What an RP2040 has done after each of the times."""
    done = subprocess.run(["node", Path(__file__).with_name("emulated_rp2040.mjs")], capture_output=True, text=True,
                          input=json.dumps({"writes": writes, "ring": ring, "milliseconds": milliseconds}), check=True)
    return dict(zip(milliseconds, json.loads(done.stdout), strict=True))


def test_the_ring_is_aligned_to_its_size_and_the_microphones_pin_is_the_readmes(board: Board) -> None:
    board.run("board.listen(True)")
    assert board.value("board._ring.address % 2048") == 0
    assert board.value("board._ring.first + 1024 <= len(board._ring.store)")
    assert board.value("board.machine.converters[0].pin.name") == pins("microphone")[0]


def test_samples_come_in_order_round_the_ring_ten_bits_each(board: Board) -> None:
    board.run("board.listen(True)")
    assert heard(board) == []
    convert(board, [0, 4095, 2048, 2052])
    assert heard(board) == [-512, 511, 0, 1]
    count = 0
    for _ in range(30):
        convert(board, [4 * (count + i) % 4096 for i in range(50)])
        assert heard(board) == [(count + i) % 1024 - 512 for i in range(50)]
        count += 50
    convert(board, [2048] * 100)
    assert (len(heard(board)), len(heard(board)), len(heard(board))) == (64, 36, 0)


def test_the_converter_is_started_anew_when_its_count_has_ended(board: Board) -> None:
    board.run("board.listen(True)")
    convert(board, [2048] * 5)
    board.run("board._ring.dma.running = False")
    assert heard(board) == [] and board.value("board._ring.dma.running")
    board.run("board.listen(False)")
    assert not board.value("board._ring.dma.running") and board.value("board.machine.mem32[0x4004C000]") == 0


def test_a_part_of_the_ram_is_tested_and_a_byte_that_does_not_keep_is_named(board: Board) -> None:
    assert board.value("(board.ram_bytes(), board.ram_fault())") == (16384, 0)
    board.run(WORN)
    assert board.value("board.ram_fault()") == 0x1237


WORN = """
class Worn:
    def __init__(self, count):
        self.kept = bytearray(count)
    def __setitem__(self, at, value):
        self.kept[at] = value
        self.kept[7] = 0x55
    def __getitem__(self, at):
        return self.kept[at]
    def __eq__(self, other):
        return self.kept == other
class Addresses:
    def addressof(self, block):
        return 0x20001230
board.bytearray, board.uctypes = Worn, Addresses()
"""
"""Memory whose seventh byte is always 55h."""


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stubs in a folder of their own: mypy takes none from among installed packages."""
    folder = tmp_path_factory.mktemp("stubs")
    for name in ("micropython-rp2-stubs", "micropython-stdlib-stubs"):
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed: pip install '.[dev]'")
        for file in files:
            if file.suffix == ".pyi" or file.name == "VERSIONS":
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), folder / file)
    return folder


def typed(folder: Path, stubs: Path) -> str:
    """What mypy says of the modules in a folder; the stubs' own faults are not ours."""
    theirs = ("machine", "rp2", "_mpy_shed.*", "uctypes", "select")
    (stubs / "mypy.ini").write_text("[mypy]\nstrict = True\n" + "".join(
        f"[mypy-{module}]\nignore_errors = True\n" for module in theirs))
    done = subprocess.run([sys.executable, "-m", "mypy", "--config-file", stubs / "mypy.ini", "--custom-typeshed-dir",
                           stubs, "--cache-dir", stubs / "cache", *sorted(folder.glob("*.py"))], cwd=folder,
                          capture_output=True, text=True, env={"MYPYPATH": str(stubs), "PATH": ""})
    return done.stdout + done.stderr


def test_the_firmware_has_the_types_that_the_board_has(stubs: Path, tmp_path: Path) -> None:
    assert typed(SCRIPTS, stubs).startswith("Success"), typed(SCRIPTS, stubs)
    shutil.copytree(SCRIPTS, tmp_path / "wrong")
    with (tmp_path / "wrong" / "board.py").open("a") as file:
        file.write("\n_buttons[0].colour()\n")
    assert '"Pin" has no attribute "colour"' in typed(tmp_path / "wrong", stubs)
