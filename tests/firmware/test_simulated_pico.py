"""`masque simulate pico` offers the Pico's firmware, in a real MicroPython, as a port that `masque bridge` can use."""
from __future__ import annotations

import os
import re
import signal
import subprocess
import wave
from ast import literal_eval
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from built_firmware import needs_micropython
from vector_sounds import sound

import edge.bridge.interpreter
from edge.boards import load_solver_board
from edge.bridge.interpreter import SCRIPTS, STAND_IN, Interpreter, pico_firmware
from edge.bridge.points import Tables, classified, projected
from edge.bridge.sounds import from_first_loud, read_sound
from edge.bridge.words import What
from edge.errors import BridgeError


class Simulation:
    """The command in a process of its own."""

    def __init__(self, process: subprocess.Popen, link: Path) -> None:
        self.process, self.link = process, link
        self.path = process.stdout.readline().strip()

    def say(self, line: str) -> None:
        """On its standard input."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ended(self) -> str:
        """What it printed, after Ctrl-C at its terminal, which all processes of the terminal hear."""
        os.killpg(self.process.pid, signal.SIGINT)
        out, err = self.process.communicate(timeout=20)
        assert self.process.returncode == 130 and err.strip() == "masque: stopped", err
        return out


@pytest.fixture
def simulation(spawned: Callable[..., subprocess.Popen], tmp_path: Path) -> Iterator[Simulation]:
    needs_micropython()
    running = Simulation(spawned("simulate", "pico", "--link", tmp_path / "port", stdin=subprocess.PIPE,
                                 start_new_session=True), tmp_path / "port")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate()


def wav(path: Path, samples: np.ndarray) -> Path:
    """samples (n,) in ±511 as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        file.writeframes((samples.astype(int) * 64).astype("<i2").tobytes())
    return path


def test_the_bridge_asks_presses_and_hears_and_is_told_what_each_request_took(
        simulation: Simulation, masque: Callable, pico, tmp_path: Path) -> None:
    assert simulation.path.startswith("/dev/pts/") and os.path.realpath(simulation.link) == simulation.path
    info = masque("bridge", "info", "--port", simulation.link, "--json").json
    assert (info["chip"], info["board"], info["unknowns"], info["slots"]) == ("pico", "pico", 96, 4)
    clap = wav(tmp_path / "clap.wav", np.concatenate([np.zeros(300), sound("clap"), np.zeros(9)]))
    tables, heard = Tables.unpacked(pico.tables(3468)), from_first_loud(read_sound(clap), 100)
    told = masque("bridge", "classify", clap, "--level", "100", "--port", simulation.path, "--json")
    assert told.json["class"] == classified(tables, projected(tables, (heard + 2) // 4 * 4)).label
    simulation.say("press 1")
    simulation.say(f"hear {clap}")
    events = masque("bridge", "monitor", "--level", "100", "--events", "2" if told.json["class"] else "1", "--seconds",
                    "60", "--port", simulation.path, "--json").json["events"]
    assert [event["which"] for event in events if event["what"] == "press"] == [1]
    triggers = [event["which"] for event in events if event["what"] == "trigger"]
    assert triggers == ([told.json["class"]] if told.json["class"] else [])
    out = simulation.ended()
    assert re.search(r"^hello +\d+\.\d ms in MicroPython on this machine$", out, re.MULTILINE)
    assert re.search(r"^classify ", out, re.MULTILINE) and not simulation.link.exists()


def test_the_bridge_solves_the_portrait_on_it_as_on_any_other_device(simulation: Simulation, masque: Callable) -> None:
    done = masque("bridge", "solve", "--port", simulation.path, "--json")
    assert done.code == 0, done.err
    assert (done.json["tiles"], done.json["fallbacks"]) == (15, []) and done.json["from_this_machine"]["mean"] < 3
    assert "solve" in simulation.ended()


def test_a_simulated_pico_passes_its_self_test(simulation: Simulation, masque: Callable, tmp_path: Path) -> None:
    simulation.say(f"hear {wav(tmp_path / 'hum.wav', np.tile([20, -20], 400))}")
    simulation.say("press 0")  # heard after the file was read
    masque("bridge", "monitor", "--events", "1", "--seconds", "60", "--port", simulation.path)
    simulation.say("release 0")
    masque("bridge", "monitor", "--events", "1", "--seconds", "60", "--port", simulation.path)
    done = masque("bridge", "self-test", "--port", simulation.path)
    assert done.code == 0, done.out + done.err
    silent = masque("bridge", "self-test", "--port", simulation.path, "--json")
    assert silent.code == 1 and "no sample of 256 came" in silent.out + silent.err


def test_files_and_heap_stay_within_the_boards_budget(pico) -> None:
    """The interpreter here has words of 32 bits, as the Pico's has; its own modules in Python take a part of this."""
    budget = load_solver_board("pico").budget
    assert sum(file.stat().st_size for file in SCRIPTS.glob("*.py")) <= budget.program_bytes.value
    pico.interpreter.call("run", "import gc\ngc.collect()")
    assert 20_000 < int(pico.value("gc.mem_alloc()")) <= budget.ram_bytes.value


def test_a_sweep_takes_no_memory_for_its_rows(pico) -> None:
    """A garbage collection in the middle would cost a Pico milliseconds. One object a row would be 1,536 B; what is
    taken is for the call."""
    pico.interpreter.call("run", SWEEPS)
    assert int(pico.value("taken")) < 512


SWEEPS = """
import gc
from knn_tile import tile
tile.bytes[:] = bytes(len(tile.bytes))
tile.unknowns = 96
tile.guess()
gc.collect()
gc.disable()
before = gc.mem_alloc()
tile._sweep(0, 96, 1)
taken = gc.mem_alloc() - before
gc.enable()
"""


def test_the_wrong_board_is_named(simulation: Simulation, masque: Callable) -> None:
    done = masque("bridge", "solve", "--port", simulation.path, "--board", "msp430fr2433")
    assert done.code == 1 and "the device is a pico, the board file is for msp430fr2433" in done.err


def test_an_image_is_for_the_msp430_alone(masque: Callable, tmp_path: Path) -> None:
    done = masque("simulate", "pico", "--image", tmp_path / "masque.elf")
    assert done.code == 2 and "pico has no image" in done.err


def test_node_and_micropython_that_are_not_there_are_named_with_what_to_install(
        masque: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    needs_micropython()
    with monkeypatch.context() as changed:
        changed.setenv("PATH", "/nowhere")
        done = masque("simulate", "pico")
        assert done.code == 1 and "Node.js is not installed" in done.err and "apt install nodejs npm" in done.err
    monkeypatch.setattr(edge.bridge.interpreter, "STAND_IN", tmp_path)
    done = masque("simulate", "pico")
    assert done.code == 1 and "npm ci --prefix firmware/webassembly" in done.err and len(done.err.splitlines()) == 1
    monkeypatch.setattr(edge.bridge.interpreter, "SCRIPTS", tmp_path)
    assert "comes with a checkout" in masque("simulate", "pico").err


def test_a_module_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    needs_micropython()
    (tmp_path / "knn_tile.py").write_text("def tile(:\n", encoding="ascii")
    with pytest.raises(BridgeError, match=r"ended: .*knn_tile.py.*line 1; SyntaxError"):
        Interpreter(SCRIPTS, STAND_IN, tmp_path)


def test_a_firmware_that_hangs_fails_or_ends_is_noticed() -> None:
    needs_micropython()
    interpreter = pico_firmware()
    interpreter._timeout_s = 0.5
    with pytest.raises(BridgeError, match=r"^MicroPython raised an error in run: .*line 1.*; ZeroDivisionError.*$"):
        interpreter.call("run", "1 // 0")
    with pytest.raises(BridgeError, match=r"did not answer within 0.5 s: its program hangs"):
        interpreter.call("run", "while True: pass")
    interpreter.close()
    with pytest.raises(BridgeError, match="MicroPython ended"):
        pico_that_was_killed().call("value", "0")


def pico_that_was_killed() -> Interpreter:
    interpreter = pico_firmware()
    interpreter._process.kill()
    interpreter._process.wait()
    return interpreter


def test_buttons_are_served_in_the_middle_of_a_solve(pico) -> None:
    """The clock goes on by 20 ms whenever it is asked: a button goes down and up within the sweeps of one solve."""
    pico.interpreter.call("run", PRESSED_WITHIN)
    assert literal_eval(pico.value("told")) == [(What.PRESS, 0), (What.RELEASE, 0)]


PRESSED_WITHIN = """
import board, events
from knn_tile import tile
tile.bytes[:] = bytes(len(tile.bytes))
kept, now = (board.ms, board.buttons), [0]
def ms():
    now[0] += 20
    return now[0]
board.ms, board.buttons = ms, lambda: 1 if 400 <= now[0] < 800 else 0
tile.unknowns = 2
tile.guess()
tile.solve(64, -1)
board.ms, board.buttons = kept
told = [event[3:5] for event in events._queue.kept]
"""
