"""`masque matte` on odd but sound pictures: other modes, turned, animated, huge, tiny, without or with two people."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from edge.camera.demo import scene

Command = Callable[..., Any]  # → outcome.Outcome: code, out, err, json
Iou = Callable[[np.ndarray, np.ndarray], float]

SAME = 0.97
"""Least IoU of an odd picture's alpha with the plain picture's: the person is the same."""



def alpha_of(out: Path, stem: str = "odd") -> np.ndarray:
    return np.asarray(Image.open(out / f"{stem}.alpha.png"))


@pytest.fixture
def cut(matte: Command, tmp_path: Path) -> Callable[[Path], np.ndarray]:
    """Cuts a picture fast → its alpha; any failure or fallback fails the test."""
    def alpha(path: Path) -> np.ndarray:
        done = matte(path, "--out", tmp_path / "out", "--quality", "fast")
        assert (done.code, done.err) == (0, "") and done.json[0]["fallbacks"] == []
        return alpha_of(tmp_path / "out", path.stem)

    return alpha


def as_16_bit_rgb(portrait: Image.Image, path: Path) -> None:
    cv2.imwrite(str(path), np.asarray(portrait)[..., ::-1].astype(np.uint16) * 257)


ODD = {
    "16-bit RGB.png": as_16_bit_rgb,
    "CMYK.jpg": lambda portrait, path: portrait.convert("CMYK").save(path, quality=95),
    "opaque RGBA.png": lambda portrait, path: portrait.convert("RGBA").save(path),
    "palette.png": lambda portrait, path: portrait.quantize(256).save(path),
    "still.gif": lambda portrait, path: portrait.quantize(256).save(path),
    "still.webp": lambda portrait, path: portrait.save(path, quality=90),
    "strips.tif": lambda portrait, path: portrait.save(path, compression="tiff_lzw"),
    "name of a PNG for a JPEG.png": lambda portrait, path: portrait.save(path, "JPEG"),
}


@pytest.mark.parametrize("name", ODD)
def test_other_modes_and_formats_give_the_same_alpha(cut: Callable[[Path], np.ndarray], iou: Iou, tmp_path: Path,
                                                     portrait_file: Path, name: str) -> None:
    ODD[name](Image.open(portrait_file), tmp_path / name)
    assert iou(cut(tmp_path / name), cut(portrait_file)) >= SAME


@pytest.mark.parametrize("bits", [8, 16])
def test_a_grey_picture_gives_nearly_the_alpha_of_the_coloured_one(cut: Callable[[Path], np.ndarray], iou: Iou,
                                                                   tmp_path: Path, portrait_file: Path,
                                                                   bits: int) -> None:
    grey = np.asarray(Image.open(portrait_file).convert("L"))
    path = tmp_path / "grey.png"
    Image.fromarray(grey if bits == 8 else grey.astype(np.uint16) * 257).save(path)
    assert iou(cut(path), cut(portrait_file)) >= SAME


@pytest.mark.parametrize(("orientation", "turned"), [(3, 180), (6, 90), (8, 270)])
def test_a_turned_photograph_comes_out_upright(matte: Command, cut: Callable[[Path], np.ndarray], iou: Iou,
                                               tmp_path: Path, portrait_file: Path, orientation: int,
                                               turned: int) -> None:
    exif, path = Image.Exif(), tmp_path / "turned.jpg"
    exif[0x0112] = orientation
    Image.open(portrait_file).rotate(turned, expand=True).save(path, exif=exif, quality=95)
    alpha = cut(path)
    assert alpha.shape == (600, 512) and iou(alpha, cut(portrait_file)) >= SAME
    assert Image.open(tmp_path / "out" / "turned.cutout.png").size == (512, 600)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_of_an_animation_the_first_picture_is_cut_and_that_is_said(matte: Command, cut: Callable[[Path], np.ndarray],
                                                                   iou: Iou, tmp_path: Path, portrait_file: Path,
                                                                   kind: str) -> None:
    first, path = Image.open(portrait_file), tmp_path / f"odd.{kind}"
    first.save(path, save_all=True, append_images=[Image.new("RGB", first.size, "green")], quality=90)
    done = matte(path, "--out", tmp_path, "--quality", "fast")
    assert done.code == 0 and done.json[0]["fallbacks"] == ["animated: only the first picture was used"]
    assert iou(alpha_of(tmp_path), cut(portrait_file)) >= SAME


def test_a_person_in_a_panorama_of_6_to_1_is_found(cut: Callable[[Path], np.ndarray], iou: Iou, tmp_path: Path,
                                                   portrait: np.ndarray, truth: np.ndarray) -> None:
    panorama = scene(600, 3600)
    there = np.s_[:, 2000:2512]
    share = truth[..., None] / 255
    panorama[there] = (portrait * share + panorama[there] * (1 - share)).astype(np.uint8)
    Image.fromarray(panorama).save(tmp_path / "odd.png")
    alpha = cut(tmp_path / "odd.png")
    assert alpha.shape == (600, 3600) and iou(alpha[there], truth) > 0.8
    assert (alpha[there] >= 128).sum() > 0.9 * (alpha >= 128).sum()


def test_two_people_are_both_found(cut: Callable[[Path], np.ndarray], iou: Iou, tmp_path: Path, portrait: np.ndarray,
                                   truth: np.ndarray) -> None:
    Image.fromarray(np.hstack([portrait, portrait])).save(tmp_path / "odd.png")
    alpha = cut(tmp_path / "odd.png")
    assert iou(alpha[:, :512], truth) > 0.8 and iou(alpha[:, 512:], truth) > 0.8


@pytest.mark.parametrize(("name", "picture"), [
    ("gradient", np.broadcast_to(np.linspace(30, 220, 400)[None, :, None], (300, 400, 3)).astype(np.uint8)),
    ("room", scene(480, 640)), ("white", np.full((200, 200, 3), 255, np.uint8)),
    ("black", np.zeros((200, 200, 3), np.uint8))])
@pytest.mark.parametrize("quality", ["fast", "fine"])
def test_where_nobody_is_the_alpha_is_empty_and_that_is_said(matte: Command, tmp_path: Path, name: str,
                                                            picture: np.ndarray, quality: str) -> None:
    Image.fromarray(picture).save(tmp_path / "odd.png")
    done = matte(tmp_path / "odd.png", "--out", tmp_path, "--quality", quality, "--background", "blur")
    assert (done.code, done.err) == (0, "")
    [report] = done.json
    assert report["fallbacks"] == ["no person found: the alpha is empty"]
    assert alpha_of(tmp_path).shape == picture.shape[:2] and not alpha_of(tmp_path).any()
    assert Image.open(tmp_path / "odd.composite.png").size == picture.shape[1::-1]


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 3), (20_000, 1)])
@pytest.mark.parametrize("quality", ["fast", "fine"])
def test_a_picture_of_any_shape_is_cut_in_a_moment(matte: Command, tmp_path: Path, shape: tuple[int, int],
                                                   quality: str) -> None:
    Image.fromarray(np.full((*shape, 3), 90, np.uint8)).save(tmp_path / "odd.png")
    done = matte(tmp_path / "odd.png", "--out", tmp_path, "--quality", quality, "--background", "blur")
    assert (done.code, done.err) == (0, "") and done.json[0]["ms"]["total"] < 3000
    assert alpha_of(tmp_path).shape == shape
    assert Image.open(tmp_path / "odd.composite.png").size == shape[::-1]


def test_40_megapixels_take_less_than_a_gigabyte(spawned_matte: Command, iou: Iou, tmp_path: Path,
                                                 portrait: np.ndarray, truth: np.ndarray) -> None:
    size = (5842, 6848)
    cv2.imwrite(str(tmp_path / "odd.jpg"), cv2.resize(portrait, size, interpolation=cv2.INTER_LINEAR)[..., ::-1])
    done = spawned_matte(tmp_path / "odd.jpg", "--out", tmp_path, "--quality", "fast")
    assert (done.code, done.err) == (0, "")
    [report] = done.json
    assert report["width"] * report["height"] > 40e6 and report["peak_rss_mb"] < 1000
    small = cv2.resize(alpha_of(tmp_path), (512, 600), interpolation=cv2.INTER_AREA)
    assert iou(small, truth) > 0.85
