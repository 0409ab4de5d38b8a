"""The still path as its users meet it: `masque matte` on photographs of the size that boards' budgets speak of."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

import edge.demo
from edge.board_shapes import CameraBoard
from edge.errors import ReportError
from tools.profile.report import statistics_of

WIDTH, HEIGHT = 1200, 1600

PHOTOGRAPHS = 5
"""In one process, after one that is not counted."""


def still_figures(board: CameraBoard, models: Path | None) -> dict[str, Any]:
    """Quality → stages (ms), peak_rss_mb; and the budgets that they are held to, by the median of `total`. Raises
    ReportError where masque matte fails, with its own last line."""
    figures, budget = {}, {}
    for quality in ("fast", "fine"):
        found = _matted(board.name, quality, models)
        names = {stage for photograph in found for stage in photograph["ms"]}
        stages = {stage: statistics_of([photograph["ms"].get(stage, np.nan) for photograph in found])
                  for stage in found[0]["ms"] if stage in names}
        figures[quality] = {"stages": stages, "peak_rss_mb": max(photograph["peak_rss_mb"] for photograph in found)}
        limit = getattr(board.budget, f"still_{quality}_ms").value
        budget[f"still_{quality}_ms"] = {"limit": limit, "p50": stages["total"]["p50"]}
    return {"still": {"width": WIDTH, "height": HEIGHT, **figures}, "budget": budget}


def _matted(board: str, quality: str, models: Path | None) -> list[dict[str, Any]]:
    """What masque matte reports of every counted photograph: the shipped portrait, enlarged."""
    with TemporaryDirectory(prefix="masque-profile-") as name:
        folder = Path(name)
        portrait = cv2.imread(os.fspath(Path(edge.demo.__file__).with_name("portrait.jpg")))
        assert portrait is not None, "the portrait ships with the package"
        large = cv2.resize(portrait, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        files = [folder / f"{i}.jpg" for i in range(1 + PHOTOGRAPHS)]
        for file in files:
            cv2.imwrite(str(file), large)
        more = ["--models", str(models)] if models else []
        done = subprocess.run([sys.executable, "-P", "-m", "edge", "matte", *map(str, files), "--out",
                               str(folder / "cut"), "--quality", quality, "--board", board, "--json", *more],
                              capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ReportError(f"masque matte --quality {quality} failed: {said[-1] if said else done.returncode}")
    return json.loads(done.stdout)[1:]
