"""How long a picture stays: counted by a steady clock, whatever the clock on the wall does."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from jumping_clock import JumpingClock

from edge.kiosk.gallery import Gallery


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
    assert not [path for path in gallery.folder.rglob("*") if path.is_file() and short.encode() in path.read_bytes()]
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


def test_a_jump_while_the_booth_restarts_neither_takes_nor_gives_time(reopened: Callable[..., Gallery],
                                                                      clock: JumpingClock) -> None:
    token = reopened().add(b"jpeg", "party", 600.0).token
    clock.passes(100)

    def leap() -> None:
        clock.wall += 1e6
        clock.passes(10)

    assert reopened(meanwhile=leap).photo(token).left_s == pytest.approx(490)


def test_time_switched_off_counts_where_a_time_server_knows_it(reopened: Callable[..., Gallery],
                                                               clock: JumpingClock) -> None:
    token = reopened().add(b"jpeg", "party", 7200.0).token
    gallery = reopened(meanwhile=lambda: clock.switched_off(3600))
    assert gallery.photo(token).left_s == pytest.approx(3600)
    assert reopened(meanwhile=lambda: clock.switched_off(86_400)).expire() == [token]


@pytest.mark.parametrize(("before", "after"), [(False, True), (True, False), (False, False)])
def test_without_a_time_server_a_restart_takes_no_picture(reopened: Callable[..., Gallery], clock: JumpingClock,
                                                          before: bool, after: bool) -> None:
    """A board without a clock of its own begins in the past and leaps into the present."""
    clock.trusted = before
    token = reopened().add(b"jpeg", "party", 7200.0).token

    def off() -> None:
        clock.switched_off(1.5e9)
        clock.trusted = after

    gallery = reopened(meanwhile=off)
    assert gallery.expire() == []
    assert gallery.photo(token).left_s == pytest.approx(7200)


def test_a_clock_that_went_back_while_off_takes_no_picture(reopened: Callable[..., Gallery],
                                                           clock: JumpingClock) -> None:
    token = reopened().add(b"jpeg", "party", 7200.0).token
    assert reopened(meanwhile=lambda: clock.switched_off(-1e9)).photo(token).left_s == pytest.approx(7200)


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
