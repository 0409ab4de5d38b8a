"""`masque profile` from end to end: a report that keeps its promises, a gate, a page that needs nothing else."""
from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from outcome import Outcome
from profiled import SMALL, made_up, report_of, run_of

from edge.board_shapes import CameraBoard
from edge.boards import load_camera_board
from edge.cli import run
from edge.errors import ReportError
from edge.machine import clockwork
from edge.report import peak_rss_mb
from tools.profile import command as profile_command
from tools.profile import report as report_module
from tools.profile.command import command
from tools.profile.laps import Laps
from tools.profile.page import page_of
from tools.profile.report import live_figures, over_budget, read_report, statistics_of, whole_peak_rss_mb
from tools.profile.run import LiveRun, in_order
from tools.profile.starts import starts
from tools.profile.table import in_words

ROOT = Path(__file__).parents[2]

Profile = Callable[..., Outcome]

QUICK = ("--source", SMALL, "--frames", 20, "--starts", 0, "--no-operators", "--board", "desk")


@pytest.fixture
def profile(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Profile:
    """`profile(*arguments)`: `masque profile` as the console script runs it."""
    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["masque profile", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run(command, "masque")
        out, err = capfd.readouterr()
        return Outcome(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """A real one of forty frames."""
    return report_of(run_of(40))


def test_a_report_tells_every_stage_by_both_clocks(report: dict[str, Any]) -> None:
    stages = report["stages"]
    assert list(stages) == ["source", "guide", "motion", "segment", "matting", "refine", "composite", "write", "frame",
                            "loop"]
    for stage, figures in stages.items():
        assert 0 <= figures["p50"] <= figures["p95"] <= figures["p99"] <= figures["max"], stage
        assert figures["count"] == len(report["samples"]["clock_ms"][stage]) == report["frames"] == 40
    for clock in ("clock_ms", "cpu_ms"):
        table = {stage: np.array(values) for stage, values in report["samples"][clock].items()}
        parts = sum(table[stage] for stage in list(stages)[1:8])
        np.testing.assert_allclose(table["frame"], parts, atol=2e-3)
        np.testing.assert_allclose(table["loop"], parts + table["source"], atol=2e-3)


def test_a_report_tells_jitter_memory_machine_and_energy(report: dict[str, Any]) -> None:
    assert len(report["samples"]["interval_ms"]) == 39
    middle = np.median(report["samples"]["interval_ms"])
    assert report["jitter"]["interval_ms"] == pytest.approx(middle, abs=1e-3)
    assert report["jitter"]["p99"] <= report["jitter"]["max"]
    memory = report["memory"]
    assert 40 < memory["over_time"][0]["pss_mb"] <= memory["over_time"][0]["rss_mb"] <= memory["peak_rss_mb"] + 0.2
    allocated = report["allocations"]
    assert allocated["frames"] == 20 and allocated["held_bytes_per_frame"] < 20_000
    assert 0 < allocated["peak_bytes_per_frame"] < 5_000_000
    assert report["machine"]["over_time"][0]["load"] >= 0
    assert report["energy"]["joules"] is not None or report["energy"]["why"]
    assert report["budget"]["frame_ms"]["limit"] == load_camera_board("desk").budget.frame_ms.value


def test_growth_counts_from_the_first_counted_frame_on() -> None:
    run = LiveRun(4, 4, memory=[(0.0, 50.0, 40.0), (1.0, 90.0, 60.0), (2.0, 93.0, 61.0)], warm_s=0.9)
    lap = Laps()
    lap.lap("write")
    run.add([lap], keyframe=True)
    assert live_figures(load_camera_board("desk"), run)["memory"]["growth_mb"] == 3.0


def test_missed_budgets_are_counted_by_the_frame_in_hand() -> None:
    run = LiveRun(4, 4)
    for source_ms, write_ms in ((50.0, 1.0), (1.0, 31.0), (1.0, 30.0), (1.0, 2.0)):
        reading, writing = Laps(), Laps()
        reading.ms = reading.cpu_ms = {"source": source_ms}
        writing.ms = writing.cpu_ms = {"write": write_ms}
        run.add([reading, writing], keyframe=True)
    assert run.clock_ms["frame"] == [1.0, 31.0, 30.0, 2.0] and run.clock_ms["loop"] == [51.0, 32.0, 31.0, 3.0]
    assert live_figures(load_camera_board("desk"), run)["budget"]["frame_ms"] == {
        "limit": 30, "p95": 30.85, "missed": 1, "missed_share": 0.25}


def test_readme_says_every_key_of_a_report(report: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = set(re.findall(r"`(\w+)`", readme.split("### `masque profile`")[1].split("\n## ")[0]))
    keys = set(report) - {"schema"}
    for part in ("conditions", "jitter", "memory", "allocations", "samples", "machine", "energy", "budget"):
        keys |= set(report[part])
    keys |= set(report["stages"]["segment"]) | set(report["budget"]["frame_ms"]) | set(report["memory"]["over_time"][0])
    assert keys - said == {"frame_ms", "memory_mb", "s"} - said
    assert '`"schema": 1`' in readme


def test_keyframes_alone_have_a_segment_stage(profile: Profile) -> None:
    done = profile("--source", SMALL, "--frames", 20, "--starts", 0, "--no-operators", "--board", "pi4b", "--json")
    samples = done.json["samples"]
    assert [value is not None for value in samples["cpu_ms"]["segment"]] == samples["keyframe"]
    assert sum(samples["keyframe"]) == done.json["keyframes"] == 10
    assert done.json["quality"] == "fast" and "matting" not in done.json["stages"]


def test_the_command_prints_one_document_with_schema_and_conditions(profile: Profile) -> None:
    done = profile(*QUICK, "--quality", "fast", "--json")
    assert (done.code, done.err) == (0, "")
    report = done.json
    assert (report["schema"], report["board"], report["quality"], report["width"]) == (1, "desk", "fast", 320)
    assert {"date", "processor", "cores", "python", "runtime", "threads", "detected"} <= set(report["conditions"])
    assert report["start"] is None and report["peak_rss_mb"] >= report["memory"]["peak_rss_mb"]


def test_the_table_is_for_people(profile: Profile) -> None:
    done = profile(*QUICK)
    assert done.code == 0
    for line in (r"^segment +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+$", r"^frame budget +p95 [\d.]+ of 30 ms",
                 r"^memory +peak", r"^energy +", r"^before +load"):
        assert re.search(line, done.out, re.MULTILINE), (line, done.out)


def test_folders_of_the_user_s_own_that_bear_our_names_are_left_alone(profile: Profile, tmp_path: Path,
                                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tools", "edge"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('a stranger')")
    monkeypatch.chdir(tmp_path)
    done = profile(*QUICK[:4], "--starts", 1, "--no-operators", "--board", "desk")
    assert done.code == 0, done.err


def test_starts_are_told_step_by_step_cold_and_warm(profile: Profile) -> None:
    done = profile("--source", SMALL, "--frames", 20, "--starts", 1, "--no-operators", "--board", "desk", "--json")
    start, first = done.json["start"], done.json["time_to_first_mask_ms"]
    steps = ["interpreter", "import", "runtime", "source", "model", "first_mask", "first_invoke"]
    for entry in (start["cold"], start["warm"]):
        assert set(entry["ms"]) == {*steps, "total"} and all(value > 0 for value in entry["ms"].values())
        assert sum(entry["ms"][step] for step in steps) == pytest.approx(entry["ms"]["total"], abs=0.1)
    assert first["warm"] == start["warm"]["ms"]["total"]
    assert first["cold"] == (start["cold"]["ms"]["total"] if start["cold"]["cold"] else None)
    assert start["cold"]["cold"] or start["cold"]["why"]
    assert {"numpy", "edge"} <= {entry["package"] for entry in start["imports"]}


@pytest.mark.skipif(not Path("/usr/bin/time").is_file(), reason="no GNU time: sudo apt install time")
def test_memory_agrees_with_time_within_two_hundredths() -> None:
    done = subprocess.run(["/usr/bin/time", "-v", sys.executable, "-m", "tools.profile", *map(str, QUICK), "--json"],
                          cwd=ROOT, capture_output=True, text=True, check=True)
    said = re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr)
    report = json.loads(done.stdout)
    assert said is not None and report["peak_rss_mb"] == pytest.approx(int(said[1]) * 1024 / 1e6, rel=0.02)
    assert report["memory"]["peak_rss_mb"] <= report["peak_rss_mb"]


def test_the_largest_of_all_processes_counts() -> None:
    larger_mb = int(peak_rss_mb()) + 300  # than this process has ever been
    subprocess.run([sys.executable, "-c", f"len(bytes(range(250)) * {larger_mb * 4000})"], check=True)
    assert whole_peak_rss_mb() >= larger_mb > peak_rss_mb()


def test_the_gate_fails_over_the_budget_with_both_numbers(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    from msgspec.structs import replace as changed

    def tight(name: str) -> CameraBoard:
        board = load_camera_board(name)
        memory = changed(board.budget.memory_mb, value=32)
        return changed(board, budget=changed(board.budget, memory_mb=memory))

    monkeypatch.setattr(profile_command, "load_board", tight)
    assert profile(*QUICK).code == 0, "without --gate it only says so"
    done = profile(*QUICK, "--gate", "--json")
    assert done.code == 1
    assert re.search(r"^masque: the live path takes [\d.,]+ MB at its peak; desk\.toml's budget\.memory_mb is 32 MB$",
                     done.err, re.MULTILINE)
    assert done.json["over_budget"], "the report is there all the same"


def test_photographs_are_timed_fast_and_fine_and_held_to_their_budgets(profile: Profile) -> None:
    done = profile(*QUICK, "--still", "--json")
    still, budget = done.json["still"], done.json["budget"]
    assert (still["width"], still["height"]) == (1200, 1600)
    for quality, stage in (("fast", "refine"), ("fine", "solve")):
        stages = still[quality]["stages"]
        assert stages[stage]["count"] == stages["total"]["count"] == 5
        assert stages["total"]["p50"] > stages[stage]["p50"] and still[quality]["peak_rss_mb"] > 80
        assert budget[f"still_{quality}_ms"]["p50"] == stages["total"]["p50"]
    assert "solve" not in still["fast"]["stages"]


def test_a_busy_machine_is_told() -> None:
    calm = clockwork()
    assert profile_command.busy(replace(calm, load=0.0)) == []
    assert "the machine was busy: load 99 on " in profile_command.busy(replace(calm, load=99))[0]


def test_a_frame_over_its_budget_is_counted_and_named(report: dict[str, Any]) -> None:
    over = {**report, "budget": {"frame_ms": {"limit": 40, "p95": 45.1, "missed": 3}}}
    assert over_budget(over) == ["a frame takes 45.1 ms at the 95th percentile; desk.toml's budget.frame_ms is 40 ms"]
    exact = {**report, "budget": {"frame_ms": {"limit": 40, "p95": 40.0, "missed": 0}}}
    assert over_budget(exact) == []


def test_a_stored_report_is_compared_gated_and_drawn(profile: Profile, report: dict[str, Any], tmp_path: Path) -> None:
    stored = tmp_path / "before.json"
    stored.write_text(json.dumps(report), encoding="utf-8")
    done = profile("--from", stored, "--against", stored, "--gate", "--html", tmp_path / "page.html")
    assert "no change beyond noise" in done.out
    assert "since then" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert profile("--from", stored, "--against", stored, "--against", stored).code == 1


@pytest.mark.parametrize(("text", "said"), [
    ("not json", "not a report of masque profile"), ("[]", "is of schema None, this program writes and reads 1"),
    ('{"schema": 2}', "is of schema 2"), ('{"schema": 1}', "has no board, kind, stages"), (None, "cannot be read"),
    (json.dumps({**made_up(1), "samples": 3}), "has no samples; it is no whole report"),
    (json.dumps({**made_up(1), "conditions": {"title": ""}}), "has no conditions.processor, conditions.date"),
])
def test_what_is_no_report_is_refused_before_anything_is_measured(profile: Profile, tmp_path: Path, text: str | None,
                                                                  said: str) -> None:
    if text is not None:
        (tmp_path / "old.json").write_text(text, encoding="utf-8")
    done = profile("--against", tmp_path / "old.json", "--board", "desk")
    assert done.code == 1 and done.err.count("\n") == 1 and said in done.err
    assert "old.json" in done.err and done.out == ""


def test_what_was_asked_wrongly_is_said_in_a_line(profile: Profile, tmp_path: Path) -> None:
    assert profile("--board", "pi9").code == 2
    done = profile(*QUICK[2:], "--source", tmp_path / "none")
    assert done.code == 1 and done.err.startswith("masque: ") and done.err.count("\n") == 1
    done = profile(*QUICK, "--html", "/dev/full")
    assert done.code == 1 and "/dev/full: cannot be written to (No space left on device)" in done.err
    (tmp_path / "a.json").write_text("{}")
    done = profile("--from", tmp_path / "a.json", "--from", tmp_path / "a.json")
    assert done.code == 2 and "2 times --from without --against" in done.err


def test_a_minute_of_measuring_does_not_end_in_a_refusal(profile: Profile, report: dict[str, Any], tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_command, "_measured", lambda *_: pytest.fail("it was measured"))
    old = tmp_path / "old.json"
    old.write_text(json.dumps(report), encoding="utf-8")
    for said, asked in (("there is no folder", ("--html", tmp_path / "no" / "page.html")),
                        ("board is 'desk' in one and 'pi5' in another", ("--board", "pi5", "--against", old)),
                        ("board is 'desk' in one", ("--board", "msp430fr2433", "--against", old)),
                        ("quality is 'fine' in one and 'fast'", ("--quality", "fast", "--against", old)),
                        (f"source is '{SMALL}' in one and 'demo'", ("--source", "demo", "--against", old)),
                        ("2 old reports and 1 new ones", ("--against", old, "--against", old))):
        done = profile(*QUICK, *asked)
        assert done.code == 1 and done.err.count("\n") == 1 and said in done.err, done


def test_masque_board_names_a_board_that_nobody_can_detect(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle for a Coral on USB sets it."""
    monkeypatch.setenv("MASQUE_BOARD", "pi4b")
    assert profile(*QUICK[:-2], "--json").json["board"] == "pi4b"
    monkeypatch.setenv("MASQUE_BOARD", "toaster")
    assert profile(*QUICK[:-2]).code == 2


def test_a_coral_on_usb_is_the_machine_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    coral, pi = load_camera_board("coral_usb_pi4b"), load_camera_board("pi4b")
    for detected, boards in (("pi4b", ("coral_usb_pi4b", "pi4b")), ("desk", ("desk", "desk"))):
        monkeypatch.setattr(report_module, "detect", lambda name=detected: name)
        assert (report_module.here(coral), report_module.here(pi)) == boards


def test_a_start_that_fails_says_why_and_no_more(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"^a start of the live path failed: \S+/none: no such file, folder"):
        starts("desk", "large", str(tmp_path / "none"), None, 1)


def test_a_stage_that_the_first_frame_did_not_have_stands_in_its_place() -> None:
    order = in_order([], ["source", "guide", "refine", "frame", "loop"])
    assert in_order(order, ["source", "guide", "segment", "matting", "refine", "frame", "loop"]) == [
        "source", "guide", "segment", "matting", "refine", "frame", "loop"]


def test_a_source_that_ends_too_soon_says_how_long_it_is(profile: Profile, tmp_path: Path) -> None:
    for i in range(4):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((90, 160, 3), 90, np.uint8))
    done = profile(*QUICK[2:], "--source", tmp_path)
    assert done.code == 1 and "has no more than 4 frames; the first 10 are not counted" in done.err


def test_a_film_that_ends_before_the_asked_frames_is_profiled_as_far_as_it_goes(profile: Profile,
                                                                                tmp_path: Path) -> None:
    for i in range(22):
        cv2.imwrite(str(tmp_path / f"{i:02}.png"), np.full((90, 160, 3), 4 * i, np.uint8))
    done = profile(*QUICK[2:], "--source", tmp_path, "--json")
    assert done.json["frames"] == 12 and done.json["allocations"]["frames"] == 0 and done.json["allocations"]["why"]
    assert "ended after 12 counted frames of 20" in done.json["fallbacks"][0]
    table = in_words(done.json)
    assert "allocations were not counted: the source ended before" in table and "None" not in table


def test_the_page_is_whole_in_itself(report: dict[str, Any]) -> None:
    page = page_of({**report, "fallbacks": ["a <b> & c"]})
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://", page)
    assert page.count("<svg") >= 4 and "prefers-color-scheme:dark" in page
    assert "a &lt;b&gt; &amp; c" in page and "<b> &" not in page
    assert "NaN" not in page and "nan" not in re.findall(r'points="[^"]*"', page)
    for drawn in re.findall(r'(?:x|y|cx|cy|width|height)="(-?[\d.]+)"', page):
        assert float(drawn) >= -1


def test_the_page_names_units_and_says_a_reason_once(report: dict[str, Any]) -> None:
    unknown = {"bits": None, "words": None, "why": "no vcgencmd here"}
    machine = {name: {**report["machine"][name], "throttled": unknown} for name in ("before", "after")}
    over_time = [{**state, "throttled": unknown} for state in report["machine"]["over_time"]]
    page = page_of({**report, "machine": {**machine, "over_time": over_time}})
    assert page.count("no vcgencmd here") == 1
    assert "<h2>Stages</h2><p class=dim>ms; worked" in page
    assert page.count("<svg") == page.count("<div class=scroll><svg")
    last = re.findall(r"<title>([\d.]+ ms and more: \d+ frames)", page)
    assert len(last) == 1, "the last bar of the histogram holds whatever took longer"


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium: sudo apt install chromium")
def test_a_browser_draws_the_page(report: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(page_of(report), encoding="utf-8")
    subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=940,1600",
                    f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={tmp_path / 'page.png'}",
                    f"file://{tmp_path / 'page.html'}"], check=True, capture_output=True, timeout=120)
    drawn = cv2.imread(str(tmp_path / "page.png"))
    assert drawn is not None and len(np.unique(drawn.reshape(-1, 3), axis=0)) > 200


def test_percentiles_leave_out_frames_without_the_stage() -> None:
    assert statistics_of([1.0, float("nan"), 3.0]) == {"p50": 2.0, "p95": 2.9, "p99": 2.98, "max": 3.0, "count": 2}


def test_a_written_report_is_read_as_it_was(report: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(report), encoding="utf-8")
    assert read_report(tmp_path / "a.json") == json.loads(json.dumps(report))
