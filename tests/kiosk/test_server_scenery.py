"""edge.kiosk.scenery: the preview looks as the picture will: its background, its frame, its words; films go on."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.effects import Kept, Replaced, Seen
from edge.errors import MasqueError
from edge.guide import Guide
from edge.kiosk.event import EventFolder
from edge.kiosk.look import Backdrops, Look, look_of
from edge.kiosk.scenery import MOST_SKIPPED, Scenery
from edge.sinks.motion_jpeg import MotionJpegSink

SHAPE = (120, 160)

EVENT = """
title = "Party"
frame = "edge"
[[backgrounds]]
name = "film"
title = "Film"
clip = "film.avi"
[[backgrounds]]
name = "wall"
title = "Wall"
file = "wall.png"
[[backgrounds]]
name = "red"
title = "Red"
colour = "#c80000"
[[backgrounds]]
name = "blur"
title = "Blur"
blur = true
[[backgrounds]]
name = "keep"
title = "Keep"
keep = true
[[frames]]
name = "edge"
title = "Edge"
file = "edge.png"
[[texts]]
text = "Hello"
place = "bottom"
size = 0.2
"""


@pytest.fixture
def event(tmp_path: Path) -> EventFolder:
    """Ten frames of a film at 10/s, each greyer than the last; a wall, a frame with a half-transparent rim."""
    with MotionJpegSink(tmp_path / "film.avi", *SHAPE, 10.0) as film:
        for place in range(10):
            film.write(np.full((*SHAPE, 3), 20 + 20 * place, np.uint8), int(place / 10 * 1e9))
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((50, 50, 3), (10, 200, 10), np.uint8))
    rim = np.zeros((*SHAPE, 4), np.uint8)
    rim[:10] = (0, 0, 255, 128)
    cv2.imwrite(str(tmp_path / "edge.png"), rim)
    (tmp_path / "event.toml").write_text(EVENT)
    return EventFolder(tmp_path)


def plain(event: EventFolder, name: str) -> Look:
    """A background without frame and words."""
    return replace(look_of(event, name), frame=None, texts=())


def painted(scenery: Scenery) -> np.ndarray:
    """A frame of grey noise without anybody, through the effect."""
    pixels = np.random.default_rng(1).integers(90, 110, (*SHAPE, 3)).astype(np.uint8)
    guide = Guide(SHAPE, 4)
    guide.take(pixels)
    into = np.zeros_like(pixels)
    scenery.effect.paint(Seen(pixels, np.zeros(SHAPE, np.uint8), guide), into)
    return into


@pytest.mark.parametrize(("name", "level"), [("wall", (10, 200, 10)), ("red", (200, 0, 0)), ("film", (20, 20, 20))])
def test_a_background_stands_where_nobody_is(event: EventFolder, name: str, level: tuple) -> None:
    picture = painted(Scenery(plain(event, name), SHAPE, Backdrops()))
    assert np.abs(picture.astype(int) - level).max() <= 6


def test_the_own_room_is_kept_or_soft(event: EventFolder) -> None:
    kept = painted(Scenery(plain(event, "keep"), SHAPE, Backdrops()))
    soft = painted(Scenery(plain(event, "blur"), SHAPE, Backdrops()))
    assert kept.std() > 4 * soft.std() and abs(kept.mean() - soft.mean()) < 3
    assert isinstance(Scenery(None, SHAPE, Backdrops()).effect, Kept)


def test_a_film_goes_on_by_the_clock_and_begins_again(event: EventFolder) -> None:
    scenery = Scenery(plain(event, "film"), SHAPE, Backdrops())
    levels = []
    for at_ms in range(0, 2300, 100):
        scenery.turn(10**12 + at_ms * 1_000_000)
        levels.append(round(float(painted(scenery).mean()) / 20) - 1)
    assert levels[:10] == list(range(10))
    assert 0 in levels[10:] and max(levels[10:]) == 9  # a second round
    assert len(set(levels)) == 10


def test_a_film_that_is_late_passes_frames_over_but_not_for_ever(event: EventFolder) -> None:
    scenery = Scenery(plain(event, "film"), SHAPE, Backdrops())
    scenery.turn(10**12)
    scenery.turn(10**12 + 300_000_000)
    assert abs(painted(scenery).mean() - 80) < 3
    scenery.turn(10**12 + 900_000_000)
    assert abs(painted(scenery).mean() - (80 + 20 * MOST_SKIPPED)) < 3


def test_a_film_is_painted_anew_where_a_picture_is_not(event: EventFolder) -> None:
    for name, stays in (("film", False), ("wall", True)):
        effect = Scenery(plain(event, name), SHAPE, Backdrops()).effect
        assert isinstance(effect, Replaced) and effect.stays == stays


def test_frame_and_words_lie_over_the_preview_as_over_the_picture(event: EventFolder) -> None:
    look, backdrops = look_of(event, "red"), Backdrops()
    scenery = Scenery(look, SHAPE, backdrops)
    picture = np.random.default_rng(2).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    shown = scenery.finish(picture, np.empty_like(picture)).astype(int)
    wanted = backdrops.finished(picture, look).astype(int)
    assert np.abs(shown - wanted).max() <= 3 and np.abs(wanted - picture).max() > 50


def test_without_frame_and_words_nothing_is_copied(event: EventFolder) -> None:
    picture = np.zeros((*SHAPE, 3), np.uint8)
    assert Scenery(plain(event, "red"), SHAPE, Backdrops()).finish(picture, np.empty_like(picture)) is picture


def test_a_file_that_is_gone_is_an_error_that_names_it(event: EventFolder) -> None:
    (event.path / "wall.png").unlink()
    with pytest.raises(MasqueError, match=r"wall\.png"):
        Scenery(plain(event, "wall"), SHAPE, Backdrops())
