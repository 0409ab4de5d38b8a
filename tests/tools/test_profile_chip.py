"""The microcontroller's profile: cycles of the simulator, memory seen and proven, the image by section, the wire."""
from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from built_firmware import needs
from click.testing import CliRunner

from edge.boards import load_solver_board
from edge.bridge.elf import loaded
from edge.bridge.simulator import Request
from edge.bridge.words import Kind
from edge.errors import ReportError
from edge.matting.q15 import ONE, solve_tile
from tools.profile.chip import Session, chip_figures, fram_of, full_tile, ram_of
from tools.profile.command import command
from tools.profile.page import page_of
from tools.profile.report import over_budget
from tools.sizes import sizes_of


@pytest.fixture(scope="module")
def figures(images: Path) -> dict[str, Any]:
    needs("mspdebug")
    return chip_figures(load_solver_board("msp430fr2433"), images)


def test_a_full_tile_costs_what_readme_says(figures: dict[str, Any]) -> None:
    """Recorded 2026-11-21: 885,000 cycles for 64 sweeps of 96 unknowns."""
    solve = figures["stages"]["solve"]
    assert solve["unit"] == "cycles" and 800_000 < solve["p50"] <= solve["max"] < 930_000
    assert solve["count"] == 5, "what is asked again is not counted twice"
    assert figures["budget"]["solve_ms"] == {"limit": 100, "max": pytest.approx(solve["max"] / 16_000, abs=0.01)}
    assert set(figures["stages"]) >= {"hello", "ping", "solve", "read", "signal", "classify"}


def test_wire_time_is_bytes_times_ten_bits(figures: dict[str, Any]) -> None:
    solve = figures["wire"]["solve"]
    assert solve["bytes"] == pytest.approx(1451, abs=12) and solve["wire_ms"] == pytest.approx(
        solve["bytes"] * 10 / 115_200 * 1000, abs=0.01)
    assert solve["chip_ms"] > 50


def test_the_stack_that_was_seen_is_within_the_one_that_was_proven(figures: dict[str, Any]) -> None:
    memory = figures["memory"]
    assert 40 < memory["stack_seen_bytes"] <= memory["stack_proven_bytes"]
    assert memory["ram_bytes"] == memory["static_bytes"] + memory["stack_proven_bytes"] == figures["budget"][
        "ram_bytes"]["taken"]


def test_sections_and_symbols_account_for_the_image(figures: dict[str, Any], images: Path) -> None:
    fram = figures["fram"]
    assert sum(fram["sections"].values()) == fram["bytes"] == len(loaded(images / "masque.elf"))
    sizes = [symbol["bytes"] for symbol in fram["symbols"]]
    assert sizes == sorted(sizes, reverse=True) and fram["symbols"][0]["name"] == "tables"
    assert 0.8 * fram["bytes"] < sum(sizes) <= fram["bytes"]


def test_memory_agrees_with_tools_sizes(images: Path) -> None:
    found = sizes_of(images / "masque.elf")
    assert ram_of(images / "masque.elf", 0)["ram_bytes"] == found.ram
    assert fram_of(images / "masque.elf")["bytes"] == found.program


def test_without_llvm_the_report_says_what_is_missing(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    memory, fram = ram_of(images / "masque.elf", 100), fram_of(images / "masque.elf")
    assert memory["stack_proven_bytes"] is None and "llvm" in memory["why"]
    assert memory["ram_bytes"] == memory["static_bytes"] + 100
    assert fram["sections"] == {} and "llvm" in fram["why"] and fram["bytes"] > 10_000


def test_the_made_up_tile_sweeps_to_the_limit() -> None:
    tile = full_tile(load_solver_board("msp430fr2433"))
    answer = solve_tile(tile, 64, 0)
    assert len(tile.bias) == 96 and answer.sweeps > 48 and int(answer.alpha.max()) <= ONE
    np.testing.assert_array_equal(tile.bias, full_tile(load_solver_board("msp430fr2433")).bias)


def test_a_request_that_is_asked_again_is_counted_once() -> None:
    session = Session.__new__(Session)
    session.cycles, session._last = defaultdict(list), None
    for kind, sequence, cycles in ((Kind.PING, 7, 1679), (Kind.PING, 7, 40), (Kind.PING, 8, 1680), (Kind.READ, 8, 5)):
        session._told(Request(kind, sequence, cycles))
    assert session.cycles == {"ping": [1679, 1680], "read": [5]}


def test_a_budget_of_the_chip_that_is_not_held_is_named(figures: dict[str, Any]) -> None:
    tight = {**figures["budget"], "solve_ms": {"limit": 50, "max": 55.4}}
    report = {"board": "msp430fr2433", **figures, "budget": tight}
    assert over_budget({"board": "msp430fr2433", **figures}) == []
    assert over_budget(report) == ["a full tile takes 55.4 ms in the simulator; msp430fr2433.toml's budget.solve_ms is "
                                   "50 ms"]


def test_a_board_that_nobody_simulates_by_cycles_is_refused() -> None:
    with pytest.raises(ReportError, match="pico: no simulator counts its cycles; msp430fr2433 is the one"):
        chip_figures(load_solver_board("pico"))


def test_the_command_writes_the_same_shape_of_report(images: Path, tmp_path: Path) -> None:
    needs("mspdebug")
    done = CliRunner().invoke(command, ["--board", "msp430fr2433", "--json", "--gate"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    assert (report["schema"], report["kind"], report["board"], report["over_budget"]) == (
        1, "solver", "msp430fr2433", [])
    assert {"stages", "samples", "budget", "memory", "conditions", "energy", "fallbacks", "peak_rss_mb"} <= set(report)
    (tmp_path / "old.json").write_text(done.output, encoding="utf-8")
    again = CliRunner().invoke(command, ["--from", str(tmp_path / "old.json"), "--against", str(tmp_path / "old.json")])
    assert again.exit_code == 0 and "no change beyond noise" in again.output and "cycles" in again.output
    assert "FRAM" in page_of(report) and "<script" not in page_of(report)
