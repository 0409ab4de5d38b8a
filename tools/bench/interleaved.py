"""Times several calls in turn: a noisy machine disturbs all of them alike, so their ratios hold."""
from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def median_ms(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Name → median milliseconds of a call; one call of each a round."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(ms) for name, ms in times.items()}
