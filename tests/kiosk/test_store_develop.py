"""From the shot to the picture, with the real networks in the real processes."""
from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.card import MODELS
from edge.errors import BoothError, EventError, MasqueError, PictureError
from edge.kiosk.cutter import Cutter
from edge.kiosk.develop import Developed, Developer
from edge.kiosk.event import EventFolder
from edge.kiosk.look import Look, look_of
from edge.photograph import png_bytes


@pytest.fixture(scope="module")
def developer() -> Iterator[Developer]:
    developer = Developer("desk", screen_px=400)
    developer.start()
    yield developer
    developer.close()


@pytest.fixture(scope="module")
def shot(portrait: np.ndarray) -> bytes:
    """The portrait as a camera of 1.2 megapixels takes it."""
    large = cv2.resize(portrait, (1024, 1200), interpolation=cv2.INTER_CUBIC)
    return cv2.imencode(".jpg", cv2.cvtColor(large, cv2.COLOR_RGB2BGR))[1].tobytes()


@pytest.fixture(scope="module")
def looks() -> Callable[[str], Look]:
    folder = EventFolder()
    return lambda name: look_of(folder, name)


@pytest.fixture(scope="module")
def quick(developer: Developer, shot: bytes, looks: Callable[[str], Look]) -> Developed:
    return developer.quick(shot, looks("sea"))


@pytest.fixture(scope="module")
def fine(developer: Developer, shot: bytes, looks: Callable[[str], Look]) -> Developed:
    return developer.fine(shot, looks("sea"))


def seen(encoded: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture.ndim == 2:
        return picture
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB if picture.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


def apart(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(int) - second).mean())


def test_the_fast_cut_shows_the_person_before_the_background(quick: Developed, truth: np.ndarray,
                                                             iou: Callable[..., float]) -> None:
    assert set(quick.parts) == {"screen", "screen_cutout", "thumbnail"}
    screen, cutout = seen(quick.parts["screen"]), seen(quick.parts["screen_cutout"])
    assert screen.shape == (400, 341, 3) and cutout.shape == (400, 341, 4)
    alpha = cv2.resize(truth, (341, 400), interpolation=cv2.INTER_AREA)
    assert iou(cutout[..., 3], alpha) > 0.95
    assert quick.report["person"] and quick.report["solver"] == "none" and quick.report["width"] == 341
    assert apart(screen[alpha == 255], cutout[alpha == 255][:, :3]) < 6


def test_the_fine_cut_has_the_cameras_size_and_every_part(fine: Developed, truth: np.ndarray,
                                                          iou: Callable[..., float]) -> None:
    parts = {kind: seen(content) for kind, content in fine.parts.items()}
    assert {kind: part.shape for kind, part in parts.items()} == {
        "composite": (1200, 1024, 3), "cutout": (1200, 1024, 4), "alpha": (1200, 1024), "trimap": (1200, 1024),
        "screen": (400, 341, 3), "screen_cutout": (400, 341, 4), "thumbnail": (320, 273, 3)}
    assert iou(parts["alpha"], cv2.resize(truth, (1024, 1200), interpolation=cv2.INTER_LINEAR)) > 0.97
    assert (parts["cutout"][..., 3] == parts["alpha"]).all()
    assert apart(cv2.resize(parts["composite"], (341, 400), interpolation=cv2.INTER_AREA), parts["screen"]) < 3
    assert fine.report["solver"] == "knn-cg" and fine.report["unknown_pixels"] > 0 and "solve" in fine.report["ms"]


def test_the_fine_picture_takes_the_fast_ones_place_without_a_jump(quick: Developed, fine: Developed) -> None:
    assert apart(seen(quick.parts["screen"]), seen(fine.parts["screen"])) < 6


def test_stages_are_told_while_it_works(developer: Developer, shot: bytes, looks: Callable[[str], Look]) -> None:
    told: list[str] = []
    developer.fine(shot, looks("sea"), told.append)
    assert told[0] == "decode" and told[-1] == "write" and {"segment", "solve", "composite"} <= set(told)


@pytest.mark.parametrize("name", ["dusk", "blur", "keep"])
def test_another_background_after_the_fact_is_the_one_it_would_have_been(
        developer: Developer, shot: bytes, fine: Developed, looks: Callable[[str], Look], name: str) -> None:
    large = developer.recompose(fine.parts["cutout"], shot, looks(name))
    whole = developer.fine(shot, looks(name))
    assert apart(seen(large.parts["composite"]), seen(whole.parts["composite"])) < 1
    small = developer.rescreen(fine.parts["screen_cutout"], shot, looks(name))
    assert set(small.parts) == {"screen", "thumbnail"}
    assert apart(seen(small.parts["screen"]), seen(whole.parts["screen"])) < 3


def test_another_background_is_not_segmented_again(developer: Developer, shot: bytes, fine: Developed,
                                                   looks: Callable[[str], Look]) -> None:
    for developed in (developer.recompose(fine.parts["cutout"], shot, looks("dusk")),
                      developer.rescreen(fine.parts["screen_cutout"], shot, looks("dusk"))):
        assert set(developed.report["ms"]) == {"decode", "composite", "write", "total"}


def test_a_trimap_of_the_guests_own_is_solved(developer: Developer, shot: bytes, truth: np.ndarray,
                                              looks: Callable[[str], Look]) -> None:
    large = cv2.resize(truth, (1024, 1200))
    sure = cv2.erode(large, np.ones((41, 41))), cv2.dilate(large, np.ones((41, 41)))
    trimap = np.full((1200, 1024), 128, np.uint8)
    trimap[sure[0] == 255], trimap[sure[1] == 0] = 255, 0
    developed = developer.fine(shot, looks("sea"), trimap=png_bytes(trimap))
    assert (seen(developed.parts["trimap"]) == trimap).all() and "segment" not in developed.report["ms"]


def test_nobody_in_the_picture_is_said_and_still_a_picture(developer: Developer, looks: Callable[[str], Look]) -> None:
    empty = cv2.imencode(".jpg", np.full((300, 400, 3), 60, np.uint8))[1].tobytes()
    developed = developer.quick(empty, looks("sea"))
    assert developed.report["person"] is False and "no person found" in developed.report["fallbacks"][-1]
    assert seen(developed.parts["screen"]).shape == (300, 400, 3)


def test_a_picture_that_is_none_is_refused(developer: Developer, looks: Callable[[str], Look]) -> None:
    for call in (developer.quick, developer.fine):
        with pytest.raises(PictureError, match="photograph"):
            call(b"\xff\xd8\xff no jpeg", looks("sea"))


def test_a_background_that_goes_away_is_the_events_fault_and_the_next_works(
        developer: Developer, shot: bytes, looks: Callable[[str], Look], tmp_path: Path, portrait: np.ndarray) -> None:
    (tmp_path / "event.toml").write_text('title = "t"\n[[backgrounds]]\nname = "sea"\ntitle = "S"\nfile = "s.png"\n')
    (tmp_path / "s.png").write_bytes(png_bytes(portrait))
    look = look_of(EventFolder(tmp_path), "sea")
    (tmp_path / "s.png").unlink()
    with pytest.raises(EventError, match=r"s\.png: No such file"):
        developer.quick(shot, look)
    assert developer.quick(shot, looks("sea")).report["person"]


def test_a_killed_process_costs_one_picture_and_comes_back(developer: Developer, shot: bytes,
                                                           looks: Callable[[str], Look]) -> None:
    starts = developer.quick_worker.starts

    def kill(stage: str) -> None:
        os.kill(developer.quick_worker.pid, signal.SIGKILL)

    with pytest.raises(BoothError, match="ended with -9"):
        developer.quick(shot, looks("sea"), kill)
    assert developer.quick_worker.alive, "the next guest would wait for a start"
    assert developer.quick(shot, looks("sea")).report["person"]
    assert developer.quick_worker.starts == starts + 1


def test_too_little_memory_costs_the_picture_and_not_the_booth(shot: bytes, looks: Callable[[str], Look]) -> None:
    developer = Developer("desk", memory_bytes=60_000_000)
    with pytest.raises(MasqueError, match=r"memory|ended with"):
        developer.quick(shot, looks("sea"))
    assert not developer.fine_worker.alive, "nothing was asked of it"
    developer.close()


def test_a_small_machine_has_one_process_for_both(shot: bytes, looks: Callable[[str], Look]) -> None:
    developer = Developer("desk", screen_px=200, machine_bytes=460_000_000)
    developer.start()
    developer.quick(shot, looks("sea"))
    assert developer.fine(shot, looks("sea")).report["solver"] == "knn-cg"
    assert developer.fine_worker.pid == developer.quick_worker.pid and developer.quick_worker.starts == 1
    developer.close()


def test_nothing_of_a_photograph_stays_in_the_process(portrait_file: Path, looks: Callable[[str], Look]) -> None:
    """Caches are part of a picture's lifetime."""
    cutter = Cutter("desk", MODELS, 1)
    cutter.quick(portrait_file.read_bytes(), looks("blur"), 400, lambda stage: None)
    assert cutter._backdrops._kept == {}
    cutter.quick(portrait_file.read_bytes(), looks("sea"), 400, lambda stage: None)
    assert [key[0] for key in cutter._backdrops._kept] == ["sea"]


def test_a_picture_in_the_works_does_not_hold_up_the_next_guest(developer: Developer, shot: bytes,
                                                                looks: Callable[[str], Look]) -> None:
    """While the fine cut is stopped in its tracks, fast ones go on."""
    def pause(stage: str) -> None:
        if stage == "segment":
            process = developer.fine_worker.pid
            os.kill(process, signal.SIGSTOP)
            began = time.monotonic()
            developer.quick(shot, looks("dusk"))
            os.kill(process, signal.SIGCONT)
            paused.append(time.monotonic() - began)

    paused: list[float] = []
    assert developer.fine(shot, looks("sea"), pause).report["person"] and paused
