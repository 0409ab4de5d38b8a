"""edge.report: stage times add up, and the peak of memory is this process's own."""
from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from edge import report
from edge.report import StageTimes, StillReport, peak_rss_mb


def test_a_lap_books_the_time_since_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 10.5, 10.75, 12.0])
    monkeypatch.setattr(report.time, "perf_counter", lambda: next(clock))
    times = StageTimes()
    times.lap("decode")
    times.lap("refine")
    times.lap("decode")
    assert times.ms == {"decode": 1750.0, "refine": 250.0}


def test_rounded_has_two_decimals_and_the_sum_as_total() -> None:
    times = StageTimes()
    times.ms = {"decode": 1.23456, "write": 2.0}
    assert times.rounded() == {"decode": 1.23, "write": 2.0, "total": 3.23}


def test_the_keys_of_a_still_report_are_those_that_were_promised() -> None:
    assert [field.name for field in fields(StillReport)] == [
        "image", "width", "height", "ms", "peak_rss_mb", "solver", "features", "unknown_pixels", "iterations",
        "residual", "fallbacks"]


def test_two_reports_share_nothing() -> None:
    first, second = StillReport("a.jpg", 1, 1), StillReport("b.jpg", 1, 1)
    first.fallbacks.append("no person found")
    first.ms["decode"] = 1.0
    assert second.fallbacks == [] and second.ms == {}


def test_peak_memory_grows_with_what_is_touched_and_never_falls() -> None:
    before = peak_rss_mb()
    touched = np.ones(int(before + 60) * 1_000_000, np.uint8)
    during = peak_rss_mb()
    del touched
    assert before > 1 and during >= before + 50
    assert peak_rss_mb() >= during - 1  # the kernel counts in batches of pages


def test_peak_memory_of_a_small_process_started_by_a_large_one_is_small() -> None:
    code = "from edge.report import peak_rss_mb; print(peak_rss_mb())"
    ballast = np.ones(300_000_000, np.uint8)
    small = float(subprocess.check_output([sys.executable, "-c", code], text=True,
                                          cwd=Path(report.__file__).parents[1]))
    assert small < 60 < ballast.nbytes / 1e6
