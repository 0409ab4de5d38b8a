"""The machine's own state: what Linux and a Raspberry Pi's firmware tell, and an honest word where nobody does."""
from __future__ import annotations

from pathlib import Path

import pytest

from edge.machine import clock_mhz, clockwork, governor, temperature, throttling


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def program(folder: Path, said: str) -> str:
    path = folder / "vcgencmd"
    path.write_text(f"#!/bin/sh\ntest \"$1\" = get_throttled && printf '{said}'\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """The files of a Raspberry Pi with two of its cores and two zones."""
    cpu = tmp_path / "sys/devices/system/cpu"
    write(cpu / "cpu0/cpufreq/scaling_governor", "ondemand\n")
    for core, khz in (("cpu0", 600000), ("cpu1", 1500000)):
        write(cpu / core / "cpufreq/scaling_cur_freq", f"{khz}\n")
    write(tmp_path / "sys/class/thermal/thermal_zone0/temp", "48250\n")
    write(tmp_path / "sys/class/thermal/thermal_zone1/temp", "51000\n")
    return tmp_path


def test_a_pi_tells_clock_governor_heat_and_throttling(pi: Path) -> None:
    now = clockwork(pi, program(pi, "throttled=0x50005\\n"))
    assert (now.governor.value, now.clock_mhz.value, now.temperature_c.value) == ("ondemand", 1500.0, 51.0)
    assert now.throttled.bits == 0x50005
    assert now.throttled.words == ("under-voltage now", "throttled now", "under-voltage since start",
                                   "throttled since start")
    assert now.figures()["throttled"]["bits"] == 0x50005 and now.load >= 0


def test_a_board_that_complains_of_nothing_says_so_with_no_words(tmp_path: Path) -> None:
    assert throttling(program(tmp_path, "throttled=0x0\\n")).words == ()


@pytest.mark.parametrize(("said", "why"), [("error=1", "said 'error=1'"), ("", "said ''")])
def test_an_answer_that_is_none_is_no_fact(tmp_path: Path, said: str, why: str) -> None:
    found = throttling(program(tmp_path, said))
    assert found.words is None and found.bits is None and why in found.why


def test_where_nothing_is_there_everything_says_why(tmp_path: Path) -> None:
    now = clockwork(tmp_path, "no-such-vcgencmd")
    for fact in (now.governor, now.clock_mhz, now.temperature_c):
        assert fact.value is None and fact.why
    assert now.throttled.words is None and "no Raspberry Pi" in now.throttled.why


def test_a_zone_that_sleeps_is_left_out(pi: Path) -> None:
    (pi / "sys/class/thermal/thermal_zone1/temp").write_text("", encoding="ascii")
    assert temperature(pi / "sys/class/thermal").value == 48.25


def test_without_cpufreq_the_nominal_clock_is_told_as_such(tmp_path: Path) -> None:
    write(tmp_path / "proc/cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2596.094\n")
    found = clock_mhz(tmp_path)
    assert found.value == 2596.094 and "no cpufreq" in found.why
    assert governor(tmp_path).value is None
