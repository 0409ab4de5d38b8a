"""edge.camera.folder: pictures as a film, in the order people count in; what cannot be shown is named."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from given_frames import given
from PIL import Image

from edge.camera.folder import FolderSource, natural
from edge.errors import PictureError


def put(folder: Path, name: str, level: int, width: int = 24, height: int = 16) -> Path:
    """A flat picture that says by its level who it is."""
    Image.new("RGB", (width, height), (level, 0, 255 - level)).save(folder / name)
    return folder / name


def levels(source: FolderSource) -> list[int]:
    return [int(frame.pixels[frame.shape[0] // 2, frame.shape[1] // 2, 0]) for frame in iter(source.read, None)]


def test_pictures_come_in_natural_order_whatever_their_kind(tmp_path: Path) -> None:
    for level, name in enumerate(["photo10.png", "Photo2.png", "photo1.bmp", "photo02.png", "a.gif"]):
        put(tmp_path, name, level)
    assert levels(FolderSource(tmp_path, 10)) == [4, 2, 1, 3, 0]


def test_numbers_of_any_length_sort_by_value_and_equal_ones_by_name() -> None:
    names = ["9" * 30 + ".png", "10.png", "9.png", "009.png", "x9y10.png", "x9y9.png", "x.png"]
    ordered = ["009.png", "9.png", "10.png", "9" * 30 + ".png", "x.png", "x9y9.png", "x9y10.png"]
    assert [path.name for path in sorted(map(Path, names), key=natural)] == ordered


def test_index_counts_what_is_given_and_time_is_the_place_in_the_folder(tmp_path: Path) -> None:
    for i in range(4):
        put(tmp_path, f"{i}.png", i)
    broken = tmp_path / "1.png"
    broken.write_bytes(b"no picture")
    with FolderSource(tmp_path, 8) as source:
        frames = list(iter(source.read, None))
        assert [(frame.index, frame.time_ns) for frame in frames] == [(0, 0), (1, 250_000_000), (2, 375_000_000)]
        assert source.frames_per_s == 8 and source.dropped == 0
        assert len(source.fallbacks) == 1 and source.fallbacks[0].startswith(f"left out: {broken}: ")


def test_another_size_is_fitted_inside_the_first_s_with_black_around_it_and_named(tmp_path: Path) -> None:
    put(tmp_path, "1.png", 200, 24, 16)
    tall = put(tmp_path, "2.png", 100, 16, 32)
    source = FolderSource(tmp_path, 10)
    source.read()
    pixels = given(source).pixels
    assert pixels.shape == (16, 24, 3)
    assert (pixels[:, 8:16] == (100, 0, 155)).all() and not pixels[:, :8].any() and not pixels[:, 16:].any()
    assert source.fallbacks == [f"{tall}: 16×32 does not match the first picture's 24×16; fitted inside it, "
                                "black around it"]


def test_notes_of_a_picture_are_in_the_report(tmp_path: Path) -> None:
    first, second = (Image.new("L", (8, 8), level) for level in (0, 255))
    first.save(tmp_path / "moves.gif", save_all=True, append_images=[second])
    source = FolderSource(tmp_path, 10)
    source.read()
    assert source.fallbacks == [f"{tmp_path / 'moves.gif'}: animated: only the first picture was used"]


def test_other_files_hidden_files_and_folders_are_passed_over_in_silence(tmp_path: Path) -> None:
    put(tmp_path, "1.png", 1)
    put(tmp_path, ".2.png", 2)
    (tmp_path / "3.png").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    source = FolderSource(tmp_path, 10)
    assert levels(source) == [1] and source.fallbacks == []


def test_a_picture_that_vanishes_underway_is_left_out_and_named(tmp_path: Path) -> None:
    paths = [put(tmp_path, f"{i}.png", i) for i in range(3)]
    source = FolderSource(tmp_path, 10)
    paths[1].unlink()
    assert levels(source) == [0, 2] and str(paths[1]) in source.fallbacks[0]


@pytest.mark.parametrize("state", ["empty", "text only", "missing", "a file"])
def test_a_folder_without_pictures_is_one_line_that_names_it(tmp_path: Path, state: str) -> None:
    folder = tmp_path / "pictures"
    if state == "a file":
        folder.write_text("hello")
    elif state != "missing":
        folder.mkdir()
    if state == "text only":
        (folder / "notes.txt").write_text("hello")
    with pytest.raises(PictureError) as caught:
        FolderSource(folder, 10)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_of_unreadable_pictures_is_an_error_and_not_an_empty_film(tmp_path: Path) -> None:
    for i in range(3):
        (tmp_path / f"{i}.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with pytest.raises(PictureError, match=r"none of 3 pictures can be read; the first one: .*0\.jpg"):
        FolderSource(tmp_path, 10).read()


def test_frames_stay_as_they_were_given(tmp_path: Path) -> None:
    put(tmp_path, "1.png", 10)
    put(tmp_path, "2.png", 20)
    source = FolderSource(tmp_path, 10)
    first = given(source)
    kept = first.pixels.copy()
    source.read()
    np.testing.assert_array_equal(first.pixels, kept)


def test_skipping_does_not_open_the_picture_and_close_ends(tmp_path: Path) -> None:
    put(tmp_path, "1.png", 1)
    (tmp_path / "2.png").write_bytes(b"never looked at")
    put(tmp_path, "3.png", 3)
    put(tmp_path, "4.png", 4)
    source = FolderSource(tmp_path, 10)
    source.read()
    assert source.next_time_ns() == 100_000_000
    source.skip()
    frame = given(source)
    assert (frame.index, frame.time_ns, frame.pixels[0, 0, 0]) == (1, 200_000_000, 3) and source.fallbacks == []
    source.close()
    assert source.read() is None
