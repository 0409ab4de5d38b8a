"""How long a start takes, cold and warm: fresh processes, one after the other.

Cold: the files that a start reads are given up by the page cache first (posix_fadvise, POSIX_FADV_DONTNEED), which
needs no right and disturbs nobody; directories stay cached, and so does what another process maps. `read_mb` says what
the disk really had to give.
"""
from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from edge.card import MODELS, model_path
from edge.errors import ReportError

COLD_BYTES = 1_000_000
"""A start that read less than this from the disk was not cold."""

PACKAGES = 8
"""Packages whose imports are told."""

IMPORTED = "tools.profile.run, edge.segment.tflite, edge.camera.demo, edge.segment.runtime as r; r.open_runtime()"
"""What a start imports, for -X importtime."""


def starts(board: str, tier: str, source: str, models: Path | None, repeats: int) -> dict[str, Any]:
    """Figures of one cold and `repeats` warm starts: medians of ms, the single ones, and who takes the imports' time.

    Raises ReportError when a start fails, with its own last line.
    """
    first = _start(board, source, models, "files")
    files = [Path(file) for file in first["files"]] + [model_path("seg", tier, models or MODELS)]
    gone = evicted(files)
    cold = _start(board, source, models)
    warm = [_start(board, source, models) for _ in range(repeats)]
    really = cold["read_bytes"] >= COLD_BYTES
    why = "" if really else (f"{cold['read_bytes']:,} bytes came from the disk: its files stayed in memory, another "
                             f"process maps them or the disk is memory itself")
    return {"cold": {"ms": cold["ms"], "read_mb": round(cold["read_bytes"] / 1e6, 2),
                     "major_faults": cold["major_faults"], "evicted_files": gone, "cold": really, "why": why},
            "warm": {"ms": {step: round(statistics.median(start["ms"][step] for start in warm), 3)
                            for step in warm[0]["ms"]},
                     "repeats": repeats, "totals_ms": [start["ms"]["total"] for start in warm]},
            "imports": imports()}


def evicted(files: list[Path]) -> int:
    """Asks the kernel to forget what it keeps of files; how many could be opened for it."""
    count = 0
    for file in files:
        try:
            handle = os.open(file, os.O_RDONLY)
        except OSError:
            continue
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            count += 1
        finally:
            os.close(handle)
    return count


def imports() -> list[dict[str, Any]]:
    """Package → ms that its own modules take, slowest first, by `python -X importtime`, which itself takes time."""
    said = subprocess.run([sys.executable, "-X", "importtime", "-c", f"import {IMPORTED}"], capture_output=True,
                          text=True, check=False).stderr
    own: dict[str, float] = {}
    for self_us, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", said, re.MULTILINE):
        package = name.split(".")[0]
        own[package] = own.get(package, 0.0) + int(self_us) / 1000
    most = sorted(own, key=own.__getitem__, reverse=True)[:PACKAGES]
    return [{"package": package, "ms": round(own[package], 2)} for package in most]


def _start(board: str, source: str, models: Path | None, *more: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-P", "-m", "tools.profile.starting", str(time.monotonic_ns()), board,
                           source, str(models or ""), *more], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ReportError(f"a start of the live path failed: {said[-1] if said else f'exit {done.returncode}'}; "
                          f"--starts 0 leaves starts out")
    return json.loads(done.stdout.splitlines()[-1])
