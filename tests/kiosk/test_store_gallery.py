"""The gallery while nothing breaks: what goes in comes out, leaves when its time is over, and nothing of it stays."""
from __future__ import annotations

import re
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jumping_clock import JumpingClock

from edge.errors import OutputError
from edge.kiosk.gallery import Gallery


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def opened(tmp_path: Path, clock: JumpingClock) -> Iterator[Callable[..., Gallery]]:
    """`opened(quota_bytes)`: the gallery of one folder, closed and opened again at every call; meanwhile: what happens
    in between."""
    galleries: list[Gallery] = []

    def again(quota_bytes: int = 0, meanwhile: Callable[[], None] = lambda: None) -> Gallery:
        while galleries:
            galleries.pop().close()
        meanwhile()
        galleries.append(Gallery(tmp_path / "gallery", clock, quota_bytes))
        return galleries[0]

    yield again
    for gallery in galleries:
        gallery.close()


@pytest.fixture
def gallery(opened: Callable[..., Gallery]) -> Gallery:
    return opened()


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() + path.name.encode() for path in sorted(folder.rglob("*")) if path.is_file())


def test_what_goes_in_comes_out_after_a_restart_too(opened: Callable[..., Gallery]) -> None:
    token = opened().add(b"jpeg", "Ann & Ben", background="sea").token
    opened().attach(token, {"screen": b"fast", "cutout": b"png"})
    opened().attach(token, {"screen": b"fine"}, background="dusk")
    gallery = opened()
    photo = gallery.photo(token)
    assert photo is not None
    assert (photo.number, photo.event, photo.origin, photo.background) == (1, "Ann & Ben", "booth", "dusk")
    assert {kind: gallery.read(token, kind) for kind in photo.versions} == {
        "photograph": b"jpeg", "screen": b"fine", "cutout": b"png"}


def test_a_replaced_file_is_gone_and_has_another_version(gallery: Gallery) -> None:
    token = gallery.add(b"jpeg", "party").token
    before = gallery.attach(token, {"screen": b"old"})
    after = gallery.attach(token, {"screen": b"new"})
    assert before.versions["screen"] != after.versions["screen"]
    assert b"old" not in everything(gallery.folder / "files")


def test_kinds_that_are_no_longer_true_leave_with_the_change(gallery: Gallery) -> None:
    token = gallery.add(b"jpeg", "party").token
    gallery.attach(token, {"composite": b"at the sea", "screen": b"at the sea"})
    photo = gallery.attach(token, {"screen": b"at dusk"}, "dusk", without=("composite",))
    assert set(photo.versions) == {"photograph", "screen"}
    assert gallery.read(token, "composite") is None
    assert b"at the sea" not in everything(gallery.folder / "files")


def test_tokens_cannot_be_guessed_and_numbers_never_come_back(opened: Callable[..., Gallery]) -> None:
    gallery = opened()
    photos = [gallery.add(b"jpeg", "party") for _ in range(5)]
    assert len({photo.token for photo in photos}) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", photo.token) for photo in photos)
    for photo in photos:
        gallery.remove(photo.token)
    assert opened().add(b"jpeg", "party").number == 6


@pytest.mark.parametrize("token", ["", "x", "../lock", "..", "/etc/passwd", "a\0b", "%", "x' OR 1=1 --"])
def test_a_strangers_word_is_no_picture_and_becomes_no_file(gallery: Gallery, token: str) -> None:
    before = sorted(gallery.folder.rglob("*"))
    assert gallery.photo(token) is None
    assert gallery.path(token, "photograph") is None
    assert gallery.read(token, "photograph") is None
    assert gallery.attach(token, {"screen": b"x"}) is None
    assert not gallery.remove(token)
    assert not gallery.queue_upload(token)
    assert sorted(gallery.folder.rglob("*")) == before


def test_the_newest_come_first_and_pages_follow_each_other(gallery: Gallery) -> None:
    for turn in range(7):
        gallery.add(b"jpeg", "party", origin="upload" if turn == 3 else "booth")
    assert [photo.number for photo in gallery.newest(3)] == [7, 6, 5]
    assert [photo.number for photo in gallery.newest(3, before=5)] == [4, 3, 2]
    assert [photo.number for photo in gallery.newest(9, origin="booth")] == [7, 6, 5, 3, 2, 1]


def test_a_removed_picture_leaves_nothing_behind(gallery: Gallery) -> None:
    token = gallery.add(b"jpeg of somebody", "party", background="sea").token
    gallery.attach(token, {"screen": b"screen of somebody", "report": b"{}"})
    gallery.queue_upload(token)
    assert gallery.remove(token)
    assert gallery.photo(token) is None and gallery.uploads() == [] and gallery.count() == 0
    left = everything(gallery.folder)
    assert token.encode() not in left and b"of somebody" not in left


def test_a_picture_leaves_when_its_time_is_over(gallery: Gallery, clock: JumpingClock) -> None:
    short, long, stays = (gallery.add(b"jpeg", "party", seconds).token for seconds in (60.0, 120.0, None))
    clock.passes(59)
    assert gallery.photo(short).left_s == pytest.approx(1)
    assert gallery.photo(stays).left_s is None
    assert gallery.expire() == []
    clock.passes(2)
    assert gallery.photo(short) is None, "shown though its time is over"
    assert gallery.path(short, "photograph") is None and gallery.count() == 2
    assert [photo.token for photo in gallery.newest(9)] == [stays, long]
    assert gallery.expire() == [short]
    assert short.encode() not in everything(gallery.folder)
    assert gallery.photo(long) is not None


@pytest.mark.parametrize("jump_s", [-3.2e9, -86_400.0, 86_400.0, 3.2e9])
def test_a_jump_of_the_clock_neither_takes_nor_gives_time(gallery: Gallery, clock: JumpingClock, jump_s: float) -> None:
    token = gallery.add(b"jpeg", "party", 600.0).token
    clock.passes(100)
    clock.wall += jump_s
    assert gallery.expire() == []
    assert gallery.photo(token).left_s == pytest.approx(500)
    clock.passes(501)
    assert gallery.expire() == [token]


def test_a_jump_while_the_booth_restarts_neither_takes_nor_gives_time(opened: Callable[..., Gallery],
                                                                      clock: JumpingClock) -> None:
    token = opened().add(b"jpeg", "party", 600.0).token
    clock.passes(100)

    def leap() -> None:
        clock.wall += 1e6
        clock.passes(10)

    assert opened(meanwhile=leap).photo(token).left_s == pytest.approx(490)


def test_time_switched_off_counts_where_a_time_server_knows_it(opened: Callable[..., Gallery],
                                                               clock: JumpingClock) -> None:
    token = opened().add(b"jpeg", "party", 7200.0).token
    gallery = opened(meanwhile=lambda: clock.switched_off(3600))
    assert gallery.photo(token).left_s == pytest.approx(3600)
    assert opened(meanwhile=lambda: clock.switched_off(86_400)).expire() == [token]


@pytest.mark.parametrize(("before", "after"), [(False, True), (True, False), (False, False)])
def test_without_a_time_server_a_restart_takes_no_picture(opened: Callable[..., Gallery], clock: JumpingClock,
                                                          before: bool, after: bool) -> None:
    """A board without a clock of its own begins in the past and leaps into the present."""
    clock.trusted = before
    token = opened().add(b"jpeg", "party", 7200.0).token

    def off() -> None:
        clock.switched_off(1.5e9)
        clock.trusted = after

    gallery = opened(meanwhile=off)
    assert gallery.expire() == []
    assert gallery.photo(token).left_s == pytest.approx(7200)


def test_a_clock_that_went_back_while_off_takes_no_picture(opened: Callable[..., Gallery], clock: JumpingClock) -> None:
    token = opened().add(b"jpeg", "party", 7200.0).token
    assert opened(meanwhile=lambda: clock.switched_off(-1e9)).photo(token).left_s == pytest.approx(7200)


def test_the_power_cut_costs_at_most_a_minute_of_a_lifetime(tmp_path: Path, clock: JumpingClock) -> None:
    gallery = Gallery(tmp_path / "gallery", clock)
    token = gallery.add(b"jpeg", "party", 7200.0).token
    for _ in range(600):
        clock.passes(1)
        gallery.expire()
    kept = gallery._index.reading()
    gallery.close()
    assert 540 <= kept.age_s <= 600
    clock.trusted = False
    clock.switched_off(9999)
    gallery = Gallery(tmp_path / "gallery", clock)
    assert gallery.photo(token).left_s == pytest.approx(6600, abs=1)
    gallery.close()


def test_the_oldest_leave_first_when_the_quota_is_full(opened: Callable[..., Gallery]) -> None:
    gallery = opened(quota_bytes=1000)
    tokens = [gallery.add(bytes(300), "party").token for _ in range(3)]
    assert gallery.size_bytes() == 900
    gallery.attach(tokens[1], {"screen": bytes(200)})
    assert gallery.fit_quota() == [tokens[0]]
    newest = gallery.add(bytes(400), "party").token
    assert [photo.token for photo in gallery.newest(9)] == [newest, tokens[2]]
    assert gallery.size_bytes() == 700


def test_the_newest_picture_stays_even_where_it_alone_is_over_the_quota(opened: Callable[..., Gallery]) -> None:
    gallery = opened(quota_bytes=100)
    first, second = (gallery.add(bytes(500), "party").token for _ in range(2))
    assert gallery.photo(first) is None and gallery.read(second, "photograph") == bytes(500)


def test_only_one_booth_opens_a_gallery(opened: Callable[..., Gallery], tmp_path: Path) -> None:
    gallery = opened()
    with pytest.raises(OutputError, match="another booth"):
        Gallery(tmp_path / "gallery")
    gallery.add(b"jpeg", "party")


@pytest.mark.parametrize("damage", [lambda index: b"no database at all " * 999,
                                    lambda index: index[:4096] + b"\xff" * (len(index) - 4096)])
def test_a_damaged_gallery_is_put_aside_and_the_booth_goes_on(opened: Callable[..., Gallery],
                                                              damage: Callable[[bytes], bytes]) -> None:
    gallery = opened()
    gallery.add(b"jpeg of somebody", "party")
    index = gallery.folder / "gallery.sqlite3"
    gallery = opened(meanwhile=lambda: index.write_bytes(damage(index.read_bytes())))
    note, = gallery.notes
    assert "gallery.sqlite3: the gallery's index is damaged" in note and note.endswith("a new gallery was begun")
    kept, = (gallery.folder / "damaged-1" / "files").iterdir()
    assert kept.read_bytes() == b"jpeg of somebody"
    assert gallery.count() == 0 and gallery.add(b"jpeg", "party").number == 1
    gallery = opened()
    assert gallery.notes == [] and gallery.count() == 1


def test_a_gallery_of_another_layout_is_left_alone(tmp_path: Path) -> None:
    Gallery(tmp_path / "gallery").close()
    with sqlite3.connect(tmp_path / "gallery" / "gallery.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 9")
    for _ in range(2):  # the first must let go of the folder
        with pytest.raises(OutputError, match="layout 9, this one reads 1"):
            Gallery(tmp_path / "gallery")


def test_a_place_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="choose another --gallery"):
        Gallery(tmp_path / "file" / "gallery")


def test_files_that_a_hand_took_away_take_their_rows_along(opened: Callable[..., Gallery]) -> None:
    gallery = opened()
    whole, headless, armless = (gallery.add(b"jpeg", "party").token for _ in range(3))
    for token in (whole, armless):
        gallery.attach(token, {"screen": b"s"})
    gallery.path(headless, "photograph").unlink()
    gallery.path(armless, "screen").unlink()
    assert gallery.read(headless, "photograph") is None
    gallery = opened()
    assert [photo.token for photo in gallery.newest(9)] == [armless, whole]
    assert set(gallery.photo(armless).versions) == {"photograph"}


def test_prints_are_counted_for_each_event_up_to_its_limit(opened: Callable[..., Gallery]) -> None:
    gallery = opened()
    assert gallery.take_prints("party", 3, 4) and not gallery.take_prints("party", 2, 4)
    assert gallery.take_prints("other", 2, 4)
    gallery.take_prints("party", -1, 4)
    assert opened().printed("party") == 2
    assert opened().take_prints("party", 99, 0)


def test_uploads_wait_over_restarts_and_are_tried_in_turn(opened: Callable[..., Gallery], clock: JumpingClock) -> None:
    gallery = opened()
    first, second = sorted(gallery.add(b"jpeg", "party").token for _ in range(2))
    assert gallery.queue_upload(first) and gallery.queue_upload(first) and gallery.queue_upload(second)
    gallery.upload_failed(first, "no network", 30)
    gallery = opened()
    assert [(one.token, one.tries, one.why) for one in gallery.uploads()] == [(second, 0, ""), (first, 1, "no network")]
    gallery.upload_done(second)
    assert gallery.next_upload() is None
    clock.passes(31)
    assert gallery.next_upload().token == first
    gallery.remove(first)
    assert gallery.next_upload() is None and gallery.uploads() == []


def test_a_picture_that_was_removed_meanwhile_is_not_brought_back(gallery: Gallery) -> None:
    """The fine cut is ready a second after "delete mine"."""
    token = gallery.add(b"jpeg", "party").token
    writing, go_on = threading.Event(), threading.Event()
    written = gallery._files.written

    def slowly(token: str, parts: dict[str, bytes]) -> dict[str, str]:
        versions = written(token, parts)
        writing.set()
        assert go_on.wait(10)
        return versions

    gallery._files.written = slowly
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(gallery.attach(token, {"composite": b"late"})))
    thread.start()
    assert writing.wait(10)
    gallery.remove(token)
    go_on.set()
    thread.join()
    assert answers == [None]
    assert list((gallery.folder / "files").iterdir()) == []


def test_many_threads_at_once_lose_nothing(gallery: Gallery) -> None:
    failed: list[BaseException] = []

    def guest(name: int) -> None:
        try:
            for turn in range(6):
                token = gallery.add(f"jpeg {name} {turn}".encode(), "party").token
                gallery.attach(token, {"screen": f"screen {name} {turn}".encode(), "thumbnail": b"t"})
                gallery.newest(20)
                assert gallery.read(token, "screen") == f"screen {name} {turn}".encode()
                if turn % 3 == 0:
                    assert gallery.remove(token)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guest, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert gallery.count() == 32
    assert len(list((gallery.folder / "files").iterdir())) == 96


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


def test_the_index_syncs_every_commit_and_overwrites_what_it_removes(gallery: Gallery) -> None:
    """What the power-cut test relies on, and what it cannot see: a connection of its own would not have them."""
    for connection in (gallery._index._writer, gallery._index._reader):
        asked = {name: connection.execute(f"PRAGMA {name}").fetchone()[0]
                 for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")}
        assert asked == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    assert sqlite3.threadsafety == 3
