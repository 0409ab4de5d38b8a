"""A device says what it found out about itself, and whoever asked knows better than to believe it."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from built_firmware import Simulated
from host_firmware import Firmware
from vector_sounds import sound

from edge.boards import load_solver_board
from edge.bridge.device import Device
from edge.bridge.elf import loaded, place_in_file
from edge.bridge.framing import Frame, FrameDecoder, crc16, encoded
from edge.bridge.points import Tables
from edge.bridge.self_test import Finding, judged, seeds_tile
from edge.bridge.words import AskEvents, AskSelfTest, Event, Kind, SelfTested
from edge.matting.q15 import solve_tile
from tools.flash.mark import CHECK_AT

SEED, TABLES_BYTES = 0x1357, 3468

RAM = load_solver_board("msp430fr2433").chip.ram_bytes.value


@pytest.fixture
def tables(firmware: Firmware) -> Tables:
    return Tables.unpacked(firmware.tables(TABLES_BYTES))


def found(told: SelfTested, tables: Tables | None, seed: int = SEED) -> dict[str, bool | None]:
    return {finding.name: finding.good for finding in judged(told, seed, tables, RAM)}


def test_c_and_micropython_on_a_pc_pass_what_a_pc_can_test(firmware: Firmware, device: Device,
                                                          tables: Tables) -> None:
    rng = np.random.default_rng(3)
    for seed in (1, SEED, 65535):
        firmware.hear(rng.integers(-20, 20, 400))
        assert found(device.self_test(seed), tables, seed) == {
            "ram": None, "program": True, "tables": True, "tile": True, "projection": True, "microphone": True,
            "buttons": True, "lamps": True}


def test_the_answer_of_another_seed_is_found_out(device: Device, tables: Tables) -> None:
    told = device.self_test(SEED)
    judgement = found(told, tables, SEED + 1)
    assert (judgement["tile"], judgement["projection"]) == (False, False)


def test_a_lamp_that_does_not_follow_and_a_stuck_button_are_named(firmware: Firmware, device: Device,
                                                                  tables: Tables) -> None:
    firmware.wear(broken_lamps=2, stuck_buttons=1)
    told = device.self_test(SEED)
    firmware.wear()
    assert (told.lamps, told.buttons) == (1, 1)
    assert not found(told, tables)["lamps"] and not found(told, tables)["buttons"]


@pytest.mark.parametrize(("samples", "heard", "mean", "loudest", "good"), [
    ([], 0, 0, 0, False), ([0] * 255, 255, 0, 0, False), ([500] * 300, 256, 500, 500, False),
    ([-300, 300] * 200, 256, 0, 300, True), ([-512] + [0] * 299, 256, -2, 512, True)])
def test_the_microphone_is_judged_by_where_it_rests(firmware: Firmware, device: Device, tables: Tables,
                                                    samples: list[int], heard: int, mean: int, loudest: int,
                                                    good: bool) -> None:
    firmware.hear(np.array(samples, np.int16))
    told = device.self_test(SEED)
    assert (told.heard, told.mean, told.loudest) == (heard, mean, loudest)
    assert found(told, tables)["microphone"] is good


@pytest.mark.parametrize(("field", "value", "test"), [
    ("ram_fault", 0x2A04, "ram"), ("program", 7, "program"), ("tables", 7, "tables"), ("tables_due", 7, "tables"),
    ("tile", 7, "tile"), ("x", 7, "projection"), ("y", -9, "projection")])
def test_every_wrong_number_fails_its_test_and_no_other(device: Device, firmware: Firmware, tables: Tables,
                                                        field: str, value: int, test: str) -> None:
    firmware.hear(np.zeros(256, np.int16))
    told = dataclasses.replace(device.self_test(SEED), ram_bytes=RAM, **{field: value})
    assert [finding.name for finding in judged(told, SEED, tables, RAM) if not finding.good] == [test]


def test_tables_that_are_not_those_of_the_image_are_noticed(device: Device, tables: Tables) -> None:
    others = dataclasses.replace(tables, begin=(1, 2))
    judgement = found(device.self_test(SEED), others)
    assert (judgement["tables"], judgement["projection"]) == (False, False)
    assert found(device.self_test(SEED), None)["projection"] is None, "nothing to compare with is no success"


def test_fewer_bytes_of_ram_than_the_board_has_are_a_failure(device: Device, tables: Tables) -> None:
    told = dataclasses.replace(device.self_test(SEED), ram_bytes=RAM // 2)
    ram = judged(told, SEED, tables, RAM)[0]
    assert ram == Finding("ram", False, "2,048 B of 4,096 B keep what is written to them")


def test_a_self_test_forgets_the_tile_and_ends_countdown_and_listening_but_keeps_events(firmware: Firmware) -> None:
    def told(kind: int, sequence: int, body: bytes) -> Frame:
        return next(FrameDecoder().process(firmware.give(encoded(kind, sequence, body))))

    for ms in (0, 1, 2, 20):
        firmware.turn(ms, buttons=1)
    told(Kind.COUNTDOWN, 1, b"\x64\x00\x05")
    told(Kind.LISTEN, 2, b"\x64\x00")
    told(Kind.SELF_TEST, 3, AskSelfTest(SEED).packed())
    firmware.turn(120, buttons=1)
    assert firmware.lamps == 0 and not firmware.listens
    firmware.hear(sound("clap"))
    event = Event.unpacked(told(Kind.EVENTS, 4, AskEvents(0, 0).packed()).body)
    assert event is not None and (event.what, event.waiting) == (1, 0), "a press, and no sound was listened to"
    assert told(Kind.READ, 5, b"\x00\x0f").body == b"\x05", "NOTHING: no tile is there"


def test_the_seeds_tiles_are_far_from_trivial() -> None:
    answers = [solve_tile(seeds_tile(seed), 16, 0) for seed in (1, 2, SEED, 0x8000)]
    assert all(len(set(answer.alpha.tolist())) > 80 for answer in answers)
    assert len({answer.alpha.tobytes() for answer in answers}) == 4


def test_the_chips_image_passes_in_the_simulator_and_keeps_its_ram(simulated: Simulated, images: Path) -> None:
    memory = loaded(images / "masque-sim.elf")
    tables = Tables.unpacked(bytes(memory[0xC400 + i] for i in range(TABLES_BYTES)))
    device = simulated.device()
    simulated.simulator.pins.samples.extend([5, -9] * 128)
    told = device.self_test(SEED)
    assert found(told, tables) == dict.fromkeys(("ram", "program", "tables", "tile", "projection", "microphone",
                                                 "buttons", "lamps"), True)
    assert (told.ram_bytes, told.heard, told.loudest) == (RAM, 256, 9)
    assert told.password == crc16(bytes(memory[at] for at in range(0xFFE0, 0x10000)))
    cycles = simulated.requests[-1].cycles
    assert cycles < 2_000_000, "under an eighth of a second at 16 MHz, beside the microphone"
    device.ping()


@pytest.mark.parametrize(("address", "test"), [(0xC464, "tables"), (CHECK_AT, "program")])
def test_a_chip_whose_memory_is_not_what_it_should_be_says_so(images: Path, tmp_path: Path, address: int, test: str,
                                                              started_simulation: Callable[[Path], Simulated]) -> None:
    """A byte of the tables, or of the mark, as if a cell had tipped over."""
    content = bytearray((images / "masque-sim.elf").read_bytes())
    content[place_in_file(images / "masque-sim.elf", address)] ^= 1
    (tmp_path / "tipped.elf").write_bytes(content)
    told = started_simulation(tmp_path / "tipped.elf").device().self_test(SEED)
    assert [name for name, good in found(told, None).items() if good is False] == [test, "microphone"]
