"""The gallery while nothing breaks: what goes in comes out, leaves when its time is over, and nothing of it stays."""
from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from jumping_clock import JumpingClock

from edge.errors import OutputError
from edge.kiosk.gallery import Gallery


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() + path.name.encode() for path in sorted(folder.rglob("*")) if path.is_file())


def test_what_goes_in_comes_out_after_a_restart_too(reopened: Callable[..., Gallery]) -> None:
    token = reopened().add(b"jpeg", "Ann & Ben", background="sea").token
    reopened().attach(token, {"screen": b"fast", "cutout": b"png"})
    reopened().attach(token, {"screen": b"fine"}, background="dusk")
    gallery = reopened()
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


def test_tokens_cannot_be_guessed_and_numbers_never_come_back(reopened: Callable[..., Gallery]) -> None:
    gallery = reopened()
    photos = [gallery.add(b"jpeg", "party") for _ in range(5)]
    assert len({photo.token for photo in photos}) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", photo.token) for photo in photos)
    for photo in photos:
        gallery.remove(photo.token)
    assert reopened().add(b"jpeg", "party").number == 6


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


def test_the_oldest_leave_first_when_the_quota_is_full(reopened: Callable[..., Gallery]) -> None:
    gallery = reopened(quota_bytes=1000)
    tokens = [gallery.add(bytes(300), "party").token for _ in range(3)]
    assert gallery.size_bytes() == 900
    gallery.attach(tokens[1], {"screen": bytes(200)})
    assert gallery.fit_quota() == [tokens[0]]
    newest = gallery.add(bytes(400), "party").token
    assert [photo.token for photo in gallery.newest(9)] == [newest, tokens[2]]
    assert gallery.size_bytes() == 700


def test_the_newest_picture_stays_even_where_it_alone_is_over_the_quota(reopened: Callable[..., Gallery]) -> None:
    gallery = reopened(quota_bytes=100)
    first, second = (gallery.add(bytes(500), "party").token for _ in range(2))
    assert gallery.photo(first) is None and gallery.read(second, "photograph") == bytes(500)


def test_only_one_booth_opens_a_gallery(reopened: Callable[..., Gallery], tmp_path: Path) -> None:
    gallery = reopened()
    with pytest.raises(OutputError, match="another booth"):
        Gallery(tmp_path / "gallery")
    gallery.add(b"jpeg", "party")


@pytest.mark.parametrize("damage", [lambda index: b"no database at all " * 999,
                                    lambda index: index[:4096] + b"\xff" * (len(index) - 4096)])
def test_a_damaged_gallery_is_put_aside_and_the_booth_goes_on(reopened: Callable[..., Gallery],
                                                              damage: Callable[[bytes], bytes]) -> None:
    gallery = reopened()
    gallery.add(b"jpeg of somebody", "party")
    index = gallery.folder / "gallery.sqlite3"
    gallery = reopened(meanwhile=lambda: index.write_bytes(damage(index.read_bytes())))
    note, = gallery.notes
    assert "gallery.sqlite3: the gallery's index is damaged" in note and note.endswith("a new gallery was begun")
    kept, = (gallery.folder / "damaged-1" / "files").iterdir()
    assert kept.read_bytes() == b"jpeg of somebody"
    assert gallery.count() == 0 and gallery.add(b"jpeg", "party").number == 1
    gallery = reopened()
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


def test_files_that_a_hand_took_away_take_their_rows_along(reopened: Callable[..., Gallery]) -> None:
    gallery = reopened()
    whole, headless, armless = (gallery.add(b"jpeg", "party").token for _ in range(3))
    for token in (whole, armless):
        gallery.attach(token, {"screen": b"s"})
    gallery.path(headless, "photograph").unlink()
    gallery.path(armless, "screen").unlink()
    assert gallery.read(headless, "photograph") is None
    gallery = reopened()
    assert [photo.token for photo in gallery.newest(9)] == [armless, whole]
    assert set(gallery.photo(armless).versions) == {"photograph"}


def test_prints_are_counted_for_each_event_up_to_its_limit(reopened: Callable[..., Gallery]) -> None:
    gallery = reopened()
    assert gallery.take_prints("party", 3, 4) and not gallery.take_prints("party", 2, 4)
    assert gallery.take_prints("other", 2, 4)
    gallery.take_prints("party", -1, 4)
    assert reopened().printed("party") == 2
    assert reopened().take_prints("party", 99, 0)


def test_uploads_wait_over_restarts_and_are_tried_in_turn(reopened: Callable[..., Gallery],
                                                          clock: JumpingClock) -> None:
    gallery = reopened()
    first, second = sorted(gallery.add(b"jpeg", "party").token for _ in range(2))
    assert gallery.queue_upload(first) and gallery.queue_upload(first) and gallery.queue_upload(second)
    gallery.upload_failed(first, "no network", 30)
    gallery = reopened()
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


def test_the_index_syncs_every_commit_and_overwrites_what_it_removes(gallery: Gallery) -> None:
    """What the power-cut test relies on, and what it cannot see: a connection of its own would not have them."""
    for connection in (gallery._index._writer, gallery._index._reader):
        asked = {name: connection.execute(f"PRAGMA {name}").fetchone()[0]
                 for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")}
        assert asked == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    assert sqlite3.threadsafety == 3
