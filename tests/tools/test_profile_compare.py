"""What moved between two profiles: a stage that became slower is named, a machine that became slower is not blamed on
any."""
from __future__ import annotations

import copy
import time
from typing import Any

import numpy as np
import pytest
from profiled import made_up, report_of, run_of

from edge.errors import ReportError
from edge.live import LivePath
from tools.profile.compare import Ratio, block_of, compared, level, levels
from tools.profile.table import comparison_lines


@pytest.fixture
def odd_frames_slowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage `segment` takes a quarter longer on every second frame, by processor time: two programs in turns."""
    plain = LivePath._see

    def slow(self: LivePath, index: int, *arguments: Any) -> None:
        began = time.process_time()
        plain(self, index, *arguments)
        more = 0.25 * (time.process_time() - began) if index % 2 else 0.0
        end = time.thread_time() + more  # of this thread alone: the network's threads may still be spinning
        while time.thread_time() < end:
            pass

    monkeypatch.setattr(LivePath, "_see", slow)


def halves(report: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Even and odd frames of one run: two runs of the same thing at the same time."""
    pair = copy.deepcopy(report), copy.deepcopy(report)
    for which, half in enumerate(pair):
        half["samples"] = {name: values[which::2] if isinstance(values, list) else
                           {key: column[which::2] for key, column in values.items()}
                           for name, values in report["samples"].items()}
    return pair


@pytest.mark.soak  # by a real clock: whoever else works on the machine has a say
def test_a_stage_that_takes_a_quarter_longer_is_named_in_runs_made_in_turns(odd_frames_slowed: None) -> None:
    found = compared(*[[half] for half in halves(report_of(run_of(400)))])
    segment = found["stages"]["segment"]
    assert segment["verdict"] == "slower" and 1.12 < segment["cpu_ms"]["ratio"] < 1.45, (segment, found["pace"])
    assert [line.split(" is ")[0] for line in found["moved"] if not line.startswith(("frame", "loop"))] == ["segment"]


def test_the_same_run_twice_is_no_change() -> None:
    even, odd = halves(report_of(run_of(160)))
    found = compared([even], [odd])
    assert found["moved"] == [], found
    assert comparison_lines(found)[0].startswith("no change beyond noise; the machine's own pace compute ×")


@pytest.mark.parametrize("seed", range(8))
def test_noise_that_resembles_its_past_is_no_change(seed: int) -> None:
    assert compared([made_up(seed)], [made_up(seed + 100)])["moved"] == []


@pytest.mark.parametrize(("slower", "verdict"), [(1.25, "slower"), (0.8, "faster"), (1.05, "unchanged")])
def test_only_the_stage_that_moved_is_named(slower: float, verdict: str) -> None:
    found = compared([made_up(i) for i in range(3)], [made_up(i + 50, slower=slower) for i in range(3)])
    assert found["stages"]["b"]["verdict"] == verdict and found["stages"]["a"]["verdict"] == "unchanged"
    assert found["stages"]["b"]["cpu_ms"]["low"] < slower < found["stages"]["b"]["cpu_ms"]["high"]


def test_a_slower_machine_is_not_blamed_on_the_program() -> None:
    found = compared([made_up(1)], [made_up(2, pace=1.4)])
    assert found["moved"] == [] and found["pace"]["memory"] == pytest.approx(1.4, rel=0.05)
    both = compared([made_up(1)], [made_up(2, pace=1.4, slower=1.4)])
    assert [line.split(" ")[0] for line in both["moved"]] == ["b"]


def test_a_slower_stage_between_keyframes_alone_is_seen() -> None:
    """A tenth percentile over all frames would look at keyframes only."""
    old, new = made_up(1), made_up(1)
    for clock in ("clock_ms", "cpu_ms"):
        for report, factor in ((old, 2.0), (new, 3.2)):
            column = report["samples"][clock]["a"]
            keys = report["samples"]["keyframe"]
            report["samples"][clock] = {**report["samples"][clock], "a": [
                value * (1 if key else factor) for value, key in zip(column, keys, strict=True)]}
    assert compared([old], [new])["stages"]["a"]["verdict"] == "slower"


def stretched(report: dict[str, Any], stage: str, factors: np.ndarray) -> dict[str, Any]:
    """The report with every frame's time of a stage multiplied by its factor, by both clocks."""
    values = (np.array(report["samples"]["cpu_ms"][stage]) * factors).tolist()
    samples = {**report["samples"], **{clock: {**report["samples"][clock], stage: values}
                                       for clock in ("clock_ms", "cpu_ms")}}
    return {**report, "samples": samples}


def test_frames_that_others_held_up_are_no_change() -> None:
    """More than half of them, so that the median doubles."""
    old = made_up(1)
    held_up = np.where(np.random.default_rng(0).random(300) < 0.6, 2.0, 1.0)
    assert compared([old], [stretched(old, "a", held_up)])["moved"] == []


def test_a_change_of_nobodys_time_is_no_change() -> None:
    old = stretched(made_up(1), "a", np.full(300, 0.05))
    assert compared([old], [stretched(old, "a", np.full(300, 1.3))])["moved"] == []
    assert compared([old], [stretched(old, "a", np.full(300, 2.0))])["moved"] != []


def test_the_whole_interval_must_lie_beyond_the_floor() -> None:
    assert [Ratio(1.3, low, 1.5).beyond(0.10) for low in (1.11, 1.09)] == [1, 0]
    assert [Ratio(0.7, 0.6, high).beyond(0.10) for high in (0.90, 0.92)] == [-1, 0]
    assert Ratio(1.3, 1.2, 1.5).beyond(0.10, [1.15]) == 0, "the machine itself took longer"


def test_what_only_the_clock_on_the_wall_says_is_told_apart() -> None:
    old, new = made_up(1), made_up(2)
    new["samples"]["clock_ms"] = {stage: [2 * value for value in values]
                                  for stage, values in new["samples"]["clock_ms"].items()}
    found = compared([old], [new])
    assert found["moved"] == [] and {entry["verdict"] for entry in found["stages"].values()} == {"clock only"}
    assert "by the wall's clock alone" in comparison_lines(found)[1]


def test_more_work_that_took_no_longer_is_not_called_slower() -> None:
    """Other threads took their share of it."""
    old, new = made_up(1), made_up(1)
    new["samples"]["cpu_ms"] = {stage: [1.5 * value for value in values]
                                for stage, values in new["samples"]["cpu_ms"].items()}
    new["samples"]["clock_ms"] = {stage: [0.9 * value for value in values]
                                  for stage, values in new["samples"]["clock_ms"].items()}
    assert compared([old], [new])["moved"] == []


def test_waiting_is_judged_by_the_clock_on_the_wall() -> None:
    old, new = made_up(1), made_up(2)
    for report, factor in ((old, 1.0), (new, 2.0)):
        samples = report["samples"]
        samples["cpu_ms"] = {**samples["cpu_ms"], "a": [value / 50 for value in samples["cpu_ms"]["a"]]}
        samples["clock_ms"] = {**samples["clock_ms"], "a": [value * factor for value in samples["clock_ms"]["a"]]}
    assert compared([old], [new])["stages"]["a"]["verdict"] == "slower"


def test_memory_that_grew_is_named() -> None:
    assert compared([made_up(1)], [made_up(2, memory=104.0)])["moved"] == []
    assert compared([made_up(1)], [made_up(2, memory=107.0)])["moved"] == [
        "peak memory is larger: 100.0 MB → 107.0 MB"]


def test_a_stage_that_came_or_went_is_named() -> None:
    old, new = made_up(1), made_up(2)
    del new["stages"]["a"]
    assert compared([old], [new])["moved"] == ["a is gone: in one of the two only"]
    assert compared([new], [old])["moved"] == ["a is new: in one of the two only"]


@pytest.mark.parametrize(("key", "value", "said"), [
    ("board", "pi5", "board is 'desk' in one and 'pi5' in another"),
    ("quality", "fast", "quality is 'fine' in one and 'fast' in another"),
    ("conditions", {"processor": "another"}, "not from the same machine: 'none' and 'another'"),
])
def test_what_is_not_the_same_thing_is_not_compared(key: str, value: Any, said: str) -> None:
    with pytest.raises(ReportError, match=said):
        compared([made_up(1)], [{**made_up(2), key: value}])


def test_a_report_of_few_frames_is_not_compared() -> None:
    """One frame against one other would be an interval of no width."""
    long, short = {**made_up(1), "frames": 20}, {**made_up(2), "frames": 19}
    compared([long], [long])
    with pytest.raises(ReportError, match="a report of 19 frames: 20 are the fewest"):
        compared([long], [short])


def test_turns_come_in_pairs() -> None:
    with pytest.raises(ReportError, match="2 old reports and 1 new ones"):
        compared([made_up(1), made_up(2)], [made_up(3)])


def test_blocks_are_as_long_as_values_resemble_each_other() -> None:
    rng = np.random.default_rng(0)
    slow = np.convolve(rng.normal(size=600), np.ones(40), "valid")
    assert block_of(rng.normal(size=560)) < 20 < block_of(slow) <= 70
    assert block_of(np.ones(300)) < 300 // 8


def test_values_that_resemble_their_past_are_less_sure() -> None:
    """As many single frames, drawn one by one, would pretend to know four times as much."""
    rng = np.random.default_rng(0)
    slow = 10 + np.convolve(rng.normal(size=600), np.ones(40) / 6, "valid")
    spread = [np.std(levels([values], np.random.default_rng(1))) for values in (slow, rng.permutation(slow))]
    assert spread[0] > 2 * spread[1]


def test_a_level_holds_every_kind_of_frame_by_its_share() -> None:
    assert level([np.full(30, 2.0), np.full(10, 6.0)]) == pytest.approx(3.0)
