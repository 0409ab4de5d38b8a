"""What a profile reads of memory, energy, disk and laps, from files made for it and from this very process."""
from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import ReportError
from edge.segment.runtime import Runtime
from tools.profile import starts as starts_module
from tools.profile.energy import Ina219, Rapl, energy_figures, open_meter
from tools.profile.laps import Laps
from tools.profile.memory import allocations, rollup_mb
from tools.profile.rulers import BYTES, Rulers
from tools.profile.starting import noted
from tools.profile.starts import evicted


def rapl(root: Path, joules: float, zone: str = "intel-rapl:0") -> Path:
    folder = root / "sys/class/powercap" / zone
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "energy_uj").write_text(f"{int(joules * 1e6)}\n", encoding="ascii")
    (folder / "max_energy_range_uj").write_text("999999\n", encoding="ascii")
    return folder


def ina219(root: Path, watts: float) -> Path:
    folder = root / "sys/class/hwmon/hwmon3"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text("ina219\n", encoding="ascii")
    (folder / "power1_input").write_text(f"{int(watts * 1e6)}\n", encoding="ascii")
    return folder


def test_packages_are_counted_and_a_counter_may_go_round(tmp_path: Path) -> None:
    rapl(tmp_path, 0.9)
    rapl(tmp_path, 5.0, "intel-rapl:0:0")  # a part of the package: not counted twice
    meter, _ = open_meter(tmp_path)
    assert isinstance(meter, Rapl)
    rapl(tmp_path, 0.95)
    meter.sample()
    rapl(tmp_path, 0.15)
    assert meter.joules() == pytest.approx(0.05 + 0.2)
    assert energy_figures(meter, "", 10) == {"joules": 0.25, "joules_per_frame": 0.025, "by": "RAPL, packages"}


def test_watts_of_a_sensor_become_joules_by_trapezoids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("tools.profile.energy.time.monotonic", lambda: now[0])
    rapl(tmp_path, 0)
    ina219(tmp_path, 2.0)
    meter, _ = open_meter(tmp_path)
    assert isinstance(meter, Ina219), "the sensor on the board's own line comes first"
    now[0] += 2
    ina219(tmp_path, 4.0)
    assert meter.joules() == pytest.approx(6.0)


def test_without_a_sensor_the_reason_is_told(tmp_path: Path) -> None:
    meter, why = open_meter(tmp_path)
    assert meter is None and energy_figures(meter, why, 5) == {"joules": None, "why": why} and "no sensor" in why


def test_a_sensor_that_goes_away_costs_no_report(tmp_path: Path) -> None:
    folder = ina219(tmp_path, 2.0)
    meter, _ = open_meter(tmp_path)
    (folder / "power1_input").unlink()
    figures = energy_figures(meter, "", 5)
    assert figures["joules"] is None and "INA219 stopped answering" in figures["why"]
    assert "does not answer" in open_meter(tmp_path)[1]


def test_the_resident_set_is_what_the_kernel_says() -> None:
    now = rollup_mb()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    assert now["rss"] == pytest.approx(pages * os.sysconf("SC_PAGESIZE") / 1e6, rel=0.05)
    assert 0 < now["pss"] <= now["rss"]


def test_without_the_kernels_file_there_is_no_curve(tmp_path: Path) -> None:
    assert rollup_mb(tmp_path / "none") == {}


def test_what_a_frame_leaves_behind_is_seen_and_where() -> None:
    kept: list[np.ndarray] = []

    def leaks() -> bool:
        kept.append(np.zeros(50_000, np.uint8))
        np.zeros(300_000, np.uint8)
        return True

    figures = allocations(leaks, 10)
    assert figures["frames"] == 10 and figures["held_bytes_per_frame"] == pytest.approx(50_000, rel=0.05)
    assert 300_000 <= figures["peak_bytes_per_frame"] < 360_000 and 1 <= figures["held_blocks_per_frame"] < 6
    assert figures["places"][0]["where"].startswith("tools/test_profile_sensors.py:")


def test_a_thirsty_frame_is_told_by_what_it_takes_itself() -> None:
    sizes = iter([5_000_000] * 3 + [100_000] * 5)
    assert 100_000 <= allocations(lambda: np.zeros(next(sizes), np.uint8).size > 0, 5)["peak_bytes_per_frame"] < 150_000


def test_a_loop_that_leaves_nothing_behind_is_told_so() -> None:
    room = np.zeros(1000)
    figures = allocations(lambda: bool(np.add(room, 1, out=room)[0]), 20)
    assert abs(figures["held_bytes_per_frame"]) < 200


def test_a_source_that_ends_ends_the_count() -> None:
    left = iter([True] * 7)
    assert allocations(lambda: next(left, False), 20)["frames"] == 4


def test_waiting_takes_no_processor_time_and_working_does() -> None:
    laps = Laps()
    time.sleep(0.05)
    laps.lap("waits")
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    laps.lap("works")
    time.sleep(0.02)
    laps.lap("rests")
    assert laps.cpu_ms["rests"] < 15
    assert laps.ms["waits"] >= 50 > 25 > laps.cpu_ms["waits"]
    assert laps.cpu_ms["works"] >= 49 and laps.ms["works"] >= laps.cpu_ms["works"] * 0.98


def test_rulers_do_the_same_every_time() -> None:
    rulers = Rulers()
    for _ in range(5):
        rulers.lay()
    assert all(len(values) == 5 and min(values) > 0 for values in rulers.ms.values())
    assert BYTES > 1280 * 720 * 3, "no less than a frame"


def test_only_the_first_call_of_a_runner_is_noted() -> None:
    class Interpreter:
        def __init__(self, **options: object) -> None:
            self.options = options

        def get_signature_runner(self, name: str):
            def runner(**inputs: object) -> str:
                time.sleep(0.002)
                return name

            runner.get_input_details = lambda: {"picture": 1}  # type: ignore[attr-defined]
            return runner

    calls: list[float] = []
    made = noted(Runtime("r", "1", type("m", (), {"Interpreter": Interpreter, "__name__": "m"})), calls).module
    runner = made.Interpreter(threads=1).get_signature_runner("person")
    assert (runner(), runner(), runner.get_input_details()) == ("person", "person", {"picture": 1})
    assert len(calls) == 1 and calls[0] >= 0.002


@pytest.mark.parametrize(("read_bytes", "cold"), [(20_000_000, True), (36_864, False)])
def test_a_start_is_cold_only_if_the_disk_was_read(monkeypatch: pytest.MonkeyPatch, read_bytes: int,
                                                   cold: bool) -> None:
    totals = iter([999.0, 500.0, 90.0, 110.0, 100.0])

    def start(*_: object) -> dict[str, Any]:
        return {"ms": {"total": next(totals)}, "read_bytes": read_bytes, "major_faults": 3, "files": []}

    monkeypatch.setattr(starts_module, "_start", start)
    monkeypatch.setattr(starts_module, "imports", list)
    figures = starts_module.starts("desk", "large", "demo", None, 3)
    assert (figures["cold"]["cold"], figures["cold"]["ms"]["total"]) == (cold, 500.0)
    assert bool(figures["cold"]["why"]) is not cold
    assert figures["warm"]["ms"]["total"] == 100.0 and figures["warm"]["totals_ms"] == [90.0, 110.0, 100.0]


def test_a_start_that_fails_says_why_in_a_line() -> None:
    with pytest.raises(ReportError, match=r"a start of the live path failed: .*no-such-film.*; --starts 0 leaves"):
        starts_module.starts("desk", "large", "no-such-film.mp4", None, 1)


def test_files_are_given_up_by_the_page_cache(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 5000)
    assert evicted([tmp_path / "a", tmp_path / "none"]) == 1
