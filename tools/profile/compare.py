"""What moved between two profiles beyond noise, stage by stage, with bootstrap intervals.

Compared is the tenth percentile: what a frame takes when nothing is in its way. Keyframes and the frames between them
are taken apart and then together again, each with its share. Frames are not independent, so blocks of them are drawn,
not single ones (moving blocks, Künsch 1989), as long as values resemble each other. Reports made in turns (old, new,
old, new …) are compared pair by pair.

A machine is never twice the same. So the interval of processor time must lie beyond FLOORS, and beyond what the
machine's own pace changed meanwhile (rulers.py), and the clock on the wall must not contradict it.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from edge.errors import ReportError
from tools.profile.report import clocks

DRAWS = 1000

SURE = 0.99
"""Coverage of an interval; there are about ten stages, and one in ten false alarms would be one a run at 90 %."""

FLOORS = {"clock_ms": 0.10, "cpu_ms": 0.10, "cycles": 0.001}
"""Shares by which runs of the same thing differ on one machine beside its pace; counted cycles differ by a few, for a
link's session number is drawn."""

MEMORY_FLOOR = 0.05
"""Share by which peak memory differs from run to run."""

LEAST = {"clock_ms": 0.03, "cpu_ms": 0.03, "cycles": 0.0}
"""A change smaller than this is nobody's time, whatever its share: two processes of the same program differ by up to
0.026 ms in a stage of 0.14 ms, for where their memory lies (16 runs, 2-core x86-64 server, 2026-11-21)."""

QUANTILE = 0.10
"""Of a stage's times that is compared."""

FEWEST = 20
"""Frames of a report that can be compared: an interval drawn from fewer is too sure of itself."""

SAME = ("board", "kind", "source", "sink", "width", "height", "quality", "tier")
"""What two reports must have in common to be compared."""


Groups: TypeAlias = list[np.ndarray]
"""Samples (n,) of one stage, a group for each kind of frame."""


@dataclass(frozen=True)
class Ratio:
    """new / old: of the levels, and the ends of its interval."""

    middle: float
    low: float
    high: float

    def beyond(self, floor: float, paces: Sequence[float] = ()) -> int:
        """1: larger for sure, −1: smaller for sure, 0: neither, when the machine itself took so many times as long."""
        if self.low > (1 + floor) * max(1.0, *paces, 1.0):
            return 1
        return -1 if self.high < min(1.0, *paces, 1.0) / (1 + floor) else 0


def compared(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, Any]:
    """Reports made in turns → {"stages": {stage: {clock: {old, new, ratio, low, high}, verdict}}, "pace", "memory",
    "moved": [lines]}; pace: ruler → its own ratio.

    Verdicts: slower, faster, unchanged, `clock only` (the wall's clock moved, the processor's time did not), new, gone.
    Raises ReportError as check_same.
    """
    check_same(old, new)
    pace = paces(old, new)
    stages = {stage: _stage(stage, old, new, list(pace.values())) for stage in {**old[0]["stages"], **new[0]["stages"]}}
    memory = _memory(old, new)
    moved = [f"{stage} is {entry['verdict']}: {_said(entry)}" for stage, entry in stages.items()
             if entry["verdict"] in ("slower", "faster", "new", "gone")]
    moved += [f"peak memory is {memory['verdict']}: {memory['old']} → {memory['new']}"] if memory["verdict"] != (
        "unchanged") else []
    return {"pairs": len(old), "pace": pace, "stages": stages, "memory": memory, "moved": moved}


def check_same(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    """Raises ReportError when there are not as many old reports as new ones, they are not of the same thing, or one is
    of too few frames. What one does not tell (yet) is not asked of the others."""
    if len(old) != len(new) or not old:
        raise ReportError(f"{len(old)} old reports and {len(new)} new ones: give as many of each, made in turns")
    first = old[0]
    for other in [*old, *new]:
        for key in SAME:
            if key in first and key in other and first[key] != other[key]:
                raise ReportError(f"the reports are not of the same thing: {key} is {first[key]!r} in one and "
                                  f"{other[key]!r} in another; measure both alike")
        if (frames := other.get("frames", FEWEST)) < FEWEST:
            raise ReportError(f"a report of {frames} frames: {FEWEST} are the fewest that tell noise from change; "
                              "measure a longer source")
        there, here = (report["conditions"]["processor"] for report in (first, other))
        if there != here:
            raise ReportError(f"the reports are not from the same machine: {there!r} and {here!r}")


def paces(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, float]:
    """Ruler → how many times as long it took in the new reports; {} for a simulator, which has one pace."""
    names = old[0]["samples"].get("rulers_ms", {})
    return {name: round(ratio(_ruler(old, name), _ruler(new, name)).middle, 4) for name in names}


def _ruler(reports: list[dict[str, Any]], name: str) -> list[Groups]:
    return [[np.array(report["samples"]["rulers_ms"][name], float)] for report in reports]


def _stage(stage: str, old: list[dict[str, Any]], new: list[dict[str, Any]], pace: list[float]) -> dict[str, Any]:
    if stage not in new[0]["stages"] or stage not in old[0]["stages"]:
        return {"verdict": "new" if stage in new[0]["stages"] else "gone"}
    entry: dict[str, Any] = {}
    signs = {}
    for clock in clocks(old[0]):
        before, after = ([_column(report, clock, stage) for report in reports] for reports in (old, new))
        found = ratio(before, after)
        there, here = (float(np.mean([level(groups) for groups in reports])) for reports in (before, after))
        signs[clock] = found.beyond(FLOORS[clock], pace) if abs(here - there) > LEAST[clock] else 0
        entry[clock] = {"old": round(there, 4), "new": round(here, 4), "ratio": round(found.middle, 4),
                        "low": round(found.low, 4), "high": round(found.high, 4)}
    return {**entry, "verdict": _verdict(signs, entry)}


def _verdict(signs: dict[str, int], entry: dict[str, Any]) -> str:
    """Waiting (a camera, a disk) takes no processor time: such a stage is judged by the wall's clock alone. That clock
    is noisier than the other: of work it is asked for its middle only."""
    clock = "cycles" if "cycles" in entry else "cpu_ms"
    if clock == "cpu_ms" and entry["cpu_ms"]["old"] < entry["clock_ms"]["old"] / 4:
        clock = "clock_ms"
    against = clock == "cpu_ms" and (entry["clock_ms"]["ratio"] - 1) * signs[clock] < 0
    if signs[clock] and not against:
        return {1: "slower", -1: "faster"}[signs[clock]]
    return "clock only" if signs.get("clock_ms") else "unchanged"


def ratio(old: list[Groups], new: list[Groups], seed: int = 0) -> Ratio:
    """Pairs of samples → the ratio of their levels, the geometric mean over pairs, with its interval."""
    rng = np.random.default_rng(seed)
    logs = [np.log(level(after) / level(before)) for before, after in zip(old, new, strict=True)]
    drawn = np.array([np.log(levels(after, rng)) - np.log(levels(before, rng))
                      for before, after in zip(old, new, strict=True)])
    low, high = np.quantile(drawn.mean(axis=0), [(1 - SURE) / 2, (1 + SURE) / 2])
    return Ratio(float(np.exp(np.mean(logs))), float(np.exp(low)), float(np.exp(high)))


def level(groups: Groups) -> float:
    """The QUANTILE of each group, together by their shares."""
    return float(sum(np.quantile(values, QUANTILE) * values.size for values in groups)
                 / sum(values.size for values in groups))


def levels(groups: Groups, rng: np.random.Generator) -> np.ndarray:
    """(DRAWS,) levels of samples made of random blocks."""
    whole = sum(values.size for values in groups)
    return sum((np.quantile(resampled(values, rng), QUANTILE, axis=1) * values.size / whole for values in groups),
               start=np.zeros(DRAWS))


def resampled(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) → (DRAWS, n): samples made of random blocks."""
    size = min(block_of(values), values.size)
    starts = rng.integers(0, values.size - size + 1, (DRAWS, -(-values.size // size)))
    return values[(starts[..., None] + np.arange(size)).reshape(DRAWS, -1)[:, :values.size]]


def block_of(values: np.ndarray) -> int:
    """The first lag at which values no longer resemble themselves (autocorrelation below 2/√n), between n^⅓ and n/8."""
    n = values.size
    away = values - values.mean()
    power = float(away @ away)
    least, most = max(1, round(n ** (1 / 3))), max(1, n // 8)
    for lag in range(least, most):
        if power == 0 or abs(float(away[lag:] @ away[:-lag])) / power < 2 / np.sqrt(n):
            return lag
    return max(least, most)


def _memory(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> dict[str, Any]:
    key = "peak_rss_mb" if "peak_rss_mb" in old[0]["memory"] else "ram_bytes"
    unit, floor = ("MB", MEMORY_FLOOR) if key == "peak_rss_mb" else ("B", 0.0)
    before, after = (float(np.median([report["memory"][key] for report in reports])) for reports in (old, new))
    sign = Ratio(*[after / max(before, 1e-9)] * 3).beyond(floor)
    return {"ratio": round(after / max(before, 1e-9), 4), "old": f"{before:,.1f} {unit}", "new": f"{after:,.1f} {unit}",
            "verdict": {1: "larger", -1: "smaller", 0: "unchanged"}[sign]}


def _column(report: dict[str, Any], clock: str, stage: str) -> Groups:
    """A stage's times, of keyframes and of other frames apart."""
    values = np.array([np.nan if value is None else value for value in report["samples"][clock].get(stage, [])], float)
    there = ~np.isnan(values)
    if not there.any():
        raise ReportError(f"a report has no samples of {stage} ({clock})")
    key = np.array(report["samples"].get("keyframe") or [True] * values.size)
    groups = [values[there & mask] for mask in (key, ~key)]
    return [np.maximum(group, 1e-6) for group in groups if group.size]


def _said(entry: dict[str, Any]) -> str:
    return "; ".join(f"{clock.replace('_', ' ')} {value['old']:,} → {value['new']:,} (×{value['ratio']:.2f}, "
                     f"{value['low']:.2f} to {value['high']:.2f})" for clock, value in entry.items()
                     if isinstance(value, dict)) or "in one of the two only"
