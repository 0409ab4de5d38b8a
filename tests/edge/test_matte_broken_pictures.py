"""`masque matte` on what is no sound picture: exit 1, one line that names it, nothing written, the others done."""
from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Command = Callable[..., Any]  # → outcome.Outcome: code, out, err, json


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A sound PNG header of that size over a few bytes of pixels."""
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(99))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def check_refusal(done: Any, out: Path, *words: str) -> None:
    """Exit 1, exactly one line on stderr that starts with masque: and holds the words; nothing stands in out."""
    assert done.code == 1, done.err
    assert done.err.startswith("masque: ") and done.err.count("\n") == 1 and done.err.endswith("\n")
    assert all(word in done.err for word in words), done.err
    assert not out.exists() or not list(out.iterdir())


@pytest.fixture
def cut_short(portrait_file: Path) -> Callable[[str], bytes]:
    """The first half of the portrait as jpg or of its alpha as png."""
    def content(suffix: str) -> bytes:
        whole = (portrait_file if suffix == "jpg" else portrait_file.with_name("portrait.alpha.png")).read_bytes()
        return whole[: len(whole) // 2]

    return content


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_truncated_picture_is_refused(matte: Command, tmp_path: Path, cut_short: Callable[[str], bytes],
                                        suffix: str) -> None:
    path = tmp_path / f"short.{suffix}"
    path.write_bytes(cut_short(suffix))
    check_refusal(matte(path, "--out", tmp_path / "out"), tmp_path / "out", f"{path}: ", "cut short")


@pytest.mark.parametrize(("content", "words"), [
    (b"", ("empty (0 bytes)",)), (b"Dear photographer,\nhere is my picture.\n", ("not a picture", "JPEG, PNG")),
    (bomb(), ("60000×60000", "3600 megapixels", "at most 100")), (b"\xff\xd8\xff", ("picture",)),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ("not a picture",)),
    (b"%!PS-Adobe-3.0 EPSF-3.0\n", ("not a picture",)),
], ids=["empty", "text", "bomb", "three bytes", "svg", "postscript"])
def test_what_is_no_picture_is_refused(matte: Command, tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    path = tmp_path / "me.jpg"
    path.write_bytes(content)
    check_refusal(matte(path, "--out", tmp_path / "out"), tmp_path / "out", f"{path}: ", *words)


def test_a_bomb_is_refused_in_little_memory_and_time(spawned_matte: Command, tmp_path: Path) -> None:
    import resource

    path = tmp_path / "bomb.png"
    path.write_bytes(bomb())
    done = spawned_matte(path, "--out", tmp_path / "out",
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 * 10**9, 6 * 10**9)))
    check_refusal(done, tmp_path / "out", "3600 megapixels")


def test_a_folder_and_a_missing_file_are_refused(matte: Command, tmp_path: Path) -> None:
    folder = tmp_path / "photos.jpg"
    folder.mkdir()
    check_refusal(matte(folder, "--out", tmp_path / "out"), tmp_path / "out", f"{folder}: is a folder")
    check_refusal(matte(tmp_path / "gone.jpg", "--out", tmp_path / "out"), tmp_path / "out", "gone.jpg: No such file")


@pytest.mark.parametrize("option", ["", "--trimap", "--background"], ids=["photograph", "trimap", "background"])
def test_a_file_that_may_not_be_read_is_refused(spawned_matte: Command, tmp_path: Path, portrait_file: Path,
                                                as_ordinary_user: Callable[[], None], option: str) -> None:
    secret = tmp_path / "secret.jpg"
    shutil.copy(portrait_file, secret)
    secret.chmod(0)
    given = [portrait_file, option, secret] if option else [secret]
    done = spawned_matte(*given, "--out", tmp_path / "out", preexec_fn=as_ordinary_user)
    check_refusal(done, tmp_path / "out", f"{secret}: Permission denied")


def test_a_trimap_folder_that_may_not_be_listed_is_refused(spawned_matte: Command, tmp_path: Path, portrait_file: Path,
                                                           as_ordinary_user: Callable[[], None]) -> None:
    folder = tmp_path / "trimaps"
    folder.mkdir(0)
    done = spawned_matte(portrait_file, "--out", tmp_path / "out", "--trimap", folder, preexec_fn=as_ordinary_user)
    check_refusal(done, tmp_path / "out", f"{folder}: cannot be listed")


def test_a_bad_picture_among_good_ones_is_named_and_the_others_are_done(matte: Command, tmp_path: Path,
                                                                       portrait_file: Path) -> None:
    names = ["one.jpg", "bad.jpg", "two.jpg"]
    for name in names:
        shutil.copy(portrait_file, tmp_path / name)
    (tmp_path / "bad.jpg").write_bytes(b"not a picture")
    done = matte(*(tmp_path / name for name in names), "--out", tmp_path / "out", "--quality", "fast")
    assert done.code == 1 and done.err.count("\n") == 1 and f"masque: {tmp_path / 'bad.jpg'}: " in done.err
    assert [Path(report["image"]).name for report in done.json] == ["one.jpg", "two.jpg"]
    assert sorted(path.name.split(".")[0] for path in (tmp_path / "out").iterdir()) == ["one"] * 3 + ["two"] * 3


@pytest.fixture
def trimap(tmp_path: Path) -> Callable[[np.ndarray], Path]:
    """Saves a trimap and gives its path."""
    def save(values: np.ndarray) -> Path:
        path = tmp_path / "drawn.png"
        Image.fromarray(values).save(path)
        return path

    return save


def sure(left: int, right: int, shape: tuple[int, int] = (600, 512)) -> np.ndarray:
    """Unknown in the middle, `left` and `right` at the sides."""
    values = np.full(shape, 128, np.uint8)
    values[:, : shape[1] // 3], values[:, -shape[1] // 3 :] = left, right
    return values


@pytest.mark.parametrize(("values", "words"), [
    (sure(255, 0, (512, 600)), ("600×512", "512×600")), (sure(128, 0), ("no foreground", "white")),
    (sure(255, 128), ("no background", "black")), (sure(128, 128), ("no foreground",))],
    ids=["turned", "no foreground", "no background", "all unknown"])
def test_a_trimap_that_does_not_fit_is_refused(matte: Command, tmp_path: Path, portrait_file: Path,
                                               trimap: Callable[[np.ndarray], Path], values: np.ndarray,
                                               words: tuple[str, ...]) -> None:
    path = trimap(values)
    check_refusal(matte(portrait_file, "--out", tmp_path / "out", "--trimap", path), tmp_path / "out", f"{path}: ",
                  *words)


def test_a_trimap_of_lines_that_shrinking_would_lose_is_refused(matte: Command, tmp_path: Path) -> None:
    Image.new("RGB", (300, 4000)).save(tmp_path / "tall.png")
    values = np.full((4000, 300), 128, np.uint8)
    values[10:12], values[3000:3002] = 0, 255
    Image.fromarray(values).save(tmp_path / "lines.png")
    done = matte(tmp_path / "tall.png", "--out", tmp_path / "out", "--trimap", tmp_path / "lines.png")
    said = f"{tmp_path / 'tall.png'}: the trimap's foreground is lost"
    check_refusal(done, tmp_path / "out", said, "at least 8 pixels")


def test_a_trimap_that_is_no_picture_is_refused(matte: Command, tmp_path: Path, portrait_file: Path) -> None:
    path = tmp_path / "drawn.png"
    path.write_bytes(b"scribble")
    check_refusal(matte(portrait_file, "--out", tmp_path / "out", "--trimap", path), tmp_path / "out", f"{path}: ")


def test_a_missing_trimap_and_a_folder_without_it_are_refused(matte: Command, tmp_path: Path,
                                                             portrait_file: Path) -> None:
    folder = tmp_path / "trimaps"
    folder.mkdir()
    (folder / "somebody else.png").write_bytes(b"")
    for given, word in ((tmp_path / "gone.png", "no such trimap"), (folder, "portrait.jpg")):
        check_refusal(matte(portrait_file, "--out", tmp_path / "out", "--trimap", given), tmp_path / "out",
                      f"{given}: ", word)


@pytest.mark.parametrize(("background", "word"),
                         [("gone.png", "no picture file"), ("#12345", "#rrggbb"), ("", "folder")])
def test_a_background_that_is_none_is_refused_before_anything_is_made(matte: Command, tmp_path: Path,
                                                                     portrait_file: Path, background: str,
                                                                     word: str) -> None:
    done = matte(portrait_file, "--out", tmp_path / "out", "--background", background)
    assert done.code in (1, 2) and word in done.err and "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_models_is_refused(masque: Command, tmp_path: Path, portrait_file: Path) -> None:
    done = masque("matte", portrait_file, "--out", tmp_path / "out", "--models", tmp_path, "--board", "desk")
    check_refusal(done, tmp_path / "out", f"{tmp_path / 'seg-large.tflite'}: no such model")


def test_a_traceback_is_shown_only_when_it_is_asked_for(spawned_matte: Command, tmp_path: Path,
                                                        portrait_file: Path) -> None:
    asked = spawned_matte(portrait_file, "--out", tmp_path, "--trimap", tmp_path / "gone.png",
                          env={**os.environ, "MASQUE_DEBUG": "1"})
    assert asked.code == 1 and "Traceback" in asked.err and "no such trimap" in asked.err
