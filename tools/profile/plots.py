"""The drawings of a report: frames over time, their distribution, a frame's inside, memory, the network's roofline."""
from __future__ import annotations

from typing import Any

import numpy as np

from tools.profile.svg import Axes, boxes

SUMS = ("frame", "loop")
"""Stages that are sums of others."""

BINS = 48

COLOURS = 8
"""Of the page; more stages than that take the first ones again."""

BUDGET_COLOUR = 9

NEAR = 4
"""A budget is drawn where it is less than so many times what there is to see."""


ROOFS = (("memory_gbs", "memory", 5), ("cache_gbs", "cache", 4))
"""Key of the ceiling, its name, its colour."""


def parts_of(report: dict[str, Any]) -> list[str]:
    """The stages that are not sums, in their order."""
    return [stage for stage in report["stages"] if stage not in SUMS]


def colour_of(report: dict[str, Any], stage: str) -> int:
    """The same everywhere on the page."""
    return parts_of(report).index(stage) % COLOURS


def timeline(report: dict[str, Any]) -> str:
    """Every frame's stages on top of each other, the frame in hand to the sink, and the budget across."""
    samples, limit = report["samples"]["clock_ms"], report["budget"]["frame_ms"]["limit"]
    stages = [stage for stage in parts_of(report) if stage != "source"]
    columns = {stage: np.nan_to_num(np.array(samples[stage], float)) for stage in stages}
    total = np.sum(list(columns.values()), axis=0)
    most = _room(float(np.quantile(total, 0.995)), limit)
    axes, xs = Axes((0, len(total)), (0, most), ("frame", "ms")), list(range(len(total)))
    low = np.zeros(len(total))
    for stage in stages:
        axes.area(xs, low.tolist(), (low + columns[stage]).tolist(), colour_of(report, stage), stage)
        low = low + columns[stage]
    if limit < most:
        axes.line([(0, limit), (len(total), limit)], BUDGET_COLOUR, f"budget {limit} ms", dashed=True)
        axes.text(len(total), limit, f"budget {limit} ms", "end")
    return axes.svg("milliseconds of every frame, by stage, with the budget")


def histogram(report: dict[str, Any]) -> str:
    """How many frames took how long, with median, 95th percentile and budget."""
    if report["kind"] == "solver":
        return _solver_histogram(report)
    values = np.array(report["samples"]["clock_ms"]["frame"], float)
    limit, stage = report["budget"]["frame_ms"]["limit"], report["stages"]["frame"]
    most = _room(float(np.quantile(values, 0.99)), limit)
    counts, edges = np.histogram(values.clip(max=most), BINS, (0, most))
    axes = Axes((0, most), (0, float(counts.max()) * 1.15), ("ms a frame, in hand to sink", "frames"))
    for count, left, right in zip(counts.tolist(), edges.tolist(), [*edges.tolist()[1:-1], None], strict=False):
        span = f"{left:.2f} to {right:.2f} ms" if right else f"{left:.2f} ms and more"
        axes.bar(left, right or most, count, 0, f"{span}: {count} frames")
    for name, anchor in (("p50", "end"), ("p95", "start")):  # to either side: they may lie close together
        value = stage[name]
        axes.line([(value, 0), (value, counts.max() * 1.1)], 3, f"{name} {value:.2f} ms", dashed=True)
        axes.text(value, counts.max() * 1.1, f" {name} {value:.1f} ", anchor)
    if limit < most:
        axes.line([(limit, 0), (limit, counts.max())], BUDGET_COLOUR, f"budget {limit} ms", dashed=True)
        axes.text(limit, counts.max(), f"budget {limit} ", "end")
    return axes.svg("distribution of the time of a frame")


def _room(most: float, limit: float) -> float:
    """The end of an axis in ms: with the budget in sight, unless the frames would be lost below it."""
    return max(most, limit if limit < NEAR * most else 0) * 1.08


def _solver_histogram(report: dict[str, Any]) -> str:
    stages = report["stages"]
    most = max(figures["max"] for figures in stages.values())
    axes = Axes((0, len(stages)), (100, most * 4), ("", "cycles"), log=(False, True))
    for index, (name, figures) in enumerate(stages.items()):
        axes.bar(index + 0.1, index + 0.9, figures["p50"], index % COLOURS, f"{name}: {figures['p50']:,.0f} cycles")
        axes.text(index + 0.5, figures["p50"], f"{name} {figures['p50']:,.0f}", "middle")
    return axes.svg("median cycles of each request")


def flame(report: dict[str, Any], keyframes: bool) -> str:
    """The median frame, in hand to sink, down to the network's kinds of operator, in processor time; empty where there
    is no such frame."""
    chosen = [index for index, key in enumerate(report["samples"]["keyframe"]) if key == keyframes]
    if not chosen:
        return ""
    middle = {stage: float(np.median(np.nan_to_num(np.array(values, float)[chosen])))
              for stage, values in report["samples"]["cpu_ms"].items()}
    parts = [(stage, middle[stage]) for stage in parts_of(report) if middle[stage] > 0 and stage != "source"]
    whole = sum(ms for _, ms in parts)
    rows: list[list[tuple[float, float, str, int, str]]] = [
        [(0.0, whole, f"frame {whole:.2f} ms", 8, f"frame: {whole:.3f} ms of processor time")], []]
    at = 0.0
    for stage, ms in parts:
        colour = colour_of(report, stage)
        rows[1].append((at, ms, f"{stage} {ms:.2f}", colour, f"{stage}: {ms:.3f} ms, {100 * ms / whole:.0f} %"))
        if stage == "segment" and report.get("models"):
            rows += _inside(report["models"][0], at, ms, colour)
        at += ms
    return boxes(rows, whole, "what the median frame spends its time on, nested")


def _inside(model: dict[str, Any], start: float, room: float, colour: int) -> list[list]:
    """One call of the network and its kinds of operator, within the stage that calls it."""
    call = min(model["call_ms"], room)
    kinds: dict[str, float] = {}
    for row in model["operators"]:
        kinds[row["operator"]] = kinds.get(row["operator"], 0.0) + row["ms"]
    below, at = [], start
    for name, ms in sorted(kinds.items(), key=lambda kind: -kind[1]):
        length = ms * call / max(model["call_ms"], 1e-9)
        below.append((at, length, name.lower(), colour, f"{name}: {ms:.4f} ms of a call, by prefix timing"))
        at += length
    return [[(start, call, "one call", colour, f"one call of {model['file']}: {model['call_ms']:.3f} ms")], below]


def memory_curve(report: dict[str, Any]) -> str:
    """Resident and proportional set over the run, with the peak; the budget where it is near."""
    points, peak = report["memory"]["over_time"], report["memory"]["peak_rss_mb"]
    if not points:
        return ""
    limit = report["budget"]["memory_mb"]["limit"]
    most = max(peak * 1.15, limit * 1.05 if limit < 2 * peak else 0)
    axes = Axes((0, max(point["s"] for point in points) or 1), (0, most), ("s", "MB"))
    for key, colour in (("rss_mb", 0), ("pss_mb", 1)):
        axes.line([(point["s"], point[key]) for point in points], colour, key.replace("_mb", "").upper())
    axes.line([(0, peak), (points[-1]["s"], peak)], 3, f"peak {peak} MB", dashed=True)
    axes.text(points[-1]["s"], peak, f"peak {peak:.0f} MB", "end")
    if limit < 2 * peak:
        axes.line([(0, limit), (points[-1]["s"], limit)], BUDGET_COLOUR, f"budget {limit} MB", dashed=True)
        axes.text(points[-1]["s"], limit, f"budget {limit} MB", "end")
    return axes.svg("resident and proportional set over time")


def roofline(report: dict[str, Any]) -> str:
    """Every operator's multiply-adds a second against its multiply-adds a byte, under what the machine can do
    (Williams, Waterman, Patterson 2009)."""
    ceiling = report.get("ceiling") or {}
    dots = [(row["macs"] / row["bytes"], row["macs"] / row["ms"] / 1e6, row, index)
            for index, model in enumerate(report.get("models", ())) for row in model["operators"]
            if row["macs"] and row["ms"] > 0]
    if not dots or not ceiling.get("int8_gmacs"):
        return ""
    peak = ceiling["int8_gmacs"]
    axes = Axes((0.5, 1000), (max(0.01, min(dot[1] for dot in dots) / 2), peak * 2),
                ("multiply-adds a byte", "10⁹ multiply-adds a second"), log=(True, True), height=320)
    for key, name, colour in ROOFS:
        rate = ceiling[key]
        roof = [(0.5, 0.5 * rate), (peak / rate, peak), (1000, peak)]
        axes.line(roof, colour, f"{name} {rate} GB/s, int8 {peak} G/s")
    axes.text(900, peak, f"int8 {peak} G/s", "end")
    for intensity, rate, row, index in dots:
        axes.dot(intensity, rate, index, f"{row['operator']} {row['layer']}: {row['ms']:.4f} ms, {rate:.1f} G/s",
                 3 + 6 * min(1.0, row["ms"] / 0.05))
    return axes.svg("roofline of the network's operators")
