"""edge.sinks.alpha_folder: every alpha in a file of its own, numbered, whole or not there."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import OutputError
from edge.sinks.alpha_folder import AlphaFolder


def alpha(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def read(path: Path) -> np.ndarray:
    seen = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert seen is not None
    return seen


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_alphas_come_back_bit_for_bit_under_their_numbers(tmp_path: Path) -> None:
    folder = AlphaFolder(tmp_path / "new" / "alphas")
    for seed in range(12):
        folder.write(alpha(seed))
    assert names(folder.folder) == [f"{index:06d}.png" for index in range(12)] and not folder.fallbacks
    for seed in range(12):
        np.testing.assert_array_equal(read(folder.folder / f"{seed:06d}.png"), alpha(seed))


def test_pictures_of_an_earlier_run_are_said(tmp_path: Path) -> None:
    for seed in range(3):
        (tmp_path / f"{seed:06d}.png").write_bytes(b"earlier")
    (tmp_path / "notes.png").write_bytes(b"mine")
    folder = AlphaFolder(tmp_path)
    folder.write(alpha(0))
    assert folder.fallbacks == [f"{tmp_path} held 3 numbered pictures already; those beyond this run's last stay"]
    assert (tmp_path / "000001.png").read_bytes() == b"earlier" and len((tmp_path / "000000.png").read_bytes()) > 100


def test_a_full_disk_is_one_line_and_what_is_there_is_whole(full_disk: Path) -> None:
    folder = AlphaFolder(full_disk)
    with pytest.raises(OutputError, match="No space left") as raised:
        for seed in range(400):
            folder.write(alpha(seed))
    assert str(full_disk) in str(raised.value) and "\n" not in str(raised.value)
    assert names(full_disk) == [f"{index:06d}.png" for index in range(folder.count)] and folder.count > 5
    np.testing.assert_array_equal(read(full_disk / f"{folder.count - 1:06d}.png"), alpha(folder.count - 1))


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "alphas").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be made a folder"):
        AlphaFolder(tmp_path / "alphas")
