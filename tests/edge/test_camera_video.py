"""edge.camera.video: films of every state of health, written for the purpose, are played as far as they can be."""
from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from given_frames import given

from edge.camera.video import VideoSource
from edge.errors import PictureError

ROOT = Path(__file__).parents[2]

HEIGHT, WIDTH, FRAMES = 64, 96, 40

EVERY_40_MS = [40 * i for i in range(FRAMES)]

Film = Callable[..., Path]


def picture(index: int) -> np.ndarray:
    """Frame `index` is so bright below, with red above left and noise above right: who it is and which way is up."""
    shown = np.full((HEIGHT, WIDTH, 3), 5 * index, np.uint8)
    shown[: HEIGHT // 2, : WIDTH // 2] = (220, 30, 30)
    noise = np.random.default_rng(index).integers(0, 256, (HEIGHT // 8, WIDTH // 8), np.uint8)
    shown[: HEIGHT // 2, WIDTH // 2 :] = np.kron(noise, np.ones((4, 4), np.uint8))[..., None]
    return shown


def who(pixels: np.ndarray) -> int:
    """Which frame this is."""
    return round(float(pixels[-HEIGHT // 4 :, -WIDTH // 4 :].mean()) / 5)


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """`film(name, times_ms=…, container=…)`: H.264 with a keyframe every 10 frames, each frame at its own time."""
    av = pytest.importorskip("av", reason="PyAV is not installed: pip install '.[video]'")

    def write(name: str, times_ms: Sequence[int] = EVERY_40_MS, container: str | None = None, **options: str) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", format=container, options=options) as file:
            stream = file.add_stream("libx264", rate=25, options={"crf": "10", "g": "10"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            for index, time_ms in enumerate(times_ms):
                frame = av.VideoFrame.from_ndarray(picture(index), format="rgb24")
                frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
                file.mux(stream.encode(frame))
            file.mux(stream.encode())
        return path

    return write


@pytest.fixture
def jpegs(tmp_path: Path) -> Path:
    """A Motion JPEG of the same pictures; every camera of twenty years ago writes it."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (WIDTH, HEIGHT))
    for index in range(FRAMES):
        writer.write(picture(index)[..., ::-1].copy())
    writer.release()
    return path


def played(path: Path) -> tuple[list[int], list[int], list[str]]:
    """Which frames came, when (ms), and the report's lines. Each picture is looked at before the next one comes."""
    with VideoSource(path) as source:
        frames = [(who(frame.pixels), frame.time_ns // 1_000_000) for frame in iter(source.read, None)]
        assert source.dropped == 0 and source.read() is None
        return [index for index, _ in frames], [time_ms for _, time_ms in frames], source.fallbacks


def overwritten(path: Path, first: float, last: float) -> Path:
    """The file with everything between two shares of its length turned into zeros."""
    held = bytearray(path.read_bytes())
    a, b = int(first * len(held)), int(last * len(held))
    held[a:b] = bytes(b - a)
    path.write_bytes(held)
    return path


def cut(path: Path, share: float = 0.5) -> Path:
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    return path


def test_every_frame_comes_once_in_order_as_rgb_with_index_and_rate(film: Film) -> None:
    with VideoSource(film("clip.mp4")) as source:
        assert source.frames_per_s == 25
        for index, frame in enumerate(iter(source.read, None)):
            assert (frame.index, who(frame.pixels), frame.shape) == (index, index, (HEIGHT, WIDTH))
            np.testing.assert_allclose(frame.pixels[8:24, 8:40].mean((0, 1)), (220, 30, 30), atol=8)
        assert index == FRAMES - 1 and source.fallbacks == []


@pytest.mark.parametrize("name", ["phone.mp4", "screen.mkv"])
def test_frames_of_a_variable_rate_keep_their_own_times(film: Film, name: str) -> None:
    times_ms = [sum([70, 20][i % 2] for i in range(index)) for index in range(FRAMES)]
    indices, came_ms, fallbacks = played(film(name, times_ms))
    assert indices == list(range(FRAMES)) and came_ms == times_ms and fallbacks == []


def test_time_grows_even_where_the_file_has_none(film: Film) -> None:
    _, came_ms, _ = played(film("raw.h264", container="h264"))
    assert len(came_ms) >= FRAMES - 2 and all(np.diff(came_ms) > 0)


@pytest.mark.parametrize(("degrees", "matrix"), [(90, (0, 1, -1, 0)), (180, (-1, 0, 0, -1)), (270, (0, -1, 1, 0))])
def test_a_film_held_sideways_comes_upright(film: Film, degrees: int, matrix: tuple[int, ...]) -> None:
    path = film("phone.mp4")
    held = bytearray(path.read_bytes())
    place = held.index(b"tkhd") + 4 + 4 + 20 + 16  # ISO/IEC 14496-12, 8.3.2: version 0, the matrix a b u c d v x y w
    a, b, c, d = (65536 * value for value in matrix)
    held[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(held)
    with VideoSource(path) as source:
        for index in range(4):
            frame = given(source)
            expected = np.rot90(picture(index), -degrees // 90)
            assert frame.pixels.shape == expected.shape
            assert np.abs(frame.pixels.astype(int) - expected).mean() < 8


def test_a_damaged_middle_is_left_out_and_counted_and_the_film_goes_on(film: Film) -> None:
    path = film("scratched.mp4")
    held = path.read_bytes()
    start, end = held.index(b"mdat") / len(held), held.index(b"moov") / len(held)
    indices, came_ms, fallbacks = played(overwritten(path, start + 0.3 * (end - start), start + 0.5 * (end - start)))
    lost = FRAMES - len(indices)
    assert 3 <= lost <= 20 and indices[:3] == [0, 1, 2] and indices[-10:] == list(range(30, 40))
    assert all(abs(came - 40 * index) < 1 for index, came in zip(indices[-10:], came_ms[-10:], strict=True))
    assert lost / 2 <= told_lost(path, fallbacks) <= lost


def told_lost(path: Path, fallbacks: list[str]) -> int:
    """How many damaged frames the one line of the report speaks of."""
    (line,) = fallbacks
    told = re.fullmatch(r"(.*): at least (\d+) damaged frames could not be decoded; left out", line)
    assert told is not None and told[1] == str(path)
    return int(told[2])


def test_two_damaged_places_are_counted_together_in_one_line(film: Film) -> None:
    path = film("scratched.mp4")
    held = path.read_bytes()
    start, end = held.index(b"mdat") / len(held), held.index(b"moov") / len(held)
    for first, last in ((0.3, 0.4), (0.6, 0.7)):
        overwritten(path, start + first * (end - start), start + last * (end - start))
    indices, _, fallbacks = played(path)
    lost = FRAMES - len(indices)
    assert sum(step > 1 for step in np.diff(indices)) >= 2 and lost / 2 <= told_lost(path, fallbacks) <= lost


def test_a_film_whose_end_is_missing_plays_to_the_cut_and_says_so(jpegs: Path) -> None:
    indices, _, fallbacks = played(cut(jpegs))
    assert 10 < len(indices) < 25 and indices[:-1] == list(range(len(indices) - 1))  # the last one is half there
    assert fallbacks == [f"{jpegs}: the pictures end after {len(indices) / 25:.1f} s, the header says 1.6 s; "
                         "cut short or damaged at its end"]


def test_a_recording_of_ours_that_was_cut_off_plays_to_the_cut(film: Film) -> None:
    path = film("live.mp4", container="mp4", movflags="frag_keyframe+empty_moov+default_base_moof")
    indices, _, _ = played(cut(path))
    assert indices[:5] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("state", ["cut", "text", "empty", "missing", "folder", "pipe"])
def test_what_is_no_film_is_one_line_that_names_it(film: Film, tmp_path: Path, state: str,
                                                   capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "clip.mp4"
    if state == "cut":
        cut(film("clip.mp4"))  # its index stands at its end
    elif state == "folder":
        path.mkdir()
    elif state == "pipe":
        os.mkfifo(path)
    elif state != "missing":
        path.write_bytes(b"no film " * 50 if state == "text" else b"")
    capfd.readouterr()
    with pytest.raises(PictureError) as caught:
        VideoSource(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_film_without_one_whole_frame_is_refused_at_the_door(jpegs: Path) -> None:
    held = jpegs.read_bytes()
    overwritten(jpegs, held.index(b"\xff\xd8\xff") / len(held), 1)
    with pytest.raises(PictureError, match=r"clip\.avi"):
        VideoSource(jpegs)


def test_a_rate_that_cannot_be_is_replaced_and_said_and_frames_keep_their_times(jpegs: Path) -> None:
    held = bytearray(jpegs.read_bytes())
    place = held.index(b"strh") + 8 + 20  # AVISTREAMHEADER: dwScale, dwRate
    held[place : place + 8] = struct.pack("<II", 1, 1000)
    jpegs.write_bytes(held)
    _, came_ms, fallbacks = played(jpegs)
    assert came_ms == list(range(FRAMES))
    assert fallbacks == [f"{jpegs}: says 1000 frames/s; 30 is taken as its rate, each frame keeps its own time"]


def test_a_film_of_too_many_pixels_is_refused_with_both_numbers(jpegs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.camera.video.MAX_PIXELS", HEIGHT * WIDTH - 1)
    with pytest.raises(PictureError, match=f"{WIDTH}×{HEIGHT} is 0 megapixels, at most 0 are read"):
        VideoSource(jpegs)


def test_damage_is_silent_on_standard_error(film: Film) -> None:
    """In a process of its own: FFmpeg asks how loud to be once, before a process's first video."""
    path = overwritten(film("scratched.mp4"), 0.3, 0.45)
    script = ("from pathlib import Path; from edge.camera.video import VideoSource\n"
              f"film = VideoSource(Path({str(path)!r}))\nwhile film.read(): pass\nprint(*film.fallbacks)")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "damaged frames" in done.stdout and done.stderr == ""


def test_all_frames_have_the_first_one_s_size_even_where_the_film_changes_it(tmp_path: Path) -> None:
    path = tmp_path / "stream.mjpeg"
    pictures = [picture(20), cv2.resize(picture(30), None, fx=2, fy=2), picture(10)]
    path.write_bytes(b"".join(cv2.imencode(".jpg", shown[..., ::-1])[1].tobytes() for shown in pictures))
    assert played(path)[0] == [20, 30, 10]
    with VideoSource(path) as source:
        assert {frame.shape for frame in iter(source.read, None)} == {(HEIGHT, WIDTH)}


def test_a_frame_stays_valid_until_the_next_read_but_one(jpegs: Path) -> None:
    with VideoSource(jpegs) as source:
        first = given(source)
        kept = first.pixels.copy()
        source.read()
        np.testing.assert_array_equal(first.pixels, kept)
        assert np.shares_memory(given(source).pixels, first.pixels), "the third frame takes new memory"


def test_the_loop_allocates_no_pictures(jpegs: Path) -> None:
    with VideoSource(jpegs) as source:
        for _ in range(3):
            source.read()
        tracemalloc.start()
        for _ in range(10):
            source.read()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < HEIGHT * WIDTH * 3 / 2


def test_looking_ahead_takes_nothing_and_skipping_takes_one(film: Film) -> None:
    with VideoSource(film("clip.mp4")) as source:
        assert source.next_time_ns() == source.next_time_ns() == 0
        source.skip()
        assert source.next_time_ns() == 40_000_000
        frame = given(source)
        assert (frame.index, who(frame.pixels), frame.time_ns) == (0, 1, 40_000_000)


def test_after_close_there_are_no_more_frames(jpegs: Path) -> None:
    source = VideoSource(jpegs)
    assert source.read() is not None and str(jpegs) in open_files()
    source.close()
    source.close()
    assert source.read() is None and source.next_time_ns() is None and str(jpegs) not in open_files()


def open_files() -> set[str]:
    """What this process holds open."""
    return {os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
