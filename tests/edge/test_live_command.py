"""`masque live`: from any source to any sink, a report that keeps its promise, a clean end however it ends."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

av = pytest.importorskip("av", reason="PyAV is not installed: pip install '.[video]'")

Command = Callable[..., Any]  # → outcome.Outcome: code, out, err, json

DEMO = "demo?size=320x180"


def frames_in(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


@pytest.fixture
def folder(tmp_path: Path, portrait: np.ndarray) -> Path:
    """Three pictures and one that is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(3):
        cv2.imwrite(str(folder / f"shot{i}.png"), np.roll(portrait, 10 * i, axis=1)[::3, ::3, ::-1])
    (folder / "shot1b.png").write_bytes(b"no picture")
    return folder


def test_the_demo_becomes_a_film_with_a_report(masque: Command, tmp_path: Path) -> None:
    done = masque("live", DEMO, "--frames", 12, "--out", tmp_path / "clip.mp4", "--keyframe-interval", 4, "--json",
                  "--board", "desk")
    assert (done.code, done.err) == (0, "")
    report = done.json
    assert (report["width"], report["height"], report["frames"], report["dropped"]) == (320, 180, 12, 0)
    assert report["keyframes"] == 3 and report["fallbacks"] == [] and report["peak_rss_mb"] > 10
    assert set(report["ms"]) == {"guide", "motion", "segment", "matting", "refine", "composite", "write"}
    for stage in report["ms"].values():
        assert 0 <= stage["p50"] <= stage["p95"] <= stage["max"]
    assert report["fps_process"] >= report["fps"] > 0
    assert report["truth"]["person_iou"] > 0.8 and report["flicker"] is not None
    frames = frames_in(tmp_path / "clip.mp4")
    assert len(frames) == 12 and frames[0].shape == (180, 320, 3)
    assert np.abs(frames[5][5, 5].astype(int) - (0, 177, 64)).max() < 12  # the default backdrop


def test_every_alpha_is_written_where_it_is_asked_for(masque: Command, tmp_path: Path, iou: Callable) -> None:
    done = masque("live", DEMO, "--frames", 3, "--out", "null", "--alpha-dir", tmp_path / "alphas", "--board", "desk")
    assert done.code == 0
    names = sorted(path.name for path in (tmp_path / "alphas").iterdir())
    assert names == ["000000.png", "000001.png", "000002.png"]
    alpha = cv2.imread(str(tmp_path / "alphas" / "000002.png"), cv2.IMREAD_GRAYSCALE)
    assert alpha is not None and alpha.shape == (180, 320) and 0.05 < (alpha > 127).mean() < 0.6


def test_a_class_is_recoloured_and_the_frame_keeps_its_background(masque: Command, tmp_path: Path) -> None:
    for name, effect in (("plain", "replace"), ("hair", "recolour:clothes=#ff0000")):
        done = masque("live", DEMO, "--frames", 2, "--out", tmp_path / f"{name}.avi", "--effect", effect, "--board",
                      "desk")
        assert (done.code, done.err) == (0, "")
    plain, hair = (frames_in(tmp_path / f"{name}.avi")[1].astype(int) for name in ("plain", "hair"))
    assert np.abs(plain[5, 5] - (0, 177, 64)).max() < 12 and np.abs(hair[5, 5] - (0, 177, 64)).max() > 60
    assert (hair[..., 0] - hair[..., 2] > 60).mean() > 0.05


def test_a_folder_goes_through_whole_and_names_what_it_left_out(masque: Command, folder: Path, tmp_path: Path) -> None:
    done = masque("live", folder, "--out", tmp_path / "clip.avi", "--background", "#ff0000", "--json", "--board",
                  "desk")
    assert done.code == 0
    assert done.json["frames"] == 3 and any("shot1b.png" in line for line in done.json["fallbacks"])


@pytest.mark.parametrize(("arguments", "said"), [
    (("demo", "--out", "clip.xyz"), "clip.xyz"),
    (("nothing.mp4", "--out", "null"), "nothing.mp4"),
    (("demo?size=12", "--out", "null"), "size"),
    (("demo", "--out", "null", "--background", "none.jpg"), "none.jpg"),
    (("demo", "--out", "null", "--background", "#12"), "#12"),
    (("demo", "--out", "null", "--effect", "melt"), "melt"),
    (("demo", "--out", "null", "--effect", "recolour:beard=#ff0000"), "beard"),
    (("demo", "--out", "null", "--keyframe-interval", "0"), "0"),
    (("demo", "--out", "null", "--keyframe-interval", "often"), "often"),
    (("demo", "--out", "http://0.0.0.0:8080"), "0.0.0.0"),
    (("demo", "--out", "null", "--board", "msp430fr2433"), "msp430fr2433"),
])
def test_what_cannot_be_done_is_said_before_a_frame_is_made(masque: Command, tmp_path: Path, arguments: tuple[str, ...],
                                                            said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = masque("live", *arguments)
    assert done.code in (1, 2) and said in done.err and "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_an_automatic_interval_stays_between_every_frame_and_the_longest(masque: Command) -> None:
    done = masque("live", "demo?size=1280x720", "--frames", 24, "--out", "null", "--keyframe-interval", "auto",
                  "--json", "--board", "desk")
    assert done.code == 0 and done.json["frames"] == 24 and 1 <= done.json["keyframes"] <= 24


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_from_outside_it_closes_a_film_that_plays_and_reports(tmp_path: Path, number: int) -> None:
    clip = tmp_path / "clip.mp4"
    running = subprocess.Popen([sys.executable, "-m", "edge", "live", "demo?size=320x180&frames=0", "--out", str(clip),
                                "--json", "--board", "desk", "--max-fps", "60"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, "")
    frames = json.loads(out)["frames"]
    assert frames > 0 and len(frames_in(clip)) == frames


def test_a_film_without_one_frame_is_one_line(masque: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = masque("live", tmp_path / "empty", "--out", "null")
    assert done.code == 1 and done.err.count("\n") == 1 and "empty" in done.err


def test_the_progress_line_shows_on_a_terminal_only(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    running = subprocess.Popen([sys.executable, "-m", "edge", "live", DEMO, "--frames", "20", "--out", "null",
                                "--board", "desk", "--max-fps", "20"], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    assert running.wait(timeout=120) == 0
    said = os.read(ours, 65536).decode()
    os.close(ours)
    assert "\r" in said and "frames/s" in said and "keyframes" in said
