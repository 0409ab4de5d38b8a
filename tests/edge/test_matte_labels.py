"""`masque matte --labels`: a palette PNG whose pixel values are classes; without a model that knows them, one line."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.card import card_path, model_path
from edge.frame import CLASSES
from edge.segment.labels import COLOURS

Command = Callable[..., Any]  # → outcome.Outcome: code, out, err, json

needs_parts = pytest.mark.usefixtures("parts_model")


def classes_in(path: Path) -> np.ndarray:
    """A label picture's pixel values (H, W) uint8, after a look at its mode and palette."""
    image = Image.open(path)
    assert image.mode == "P" and image.format == "PNG" and "transparency" not in image.info
    shown = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(shown, np.asarray(COLOURS, np.uint8)[np.asarray(image)])
    return np.asarray(image)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@needs_parts
def test_every_pixel_of_the_person_has_a_part_and_no_other_has(matte: Command, tmp_path: Path,
                                                              portrait_file: Path) -> None:
    done = matte(portrait_file, "--out", tmp_path, "--quality", "fast", "--labels")
    assert (done.code, done.err) == (0, "")
    labels = classes_in(tmp_path / "portrait.labels.png")
    alpha = np.asarray(Image.open(tmp_path / "portrait.alpha.png"))
    assert labels.shape == (600, 512)
    np.testing.assert_array_equal(labels > 0, alpha >= 128)


@needs_parts
def test_the_portrait_s_face_cap_and_jacket_are_told_apart(matte: Command, tmp_path: Path,
                                                           portrait_file: Path) -> None:
    """The cap may pass for hair: headwear is the least sure of the parts."""
    assert matte(portrait_file, "--out", tmp_path, "--quality", "fast", "--labels").code == 0
    labels = classes_in(tmp_path / "portrait.labels.png")
    for box, parts in ((np.s_[190:300, 200:330], ["face"]), (np.s_[60:120, 200:340], ["headwear", "hair"]),
                       (np.s_[450:590, 80:180], ["clothes"])):
        assert np.isin(labels[box], [CLASSES.index(part) for part in parts]).mean() > 0.8


@needs_parts
def test_labels_are_reported_as_a_stage_and_leave_the_other_files_as_they_were(matte: Command, tmp_path: Path,
                                                                              portrait_file: Path) -> None:
    [plain] = matte(portrait_file, "--out", tmp_path / "plain", "--quality", "fast").json
    [report] = matte(portrait_file, "--out", tmp_path / "out", "--quality", "fast", "--labels").json
    assert set(report["ms"]) - set(plain["ms"]) == {"labels"} and report["ms"]["labels"] > 0
    assert list(report) == list(plain) and report["fallbacks"] == []
    assert abs(report["ms"]["total"] - sum(report["ms"].values()) / 2) < 0.1
    assert names(tmp_path / "out") - names(tmp_path / "plain") == {"portrait.labels.png"}
    for path in (tmp_path / "plain").iterdir():
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()


@needs_parts
def test_with_an_own_trimap_labels_follow_the_solved_alpha(matte: Command, masque: Command, models_folder: Path,
                                                           tmp_path: Path, portrait_file: Path) -> None:
    trimap = portrait_file.with_name("portrait.trimap.png")
    done = matte(portrait_file, "--out", tmp_path, "--trimap", trimap, "--labels")
    assert (done.code, done.err) == (0, "") and "segment" not in done.json[0]["ms"] and "labels" in done.json[0]["ms"]
    alpha = np.asarray(Image.open(tmp_path / "portrait.alpha.png"))
    np.testing.assert_array_equal(classes_in(tmp_path / "portrait.labels.png") > 0, alpha >= 128)
    told = masque("matte", portrait_file, "--out", tmp_path, "--trimap", trimap, "--labels", "-v", "--board", "desk",
                  "--models", models_folder)
    assert "board desk, your trimap, seg-large on " in told.err


@needs_parts
def test_results_in_the_trimap_s_folder_are_not_taken_for_trimaps(matte: Command, tmp_path: Path,
                                                                  portrait_file: Path) -> None:
    for options in (["--quality", "fast"], ["--trimap", tmp_path]):
        done = matte(portrait_file, "--out", tmp_path, "--labels", *options)
        assert (done.code, done.err) == (0, "")
    done = matte(portrait_file, "--out", tmp_path / "new", "--trimap", tmp_path / "portrait.labels.png")
    assert done.code == 1 and "portrait.labels.png: trimap has no foreground" in done.err


@needs_parts
def test_where_nobody_is_all_is_background(matte: Command, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (90, 120, 150)).save(tmp_path / "wall.png")
    done = matte(tmp_path / "wall.png", "--out", tmp_path / "out", "--quality", "fast", "--labels")
    assert done.code == 0 and done.json[0]["fallbacks"] == ["no person found: the alpha is empty"]
    labels = classes_in(tmp_path / "out" / "wall.labels.png")
    assert labels.shape == (200, 300) and not labels.any()


@needs_parts
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2000, 3)], ids=str)
def test_pictures_of_any_size_have_labels_of_their_own_size(matte: Command, tmp_path: Path,
                                                            size: tuple[int, int]) -> None:
    Image.new("RGB", size, (200, 150, 130)).save(tmp_path / "odd.png")
    assert matte(tmp_path / "odd.png", "--out", tmp_path / "out", "--quality", "fast", "--labels").code == 0
    assert classes_in(tmp_path / "out" / "odd.labels.png").shape == size[::-1]


@needs_parts
def test_labels_of_a_turned_photograph_stand_upright(matte: Command, tmp_path: Path, portrait_file: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(portrait_file).rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    for path in (tmp_path / "turned.jpg", portrait_file):
        assert matte(path, "--out", tmp_path / "out", "--quality", "fast", "--labels").code == 0
    turned, upright = (classes_in(tmp_path / "out" / f"{stem}.labels.png") for stem in ("turned", "portrait"))
    assert turned.shape == upright.shape and (turned == upright).mean() > 0.95


@needs_parts
def test_labels_are_not_written_where_they_would_replace_a_folder(matte: Command, tmp_path: Path,
                                                                 portrait_file: Path) -> None:
    (tmp_path / "portrait.labels.png").mkdir()
    done = matte(portrait_file, "--out", tmp_path, "--quality", "fast", "--labels")
    assert done.code == 1 and "portrait.labels.png: is a folder" in done.err and len(names(tmp_path)) == 1


@pytest.mark.parametrize("trimap", [False, True], ids=["network's trimap", "own trimap"])
def test_a_model_that_knows_the_person_only_is_refused_before_anything_is_written(
        masque: Command, models_folder: Path, tmp_path: Path, portrait_file: Path, trimap: bool) -> None:
    model = tmp_path / "seg-large.tflite"
    shutil.copy(model_path("seg", "large", models_folder), model)
    card = json.loads(card_path(model_path("seg", "large", models_folder)).read_text(encoding="utf-8"))
    card["signatures"] = {name: of for name, of in card["signatures"].items() if name.startswith("person_")}
    card_path(model).write_text(json.dumps(card), encoding="utf-8")
    own = ["--trimap", portrait_file.with_name("portrait.trimap.png")] if trimap else []
    done = masque("matte", portrait_file, "--out", tmp_path / "out", "--labels", *own, "--board", "desk", "--models",
                  tmp_path)
    assert done.code == 1 and done.out == "" and not (tmp_path / "out").exists()
    assert done.err.startswith("masque: seg-large: knows the person only, not their parts")
    assert done.err.count("\n") == 1
