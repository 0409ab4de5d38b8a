"""edge.camera.open_source: what people type becomes the source they mean, or one line that lists what there is."""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from given_frames import given
from PIL import Image

from edge.camera import FrameSource, say_once
from edge.camera.address import Address, address_of
from edge.camera.open_source import DEMO_FRAMES, SOURCES, known_sources, open_source
from edge.camera.paced import PacedSource
from edge.errors import PictureError

ROOT = Path(__file__).parents[2]


def opened(text: str, **given: Any) -> FrameSource:
    """The source on a board with a small camera."""
    return open_source(text, **{"height": 36, "width": 64, "frames_per_s": 25, **given})


def count(source: FrameSource) -> int:
    with source:
        return sum(1 for _ in iter(source.read, None))


def parsed(text: str) -> Address:
    return address_of(text, {scheme: kind.options for scheme, kind in SOURCES.items()}, known_sources())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pictures of 24×16."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(5):
        Image.new("RGB", (24, 16), (i, i, i)).save(pictures / f"{i}.png")
    return pictures


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Five frames of 48×32 at 10 frames/s."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (48, 32))
    for i in range(5):
        writer.write(np.full((32, 48, 3), 40 * i, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize(("text", "address"), [
    ("demo", Address("demo", "")),
    ("picamera", Address("picamera", "")),
    ("/dev/video0", Address("v4l2", "/dev/video0")),
    ("/dev/v4l/by-id/usb-a?fps=7.5", Address("v4l2", "/dev/v4l/by-id/usb-a", frames_per_s=7.5)),
    ("demo:?size=640x480&frames=300", Address("demo", "", (480, 640), None, 300)),
    ("demo?fps=24", Address("demo", "", frames_per_s=24)),
    ("v4l2:/dev/video0?size=1280x720&fps=30", Address("v4l2", "/dev/video0", (720, 1280), 30)),
    ("file:clip.mp4", Address("file", "clip.mp4")),
    ("folder:pictures?fps=12", Address("folder", "pictures", frames_per_s=12)),
    ("picamera:0?size=1920x1080", Address("picamera", "0", (1080, 1920))),
    ("demo:?frames=0", Address("demo", "", frames=0)),
])
def test_every_way_to_write_a_source_is_understood(text: str, address: Address) -> None:
    assert parsed(text) == address


@pytest.mark.parametrize("example", [kind.example for kind in SOURCES.values()])
def test_the_examples_that_messages_show_are_right(example: str) -> None:
    assert f"{parsed(example).scheme}:" == example[: example.index(":") + 1]


def test_what_exists_is_meant_whatever_signs_are_in_its_name(clip: Path, folder: Path,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clip.parent)
    for name in ("what?.avi", "a:b.avi", "frames=3?x&y.avi"):
        Path(name).write_bytes(clip.read_bytes())
        assert parsed(name) == Address("file", name) and parsed(f"file:{name}") == Address("file", name)
    assert parsed("clip.avi?frames=2") == Address("file", "clip.avi", frames=2)
    assert parsed("pictures?frames=2") == Address("folder", "pictures", frames=2)


def test_the_words_come_before_a_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    assert parsed("demo").scheme == "demo" and parsed("./demo").scheme == "folder"


@pytest.mark.parametrize(("text", "says"), [
    ("rtsp://camera/1", "unknown kind of source 'rtsp'"), ("", "no such file, folder or source"),
    ("dmeo", "no such file, folder or source"), ("missing/clip.mp4", "no such file, folder or source"),
])
def test_an_unknown_source_is_one_line_that_lists_all_there_are(text: str, says: str) -> None:
    with pytest.raises(PictureError) as caught:
        opened(text)
    line = str(caught.value)
    assert says in line and "\n" not in line and all(kind.example in line for kind in SOURCES.values())


@pytest.mark.parametrize(("text", "says"), [
    ("demo:?speed=3", "demo knows no option 'speed'; it knows size, fps, frames"),
    ("file:clip.mp4?size=64x64", "file knows no option 'size'; it knows frames"),
    ("demo:?size=640", "size=640 is not WIDTHxHEIGHT, such as size=1280x720"),
    ("demo:?size=640x", "height in size is ''; it is a whole number from 16 to 8192"),
    ("demo:?size=9000x480", "width in size is '9000'; it is a whole number from 16 to 8192"),
    ("demo:?size=-64x64", "width in size is '-64'"),
    ("demo:?fps=fast", "fps is 'fast'; it is a number from 1 to 240"),
    ("demo:?fps=nan", "fps is 'nan'"), ("demo:?fps=0", "fps is '0'"), ("demo:?fps", "fps is ''"),
    ("demo:?frames=-1", "frames is '-1'; it is a whole number from 0 to 1000000000"),
    ("demo:?frames=1e3", "frames is '1e3'"),
    ("demo:cat", "the demo has no 'cat'"), ("v4l2:", "which device?"), ("picamera:front", "is 'front'"),
])
def test_a_bad_option_is_one_line_with_what_was_given_and_what_may_be(text: str, says: str) -> None:
    with pytest.raises(PictureError, match=re.escape(says)) as caught:
        opened(text)
    assert str(caught.value).startswith(text) and "\n" not in str(caught.value)


def test_the_board_s_settings_hold_unless_an_option_says_otherwise(folder: Path) -> None:
    source = opened("demo")
    assert given(source).shape == (36, 64) and source.frames_per_s == 25
    source = opened("demo:?size=32x24&fps=50")
    assert given(source).shape == (24, 32) and source.frames_per_s == 50
    assert opened(str(folder)).frames_per_s == 25 and opened(f"folder:{folder}?fps=12").frames_per_s == 12


def test_a_film_keeps_its_own_size_and_rate(clip: Path) -> None:
    source = opened(str(clip))
    assert given(source).shape == (32, 48) and source.frames_per_s == 10
    source.close()


@pytest.mark.parametrize(("option", "frames", "came"), [("", None, 5), ("?frames=3", None, 3), ("", 2, 2),
                                                         ("?frames=3", 2, 2), ("?frames=2", 3, 2), ("?frames=9", 8, 5),
                                                         ("?frames=0", None, 5), ("?frames=0", 3, 3)])
def test_it_stops_after_so_many_frames_whoever_says_so(clip: Path, option: str, frames: int | None,
                                                       came: int) -> None:
    assert count(opened(f"file:{clip}{option}", frames=frames)) == came


def test_the_demo_ends_by_itself_unless_told_how_long_to_play() -> None:
    small = "demo:?size=16x16"
    assert count(opened(small)) == DEMO_FRAMES and count(opened(small, frames=DEMO_FRAMES + 7)) == DEMO_FRAMES + 7
    with opened(f"{small}&frames=0") as source:
        assert all(source.read() is not None for _ in range(DEMO_FRAMES + 7))


def test_only_with_realtime_a_recording_goes_by_the_clock(clip: Path, folder: Path) -> None:
    for text in (str(clip), str(folder), "demo:?size=16x16"):
        with opened(text) as freely, opened(text, realtime=True) as by_the_clock:
            assert not isinstance(freely, PacedSource) and isinstance(by_the_clock, PacedSource)


def test_a_camera_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    for text, says in (("/dev/video99", "ls /dev/video"), ("picamera", "python3-picamera2")):
        with pytest.raises(PictureError, match=says):
            opened(text)


def test_opening_the_room_loads_nothing_and_a_source_loads_only_its_own(clip: Path) -> None:
    script = ("import sys; from edge.camera.open_source import open_source; print('cv2' in sys.modules);"
              f"open_source({str(clip)!r}, height=16, width=16, frames_per_s=1).close();"
              "print('edge.camera.v4l2' in sys.modules, 'edge.camera.demo' in sys.modules, 'av' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"] * 4 and done.stderr == ""


def test_a_line_of_the_report_comes_once() -> None:
    lines: list[str] = []
    for line in ("went away", "came back", "went away"):
        say_once(lines, line)
    assert lines == ["went away", "came back"]


@pytest.mark.parametrize(("height", "width", "downscale", "small"), [
    (720, 1280, 4, (180, 320)), (480, 640, 4, (120, 160)), (720, 1280, 1, None), (468, 624, 4, None)])
def test_a_camera_is_asked_for_the_guide_too_where_that_has_even_sides(monkeypatch: pytest.MonkeyPatch, height: int,
                                                                       width: int, downscale: int,
                                                                       small: tuple[int, int] | None) -> None:
    asked = []
    monkeypatch.setattr("edge.camera.picamera.PiCamera", lambda *given: asked.append(given))
    monkeypatch.setattr("edge.camera.newest.NewestSource", lambda camera: camera)
    opened("picamera", height=height, width=width, downscale=downscale)
    assert asked[0][-1] == small
