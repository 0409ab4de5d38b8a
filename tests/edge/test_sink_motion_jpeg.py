"""edge.sinks.motion_jpeg, avi, jpeg: frames go to the slot of their time, no file grows too large."""
from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.sinks import avi
from edge.sinks.motion_jpeg import MotionJpegSink

MS = 1_000_000
"""Nanoseconds."""


def grey(level: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def shown(path: Path) -> list[int]:
    """Grey level of every slot, by OpenCV's own reader: strict, by the index, and repeating what has no bytes."""
    reader, levels = cv2.VideoCapture(str(path), cv2.CAP_OPENCV_MJPEG), []
    assert reader.isOpened()
    while (read := reader.read())[0]:
        levels.append(round(float(read[1].mean())))
    reader.release()
    return levels


def written(path: Path, frames: list[tuple[int, int]], frames_per_s: float = 10) -> MotionJpegSink:
    """frames: (ms, grey level) each."""
    with MotionJpegSink(path, 48, 64, frames_per_s) as sink:
        for ms, level in frames:
            sink.write(grey(level), ms * MS)
    return sink


def chunks(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, bytes]]:
    """(name, place, content) of every RIFF chunk between two places; they must fill the space to the byte."""
    while start < end:
        name, size = struct.unpack_from("<4sI", content, start)
        yield name, start, content[start + 8 : start + 8 + size]
        start += 8 + size + size % 2
    assert start == end


def test_a_file_is_a_riff_whose_sizes_fit_and_whose_index_points_at_frames(tmp_path: Path) -> None:
    sink = written(tmp_path / "a.avi", [(0, 20), (100, 60), (300, 100), (400, 21)])
    content = (tmp_path / "a.avi").read_bytes()
    assert content[:4] + content[8:12] == b"RIFFAVI " and struct.unpack_from("<I", content, 4) == (len(content) - 8,)
    (_, _, lists), (_, _, frames), (_, _, index) = parts = list(chunks(content, 12, len(content)))
    assert [name for name, _, _ in parts] == [b"LIST", b"LIST", b"idx1"] and not sink.fallbacks
    (_, _, main), _ = chunks(lists, 4, len(lists))
    stream = list(chunks(lists, 4, len(lists)))[1][2]
    header = next(chunks(stream, 4, len(stream)))[2]
    pictures = [(place, jpeg) for _, place, jpeg in chunks(frames, 4, len(frames))]
    assert struct.unpack_from("<I", main, 16) == struct.unpack_from("<I", header, 32) == (len(pictures),) == (5,)
    assert struct.unpack_from("<II", header, 20) == (1, 10) and any(len(jpeg) % 2 for _, jpeg in pictures)
    for (name, flags, place, size), (at, jpeg) in zip(struct.iter_unpack("<4s3I", index), pictures, strict=True):
        assert (name, place, size, bool(flags)) == (b"00dc", at, len(jpeg), jpeg[:3] == b"\xff\xd8\xff")


def test_a_slot_without_a_frame_shows_the_one_before(tmp_path: Path) -> None:
    sink = written(tmp_path / "a.avi", [(70, 20), (170, 60), (480, 100), (570, 140)])
    assert shown(tmp_path / "a.avi") == [20, 60, 60, 60, 100, 140] and not sink.fallbacks


def test_jitter_loses_no_frame(tmp_path: Path) -> None:
    sink = written(tmp_path / "a.avi", [(0, 20), (100, 60), (140, 100), (310, 140), (400, 180)])
    assert shown(tmp_path / "a.avi") == [20, 60, 100, 140, 180] and not sink.fallbacks


def test_frames_that_come_too_fast_are_left_out_and_said_once(tmp_path: Path) -> None:
    """A second at 50 frames/s into 10: the file must not play five times as long."""
    sink = written(tmp_path / "a.avi", [(20 * index, 4 * index) for index in range(51)])
    levels = shown(tmp_path / "a.avi")
    assert 11 <= len(levels) <= 12 and levels[-1] >= 192 and levels == sorted(levels)
    assert sink.fallbacks == ["a.avi plays 10 frames/s; of frames that came faster some were left out"]


def test_a_rate_such_as_ntsc_s_is_kept_exactly(tmp_path: Path) -> None:
    written(tmp_path / "a.avi", [(0, 20), (33, 60)], frames_per_s=30000 / 1001)
    reader = cv2.VideoCapture(str(tmp_path / "a.avi"), cv2.CAP_OPENCV_MJPEG)
    assert reader.get(cv2.CAP_PROP_FPS) == pytest.approx(30000 / 1001, rel=1e-6)


@pytest.mark.parametrize(("height", "width"), [(48, 64), (37, 51), (1, 1)])
def test_any_size_comes_back_in_its_colours(tmp_path: Path, height: int, width: int) -> None:
    picture = np.full((height, width, 3), (200, 40, 90), np.uint8)
    with MotionJpegSink(tmp_path / "a.avi", height, width, 10) as sink:
        sink.write(picture, 0)
    reader = cv2.VideoCapture(str(tmp_path / "a.avi"), cv2.CAP_OPENCV_MJPEG)
    seen = reader.read()[1][..., ::-1]
    assert seen.shape == picture.shape and np.abs(seen.astype(int) - picture).max() <= 6


def test_quality_costs_bytes(tmp_path: Path, portrait: np.ndarray) -> None:
    sizes = []
    for quality in (50, 85, 95):
        with MotionJpegSink(tmp_path / "a.avi", portrait.shape[0], portrait.shape[1], 10, quality) as sink:
            sink.write(portrait, 0)
        sizes.append((tmp_path / "a.avi").stat().st_size)
    assert sizes[0] * 1.3 < sizes[1] and sizes[1] * 1.3 < sizes[2]


def test_a_file_that_is_full_goes_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(avi, "LARGEST_BYTES", 20_000)
    frames = [(100 * index, 2 * index) for index in range(60)]
    sink = written(tmp_path / "a.avi", frames)
    files = [tmp_path / "a.avi", tmp_path / "a.2.avi", tmp_path / "a.3.avi"]
    assert sorted(tmp_path.iterdir()) == sorted(files[: len(sink.fallbacks) + 1]) and len(sink.fallbacks) >= 1
    assert "goes on in a.2.avi" in sink.fallbacks[0]
    assert [level for file in sorted(tmp_path.iterdir(), key=files.index) for level in shown(file)] == [
        level for _, level in frames]
    assert all(10_000 < file.stat().st_size <= 20_000 for file in files[: len(sink.fallbacks)])


def test_writing_allocates_no_picture(tmp_path: Path) -> None:
    picture = np.full((480, 640, 3), 90, np.uint8)
    with MotionJpegSink(tmp_path / "a.avi", 480, 640, 10) as sink:
        sink.write(picture, 0)
        tracemalloc.start()
        for index in range(1, 10):
            sink.write(picture, index * 100 * MS)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 0.1 * picture.nbytes
