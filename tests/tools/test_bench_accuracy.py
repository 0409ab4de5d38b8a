"""tools.bench.accuracy: both sides are scored on the same pictures, the peer through its own process and its files."""
from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from edge.card import model_path
from quantize.judge import wide
from tools.bench import accuracy

PEER = '''
class SelfieSegmentation:
    """Sees a person in the left half of everything."""
    def __init__(self, model_selection): assert model_selection == 0
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def process(self, pixels):
        import numpy
        self.segmentation_mask = numpy.zeros(pixels.shape[:2], numpy.float32)
        self.segmentation_mask[:, : pixels.shape[1] // 2] = 1
        return self
class solutions:
    class selfie_segmentation:
        SelfieSegmentation = SelfieSegmentation
'''


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A narrow person in the left half of a picture, a broad one in the middle of another, and a place."""
    rows = ["image,mask,source,split,supervision,weight,width,height,licence"]
    for number, right in enumerate((30, 50)):
        mask = np.zeros((80, 60), np.uint8)
        mask[20:, 10:right] = 254
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((80, 60, 3), 90, np.uint8))
        cv2.imwrite(str(tmp_path / f"{number}.mask.png"), mask)
        rows.append(f"{number}.png,{number}.mask.png,picsart,val,person,1,60,80,free")
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    (tmp_path / "backgrounds").mkdir()
    cv2.imwrite(str(tmp_path / "backgrounds" / "wall.png"), np.full((60, 80, 3), 200, np.uint8))
    return tmp_path


@pytest.fixture
def run(data: Path, models_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """`run(*options)`: the benchmark with the small tier alone, six wide pictures and a peer that sees left halves."""
    if not model_path("seg", "small", models_folder).is_file():
        pytest.skip(f"no seg-small.tflite in {models_folder} yet")
    (tmp_path / "peer").mkdir()
    (tmp_path / "peer" / "mediapipe.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "peer"))
    monkeypatch.setattr(accuracy, "peers_python", lambda: Path(sys.executable))
    monkeypatch.setattr(accuracy, "TIERS", ("small",))
    monkeypatch.setattr(wide, "PICTURES", 6)

    def call(*options: str) -> Result:
        return CliRunner().invoke(accuracy.accuracy, ["--data", str(data), "--models", str(models_folder), *options],
                                  catch_exceptions=False)

    return call


def test_the_peer_is_scored_from_what_its_process_wrote(run) -> None:
    found = json.loads(run("--json", "--all").stdout)
    assert set(found) == {"small", "mediapipe", "peak_rss_mb"}
    assert set(found["small"]) == set(found["mediapipe"])
    assert found["mediapipe"]["robust.unspoiled"]["pictures"] == 2
    plain = found["mediapipe"]["val.picsart"]
    assert plain["pictures"] == 2
    assert plain["person_iou"] == pytest.approx((1200 / 2400 + 1200 / 3600) / 2, abs=1e-4), "left half against truth"
    assert found["mediapipe"]["wide.all"]["pictures"] == 6


def test_the_table_names_every_side_and_their_difference(run) -> None:
    lines = run().stdout.splitlines()
    assert lines[0].split() == ["person_iou", "pictures", "small", "mediapipe", "small", "−mediapipe"]
    row = next(line.split() for line in lines if line.startswith("val.picsart"))
    assert float(row[4]) == pytest.approx(float(row[2]) - float(row[3]), abs=1e-4)


def test_without_the_peer_ours_stand_alone(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy, "peers_python", lambda: pytest.fail("the peer was asked"))
    assert set(json.loads(run("--no-peer", "--json").stdout)) == {"small", "peak_rss_mb"}
