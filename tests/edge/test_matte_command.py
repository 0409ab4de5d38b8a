"""`masque matte` on a good photograph: every file, mode and figure that docs and reports promise."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edge.frame import Mask, Region
from edge.segment.tflite import TfliteSegmenter

Command = Callable[..., Any]  # → outcome.Outcome: code, out, err, json
Iou = Callable[[np.ndarray, np.ndarray], float]

KEYS = ["image", "width", "height", "ms", "peak_rss_mb", "solver", "features", "unknown_pixels", "iterations",
        "residual", "fallbacks"]

FAST = ["decode", "segment", "refine", "trimap", "foreground", "write", "total"]
FINE = ["decode", "segment", "refine", "trimap", "neighbours", "solve", "foreground", "write", "total"]


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


@pytest.mark.parametrize(("quality", "stages"), [("fast", FAST), ("fine", FINE)])
def test_a_photograph_becomes_alpha_trimap_and_cutout_of_its_own_size(
        matte: Command, tmp_path: Path, portrait_file: Path, portrait: np.ndarray, truth: np.ndarray, iou: Iou,
        quality: str, stages: list[str]) -> None:
    done = matte(portrait_file, "--out", tmp_path, "--quality", quality)
    assert (done.code, done.err) == (0, "")
    assert {path.name: (Image.open(path).mode, Image.open(path).size) for path in tmp_path.iterdir()} == {
        "portrait.alpha.png": ("L", (512, 600)), "portrait.trimap.png": ("L", (512, 600)),
        "portrait.cutout.png": ("RGBA", (512, 600))}
    [report] = done.json
    assert list(report) == KEYS and sorted(report["ms"]) == sorted(stages)
    assert report["image"] == str(portrait_file) and (report["width"], report["height"]) == (512, 600)
    assert abs(report["ms"]["total"] - sum(report["ms"].values()) / 2) < 0.1 and report["peak_rss_mb"] > 20
    assert report["fallbacks"] == []
    alpha, trimap, cutout = (picture(tmp_path / f"portrait.{name}.png") for name in ("alpha", "trimap", "cutout"))
    assert iou(alpha, truth) > 0.85
    assert set(np.unique(trimap)) == {0, 128, 255}
    np.testing.assert_array_equal(cutout[..., 3], alpha)
    np.testing.assert_array_equal(cutout[alpha == 255][:, :3], portrait[alpha == 255])
    assert not cutout[alpha == 0].any()


@pytest.mark.parametrize("features", ["raw", "pca", "learned"])
@pytest.mark.parametrize("board", ["pi3b", "pi4b", "desk"])
def test_pixels_are_matched_by_what_was_asked_for_on_every_tier(masque: Command, tmp_path: Path, portrait_file: Path,
                                                                models_folder: Path, features: str,
                                                                board: str) -> None:
    [report] = masque("matte", portrait_file, "--out", tmp_path, "--features", features, "--json", "--board", board,
                      "--models", models_folder).json
    assert (report["features"], report["solver"], report["fallbacks"]) == (features, "knn-cg", [])


def test_each_way_to_match_pixels_gives_an_alpha_of_its_own(matte: Command, tmp_path: Path, portrait_file: Path,
                                                            truth: np.ndarray, iou: Iou) -> None:
    alphas = []
    for features in ("raw", "pca", "learned"):
        assert matte(portrait_file, "--out", tmp_path, "--features", features).code == 0
        alphas.append(picture(tmp_path / "portrait.alpha.png"))
        assert iou(alphas[-1], truth) > 0.85
    assert len({alpha.tobytes() for alpha in alphas}) == 3


def test_the_residual_changes_unknown_pixels_only_and_is_timed(matte: Command, tmp_path: Path, portrait_file: Path,
                                                              truth: np.ndarray, iou: Iou) -> None:
    assert matte(portrait_file, "--out", tmp_path).code == 0
    plain, trimap = (picture(tmp_path / f"portrait.{name}.png") for name in ("alpha", "trimap"))
    [report] = matte(portrait_file, "--out", tmp_path, "--residual").json
    corrected = picture(tmp_path / "portrait.alpha.png")
    assert "residual" in report["ms"] and (corrected != plain).any() and iou(corrected, truth) > 0.85
    np.testing.assert_array_equal(corrected[trimap != 128], plain[trimap != 128])


def without_matte_model(models_folder: Path, folder: Path) -> Path:
    """The models under test, but none for matting."""
    folder.mkdir()
    for path in models_folder.glob("seg-large.*"):
        shutil.copy(path, folder)
    return folder


def test_a_matting_model_that_nobody_named_may_be_missing(masque: Command, tmp_path: Path, portrait_file: Path,
                                                          models_folder: Path) -> None:
    folder = without_matte_model(models_folder, tmp_path / "models")
    [report] = masque("matte", portrait_file, "--out", tmp_path, "--json", "--board", "desk", "--models", folder).json
    assert report["features"] == "raw" and report["solver"] == "knn-cg"
    assert report["fallbacks"] == [f"{folder} holds no matte-large.tflite: pixels were matched by colour alone"]
    done = masque("matte", portrait_file, "--out", tmp_path, "--board", "desk", "--models", folder, "--quality", "fast")
    assert (done.code, done.err) == (0, "")


def test_a_matting_model_that_was_asked_for_must_be_there(masque: Command, tmp_path: Path, portrait_file: Path,
                                                          models_folder: Path) -> None:
    folder = without_matte_model(models_folder, tmp_path / "models")
    done = masque("matte", portrait_file, "--out", tmp_path, "--features", "pca", "--board", "desk", "--models", folder)
    assert done.code == 1 and done.err.startswith(f"masque: {folder / 'matte-large.tflite'}: no such model")


def test_fast_solves_nothing_and_fine_reports_its_solve(matte: Command, tmp_path: Path, portrait_file: Path) -> None:
    [fast] = matte(portrait_file, "--out", tmp_path, "--quality", "fast").json
    [fine] = matte(portrait_file, "--out", tmp_path).json
    assert [fast[key] for key in KEYS[5:10]] == ["none", "none", 0, 0, 0.0]
    assert (fine["solver"], fine["features"]) == ("knn-cg", "learned") and fine["iterations"] > 0
    assert 0 < fine["residual"] <= 5e-5
    trimap, alpha = picture(tmp_path / "portrait.trimap.png"), picture(tmp_path / "portrait.alpha.png")
    assert fine["unknown_pixels"] == (trimap == 128).sum()
    np.testing.assert_array_equal(alpha[trimap != 128], trimap[trimap != 128])


def test_the_same_photograph_gives_the_same_bytes_again(matte: Command, tmp_path: Path, portrait_file: Path) -> None:
    for run in ("a", "b"):
        assert matte(portrait_file, "--out", tmp_path / run, "--quality", "fast").code == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_colour_stands_behind_the_person(matte: Command, tmp_path: Path, portrait_file: Path,
                                           portrait: np.ndarray) -> None:
    done = matte(portrait_file, "--out", tmp_path, "--quality", "fast", "--background", "#2a9d8f")
    assert done.code == 0 and "composite" in done.json[0]["ms"]
    composite, alpha = picture(tmp_path / "portrait.composite.png"), picture(tmp_path / "portrait.alpha.png")
    assert composite.shape == (600, 512, 3)
    assert (composite[alpha == 0] == (0x2A, 0x9D, 0x8F)).all()
    np.testing.assert_array_equal(composite[alpha == 255], portrait[alpha == 255])


def test_a_picture_of_any_size_stands_behind_the_person(matte: Command, tmp_path: Path, portrait_file: Path) -> None:
    Image.new("RGB", (90, 40), (10, 200, 30)).save(tmp_path / "back.png")
    done = matte(portrait_file, "--out", tmp_path, "--quality", "fast", "--background", tmp_path / "back.png")
    composite, alpha = picture(tmp_path / "portrait.composite.png"), picture(tmp_path / "portrait.alpha.png")
    assert done.code == 0 and (composite[alpha == 0] == (10, 200, 30)).all()


def test_the_own_background_can_be_blurred(matte: Command, tmp_path: Path, portrait_file: Path,
                                           portrait: np.ndarray) -> None:
    done = matte(portrait_file, "--out", tmp_path, "--quality", "fast", "--background", "blur")
    composite, alpha = picture(tmp_path / "portrait.composite.png"), picture(tmp_path / "portrait.alpha.png")
    np.testing.assert_array_equal(composite[alpha == 255], portrait[alpha == 255])

    def roughness(pixels: np.ndarray) -> float:
        behind = (alpha[:, 1:] == 0) & (alpha[:, :-1] == 0)
        return float(np.abs(np.diff(pixels.astype(int), axis=1))[behind].mean())

    assert done.code == 0 and roughness(composite) < 0.3 * roughness(portrait)


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_an_own_trimap_is_solved_without_any_model(matte: Command, masque: Command, tmp_path: Path, iou: Iou,
                                                   portrait_file: Path, truth: np.ndarray, folder: bool) -> None:
    given = tmp_path / "trimaps" / "portrait.png"
    given.parent.mkdir()
    shutil.copy(portrait_file.with_name("portrait.trimap.png"), given)
    done = masque("matte", portrait_file, "--out", tmp_path, "--trimap", given.parent if folder else given,
                  "--json", "--board", "desk", "--models", tmp_path)
    assert (done.code, done.err) == (0, "")
    [report] = done.json
    assert "segment" not in report["ms"] and {"neighbours", "solve"} <= set(report["ms"])
    trimap, alpha = picture(given), picture(tmp_path / "portrait.alpha.png")
    np.testing.assert_array_equal(picture(tmp_path / "portrait.trimap.png"), trimap)
    np.testing.assert_array_equal(alpha[trimap != 128], trimap[trimap != 128])
    assert report["unknown_pixels"] == (trimap == 128).sum() and iou(alpha, truth) > 0.98


def test_several_photographs_are_reported_in_order(matte: Command, tmp_path: Path, portrait_file: Path) -> None:
    names = ["c.jpg", "a.jpg", "b.v2.jpg"]
    for name in names:
        shutil.copy(portrait_file, tmp_path / name)
    done = matte(*(tmp_path / name for name in names), "--out", tmp_path / "out", "--quality", "fast")
    assert [Path(report["image"]).name for report in done.json] == names
    alphas = {path.name for path in (tmp_path / "out").glob("*.alpha.png")}
    assert alphas == {"a.alpha.png", "b.v2.alpha.png", "c.alpha.png"}


def test_without_json_one_line_a_photograph_is_said_and_with_q_none(masque: Command, models_folder: Path,
                                                                   tmp_path: Path, portrait_file: Path) -> None:
    arguments = ("matte", portrait_file, "--out", tmp_path, "--quality", "fast", "--models", models_folder, "--board",
                 "desk")
    said = masque(*arguments)
    assert said.code == 0 and said.out.count("\n") == 1 and f"{portrait_file}: 512×600 in " in said.out
    quiet = masque(*arguments, "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    told = masque(*arguments, "-v")
    assert "board desk, seg-large on " in told.err


@pytest.mark.parametrize("wrong", [[], ["--quality", "best"], ["--threads", "0"], ["--board", "pi9"], ["--colour"]],
                         ids=["no out", "quality", "threads", "board", "unknown option"])
def test_wrong_use_exits_2_and_writes_nothing(masque: Command, tmp_path: Path, portrait_file: Path,
                                              wrong: list[str]) -> None:
    out = tmp_path / "out"
    done = masque("matte", portrait_file, *(["--out", out] if wrong else []), *wrong)
    assert done.code == 2 and done.out == "" and "Usage: masque matte" in done.err and not out.exists()


def test_photographs_of_one_stem_are_refused_before_anything_is_written(matte: Command, tmp_path: Path,
                                                                       portrait_file: Path) -> None:
    twin = tmp_path / "portrait.png"
    Image.open(portrait_file).save(twin)
    done = matte(portrait_file, twin, "--out", tmp_path / "out")
    assert done.code == 2 and str(portrait_file) in done.err and str(twin) in done.err
    assert not (tmp_path / "out").exists()


def test_the_json_document_is_all_that_stands_on_standard_output(spawned_matte: Command, tmp_path: Path,
                                                                portrait_file: Path) -> None:
    done = spawned_matte(portrait_file, "--out", tmp_path, "--quality", "fast")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)[0]["width"] == 512 and done.out.startswith("[\n") and done.out.endswith("]\n")


def test_photographs_are_looked_at_in_the_mirror_too(matte: Command, portrait_file: Path, tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored = []
    look = TfliteSegmenter.segment

    def watched(self: TfliteSegmenter, pixels: np.ndarray, region: Region) -> Mask:
        mirrored.append(self.mirror)
        return look(self, pixels, region)

    monkeypatch.setattr(TfliteSegmenter, "segment", watched)
    assert matte(portrait_file, "--out", tmp_path, "--quality", "fast").code == 0
    assert mirrored and all(mirrored)
