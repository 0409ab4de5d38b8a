"""The tables that ship: their cards are true, and every set says on the chip what it says here."""
from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from built_firmware import built, needs
from host_firmware import HostFirmware, HostWire
from vector_sounds import SOUNDS, sound

from edge.bridge.device import Device
from edge.bridge.elf import loaded
from edge.bridge.link import Link
from edge.bridge.points import Form, classified, projected
from quantize.projection.columns import column_signals
from quantize.projection.judge import chip_says, confusion
from quantize.projection.microphone import heard_without_a_clap, microphone_signals
from tools.tables import SETS, shipped_card, tables

speaking = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng missing: sudo apt install espeak-ng")


def host_with(name: str) -> HostFirmware:
    """The firmware on this machine, built with one of the sets."""
    folder = built("host", f"TABLES={name}")
    return HostFirmware((folder if name == SETS[0] else folder / name) / "libmasque.so")


@pytest.mark.parametrize("name", SETS)
def test_a_shipped_card_agrees_with_itself(name: str) -> None:
    card = shipped_card(name)
    held_out = sum(card.held_out.values())
    assert card.signals == name and card.fram_bytes == len(card.tables().packed()) == 3468
    assert {label: sum(row.values()) for label, row in card.confusion.items()} == card.held_out
    right = sum(row[label] for label, row in card.confusion.items())
    assert card.accuracy[card.method]["q15"] == pytest.approx(right / held_out, abs=1e-4)
    for found in card.accuracy.values():
        assert abs(found["float"] - found["q15"]) <= 0.01


def test_the_cards_call_things_by_their_name() -> None:
    assert shipped_card("microphone").source.startswith("synthetic: no recording.")
    assert "research-grade" in shipped_card("columns").licence
    assert shipped_card("columns").tables().form == Form.SAMPLES, "SPEC 2.5 projects the column itself"


@pytest.mark.parametrize("name", SETS)
def test_each_set_says_on_the_host_what_it_says_in_python(name: str) -> None:
    firmware, made = host_with(name), tables(name)
    assert firmware.tables(3468) == made.packed()
    device = Device(Link(lambda: HostWire(firmware), pause=lambda _: None))
    rng = np.random.default_rng(3)
    signals = [sound("clap"), sound("voice"), *(np.clip(np.cumsum(rng.integers(-9, 10, (6, 800)), axis=1), -512, 508))]
    for signal in np.array(signals) // 4 * 4:
        assert device.place(signal) == projected(made, signal)
        assert device.classify(signal) == classified(made, projected(made, signal))


@pytest.mark.parametrize("name", SETS)
def test_each_set_lies_at_the_start_of_the_chips_memory(name: str) -> None:
    needs("clang", "ld.lld", "llvm-objcopy")
    folder = built("msp430fr2433", f"TABLES={name}")
    memory = loaded((folder if name == SETS[0] else folder / name) / "masque.elf")
    assert bytes(memory[0xC400 + i] for i in range(3468)) == tables(name).packed()


@pytest.mark.data
def test_the_columns_card_is_what_the_validation_pictures_give(data_folder: Path) -> None:
    card = shipped_card("columns")
    held_out = column_signals(data_folder / "portrait", True, card.seed)
    assert confusion(card.tables(), held_out, card.labels) == card.confusion


@speaking
def test_other_claps_are_heard_and_voices_are_not_taken_for_them() -> None:
    card = shipped_card("microphone")
    found = confusion(card.tables(), microphone_signals(60, True, 77), card.labels)
    right = sum(row[label] for label, row in found.items()) / 180
    assert right == pytest.approx(card.accuracy[card.method]["q15"], abs=0.1)
    assert found["clap"]["clap"] >= 51 and found["voice"]["clap"] <= 10 and found["other"]["clap"] <= 18


@speaking
@pytest.mark.soak
def test_the_microphones_card_is_what_its_seed_gives() -> None:
    card = shipped_card("microphone")
    held_out = microphone_signals(1000, True, card.seed)
    found = confusion(card.tables(), held_out, card.labels)
    right = sum(row[label] for label, row in found.items()) / len(held_out.labels)
    assert right == pytest.approx(card.accuracy[card.method]["q15"], abs=0.01)
    for name, heard in heard_without_a_clap(10, card.seed + 1).items():
        claps = (chip_says(card.tables(), heard.samples) == SOUNDS["clap"]).sum()
        assert 6 * claps == pytest.approx(card.false_reports[name]["claps_per_hour"], rel=0.4)
