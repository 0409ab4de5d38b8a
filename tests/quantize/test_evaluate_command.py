"""`masque-quantize evaluate`: each section is there when it is asked for, complete, and a bad wish fails at once."""
from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.card import model_path
from edge.frame import Mask
from quantize.evaluate import Case, figures_of, still_cut, validation_cases
from quantize.judge import wide
from quantize.judge.robust import SPOILERS, UNSPOILED


@pytest.fixture
def model(models_folder: Path) -> Path:
    path = model_path("seg", "small", models_folder)
    if not path.is_file():
        pytest.skip(f"no {path.name} in {models_folder} yet")
    return path


@pytest.fixture(autouse=True)
def few_wide_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wide, "PICTURES", 6)


@pytest.fixture
def filmed(data: Path) -> Path:
    """The data folder with a clip beside its pictures."""
    (data / "clips").mkdir()
    video = cv2.VideoWriter(str(data / "clips" / "grey.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30, (64, 48))
    for _ in range(3):
        video.write(np.full((48, 64, 3), 90, np.uint8))
    video.release()
    return data


def test_what_was_not_asked_for_is_not_there(model: Path, drawn_data: Path, masque_quantize) -> None:
    done = masque_quantize("evaluate", model, "--data", drawn_data, "--json")
    assert done.code == 0, done.err
    assert set(done.json) == {"models", "float_on_card", "peak_rss_mb"}
    found = done.json["models"][str(model)]
    assert found["picsart.pictures"] == 2 and 0 <= found["picsart.person_iou"] <= 1


def test_everything_is_there_when_everything_is_asked_for(model: Path, filmed: Path, masque_quantize) -> None:
    done = masque_quantize("evaluate", model, "--data", filmed, "--everything", "--all", "--json")
    assert done.code == 0, done.err
    of = {name: done.json[name][str(model)] for name in ("wide", "robust", "skin_tone", "calibration", "flicker")}
    assert of["wide"]["all"]["pictures"] == 6 and of["wide"]["people_2"]["pictures"] == 2
    assert list(of["robust"]) == [UNSPOILED, *SPOILERS]
    assert all(row["pictures"] == 2 and "person_iou_change" in row for row in of["robust"].values())
    assert of["skin_tone"]["ccp"]["pictures"] == 1
    assert set(of["calibration"]) == {"all", "picsart", "ccp"} and of["calibration"]["all"]["bins"]
    assert of["flicker"]["grey"] == {"flicker": 0.0, "person": 0.0, "frames": 3}


def test_people_read_one_line_a_group(model: Path, drawn_data: Path, masque_quantize) -> None:
    done = masque_quantize("evaluate", model, "--data", drawn_data, "--calibration")
    lines = [line for line in done.out.splitlines() if " calibration " in line]
    assert len(lines) == 3 and all(" ece " in line and "bins" not in line for line in lines)


@pytest.mark.parametrize(("option", "message"), [
    ("--everything", "no clips/ inside or beside it; --flicker CLIPS names a folder of clips"),
    ("--wide", "no picture in backgrounds/, inside or beside it: the wide set cannot be made"),
])
def test_what_is_missing_is_said_before_anything_is_scored(option: str, message: str, model: Path, data: Path,
                                                           masque_quantize, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantize.evaluate.evaluate", lambda *_: pytest.fail("scored first"))
    if option == "--wide":
        shutil.rmtree(data / "backgrounds")
    done = masque_quantize("evaluate", model, "--data", data, option)
    assert (done.code, done.out, done.err) == (1, "", f"masque-quantize: {data}: {message}\n")


def test_figures_are_means_per_group_and_a_picture_may_stand_in_several() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 254
    right, nothing = np.where(mask, 255, 0).astype(np.uint8), np.zeros((40, 40), np.uint8)
    case = Case(np.zeros((40, 40, 3), np.uint8), mask, ("all", "a"))
    other = Case(case.pixels, mask, ("all", "b"))
    found = figures_of([(case, right), (other, nothing)])
    assert found["a"] == {"person_iou": 1.0, "mean_iou": 1.0, "boundary_f": 1.0, "pictures": 1}
    assert found["b"]["person_iou"] == 0.0 and found["all"]["person_iou"] == 0.5 and found["all"]["pictures"] == 2


def test_a_cut_is_the_still_path_s_alpha(drawn_data: Path, segmenter) -> None:
    class SeesAll:
        portrait = (80, 48)

        def segment(self, pixels, region):
            return Mask(np.ones((80, 48), np.float32), region)

    case = validation_cases(drawn_data)[0]()
    assert (still_cut(SeesAll(), "small")(case.pixels) == 255).all()
