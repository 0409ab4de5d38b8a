"""From what was noted to the report: figures, beside the samples that they were made of. Its keys are a promise
(README, profile); SCHEMA grows when one changes its meaning."""
from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import resource
from pathlib import Path
from typing import Any

import numpy as np

from edge.board_shapes import Board, CameraBoard
from edge.boards import detect
from edge.card import MODELS, model_path, read_card
from edge.errors import ReportError
from edge.report import peak_rss_mb
from tools.profile.run import LiveRun

SCHEMA = 1

UNITS = {"clock_ms": "ms", "cpu_ms": "ms", "cycles": "cycles"}
"""Clock of the samples → unit of its figures. clock_ms: what a bystander's watch shows; cpu_ms: processor time of all
threads; cycles: of the simulator."""

WHOLE = {"board": str, "kind": str, "stages": dict, "samples": dict, "budget": dict, "memory": dict, "conditions": dict}
"""Key of every report → what it holds."""

SAID = ("processor", "title", "date", "detected")
"""Conditions without which a report cannot be told from another's."""


def statistics_of(values: list[float]) -> dict[str, float]:
    """p50, p95, p99, max and count of those that are not NaN."""
    there = np.array([value for value in values if not np.isnan(value)])
    p50, p95, p99 = np.percentile(there, [50, 95, 99]).tolist()
    return {"p50": round(p50, 4), "p95": round(p95, 4), "p99": round(p99, 4), "max": round(float(there.max()), 4),
            "count": int(there.size)}


def live_figures(board: CameraBoard, run: LiveRun) -> dict[str, Any]:
    """stages, jitter, budget, memory and all else that a live run tells."""
    limit, frame = board.budget.frame_ms.value, np.array(run.clock_ms["frame"])
    missed = int((frame > limit).sum())
    rss = [rss for seconds, rss, _ in run.memory if seconds >= run.warm_s]
    return {
        "width": run.width, "height": run.height, "frames": run.frames, "keyframes": sum(run.keyframe),
        "dropped": run.dropped,
        "stages": {stage: {**statistics_of(run.clock_ms[stage]), "unit": "ms",
                           "cpu_p50": statistics_of(run.cpu_ms[stage])["p50"]} for stage in run.order},
        "jitter": jitter(run.interval_ms),
        "budget": {"frame_ms": {"limit": limit, "p95": round(statistics_of(run.clock_ms["frame"])["p95"], 2),
                                "missed": missed, "missed_share": round(missed / run.frames, 4)},
                   "memory_mb": {"limit": board.budget.memory_mb.value, "peak": run.peak_rss_mb}},
        "memory": {"peak_rss_mb": run.peak_rss_mb, "growth_mb": round(rss[-1] - rss[0], 2) if rss else None,
                   "over_time": [{"s": s, "rss_mb": rss, "pss_mb": pss} for s, rss, pss in run.memory]},
        "allocations": run.allocations, "energy": run.energy,
        "machine": {"over_time": [{"s": s, **state.figures()} for s, state in run.machine]},
        "samples": {"clock_ms": _plain(run.clock_ms), "cpu_ms": _plain(run.cpu_ms), "keyframe": run.keyframe,
                    "rulers_ms": _plain(run.rulers.ms), "interval_ms": [round(value, 4) for value in run.interval_ms]},
        "fallbacks": run.fallbacks}


def arenas(tier: str, models: Path | None) -> dict[str, int]:
    """Model file → bytes of its activations at their most, as its card says; weights come on top."""
    found = {}
    for kind in ("seg", "matte"):
        file = model_path(kind, tier, models or MODELS)
        if file.is_file():
            found[file.name] = max(signature.arena_bytes for signature in read_card(file).signatures.values())
    return found


def jitter(interval_ms: list[float]) -> dict[str, float | None]:
    """How far intervals between finished frames are from their median: its p50, p95, p99 and max, in ms."""
    if not interval_ms:
        return {"interval_ms": None, "p50": None, "p95": None, "p99": None, "max": None}
    middle = float(np.median(interval_ms))
    away = statistics_of(np.abs(np.array(interval_ms) - middle).tolist())
    return {"interval_ms": round(middle, 4), **{name: away[name] for name in ("p50", "p95", "p99", "max")}}


def conditions(board: Board, threads: int = 1) -> dict[str, Any]:
    """Who was measured, where, with what; without it no figure means anything."""
    return {"date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"), "masque": _version("masque"),
            "runtime": f"ai-edge-litert {_version('ai-edge-litert')}" if _version("ai-edge-litert") else
                       f"tflite-runtime {_version('tflite-runtime')}",
            "python": platform.python_version(), "numpy": np.__version__, "system": platform.platform(),
            "processor": processor(), "cores": os.cpu_count() or 1, "threads": threads, "title": board.title,
            "detected": here(board)}


def here(board: Board) -> str:
    """The board that this machine is. One that nothing tells from the machine below it, such as a Coral on USB, is
    taken at its word on any machine with a device tree."""
    found = detect()
    hidden = isinstance(board, CameraBoard) and not board.devicetree and board.name != found
    return board.name if hidden and found != "desk" else found


def processor(cpuinfo: Path = Path("/proc/cpuinfo"), model: Path = Path("/proc/device-tree/model")) -> str:
    """The machine's name where its device tree has one, else the processor's."""
    try:
        return model.read_bytes().rstrip(b"\0").decode("utf-8", "replace")
    except OSError:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def whole_peak_rss_mb() -> float:
    """The largest resident memory of this process or of any that it started and waited for: what time -v calls Maximum
    resident set size."""
    return max(peak_rss_mb(), round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6, 1))


def over_budget(report: dict[str, Any]) -> list[str]:
    """A line for each budget of the board that the report is over, with both numbers."""
    budget, board = report["budget"], report["board"]
    said = []
    for key, measured, what, unit in (
            ("frame_ms", "p95", "a frame takes {} ms at the 95th percentile", "ms"),
            ("memory_mb", "peak", "the live path takes {} MB at its peak", "MB"),
            ("still_fast_ms", "p50", "a photograph takes {} ms fast, at the median", "ms"),
            ("still_fine_ms", "p50", "a photograph takes {} ms fine, at the median", "ms"),
            ("solve_ms", "max", "a full tile takes {} ms in the simulator", "ms"),
            ("program_bytes", "taken", "the image takes {} B", "B"),
            ("ram_bytes", "taken", "data and deepest stack take {} B", "B")):
        entry = budget.get(key)
        if entry and entry[measured] is not None and entry[measured] > entry["limit"]:
            said.append(f"{what.format(f'{entry[measured]:,}')}; {board}.toml's budget.{key} is {entry['limit']:,} "
                        f"{unit}")
    return said


def read_report(path: Path) -> dict[str, Any]:
    """A report that `--json` wrote. Raises ReportError for what is none, or of another schema."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ReportError(f"{path}: not a report of masque profile --json ({error})") from error
    schema = report.get("schema") if isinstance(report, dict) else None
    if schema != SCHEMA:
        raise ReportError(f"{path}: is of schema {schema!r}, this program writes and reads {SCHEMA}; measure again")
    missing = [key for key, kind in WHOLE.items() if not isinstance(report.get(key), kind)]
    missing += [f"conditions.{key}" for key in SAID if not missing and key not in report["conditions"]]
    if missing:
        raise ReportError(f"{path}: has no {', '.join(missing)}; it is no whole report")
    return report


def clocks(report: dict[str, Any]) -> list[str]:
    """The clocks by which a report's samples were taken."""
    return [clock for clock in UNITS if clock in report["samples"]]


def _plain(columns: dict[str, list[float]]) -> dict[str, list[float | None]]:
    return {stage: [None if np.isnan(value) else round(value, 4) for value in values]
            for stage, values in columns.items()}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
