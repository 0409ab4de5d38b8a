"""`masque matte` where writing fails or is stopped: nothing half-written stays, what stood there is untouched."""
from __future__ import annotations

import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

Command = Callable[..., Any]  # → outcome.Outcome: code, out, err, json

Started = Callable[..., subprocess.Popen]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def check_failure(done: Any, *words: str) -> None:
    assert done.code == 1, done.err
    assert done.err.startswith("masque: ") and done.err.count("\n") == 1
    assert all(word in done.err for word in words), done.err


@pytest.fixture
def earlier(matte: Command, tmp_path: Path, portrait_file: Path) -> tuple[Path, dict[str, bytes]]:
    """A folder with the results of an earlier cut, and their bytes."""
    assert matte(portrait_file, "--out", tmp_path / "out", "--quality", "fast").code == 0
    return tmp_path / "out", contents(tmp_path / "out")


def test_a_folder_that_may_not_be_written_to_is_refused_and_its_files_stay(
        spawned_matte: Command, earlier: tuple[Path, dict[str, bytes]], portrait_file: Path,
        as_ordinary_user: Callable[[], None]) -> None:
    out, before = earlier
    out.chmod(0o555)
    try:
        done = spawned_matte(portrait_file, "--out", out, preexec_fn=as_ordinary_user)
    finally:
        out.chmod(0o755)
    check_failure(done, f"{out}: ", "no permission")
    assert contents(out) == before


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_an_output_path_that_is_a_file_is_refused_and_the_file_stays(matte: Command, tmp_path: Path, below: str,
                                                                    portrait_file: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    check_failure(matte(portrait_file, "--out", tmp_path / "taken" / below), "taken", "cannot be made a folder")
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_missing_output_folder_is_made_with_its_parents(matte: Command, tmp_path: Path, portrait_file: Path) -> None:
    assert matte(portrait_file, "--out", tmp_path / "a" / "b", "--quality", "fast").code == 0
    assert len(list((tmp_path / "a" / "b").iterdir())) == 3


def test_a_write_that_fails_half_way_changes_nothing(spawned_matte: Command, earlier: tuple[Path, dict[str, bytes]],
                                                     portrait_file: Path) -> None:
    out, before = earlier
    largest = max(map(len, before.values()))
    done = spawned_matte(portrait_file, "--out", out, "--quality", "fast",
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2, largest // 2)))
    check_failure(done, "File too large", "nothing was changed")
    assert contents(out) == before


def test_a_full_disk_is_said_and_no_part_is_left(matte: Command, full_disk: Path, portrait_file: Path) -> None:
    (full_disk / "portrait.alpha.png").write_bytes(b"from yesterday")
    done = matte(portrait_file, "--out", full_disk, "--quality", "fast")
    check_failure(done, str(full_disk), "No space left", "nothing was changed")
    assert contents(full_disk) == {"portrait.alpha.png": b"from yesterday"}


def test_a_place_taken_by_a_folder_is_refused_before_any_file_is_replaced(matte: Command, tmp_path: Path,
                                                                         portrait_file: Path) -> None:
    (tmp_path / "portrait.cutout.png").mkdir()
    check_failure(matte(portrait_file, "--out", tmp_path, "--quality", "fast"), "portrait.cutout.png: is a folder")
    assert [path.name for path in tmp_path.iterdir()] == ["portrait.cutout.png"]


def test_ctrl_c_while_files_are_being_written_exits_130_and_leaves_no_part(
        started_matte: Started, tmp_path: Path, portrait: np.ndarray) -> None:
    large = cv2.resize(portrait, (2560, 3000), interpolation=cv2.INTER_LINEAR)[..., ::-1]
    pictures = [tmp_path / f"{number}.jpg" for number in range(6)]
    for path in pictures:
        cv2.imwrite(str(path), large)
    out = tmp_path / "out"
    process = started_matte(*pictures, "--out", out, "--quality", "fast")
    deadline = time.monotonic() + 60
    while process.poll() is None and not list(out.glob("*.part" if time.monotonic() < deadline else "*")):
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and said.strip() == "masque: stopped"
    names = {path.name for path in out.iterdir()}
    assert not [name for name in names if name.endswith(".part")] and len(names) < 18
    for number in range(6):
        assert len([name for name in names if name.startswith(f"{number}.")]) in (0, 3)


def test_ctrl_c_before_the_first_picture_exits_130(started_matte: Started, tmp_path: Path,
                                                   portrait_file: Path) -> None:
    process = started_matte(portrait_file, "--out", tmp_path / "out")
    libraries = Path(f"/proc/{process.pid}/maps")
    while process.poll() is None and "cv2" not in libraries.read_text(encoding="utf-8"):
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and said.strip() == "masque: stopped"
    assert not list((tmp_path / "out").glob("*.part"))


def test_a_reader_that_goes_away_ends_the_command_without_a_traceback(started_matte: Started, tmp_path: Path,
                                                                     portrait_file: Path) -> None:
    process = started_matte(portrait_file, "--out", tmp_path, "--quality", "fast")
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait(timeout=60) == 1 and "Traceback" not in said and "Exception" not in said
