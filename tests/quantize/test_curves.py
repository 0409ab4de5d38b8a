"""A run's curves are a picture beside its history, whatever the history holds."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not installed: pip install '.[quantize]'")

from quantize.curves import write_curves


@pytest.mark.parametrize("ious", [[0.5, 0.7, 0.8], [None, None, None], [None, 0.6, 0.7], [0.5]])
def test_the_curves_are_a_whole_picture_and_nothing_else_is_left(tmp_path: Path, ious: list[float | None]) -> None:
    lines = [{"step": 100 * i, "loss": 1 / i, "iou": iou, "images_per_s": 9.0} for i, iou in enumerate(ious, 1)]
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    picture = cv2.imread(str(write_curves(tmp_path)))
    assert picture is not None and min(picture.shape[:2]) > 300
    assert {path.name for path in tmp_path.iterdir()} == {"history.jsonl", "curves.png"}
