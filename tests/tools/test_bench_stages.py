"""tools.bench.stages: each stage's alphas are scored, and a stage is what its name says."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from edge.camera.demo import portrait_with_alpha
from edge.card import model_path
from tools.bench.stages import STAGES, _cut, stages


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The shipped portrait with its alpha as the one validation picture."""
    pixels, alpha = portrait_with_alpha()
    cv2.imwrite(str(tmp_path / "0.png"), pixels[..., ::-1])
    cv2.imwrite(str(tmp_path / "0.mask.png"), np.where(alpha >= 128, 254, 0).astype(np.uint8))
    height, width = alpha.shape
    (tmp_path / "manifest.csv").write_text("image,mask,source,split,supervision,weight,width,height,licence\n"
                                           f"0.png,0.mask.png,picsart,val,person,1,{width},{height},free\n")
    return tmp_path


def test_every_stage_is_scored_on_the_same_pictures(data: Path) -> None:
    done = CliRunner().invoke(stages, ["--data", str(data), "--tier", "small", "--json"], catch_exceptions=False)
    found = json.loads(done.stdout)
    assert set(found) == {*STAGES, "peak_rss_mb"}
    for stage in STAGES:
        assert found[stage]["picsart"]["pictures"] == 1 and found[stage]["picsart"]["person_iou"] > 0.9


def test_the_stages_differ_where_they_should(models_folder: Path) -> None:
    if not model_path("matte", "small", models_folder).is_file():
        pytest.skip(f"no matte-small.tflite in {models_folder}")
    pixels, _ = portrait_with_alpha()
    filtered, matted, corrected = (_cut(stage, "small", "learned")(pixels).astype(int) for stage in STAGES)
    assert (filtered != matted).any() and (matted != corrected).any()
    assert np.abs(corrected - matted).mean() < np.abs(matted - filtered).mean(), "a correction is small"
