"""edge.sinks: what MP4 and AVI promise alike: a whole file or a part that plays, whatever happens meanwhile."""
from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.errors import OutputError
from edge.sinks.open_sink import open_sink

av = pytest.importorskip("av", reason="needs PyAV to write and read video: pip install '.[video]'")

ROOT = Path(__file__).parents[2]

HEIGHT, WIDTH, FRAMES_PER_S = 48, 64, 10

WRITER = """
import sys
import numpy as np
from edge.errors import OutputError
from edge.sinks.open_sink import open_sink
rng, index = np.random.default_rng(0), 0
try:
    with open_sink(sys.argv[1], 48, 64, 10) as sink:
        while True:
            sink.write(rng.integers(0, 256, (48, 64, 3), np.uint8), index * 100_000_000)
            index += 1
            if index == 60:
                print("ready", flush=True)
except OutputError as error:
    print("masque:", error, file=sys.stderr)
"""
"""A process that writes noise into a sink until it is stopped."""


@pytest.fixture(params=["mp4", "avi"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a video is to be written."""
    return tmp_path / f"party.{request.param}"


def grey(level: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def noise() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    while True:
        yield rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def levels_in(path: Path) -> list[tuple[int, int]]:
    """(ms, mean grey) of every frame that can be decoded, the last of a cut file included only if it is whole."""
    seen = []
    with av.open(str(path)) as file:
        try:
            for frame in file.decode(video=0):
                seen.append((round(1000 * frame.time), round(float(frame.to_ndarray(format="gray").mean()))))
        except av.FFmpegError:
            pass  # the frame that was cut
    return seen


def names(folder: Path) -> list[str]:
    return sorted(place.name for place in folder.iterdir())


def part_of(path: Path) -> Path:
    return path.with_name(f"party.part{path.suffix}")


def written(path: Path, frames: int) -> None:
    """Frame i has grey level 20 + 2 · i."""
    with open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S) as sink:
        for index in range(frames):
            sink.write(grey(20 + 2 * index), 5_000_000_000 + index * 100_000_000)


def test_every_frame_comes_back_in_its_order_and_at_its_time(path: Path) -> None:
    written(path, 50)
    seen = levels_in(path)
    assert [ms for ms, _ in seen] == [100 * index for index in range(50)]
    assert max(abs(level - (20 + 2 * index)) for index, (_, level) in enumerate(seen)) <= 2


def test_a_file_has_its_name_only_when_it_is_whole(path: Path) -> None:
    with open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S) as sink:
        sink.write(grey(90), 0)
        assert names(path.parent) == [part_of(path).name]
    assert names(path.parent) == [path.name]


def test_what_stood_there_stays_until_then(path: Path) -> None:
    path.write_bytes(b"last year's party")
    with open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S) as sink:
        sink.write(grey(90), 0)
        assert path.read_bytes() == b"last year's party"
    assert levels_in(path) == [(0, pytest.approx(90, abs=2))]


def test_a_file_that_was_cut_in_the_middle_plays_up_to_there(path: Path) -> None:
    written(path, 100)
    whole, content = levels_in(path), path.read_bytes()
    for share in (0.5, 0.9):
        cut = path.with_stem(f"cut{share}")
        cut.write_bytes(content[: int(len(content) * share)])
        seen = levels_in(cut)
        assert 100 * share - 30 <= len(seen) < 100 and seen[:-1] == whole[: len(seen) - 1]


def test_without_a_frame_there_is_no_file_and_the_report_says_so(path: Path) -> None:
    with open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S) as sink:
        pass
    assert names(path.parent) == [] and sink.fallbacks == [f"{path.name} was not made: no frame came"]


def test_closing_twice_changes_nothing(path: Path) -> None:
    written(path, 3)
    before = path.read_bytes()
    sink = open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S)
    sink.write(grey(9), 0)
    sink.close()
    path.write_bytes(before)
    sink.close()
    assert path.read_bytes() == before


def test_an_error_in_the_loop_still_closes_the_file(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S) as sink:
        sink.write(grey(90), 0)
        raise ZeroDivisionError
    assert names(path.parent) == [path.name] and len(levels_in(path)) == 1


def test_a_picture_of_another_size_is_refused_not_replaced_by_the_one_before(path: Path) -> None:
    with open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S) as sink:
        sink.write(grey(90), 0)
        with pytest.raises(ValueError, match="another size"):
            sink.write(np.zeros((HEIGHT * 2, WIDTH, 3), np.uint8), 100_000_000)


def test_the_caller_may_write_over_its_picture_at_once(path: Path) -> None:
    """Neither encoder nor muxer holds on to the caller's memory."""
    picture = grey(0)
    with open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S) as sink:
        for index in range(30):
            picture[:] = 5 * index
            sink.write(picture, index * 100_000_000)
        picture[:] = 255
    assert max(abs(level - 5 * index) for index, (_, level) in enumerate(levels_in(path))) <= 2


def test_a_full_disk_is_one_line_and_what_was_written_plays(path: Path, full_disk: Path) -> None:
    video = full_disk / path.name
    with (pytest.raises(OutputError) as raised,
          open_sink(str(video), HEIGHT, WIDTH, FRAMES_PER_S) as sink):
        for index, picture in enumerate(noise()):
            sink.write(picture, index * 100_000_000)
    said = str(raised.value)
    assert said.startswith(f"{video}: ") and "No space left on device" in said and "\n" not in said
    assert part_of(video).name in said and names(full_disk) == [part_of(video).name]
    assert len(levels_in(part_of(video))) > 20


def test_room_that_comes_too_late_makes_no_whole_of_a_part(path: Path, full_disk: Path) -> None:
    (full_disk / "films").write_bytes(bytes(100_000))
    video = full_disk / path.name
    with open_sink(str(video), HEIGHT, WIDTH, FRAMES_PER_S) as sink:
        with pytest.raises(OutputError, match="No space left"):
            for index, picture in enumerate(noise()):
                sink.write(picture, index * 100_000_000)
        (full_disk / "films").unlink()
    assert names(full_disk) == [part_of(video).name]


def test_a_disk_that_is_full_already_is_said_at_opening_and_leaves_nothing(path: Path, full_disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"), (full_disk / "films").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass
    video = full_disk / path.name
    with (pytest.raises(OutputError, match="No space left") as raised,
          open_sink(str(video), HEIGHT, WIDTH, FRAMES_PER_S) as sink):
        for index, picture in zip(range(100), noise(), strict=False):
            sink.write(picture, index * 100_000_000)
    assert str(raised.value).startswith(f"{video}: ") and ".part" not in str(raised.value)
    assert names(full_disk) == ["films"]


def test_a_disk_with_room_for_no_frame_keeps_no_part(full_disk: Path) -> None:
    """The header alone went in: nobody needs that."""
    with pytest.raises(OSError, match="No space left"), (full_disk / "films").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass
    os.truncate(full_disk / "films", (full_disk / "films").stat().st_size - 4096)
    with (pytest.raises(OutputError, match=r"party\.avi: cannot be written \(No space left"),
          open_sink(str(full_disk / "party.avi"), 8 * HEIGHT, 8 * WIDTH, FRAMES_PER_S) as sink):
        assert "party.part.avi" in names(full_disk)
        sink.write(np.tile(next(noise()), (8, 8, 1)), 0)
    assert names(full_disk) == ["films"]


@pytest.mark.parametrize("place", ["missing/party", "file/party"])
def test_a_folder_that_is_not_there_is_named(path: Path, place: str) -> None:
    (path.parent / "file").write_bytes(b"")
    video = (path.parent / place).with_suffix(path.suffix)
    with pytest.raises(OutputError, match=r"there is no folder .*; make it first") as raised:
        open_sink(str(video), HEIGHT, WIDTH, FRAMES_PER_S)
    assert str(raised.value).startswith(f"{video}: ") and names(path.parent) == ["file"]


def test_a_folder_where_the_file_should_be_is_named(path: Path) -> None:
    path.mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        open_sink(str(path), HEIGHT, WIDTH, FRAMES_PER_S)
    assert names(path.parent) == [path.name]


def test_a_name_with_a_colon_is_a_file_not_a_protocol(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    written(Path(f"pipe:12{path.suffix}"), 2)
    assert names(path.parent) == [f"pipe:12{path.suffix}"]


Started = Callable[..., subprocess.Popen]


@pytest.fixture
def writer(path: Path) -> Iterator[Started]:
    """`writer(**popen)`: a process that writes into `path`, past its 60th frame."""
    started: list[subprocess.Popen] = []

    def start(**popen) -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, "-c", WRITER, path], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, **popen)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_ctrl_c_leaves_a_whole_file(path: Path, writer: Started) -> None:
    process = writer()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    assert names(path.parent) == [path.name] and len(levels_in(path)) >= 59


def test_a_process_that_is_killed_leaves_a_part_that_plays(path: Path, writer: Started) -> None:
    process = writer()
    process.kill()
    process.communicate(timeout=60)
    assert names(path.parent) == [part_of(path).name]
    assert len(levels_in(part_of(path))) >= 20


def test_a_file_that_may_not_grow_is_one_line_and_plays(path: Path, writer: Started) -> None:
    """As a full disk, for those who may not mount one."""
    process = writer(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)))
    _, said = process.communicate(timeout=60)
    assert said.startswith(f"masque: {path}: ") and said.count("\n") == 1 and "File too large" in said
    assert names(path.parent) == [part_of(path).name] and len(levels_in(part_of(path))) > 20
