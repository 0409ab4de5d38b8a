"""Live for long: memory stays where it was after the warm-up. The long form, 20,000 frames, is `make soak`."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.boards import load_camera_board
from edge.camera.demo import DemoSource
from edge.card import model_path
from edge.composite import filled
from edge.effects import Replaced
from edge.frame import Frame
from edge.live import LivePath
from edge.live_report import LiveReport
from edge.report import StageTimes
from edge.segment.tflite import open_segmenter

WARM_UP = 500

ALLOWED_MB = 1.0


def rss_mb() -> float:
    """Resident memory of this process now, in 10⁶ bytes."""
    line = next(x for x in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if x.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def shots(source: DemoSource) -> list[tuple[np.ndarray, np.ndarray]]:
    kept = []
    while (frame := source.read()) is not None:
        assert source.truth is not None
        kept.append((frame.pixels, source.truth))
    return kept


@pytest.mark.parametrize("frames", [1500, pytest.param(20_000, marks=pytest.mark.soak)])
def test_memory_does_not_grow_with_the_length_of_a_live_run(models_folder: Path, frames: int) -> None:
    """Path, effect and report, as `masque live --board pi_zero2w` runs them, over 60 demo frames again and again."""
    board = load_camera_board("pi_zero2w")
    segmenter, _ = open_segmenter(model_path("seg", board.tier.value, models_folder), board.tier.value)
    source = DemoSource(480, 640, 60)
    pictures = shots(source)
    live = LivePath(board, segmenter, Replaced(filled((0, 177, 64), (480, 640))))
    report = LiveReport((480, 640), source, live.pace, [])
    after_warm_up = 0.0
    for index in range(frames):
        pixels, source.truth = pictures[index % len(pictures)]
        times = StageTimes()
        report.processed(live, live.frame(Frame(pixels, index, index), times), times)
        report.written(StageTimes())
        if index == WARM_UP:
            after_warm_up = rss_mb()
    assert rss_mb() - after_warm_up < ALLOWED_MB
    assert report.figures()["frames"] == frames
