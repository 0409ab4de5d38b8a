"""What memory the process takes: resident and proportional set over time, and what the steady loop allocates."""
from __future__ import annotations

import gc
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROLLUP = Path("/proc/self/smaps_rollup")

PLACES = 5
"""Lines of code that are named for what they allocate."""

SETTLE = 3
"""Frames under tracemalloc before it counts: the first ones fill caches that it has not seen being filled."""


def rollup_mb(file: Path = ROLLUP) -> dict[str, float]:
    """{"rss": …, "pss": …} in MB (10⁶ bytes) now; PSS shares what several processes map. {} where the kernel has no
    such file (before 4.14)."""
    try:
        text = file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return {}
    kb = {name.lower(): int(value) for name, value in re.findall(r"^(Rss|Pss):\s+(\d+) kB", text, re.MULTILINE)}
    return {name: round(value * 1024 / 1e6, 2) for name, value in kb.items()}


def allocations(frame: Callable[[], bool], frames: int) -> dict[str, Any]:
    """Runs `frame` (False: there was none) so often under tracemalloc, which sees Python's and numpy's memory; that of
    C libraries shows in the resident set.

    held: bytes and blocks that a frame leaves behind, in the mean; peak_bytes: what the thirstiest frame has at a time
    above what was there before it; places: where most of what stays was asked for.
    """
    gc.collect()
    tracemalloc.start()
    try:
        if not all(frame() for _ in range(SETTLE)):
            return {"frames": 0, "why": "the source ended before allocations were counted"}
        before, (began, _) = tracemalloc.take_snapshot(), tracemalloc.get_traced_memory()
        done, peak = 0, 0
        for _ in range(frames):
            tracemalloc.reset_peak()
            at = tracemalloc.get_traced_memory()[0]
            if not frame():
                break
            done, peak = done + 1, max(peak, tracemalloc.get_traced_memory()[1] - at)
        held = tracemalloc.get_traced_memory()[0] - began
        after = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    return {"frames": done, "held_bytes_per_frame": round(held / max(1, done), 1), "peak_bytes_per_frame": peak,
            **_told(before, after, done)}


def _told(before: tracemalloc.Snapshot, after: tracemalloc.Snapshot, frames: int) -> dict[str, Any]:
    """Blocks that stay, and the places that asked for most."""
    own = (tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, __file__))
    grown = after.filter_traces(own).compare_to(before.filter_traces(own), "lineno")
    most = [entry for entry in sorted(grown, key=lambda entry: -entry.size_diff)[:PLACES] if entry.size_diff > 0]
    return {"held_blocks_per_frame": round(sum(entry.count_diff for entry in grown) / max(1, frames), 2),
            "places": [{"where": f"{'/'.join(Path(entry.traceback[0].filename).parts[-2:])}:"
                                 f"{entry.traceback[0].lineno}",
                        "bytes_per_frame": round(entry.size_diff / max(1, frames), 1),
                        "blocks_per_frame": round(entry.count_diff / max(1, frames), 2)} for entry in most]}
