"""mspdebug is not believed: what is read back counts. The real one runs with its simulator; a probe was not at hand."""
from __future__ import annotations

import json
from ctypes.util import find_library
from pathlib import Path

import pytest
from built_firmware import needs
from given_images import image

from edge.errors import FlashError
from tools.flash.by_mspdebug import Probe, flash_by_mspdebug, ti_text
from tools.flash.steps import Brake, StepError

NEW = image(1)

STAND_IN = """#!/usr/bin/env python3
import json, re, sys
from pathlib import Path
store = Path(__file__).with_name("chip.json")
memory = {int(k): v for k, v in json.loads(store.read_text()).items()} if store.exists() else {}
log = Path(__file__).with_name("log")
for command in sys.argv[3:]:
    log.open("a").write(command + "\\n")
    word, *rest = command.split()
    if word == "erase":
        memory = {k: v for k, v in memory.items() if k < 0x2000}
    elif word == "load":
        for line in Path(rest[0]).read_text().split():
            if line.startswith("@"):
                at = int(line[1:], 16)
            elif line != "q":
                memory[at] = int(line, 16)
                at += 1
    elif word == "save_raw":
        start, count = int(rest[0], 0), int(rest[1])
        Path(rest[2]).write_bytes(bytes(memory.get(a, 255) for a in range(start, start + count))[:CUT])
if KEEPS:
    store.write_text(json.dumps(memory))
print("Done")
sys.exit(CODE)
"""


@pytest.fixture
def stand_in(tmp_path: Path):
    """`stand_in(keeps, code, device_id, cut)`: a program in mspdebug's place, with a chip that lasts; one that does not
    keep shows what it should have written until its session ends."""
    def make(keeps: bool = True, code: int = 0, device_id: int = 0x8240, cut: int | None = None) -> Probe:
        program = tmp_path / "mspdebug"
        text = STAND_IN.replace("KEEPS", str(keeps)).replace("CODE", str(code)).replace("CUT", str(cut))
        program.write_text(text, encoding="ascii")
        program.chmod(0o755)
        chip = {0x1A04: device_id & 255, 0x1A05: device_id >> 8, 0x1A0A: 7, 0x1800: 42, 0xC400: 1}
        (tmp_path / "chip.json").write_text(json.dumps(chip), encoding="ascii")
        return Probe("tilib", str(program))

    return make


def flashed(probe: Probe, erase: bool = False):
    return flash_by_mspdebug(probe, NEW, erase, lambda *_: None, Brake())


def test_the_real_mspdebug_writes_and_reads_back_in_its_simulator(tmp_path: Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    needs("mspdebug")
    (tmp_path / ".mspdebug").write_text("mw 0x1a04 0x40 0x82\nmw 0x1a0a 1 2 3 4 5 6 7 8\n", encoding="ascii")
    monkeypatch.setenv("HOME", str(tmp_path))
    done = flashed(Probe("sim"))
    assert (done.bytes, done.die) == (len(NEW.memory), "0102030405060708")


def test_the_simulators_own_chip_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("mspdebug")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(StepError, match=r"^identify: the chip's device ID is 0xffff, the board's is 0x8240; nothing "):
        flashed(Probe("sim"))


def test_a_probe_that_cannot_be_reached_says_why(tmp_path: Path) -> None:
    needs("mspdebug")
    with pytest.raises(StepError, match=r"^identify: mspdebug rf2500 ended with 255: .*unable to find a device"):
        flashed(Probe("rf2500"))


def test_a_missing_library_of_ti_is_named_with_the_ways_around_it() -> None:
    needs("mspdebug")
    if find_library("msp430") is not None:
        pytest.skip("TI's libmsp430.so is installed here")
    with pytest.raises(StepError, match=r"can't find libmsp430.so.*TI's MSP Debug Stack; or name another --driver"):
        flashed(Probe("tilib"))


def test_it_is_read_back_in_another_session(stand_in, tmp_path: Path) -> None:
    done = flashed(stand_in())
    assert (done.bytes, done.die[:2]) == (len(NEW.memory), "07")
    commands = (tmp_path / "log").read_text().splitlines()
    assert commands[0].startswith("save_raw 0x1a04") and commands[1] == "load image.txt"
    assert commands[2].startswith("save_raw 0xc400") and commands[-1] == "reset"


def test_nothing_is_erased_unless_it_is_asked_for(stand_in, tmp_path: Path) -> None:
    flashed(stand_in())
    assert "erase" not in (tmp_path / "log").read_text()
    flashed(stand_in(), erase=True)
    assert "erase\nload image.txt" in (tmp_path / "log").read_text()


def test_one_that_pretends_to_work_is_found_out(stand_in) -> None:
    with pytest.raises(StepError, match=r"^verify: at 0xc400 the chip holds 01 ff .*whatever mspdebug said; what the "
                                        r"board holds now is not known"):
        flashed(stand_in(keeps=False))


def test_another_chip_is_not_written_to(stand_in, tmp_path: Path) -> None:
    with pytest.raises(StepError, match="device ID is 0x823c"):
        flashed(stand_in(device_id=0x823C))
    assert "load" not in (tmp_path / "log").read_text()


def test_a_session_that_reads_too_little_or_fails_is_an_error(stand_in) -> None:
    with pytest.raises(StepError, match=r"^identify: mspdebug read 3 bytes, 14 were asked for"):
        flashed(stand_in(cut=3))
    with pytest.raises(StepError, match=r"^identify: mspdebug tilib ended with 4: Done"):
        flashed(stand_in(code=4))


def test_without_mspdebug_the_other_way_is_named() -> None:
    with pytest.raises(FlashError, match=r"no-such-program is not installed; .*apt install mspdebug; .* with --port"):
        Probe("sim", "no-such-program")


def test_ti_text_ends_with_q_and_has_all_bytes() -> None:
    text = ti_text(NEW).split()
    assert text[-1] == "q" and len([word for word in text if len(word) == 2]) == len(NEW.memory)
    assert [word for word in text if word[0] == "@"] == ["@C400", "@FF60", "@FFDA"]
