"""The Pico's files go over, are read back, and start last: with a stand-in for mpremote whose board is a folder."""
from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from built_firmware import needs_micropython

from edge.boards import load_solver_board
from edge.cli import run
from edge.errors import FlashError
from tools.flash.by_mpremote import Program, Remote, flash_by_mpremote, read_program
from tools.flash.command import command
from tools.flash.images import image_for
from tools.flash.steps import Brake, Interrupted, StepError

BOARD = load_solver_board("pico")

STAND_IN = """#!/usr/bin/env python3
import io, os, shutil, sys, types
from contextlib import redirect_stdout
from pathlib import Path
board, log = Path(__file__).with_name("board"), Path(__file__).with_name("log")
assert sys.argv[1] == "connect"
action = sys.argv[3:]
log.open("a").write(f"{sys.argv[2]} {action[0]} {action[-1] if action[0] == 'fs' else ''}\\n")
if action[:2] == ["fs", "cp"]:
    if SPOILS not in action[3]:
        shutil.copyfile(action[2], board / action[3].lstrip(":"))
elif action[0] == "exec":
    fake = types.ModuleType("os")
    fake.listdir = lambda _: os.listdir(board)
    fake.remove = lambda name: os.remove(board / name.lstrip("/"))
    fake.statvfs = lambda _: (4096, 4096, 0, FREE)
    machine = types.ModuleType("machine")
    machine.unique_id = lambda: bytes(range(8))
    sys.modules.update(os=fake, machine=machine)
    sys.platform = "PLATFORM"
    exec(action[1], {"open": lambda name, mode: io.open(board / name.lstrip("/"), mode)})
elif action[0] == "reset" and STARTS:
    import subprocess
    started = subprocess.Popen(STARTS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    Path(__file__).with_name("pid").write_text(str(started.pid))
sys.exit(CODE)
"""


@pytest.fixture
def program() -> Program:
    return read_program(image_for("pico"), BOARD)


@pytest.fixture
def remote(tmp_path: Path) -> Callable[..., Remote]:
    """`remote(spoils, platform, free, code, starts)`: mpremote's stand-in; the board is a folder with files of its own;
    `starts` is run when it is reset."""
    def make(spoils: str = "nothing.at.all", platform: str = "rp2", free: int = 300, code: int = 0,
             starts: tuple[str, ...] = ()) -> Remote:
        path = tmp_path / "mpremote"
        text = STAND_IN.replace("SPOILS", repr(spoils)).replace("PLATFORM", platform)
        text = text.replace("FREE", str(free)).replace("CODE", str(code)).replace("STARTS", repr(list(starts)))
        path.write_text(text, encoding="ascii")
        path.chmod(0o755)
        (tmp_path / "board").mkdir(exist_ok=True)
        (tmp_path / "board" / "main.py").write_text("old")
        (tmp_path / "board" / "photos.txt").write_text("mine")
        return Remote("/dev/ttyACM9", str(path))

    return make


def flashed(there: Remote, program: Program, brake: Brake | None = None):
    sent: list[bytes] = []
    done = flash_by_mpremote(there, program, sent.append, lambda *_: None, brake or Brake())
    assert sent == [b"\x03" * 64], "a running program gives the prompt back"
    return done


def test_all_files_are_copied_read_back_and_main_comes_last(remote, program: Program, tmp_path: Path) -> None:
    done = flashed(remote(), program)
    board = tmp_path / "board"
    assert {name: (board / name).read_bytes() for name in program.files} == program.files
    assert (board / "photos.txt").read_text() == "mine", "what else is there stays"
    assert done.die == "0001020304050607" and done.bytes == sum(map(len, program.files.values()))
    log = (tmp_path / "log").read_text().splitlines()
    copies = [line.split(":")[1] for line in log if " fs " in line]
    assert copies[-1] == "main.py" and log[-1].split()[1] == "reset" and set(copies) == set(program.files)
    assert all(line.startswith("/dev/ttyACM9 ") for line in log)


@pytest.mark.parametrize("name", ["frame.py", "main.py"])
def test_a_file_that_did_not_arrive_is_found_out(remote, program: Program, tmp_path: Path, name: str) -> None:
    there = remote(spoils=name)
    if name != "main.py":
        (tmp_path / "board" / name).write_text("old")
    with pytest.raises(StepError, match=rf"^verify: {name} has SHA-256 |^verify: mpremote ended with 1: "):
        flashed(there, program)
    if name != "main.py":
        assert not (tmp_path / "board" / "main.py").exists(), "nothing starts that was not read back"


def test_another_board_a_full_one_and_a_failing_tool_are_named(remote, program: Program, tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"^identify: MicroPython runs there on 'esp32', a Pico says 'rp2'; nothing "):
        flashed(remote(platform="esp32"), program)
    with pytest.raises(StepError, match=r"^identify: the files are [\d,]+ bytes, 4,096 are free on the board; nothing"):
        flashed(remote(free=1), program)
    with pytest.raises(StepError, match=r"^identify: mpremote ended with 3: "):
        flashed(remote(code=3), program)
    assert (tmp_path / "board" / "main.py").read_text() == "old"


def test_a_pulled_brake_stops_between_files(remote, program: Program, tmp_path: Path) -> None:
    brake = Brake()

    def told(step: str, done: int, total: int) -> None:
        brake.pulled = step == "write" and done > total // 2

    with pytest.raises(Interrupted, match=r"^write: stopped; \d+ of \d+ files were copied, no main.py: nothing "):
        flash_by_mpremote(remote(), program, lambda _: None, told, brake)
    assert not (tmp_path / "board" / "main.py").exists()


def test_a_folder_that_is_not_ours_or_was_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match=r"is not ours: it has no main.py, mark.py, tables.py, words.py"):
        read_program(tmp_path, BOARD)
    ours = tmp_path / "ours"
    shutil.copytree(image_for("pico"), ours)
    assert read_program(ours, BOARD).sha256 == read_program(image_for("pico"), BOARD).sha256
    (ours / "frame.py").write_text("pass\n")
    with pytest.raises(FlashError, match=r"its files have CRC 0x[0-9a-f]+, mark.py says 0x"):
        read_program(ours, BOARD)
    (ours / "mark.py").write_text("FILES = (\n")
    with pytest.raises(FlashError, match=r"mark.py: cannot be read"):
        read_program(ours, BOARD)


def test_a_file_that_the_mark_does_not_name_is_not_flashed(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    shutil.copytree(image_for("pico"), ours)
    (ours / "extra.py").write_text("pass\n")
    with pytest.raises(FlashError, match=r"mark\.py says"):
        read_program(ours, BOARD)


def test_the_real_mpremote_takes_our_words_and_says_that_there_is_no_port(program: Program) -> None:
    pytest.importorskip("mpremote", reason="mpremote is missing: pip install '.[flash]'")
    if shutil.which("mpremote") is None:
        pytest.skip("mpremote is installed, but not among the programs of this shell")
    with pytest.raises(StepError, match=r"^identify: mpremote ended with 1: mpremote: .*no-such-port.*; nothing was"):
        flashed(Remote("/dev/no-such-port"), program)


def test_without_mpremote_it_is_said_how_to_get_it() -> None:
    with pytest.raises(FlashError, match=r"no-mpremote is not installed; pip install '.\[flash\]'"):
        Remote("/dev/x", "no-mpremote")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Path]:
    """A name for the board's port: first a terminal where nobody answers, then whatever the reset puts there."""
    master, other = os.openpty()
    tty.setraw(other)
    (tmp_path / "port").symlink_to(os.ttyname(other))
    yield tmp_path / "port"
    for end in (master, other):
        os.close(end)
    if (tmp_path / "pid").exists():
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)


def test_a_pico_is_flashed_restarted_and_tests_itself(remote, port: Path, program: Program, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch,
                                                      capfd: pytest.CaptureFixture[str]) -> None:
    """From end to end, with MicroPython's own answers: the reset starts the simulated Pico on the same port."""
    needs_micropython()
    remote(starts=(sys.executable, "-m", "edge", "simulate", "pico", "--link", str(port)))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(sys, "argv", ["masque flash", "pico", "--port", str(port), "--without", "microphone", "--json"])
    with pytest.raises(SystemExit) as ended:
        run(command, "masque")
    out, err = capfd.readouterr()
    assert not ended.value.code, err
    told = json.loads(out)
    assert told["sha256"] == program.sha256 and told["verified"] and told["through"] == "mpremote"
    assert {test["name"]: test["good"] for test in told["self_test"]} == {
        "ram": None, "program": True, "tables": True, "tile": True, "projection": True, "buttons": True, "lamps": True}
