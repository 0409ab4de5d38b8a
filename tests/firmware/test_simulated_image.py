"""The simulator runs the very image that would be flashed, and `masque simulate` offers it as a port."""
from __future__ import annotations

import os
import signal
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from built_firmware import needs
from vector_sounds import sound

from edge.bridge.debugger import Debugger
from edge.bridge.elf import differing, loaded, symbols
from edge.bridge.simulator import Simulator
from edge.bridge.surroundings import Pins
from edge.bridge.words import Chip
from edge.cli.simulate import obey
from edge.errors import BridgeError

MARK_CHECK_AT = 26
"""Of the image's mark: the program's CRC, which follows from the addresses."""

MULTIPLIER_ON_CHIP, MULTIPLIER_HERE = range(0x04C4, 0x04CE, 2), range(0x0134, 0x013E, 2)


def words_at(memory: dict[int, int], address: int) -> int:
    return memory[address] | memory[address + 1] << 8


def test_only_the_multipliers_addresses_and_the_mark_differ_from_the_image_for_the_chip(images: Path) -> None:
    chip, here = images / "masque.elf", images / "masque-sim.elf"
    there, simulated = loaded(chip), loaded(here)
    places = differing(chip, here)
    assert places and len({address & ~1 for address, _, _ in places}) * 2 >= len(places)
    starts = {address & ~1 for address, _, _ in places} - {symbols(chip)["mark"] + MARK_CHECK_AT}
    for start in starts:
        assert words_at(there, start) in MULTIPLIER_ON_CHIP
        assert words_at(there, start) - words_at(simulated, start) == MULTIPLIER_ON_CHIP[0] - MULTIPLIER_HERE[0]


def test_the_image_lies_where_the_chip_has_memory(images: Path) -> None:
    places = set(loaded(images / "masque.elf"))
    assert places <= set(range(0xC400, 0xFF80)) | set(range(0xFFDA, 0x10000))
    table = symbols(images / "masque.elf")
    assert table["tables"] == 0xC400, "the tables can be replaced alone"
    assert words_at(loaded(images / "masque.elf"), 0xFFFE) == table["reset"]


def test_one_patched_instruction_changes_the_answer(images: Path, started_simulation: Callable, tmp_path: Path) -> None:
    """`mov #1, r12` in port_chip becomes `mov #2, r12`: the firmware itself answers, nobody answers for it."""
    image = bytearray((images / "masque-sim.elf").read_bytes())
    memory, place = loaded(images / "masque-sim.elf"), symbols(images / "masque-sim.elf")["port_chip"]
    code = bytes(memory[address] for address in range(place, place + 4))
    assert code == b"\x1c\x43\x30\x41" and image.count(code) == 1
    image[image.index(code)] = 0x2C
    patched = tmp_path / "patched.elf"
    patched.write_bytes(image)
    device = started_simulation(patched).device()
    assert device.hello.chip == Chip.PICO
    device.link.close()


def test_a_program_that_hangs_is_noticed(images: Path, tmp_path: Path) -> None:
    """The first instruction becomes a jump to itself."""
    needs("mspdebug")
    debugger = Debugger(images / "masque-sim.elf", timeout_s=0.5)
    debugger.write(symbols(images / "masque-sim.elf")["reset"], b"\xff\x3f")
    with pytest.raises(BridgeError, match="reached no breakpoint in time"):
        debugger.run()
    debugger.close()


@pytest.mark.parametrize(("content", "said"), [
    (None, "No such file or directory; build it: make -C firmware/msp430fr2433"),
    (b"\x7fELF", "no ELF file for the MSP430"),
    (Path("/bin/sh").read_bytes()[:4096], "no ELF file for the MSP430"),
])
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "image.elf").write_bytes(content)
    with pytest.raises(BridgeError, match=said):
        Simulator(tmp_path / "image.elf")


def test_an_mspdebug_that_is_not_there_is_named(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BridgeError, match="mspdebug is not installed; on Debian and Raspberry Pi OS: sudo apt install"):
        Simulator(images / "masque-sim.elf")


def test_simulate_prints_the_port_first_then_cycles_and_ends_cleanly(
        images: Path, spawned: Callable[..., subprocess.Popen], masque: Callable, tmp_path: Path) -> None:
    needs("mspdebug")
    link = tmp_path / "port"
    process = spawned("simulate", "msp430fr2433", "--link", link, "-v", stdin=subprocess.PIPE)
    path = process.stdout.readline().strip()
    assert path.startswith("/dev/pts/") and os.path.realpath(link) == path
    assert masque("bridge", "ping", "--port", link).code == 0
    info = masque("bridge", "info", "--port", link, "--json").json
    assert (info["chip"], info["unknowns"], info["slots"]) == ("msp430fr2433", 96, 4)
    process.stdin.write("press 0\n")
    process.stdin.flush()
    heard = masque("bridge", "monitor", "--port", path, "--events", "1", "--seconds", "60", "--json").json["events"]
    assert [(event["what"], event["which"]) for event in heard] == [("press", 0)]
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130 and not link.exists()
    assert "hello" in out and "simulator cycles" in out and "bytes differ from masque.elf" in err


def test_buttons_and_sounds_obey_standard_input(tmp_path: Path) -> None:
    pins = Pins()
    for line, buttons in (("press 0", 1), ("press 1\n", 3), ("release 0", 2), ("", 2)):
        obey(pins, line)
        assert pins.buttons == buttons
    with wave.open(str(tmp_path / "clap.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "NONE"))
        file.writeframes((sound("clap") * 64).astype("<i2").tobytes())
    obey(pins, f"hear {tmp_path / 'clap.wav'}")
    assert len(pins.samples) == 800
    with pytest.raises(ValueError, match=r"'press 2': say press 0\|1"):
        obey(pins, "press 2")


def test_a_link_that_is_in_the_way_is_an_error(images: Path, masque: Callable, tmp_path: Path) -> None:
    needs("mspdebug")
    (tmp_path / "taken").write_text("mine", encoding="ascii")
    done = masque("simulate", "msp430fr2433", "--link", tmp_path / "taken")
    assert done.code == 1 and "--link needs a free name" in done.err
    assert (tmp_path / "taken").read_text(encoding="ascii") == "mine"
