"""edge.kiosk.darkroom: whoever asks last wins, no cut is made twice, a composite shows the background that it says."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from served_booth import here, shot, state, until

from edge.kiosk.darkroom import Darkroom, Job
from edge.kiosk.develop import Developed
from edge.kiosk.event import EventFolder
from edge.kiosk.gallery import Gallery
from edge.kiosk.live_words import Setup
from edge.kiosk.session import Stage


class Slow:
    """A developer whose answers say how they were made, and wait until they may come."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.gates: dict[str, threading.Event] = {}
        self.begun: dict[str, threading.Event] = {name: threading.Event() for name in ("quick", "fine", "recompose")}

    def _made(self, what: str, look: Any, *kinds: str) -> Developed:
        self.did.append(f"{what} {look.background.name}")
        if what in self.begun:
            self.begun[what].set()
        for gate in (what, f"{what} {look.background.name}"):
            if gate in self.gates:
                assert self.gates[gate].wait(20)
        report = {"person": True} if what in ("quick", "fine") else {"ms": {}}
        return Developed({kind: f"{kind} {look.background.name}".encode() for kind in kinds}, report)

    def quick(self, photograph: bytes, look: Any) -> Developed:
        return self._made("quick", look, "screen", "thumbnail", "screen_cutout")

    def fine(self, photograph: bytes, look: Any, told: Any, trimap: bytes | None) -> Developed:
        return self._made("fine", look, "composite", "cutout", "alpha", "trimap", "screen", "thumbnail",
                          "screen_cutout")

    def rescreen(self, cutout: bytes, photograph: bytes, look: Any) -> Developed:
        return self._made("rescreen", look, "screen", "thumbnail")

    def recompose(self, cutout: bytes, photograph: bytes, look: Any) -> Developed:
        return self._made("recompose", look, "composite")


@pytest.fixture
def darkroom(tmp_path: Path) -> Iterator[Darkroom]:
    gallery = Gallery(tmp_path / "gallery")
    darkroom = Darkroom(Setup("demo", "desk"), gallery, EventFolder())
    darkroom.developer = Slow()  # type: ignore[assignment]
    yield darkroom
    gallery.close()


@pytest.fixture
def slow(darkroom: Darkroom) -> Slow:
    assert isinstance(darkroom.developer, Slow)
    return darkroom.developer


def begun(darkroom: Darkroom, token: str, background: str, heard: list[Stage]) -> threading.Thread:
    job = Job(lambda stage, person: heard.append(stage))
    thread = threading.Thread(target=darkroom.develop, args=(token, background, job))
    thread.start()
    return thread


def looks(darkroom: Darkroom, token: str) -> set[str]:
    """The backgrounds that the files of a photograph show, and the one that it says."""
    photo = darkroom.gallery.photo(token)
    assert photo is not None
    shown = {(darkroom.gallery.read(token, kind) or b"").decode().partition(" ")[2]
             for kind in ("screen", "thumbnail", "composite")}
    return shown | {photo.background}


def test_a_photograph_is_cut_fast_then_fine_and_dressed_from_its_cut_out(darkroom: Darkroom, slow: Slow) -> None:
    token, heard = darkroom.gallery.add(b"jpeg", "event", None, "sea").token, list[Stage]()
    begun(darkroom, token, "sea", heard).join()
    assert slow.did == ["quick sea", "fine sea"] and heard == [Stage.FAST, Stage.FINE]
    begun(darkroom, token, "dusk", heard).join()
    assert slow.did[2:] == ["rescreen dusk", "recompose dusk"] and heard[2:] == [Stage.FAST, Stage.FINE]
    assert looks(darkroom, token) == {"dusk"} and darkroom.waiting == 0
    begun(darkroom, token, "dusk", heard).join()
    assert len(slow.did) == 4


def test_a_background_chosen_during_the_fine_cut_is_seen_at_once_and_stays(darkroom: Darkroom, slow: Slow) -> None:
    slow.gates["fine"] = threading.Event()
    token, heard = darkroom.gallery.add(b"jpeg", "event", None, "sea").token, list[Stage]()
    work = begun(darkroom, token, "sea", heard)
    assert slow.begun["fine"].wait(20)
    for name in ("dusk", "night"):
        begun(darkroom, token, name, heard).join()
    assert darkroom.gallery.read(token, "screen") == b"screen night"
    slow.gates["fine"].set()
    work.join()
    assert looks(darkroom, token) == {"night"} and heard[-1] is Stage.FINE
    assert slow.did == ["quick sea", "fine sea", "rescreen dusk", "rescreen night", "recompose night"]


def test_a_background_chosen_while_another_is_composed_wins(darkroom: Darkroom, slow: Slow) -> None:
    token, heard = darkroom.gallery.add(b"jpeg", "event", None, "sea").token, list[Stage]()
    begun(darkroom, token, "sea", heard).join()
    slow.gates["recompose"] = threading.Event()
    work = begun(darkroom, token, "dusk", heard)
    assert slow.begun["recompose"].wait(20)
    begun(darkroom, token, "meadow", heard).join()
    slow.gates["recompose"].set()
    work.join()
    assert looks(darkroom, token) == {"meadow"}


def test_a_background_that_was_left_again_is_not_shown_when_it_is_ready(darkroom: Darkroom, slow: Slow) -> None:
    token, heard = darkroom.gallery.add(b"jpeg", "event", None, "sea").token, list[Stage]()
    begun(darkroom, token, "sea", heard).join()
    slow.gates["rescreen dusk"] = threading.Event()
    work = begun(darkroom, token, "dusk", heard)
    until(lambda: "rescreen dusk" in slow.did)
    begun(darkroom, token, "night", heard).join()
    slow.gates["rescreen dusk"].set()
    work.join()
    assert looks(darkroom, token) == {"night"}
    assert slow.did[2:] == ["rescreen dusk", "rescreen night", "recompose night"]


def test_a_background_chosen_before_the_first_cut_wins(darkroom: Darkroom, slow: Slow) -> None:
    slow.gates["quick"] = threading.Event()
    token, heard = darkroom.gallery.add(b"jpeg", "event", None, "sea").token, list[Stage]()
    work = begun(darkroom, token, "sea", heard)
    assert slow.begun["quick"].wait(20)
    begun(darkroom, token, "dusk", heard).join()
    slow.gates["quick"].set()
    work.join()
    assert looks(darkroom, token) == {"dusk"}


def test_any_choices_at_any_moment_end_in_the_last_one(darkroom: Darkroom) -> None:
    names, rng = ["sea", "dusk", "night", "meadow"], np.random.default_rng(5)
    for _ in range(10):
        token = darkroom.gallery.add(b"jpeg", "event", None, "sea").token
        work = [begun(darkroom, token, "sea", [])]
        for _ in range(6):
            last = names[rng.integers(4)]
            work.append(begun(darkroom, token, last, []))
            until(lambda token=token, last=last: darkroom._wanted.get(token, last) == last)
        for thread in work:
            thread.join()
        assert looks(darkroom, token) == {last} and darkroom.waiting == 0


def test_a_photograph_that_is_removed_meanwhile_troubles_nobody(darkroom: Darkroom, slow: Slow) -> None:
    slow.gates["fine"] = threading.Event()
    token, heard = darkroom.gallery.add(b"jpeg", "event", None, "sea").token, list[Stage]()
    work = begun(darkroom, token, "sea", heard)
    assert slow.begun["fine"].wait(20)
    darkroom.gallery.remove(token)
    slow.gates["fine"].set()
    work.join()
    assert heard == [Stage.FAST] and darkroom.waiting == 0
    assert not list((darkroom.gallery.folder / "files").iterdir())


def test_a_guest_who_cannot_decide_gets_the_last_background_in_every_file(tmp_path: Path) -> None:
    with here(tmp_path) as (client, booth):
        photo = shot(client)
        names = [one["name"] for one in state(client)["backgrounds"]][:5]
        for name in (*names, *reversed(names), "studio"):
            client.post("/api/session/background", json={"name": name})
        last = until(lambda: (now := state(client)["photo"])["stage"] == "fine" and now["background"] == "studio"
                     and booth.darkroom.waiting == 0 and now)
        corners = []
        for url in (last["picture_url"], last["thumbnail_url"]):
            pixels = cv2.imdecode(np.frombuffer(client.get(url).content, np.uint8), cv2.IMREAD_COLOR)
            corners.append(pixels[:8, :8].mean(axis=(0, 1)))
        assert np.abs(corners[0] - corners[1]).max() < 12 and np.ptp(corners[0]) < 20  # studio is grey
        assert photo["token"] == last["token"]
