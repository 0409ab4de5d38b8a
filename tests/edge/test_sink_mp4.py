"""edge.sinks.mp4: H.264 with every frame's own time, any size, the right colours, one frame's memory for all."""
from __future__ import annotations

import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.errors import OutputError
from edge.sinks.mp4 import KEYFRAME_S, TICKS_PER_S, Mp4Sink

av = pytest.importorskip("av", reason="needs PyAV to write and read video: pip install '.[video]'")

BT601, LIMITED = 6, 1
"""AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG (libavutil/pixfmt.h)."""


def write(path: Path, pictures: Iterator[np.ndarray], times_ns: list[int], frames_per_s: float = 30) -> Mp4Sink:
    sink = None
    for picture, time_ns in zip(pictures, times_ns, strict=False):
        if sink is None:
            sink = Mp4Sink(path, picture.shape[0], picture.shape[1], frames_per_s)
        sink.write(picture, time_ns)
    assert sink is not None
    sink.close()
    return sink


def greys(height: int, width: int) -> Iterator[np.ndarray]:
    while True:
        yield np.full((height, width, 3), 90, np.uint8)


def ticks_in(path: Path) -> list[int]:
    with av.open(str(path)) as file:
        return [round(frame.pts * frame.time_base * TICKS_PER_S) for frame in file.decode(video=0)]


def scene(height: int, width: int) -> np.ndarray:
    """A soft picture in which every pixel has another colour, (height, width, 3) uint8."""
    y, x = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    return (np.stack([x, y, 1 - x * y], axis=-1) * 200 + 27).astype(np.uint8)


def test_it_is_h264_for_any_player(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write(path, greys(64, 96), [0, 33_000_000])
    if ffprobe := shutil.which("ffprobe"):
        command = [ffprobe, "-v", "error", "-show_entries", "stream=codec_name,pix_fmt", "-of", "csv=p=0", str(path)]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "h264,yuv420p"
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        assert (context.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", 96, 64)


def test_frames_keep_the_times_they_came_with(tmp_path: Path) -> None:
    """A camera in bad light: 5 to 90 ms from frame to frame, over several fragments; the clock's start is no time."""
    pauses_ns = np.random.default_rng(0).integers(5_000_000, 90_000_000, 150)
    times_ns = (987_654_321_000 + np.cumsum(pauses_ns)).tolist()
    sink = write(tmp_path / "clip.mp4", greys(32, 32), times_ns)
    wanted = [(time_ns - times_ns[0]) * TICKS_PER_S / 1e9 for time_ns in times_ns]
    assert wanted[-1] > 3 * KEYFRAME_S * TICKS_PER_S
    assert np.abs(np.array(ticks_in(tmp_path / "clip.mp4")) - wanted).max() <= 0.5 and not sink.fallbacks


def test_times_that_stand_still_or_go_back_lose_no_frame_and_are_said(tmp_path: Path) -> None:
    sink = write(tmp_path / "clip.mp4", greys(32, 32), [100, 100, 50, 100_000_000, 100_000_001])
    assert ticks_in(tmp_path / "clip.mp4") == [0, 1, 2, 9000, 9001]
    assert len(sink.fallbacks) == 1 and "no later" in sink.fallbacks[0]


def test_a_keyframe_comes_often_enough_to_lose_little(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", greys(32, 32), [index * 100_000_000 for index in range(100)], frames_per_s=10)
    with av.open(str(tmp_path / "clip.mp4")) as file:
        alone = [index for index, frame in enumerate(file.decode(video=0)) if frame.key_frame]
    assert alone == list(range(0, 100, 10 * KEYFRAME_S))


@pytest.mark.parametrize(("height", "width"), [(90, 122), (91, 121), (90, 121), (91, 122), (720, 1280)])
def test_a_picture_of_any_size_comes_back_cropped_to_even(tmp_path: Path, height: int, width: int) -> None:
    picture = scene(height, width)
    sink = write(tmp_path / "clip.mp4", iter([picture]), [0])
    with av.open(str(tmp_path / "clip.mp4")) as file:
        seen = next(file.decode(video=0)).to_ndarray(format="rgb24")
    even = picture[: height // 2 * 2, : width // 2 * 2]
    assert seen.shape == even.shape and np.abs(seen.astype(int) - even).mean() < 3
    said = [f"clip.mp4: H.264 needs even sizes: {width}×{height} was cropped to {even.shape[1]}×{even.shape[0]}"]
    assert sink.fallbacks == (said if picture.shape != even.shape else [])


def test_a_size_that_the_encoder_refuses_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"clip\.mp4: H.264 cannot take frames of 40000×32 .*choose another size"):
        Mp4Sink(tmp_path / "clip.mp4", 32, 40_000, 30)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (40, 140, 200)])
def test_colours_are_what_they_were_and_tagged_so(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    picture = np.full((32, 32, 3), colour, np.uint8)
    write(tmp_path / "clip.mp4", iter([picture]), [0])
    with av.open(str(tmp_path / "clip.mp4")) as file:
        frame = next(file.decode(video=0))
    seen = frame.reformat(format="rgb24", src_colorspace=frame.colorspace).to_ndarray()
    assert np.abs(seen.astype(int) - picture).max() <= 4
    assert (frame.colorspace, frame.color_range) == (BT601, LIMITED)


def test_pictures_that_change_come_back_each_as_itself(tmp_path: Path) -> None:
    """One frame's memory serves them all, while the encoder's threads look at several at once."""
    rng = np.random.default_rng(1)
    pictures = [cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (160, 120)) for _ in range(24)]
    write(tmp_path / "clip.mp4", iter(pictures), [index * 33_333_333 for index in range(24)])
    with av.open(str(tmp_path / "clip.mp4")) as file:
        seen = [frame.to_ndarray(format="rgb24").astype(int) for frame in file.decode(video=0)]
    nearest = [min(range(24), key=lambda other: np.abs(frame - pictures[other]).mean()) for frame in seen]
    assert nearest == list(range(24))


def test_writing_allocates_no_picture(tmp_path: Path) -> None:
    picture = scene(480, 640)
    with Mp4Sink(tmp_path / "clip.mp4", 480, 640, 30) as sink:
        for index in range(30):
            if index == 20:
                tracemalloc.start()
            sink.write(picture, index * 33_333_333)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 0.1 * picture.nbytes


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "clip.mp4", greys(32, 32), [0, 1, 2])
    assert capfd.readouterr() == ("", "")


def test_without_pyav_the_line_names_what_does_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(OutputError, match=r"needs PyAV; .*FILE\.avi"):
        Mp4Sink(tmp_path / "clip.mp4", 32, 32, 30)
    assert list(tmp_path.iterdir()) == []


def test_a_pyav_without_the_encoder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stripped: Any = {"h264"}
    monkeypatch.setattr(av, "codecs_available", stripped)
    with pytest.raises(OutputError, match=r"came without libx264; .*FILE\.avi"):
        Mp4Sink(tmp_path / "clip.mp4", 32, 32, 30)
    assert list(tmp_path.iterdir()) == []
