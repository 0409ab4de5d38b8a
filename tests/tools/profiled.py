"""Live runs and reports for the tests of `masque profile`."""
from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from edge.boards import load_camera_board
from tools.profile.report import SCHEMA, conditions, live_figures
from tools.profile.run import LiveRun, live_run, wish_for

SMALL = "demo?size=320x180"


def run_of(frames: int = 40, source: str = SMALL) -> LiveRun:
    """A real run on the desk's settings, in this process; on one thread, so that none waits for another by spinning."""
    desk = load_camera_board("desk")
    threads = msgspec.structs.replace(desk.network.threads, value=1)
    alone = msgspec.structs.replace(desk, network=msgspec.structs.replace(desk.network, threads=threads))
    return live_run(source, wish_for(alone, "null", None), frames)


def report_of(run: LiveRun, board: str = "desk") -> dict[str, Any]:
    """Its report, as the command makes it, without starts and operators."""
    settings = load_camera_board(board)
    state = run.machine[0][1].figures()
    figures = live_figures(settings, run)
    figures["machine"] |= {"before": state, "after": state}
    return {"schema": SCHEMA, "kind": "camera", "board": board, "tier": settings.tier.value, "quality": "fine",
            "source": SMALL, "sink": "null", "conditions": conditions(settings), "start": None,
            "time_to_first_mask_ms": {"cold": None, "warm": None}, "over_budget": [], **figures}


def made_up(seed: int, frames: int = 300, slower: float = 1.0, pace: float = 1.0,
            memory: float = 100.0) -> dict[str, Any]:
    """A report from nothing: two stages whose times resemble their neighbours' (an autoregression of order 1), now and
    then disturbed; `slower` stretches stage b, `pace` the whole machine."""
    rng = np.random.default_rng(seed)

    def times(middle: float) -> list[float]:
        noise = np.zeros(frames)
        for i in range(1, frames):
            noise[i] = 0.8 * noise[i - 1] + rng.normal(0, 0.02)
        disturbed = np.where(rng.random(frames) < 0.3, rng.uniform(1, 3, frames), 1)
        return (pace * middle * np.exp(noise) * disturbed).tolist()

    samples = {"a": times(1.0), "b": [value * slower for value in times(2.0)]}
    return {"schema": SCHEMA, "kind": "camera", "board": "desk", "tier": "large", "quality": "fine", "source": "demo",
            "width": 320, "height": 180, "conditions": {"processor": "none", "title": "none", "date": "2026-11-21"},
            "stages": {stage: {} for stage in samples}, "memory": {"peak_rss_mb": memory}, "budget": {},
            "samples": {"clock_ms": samples, "cpu_ms": samples, "keyframe": [i % 2 == 0 for i in range(frames)],
                        "rulers_ms": {"compute": times(0.1), "memory": times(0.3)}}}
