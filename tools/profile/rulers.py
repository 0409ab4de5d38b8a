"""Two little works that never change, done between frames: how fast the machine itself is at that moment.

Others on the machine slow a stage through caches, memory and clock, and processor time does not leave that out: on a
2-core x86-64 server that had eight processes waiting (2026-11-21), medians of the same stages differed by up to 48 %
between runs of the same program, their tenth percentiles by up to 17 %. What the rulers lost too, the program did not.
"""
from __future__ import annotations

import time

import numpy as np

COUNT = 4000
"""Additions of the one ruler: Python's interpreter alone, nothing but the first-level cache."""

BYTES = 3_000_000
"""Copied by the other: as much as a frame of 1280×720, more than the caches next to a core hold."""


class Rulers:
    """ms of processor time of each work, a value for each frame."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = {"compute": [], "memory": []}
        self._there, self._here = np.ones(BYTES, np.uint8), np.zeros(BYTES, np.uint8)

    def lay(self) -> None:
        """Does both works once."""
        began = time.process_time_ns()
        for _ in range(COUNT):
            began += 0
        between = time.process_time_ns()
        np.copyto(self._here, self._there)
        self.ms["compute"].append((between - began) / 1e6)
        self.ms["memory"].append((time.process_time_ns() - between) / 1e6)
