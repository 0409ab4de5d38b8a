"""What the host is told about the machine; what cannot be known says why."""
from __future__ import annotations

from pathlib import Path

import pytest

from edge.kiosk.machine import machine


def program(path: Path, said: str) -> str:
    path.write_text(f"#!/bin/sh\nprintf '{said}'\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A root folder as a Raspberry Pi has it."""
    for zone, text in (("thermal_zone0", "48312\n"), ("thermal_zone1", "51000\n"), ("thermal_zone2", "asleep")):
        (tmp_path / "sys/class/thermal" / zone).mkdir(parents=True)
        (tmp_path / "sys/class/thermal" / zone / "temp").write_text(text)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal:         948304 kB\nMemFree: 1 kB\nMemAvailable:     401208 kB\n")
    return tmp_path


def test_a_board_tells_all(board: Path, tmp_path: Path) -> None:
    seen = machine(board, board, program(tmp_path / "vcgencmd", "throttled=0x50005\\n"))
    assert seen.temperature_c.value == 51.0
    assert (seen.memory_size.value, seen.memory_free.value) == (948304 * 1024, 401208 * 1024)
    assert seen.throttled == ("under-voltage now", "throttled now", "under-voltage since start",
                              "throttled since start")
    assert 0 < seen.disk_free.value <= seen.disk_size.value


def test_a_board_that_is_well_complains_of_nothing(board: Path, tmp_path: Path) -> None:
    assert machine(board, board, program(tmp_path / "vcgencmd", "throttled=0x0\\n")).throttled == ()


def test_what_is_not_there_says_why(tmp_path: Path) -> None:
    seen = machine(tmp_path / "nothing", tmp_path, str(tmp_path / "vcgencmd"))
    for fact in (seen.disk_free, seen.memory_free, seen.temperature_c):
        assert fact.value is None and fact.why
    assert seen.throttled is None and "no Raspberry Pi" in seen.throttled_why


@pytest.mark.parametrize("said", ["", "error=1", "throttled=0xzz", "VCHI initialization failed"])
def test_nonsense_is_told_as_it_is(board: Path, tmp_path: Path, said: str) -> None:
    seen = machine(board, board, program(tmp_path / "vcgencmd", said))
    assert seen.throttled is None and repr(said) in seen.throttled_why


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    seen = machine(tmp_path)
    assert seen.disk_free.value and seen.memory_free.value
