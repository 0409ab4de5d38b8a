"""What was done, how long it took, which fallback was taken: the figures every command prints with --json."""
from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path


class StageTimes:
    """Milliseconds per stage, taken between the stages, never inside them."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """Books the time since the previous lap (or the start) under `stage`; a stage may come twice."""
        now = time.perf_counter()
        self.ms[stage] = self.ms.get(stage, 0.0) + (now - self._last) * 1000
        self._last = now

    def rounded(self) -> dict[str, float]:
        """Milliseconds with two decimals, and their sum as `total`."""
        return {**{stage: round(ms, 2) for stage, ms in self.ms.items()}, "total": round(sum(self.ms.values()), 2)}


@dataclass
class StillReport:
    """One photograph's report; the keys are a promise (README, reports). ms: stage → milliseconds."""

    image: str
    width: int
    height: int
    ms: dict[str, float] = field(default_factory=dict)
    peak_rss_mb: float = 0.0
    solver: str = "none"
    features: str = "none"
    unknown_pixels: int = 0
    iterations: int = 0
    residual: float = 0.0
    fallbacks: list[str] = field(default_factory=list)


def peak_rss_mb() -> float:
    """The largest resident memory of this process so far, in MB (10⁶ bytes).

    From VmHWM: getrusage would report the parent's peak where a process was started by a larger one.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    return 0.0
