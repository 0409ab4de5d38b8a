"""The gallery on a disk without room: an error with both numbers, nothing half written, pictures can still leave."""
from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from jumping_clock import JumpingClock

from edge.errors import OutputError
from edge.kiosk.gallery import Gallery


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", place], capture_output=True,
                      check=False).returncode:
        pytest.skip("no file system may be mounted here (needs root)")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_full_disk_leaves_nothing_half_written_and_says_both_numbers(small_disk: Path) -> None:
    gallery = Gallery(small_disk / "gallery")
    first = gallery.add(bytes(100_000), "party").token
    files = sorted(path.name for path in (gallery.folder / "files").iterdir())
    for call in (lambda: gallery.add(bytes(900_000), "party"),
                 lambda: gallery.attach(first, {"thumbnail": bytes(1000), "cutout": bytes(900_000)})):
        with pytest.raises(OutputError, match=r"disk is full: 0\.90 MB are needed, 0\.\d\d MB are free; delete"):
            call()
        assert sorted(path.name for path in (gallery.folder / "files").iterdir()) == files
    assert gallery.count() == 1 and set(gallery.photo(first).versions) == {"photograph"}
    gallery.close()


def test_pictures_can_be_removed_from_a_disk_without_a_single_free_byte(small_disk: Path) -> None:
    gallery = Gallery(small_disk / "gallery")
    tokens = [gallery.add(bytes(50_000), "party", 60.0).token for _ in range(4)]
    gallery._index.forget_the_past()
    fill(small_disk)
    with pytest.raises(OutputError):
        gallery.attach(tokens[0], {"thumbnail": bytes(10)})
    assert gallery.remove(tokens[0])
    assert gallery.photo(tokens[0]) is None
    gallery.attach(tokens[1], {"thumbnail": bytes(10)})
    gallery.close()


def test_a_full_disk_keeps_neither_time_from_passing_nor_the_booth_from_starting(small_disk: Path,
                                                                                 clock: JumpingClock) -> None:
    gallery = Gallery(small_disk / "gallery", clock)
    token = gallery.add(bytes(50_000), "party", 100.0).token
    stays = gallery.add(bytes(50_000), "party").token
    gallery._index.forget_the_past()
    fill(small_disk)
    gallery.close()
    gallery = Gallery(small_disk / "gallery", clock)
    fill(small_disk)
    assert gallery.read(stays, "photograph") == bytes(50_000)
    clock.passes(200)
    assert gallery.expire() == [token] and gallery.count() == 1
    gallery.close()


def fill(disk: Path) -> None:
    """To the last byte."""
    with (disk / "filler").open("ab", buffering=0) as filler, pytest.raises(OSError, match="No space left"):
        while True:
            filler.write(bytes(4096))
