"""When something fails: the guest hears one friendly sentence, the host the cause, and the booth recovers by itself."""
from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import pytest
from served_booth import here, log_in, shot, state, stuck, unpluggable, until

from edge.kiosk.booth import Booth
from edge.kiosk.live_words import Alive, Busy, Dress, Setup, Watched

EVENT = """
title = "Party"
language = "de"
{more}
[[backgrounds]]
name = "sea"
title = "Sea"
drawn = "sea"

[[backgrounds]]
name = "red"
title = "Red"
colour = "#c00000"
"""

PRINTING = """
[printing]
on = true
limit = 2
"""


def event_folder(folder: Path, more: str = "") -> Path:
    """An event of our own."""
    place = folder / "event"
    place.mkdir(exist_ok=True)
    (place / "event.toml").write_text(EVENT.format(more="") + more if more.startswith("\n[") else
                                      EVENT.format(more=more))
    return place


def causes(client: httpx.Client) -> list[str]:
    log_in(client)
    return client.get("/api/admin/state").json()["causes"]


@pytest.fixture
def plug(tmp_path: Path) -> Path:
    """The camera's cable: a file that is there."""
    file = tmp_path / "plug"
    file.touch()
    return file


@pytest.fixture
def cabled(tmp_path: Path, plug: Path) -> Iterator[tuple[httpx.Client, Booth]]:
    with here(tmp_path, opened=partial(unpluggable, plug)) as both:
        yield both


def test_a_camera_unplugged_in_the_countdown_is_one_sentence_a_cause_and_a_recovery(
        cabled: tuple[httpx.Client, Booth], plug: Path) -> None:
    client, _ = cabled
    client.post("/api/session/start")
    client.post("/api/session/shoot", json={"seconds": 2})
    plug.unlink()
    lefts = []
    while (now := state(client))["screen"] == "countdown":
        lefts.append(now["countdown"]["left_ms"])
        time.sleep(0.02)
    assert lefts == sorted(lefts, reverse=True) and len(lefts) > 1  # it went on
    told = until(lambda: (now := state(client))["notice"] and now)
    assert told["notice"] == {"key": "notice.camera_away", "kind": "trouble"} and told["camera"] == "away"
    until(lambda: state(client)["screen"] == "away")
    assert any("cable" in cause or "plugged in" in cause for cause in causes(client))
    assert client.get("/health").status_code == 503
    plug.touch()
    until(lambda: state(client)["screen"] == "live")
    assert causes(client) == [] and client.get("/health").status_code == 200
    assert shot(client)["number"] == 1


def test_a_camera_that_is_back_at_zero_takes_the_picture(cabled: tuple[httpx.Client, Booth], plug: Path) -> None:
    client, _ = cabled
    client.post("/api/session/shoot", json={"seconds": 4})
    plug.unlink()
    until(lambda: state(client)["camera"] == "away")
    plug.touch()
    photo = until(lambda: (now := state(client))["screen"] == "shown" and now["photo"])
    assert photo["number"] == 1 and state(client)["notice"] is None


def test_a_live_process_that_dies_at_zero_still_owes_the_picture(cabled: tuple[httpx.Client, Booth]) -> None:
    client, booth = cabled
    client.post("/api/session/shoot", json={"seconds": 1})
    until(lambda: state(client)["screen"] == "developing")
    process = booth.viewfinder._process
    assert process is not None
    process.kill()
    photo = until(lambda: (now := state(client))["screen"] == "shown" and now["photo"])
    assert photo["number"] == 1


def test_a_camera_that_hangs_for_ever_costs_a_live_process_and_nothing_else(tmp_path: Path, plug: Path) -> None:
    with here(tmp_path, opened=partial(stuck, plug), stuck_s=3.0) as (client, booth):
        plug.unlink()
        until(lambda: state(client)["camera"] == "away")
        assert booth.viewfinder.restarts == 0  # the process is well and says so
        plug.touch()
        until(lambda: state(client)["camera"] == "ok")
        assert booth.viewfinder.restarts == 1 and shot(client)["number"] == 1


def test_a_developing_process_that_dies_costs_one_picture_at_the_most(cabled: tuple[httpx.Client, Booth]) -> None:
    client, booth = cabled
    shot(client, "fine")
    for worker in (booth.darkroom.developer.quick_worker, booth.darkroom.developer.fine_worker):
        subprocess.run(["kill", "-9", str(worker.pid)], check=True)
    assert shot(client, "fine")["stage"] == "fine"


def test_a_full_disk_is_one_sentence_a_cause_with_both_numbers_and_a_recovery(tmp_path: Path, full_disk: Path) -> None:
    def resize(size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(full_disk)], check=True)

    resize("2m")
    with here(full_disk) as (client, _):
        filler = full_disk / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"\0" * 4096):
                pass
        client.post("/api/session/shoot", json={"seconds": 1})
        told = until(lambda: (now := state(client))["notice"] and now)
        assert told["notice"]["key"] == "notice.disk_full" and told["screen"] == "live"
        (cause,) = [cause for cause in causes(client) if "gallery" in cause]
        assert "MB are needed" in cause and "MB are free" in cause
        assert client.get("/health").status_code == 503
        filler.unlink(missing_ok=True)
        resize("64m")
        until(lambda: client.get("/health").status_code == 200)  # before anybody has tried
        assert shot(client, "fine")["stage"] == "fine" and causes(client) == []


def test_a_damaged_gallery_keeps_no_booth_from_starting_and_the_host_hears_of_it(tmp_path: Path) -> None:
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / "gallery.sqlite3").write_bytes(b"no database at all " * 999)
    with here(tmp_path) as (client, _):
        log_in(client)
        assert "put aside" in client.get("/api/admin/state").text
        assert shot(client)["number"] == 1


@pytest.fixture
def cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stand-ins for lp and lpstat; the printer is there while the file `on` is."""
    folder = tmp_path / "cups"
    folder.mkdir()
    (folder / "on").touch()
    (folder / "lp").write_text(f'#!/bin/sh\necho "lp $*" >> {folder}/printed\n'
                               'echo "request id is photo-7 (1 file(s))"\n')
    (folder / "lpstat").write_text(
        f'#!/bin/sh\nif [ ! -e {folder}/on ]; then echo "lpstat: Transport endpoint is not connected" >&2; exit 1; fi\n'
        'case "$1" in -d) echo "system default destination: photo";; -o) ;; '
        '*) echo "printer photo is idle.  enabled since Sat 21 Nov 2026";; esac\n')
    for name in ("lp", "lpstat"):
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def test_a_printer_that_is_gone_is_one_sentence_a_cause_and_a_recovery(tmp_path: Path, cups: Path) -> None:
    with here(tmp_path, event_folder(tmp_path, PRINTING)) as (client, _):
        assert state(client)["can"]["print"]
        photo = shot(client, "fine")
        (cups / "on").unlink()
        answer = client.post(f"/api/photos/{photo['token']}/print")
        assert answer.status_code == 200 and answer.json()["notice"]["key"] == "notice.printer_away"
        assert any("Transport endpoint" in cause for cause in causes(client))
        assert client.get("/api/admin/state").json()["printer"]["state"] == "away"
        assert client.get("/health").status_code == 200 and state(client)["screen"] == "shown"
        (cups / "on").touch()
        answer = client.post(f"/api/photos/{photo['token']}/print")
        assert answer.json()["notice"] == {"key": "notice.printing", "kind": "news"} and causes(client) == []
        until(lambda: state(client)["photo"]["prints_left"] == 1)
        client.post(f"/api/photos/{photo['token']}/print")
        answer = client.post(f"/api/photos/{photo['token']}/print")
        assert answer.json()["notice"]["key"] == "notice.print_limit"
        assert len((cups / "printed").read_text().splitlines()) == 2


@pytest.mark.parametrize("years", [10, -10])
def test_a_clock_that_jumps_changes_neither_countdown_nor_lifetimes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                                    years: int) -> None:
    with here(tmp_path, event_folder(tmp_path, "lifetime_minutes = 5")) as (client, _):
        first = shot(client)
        client.post("/api/session/shoot", json={"seconds": 2})
        true = time.time
        monkeypatch.setattr(time, "time", lambda: true() + years * 365 * 86400)
        left_ms = state(client)["countdown"]["left_ms"]
        assert 0 < left_ms <= 2000
        second = until(lambda: (now := state(client))["screen"] == "shown" and now["photo"]["number"] > first["number"]
                       and now["photo"])
        time.sleep(1.5)  # housekeeping has looked at lifetimes
        for photo in (first, second):
            told = client.get(f"/api/photos/{photo['token']}").json()
            assert 0 < told["expires_in_s"] <= 300


def test_a_picture_whose_time_is_over_leaves_screen_gallery_and_caches(tmp_path: Path) -> None:
    with here(tmp_path, event_folder(tmp_path, "lifetime_minutes = 1")) as (client, booth):
        photo = shot(client, "fine")
        assert 0 < photo["expires_in_s"] <= 60
        booth.gallery.time._start_s += 61  # the gallery's own clock
        until(lambda: state(client)["screen"] == "attract")
        assert client.get(f"/api/photos/{photo['token']}").status_code == 404
        assert client.get("/api/gallery").json()["photos"] == [] and client.get(photo["picture_url"]).status_code == 404


def test_a_broken_event_file_is_named_to_the_host_while_the_last_good_one_goes_on(tmp_path: Path) -> None:
    folder = event_folder(tmp_path)
    with here(tmp_path, folder) as (client, _):
        file, good = folder / "event.toml", (folder / "event.toml").read_text()
        file.write_text(good.replace('colour = "#c00000"', 'colour = "red"'))
        log_in(client)
        told = until(lambda: (now := client.get("/api/admin/state").json())["event_fault"] and now)
        assert "event.toml" in told["event_fault"] and any("event.toml" in cause for cause in told["causes"])
        now = state(client)
        assert [one["name"] for one in now["backgrounds"]] == ["sea", "red"] and now["notice"] is None
        assert client.get("/health").status_code == 200
        file.write_text(good.replace('title = "Party"', 'title = "Fest"').replace('name = "sea"', 'name = "lake"'))
        until(lambda: state(client)["event"]["title"] == "Fest")
        assert state(client)["background"] == "lake" and causes(client) == []  # the one before is gone


def test_a_background_file_that_vanishes_costs_the_preview_its_background_alone(tmp_path: Path,
                                                                                portrait_file: Path) -> None:
    folder = event_folder(tmp_path)
    (folder / "wall.jpg").write_bytes(portrait_file.read_bytes())
    text = (folder / "event.toml").read_text().replace('drawn = "sea"', 'file = "wall.jpg"')
    (folder / "event.toml").write_text(text)
    with here(tmp_path, folder) as (client, _):
        client.post("/api/session/background", json={"name": "red"})
        (folder / "wall.jpg").unlink()
        client.post("/api/session/background", json={"name": "sea"})
        until(lambda: any("wall.jpg" in cause for cause in causes(client)))
        assert state(client)["camera"] == "ok"
        client.post("/api/session/background", json={"name": "red"})
        assert shot(client)["background"] == "red"


def test_fifty_phones_in_the_gallery_leave_the_booth_its_preview_and_its_shutter(tmp_path: Path) -> None:
    from threading import Thread

    with here(tmp_path) as (client, booth):
        shot(client, "fine")
        failures: list[str] = []

        def phone() -> None:
            with httpx.Client(base_url=client.base_url, timeout=30) as mine:
                for _ in range(6):
                    for photo in mine.get("/api/gallery").json()["photos"]:
                        answer = mine.get(photo["picture_url"])
                        if answer.status_code != 200 or answer.content[:2] != b"\xff\xd8":
                            failures.append(answer.text[:100])

        phones = [Thread(target=phone) for _ in range(50)]
        before = booth.alive.frames
        with client.stream("GET", "/preview.mjpg") as watching:
            for thread in phones:
                thread.start()
            came = watching.iter_raw()
            for _ in range(20):
                next(came)
            assert shot(client)["number"] == 2
            for thread in phones:
                thread.join()
        assert not failures and booth.alive.frames > before + 5


def slow_to_dress(link: Connection, setup: Setup) -> None:
    """A live process that needs two seconds for each background and says so before, as a small board does."""
    link.send(Alive(0, True))
    while True:
        word = link.recv() if link.poll(0.1) else Watched(True)
        if word is None:
            return
        if isinstance(word, Dress):
            link.send(Busy(20.0))
            time.sleep(2.0)
        link.send(Alive(1, True))


def test_a_live_process_that_says_it_is_busy_is_waited_for(tmp_path: Path) -> None:
    with here(tmp_path, target=slow_to_dress) as (client, booth):
        process = booth.viewfinder.process_id
        client.post("/api/session/background", json={"name": "night"})
        time.sleep(3.0)
        assert booth.viewfinder.restarts == 0 and booth.viewfinder.process_id == process
        assert state(client)["camera"] == "ok"
