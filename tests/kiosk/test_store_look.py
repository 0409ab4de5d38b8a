"""What a picture looks like around the person: background, frame, words, paper."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import EventError
from edge.kiosk.drawn import SCENES, drawn
from edge.kiosk.event import EventFolder
from edge.kiosk.event_shapes import Background, Frame, Line
from edge.kiosk.look import Backdrops, Look, fitted, look_of, shrunk
from edge.kiosk.overlay import framed, lettered, printed, resized
from edge.photograph import png_bytes

SHAPE = (240, 320)


def background(**given: object) -> Background:
    return Background(name="one", title="One", **given)


@pytest.fixture
def person() -> tuple[np.ndarray, np.ndarray]:
    """Red, alpha (240, 320) 255 in the middle."""
    alpha = np.zeros(SHAPE, np.uint8)
    alpha[80:160, 100:220] = 255
    return np.full((*SHAPE, 3), (200, 20, 30), np.uint8), alpha


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("shape", [(240, 320), (320, 240), (1, 1), (7, 900)])
def test_a_scene_fills_any_shape_and_is_the_same_every_time(scene: str, shape: tuple[int, int]) -> None:
    picture = drawn(scene, shape)
    assert picture.shape == (*shape, 3) and picture.dtype == np.uint8
    assert (picture == drawn(scene, shape)).all()


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_looks_alike_in_any_size(scene: str) -> None:
    large = cv2.resize(drawn(scene, (960, 1280)), (320, 240), interpolation=cv2.INTER_AREA)
    difference = np.abs(large.astype(int) - drawn(scene, SHAPE)).mean()
    assert difference < 4, f"{difference:.1f} of 255 apart"


def test_every_scene_that_an_event_may_name_is_drawn() -> None:
    for scene in SCENES:
        assert Backdrops().picture(Path(), background(drawn=scene), SHAPE).shape == (*SHAPE, 3)


def test_the_person_stands_before_each_kind_of_background(person: tuple[np.ndarray, np.ndarray],
                                                          tmp_path: Path) -> None:
    foreground, alpha = person
    green = np.full((50, 50, 3), (10, 180, 20), np.uint8)
    (tmp_path / "green.png").write_bytes(png_bytes(green))
    photograph = np.full((*SHAPE, 3), (90, 90, 200), np.uint8)
    for given, outside in (({"colour": "#0ab414"}, (10, 180, 20)), ({"file": "green.png"}, (10, 180, 20)),
                           ({"keep": True}, (90, 90, 200)), ({"blur": True}, (90, 90, 200))):
        look = Look(tmp_path, background(**given))
        picture = Backdrops().composed(foreground, alpha, look, photograph)
        assert tuple(picture[5, 5]) == outside, given
        assert tuple(picture[120, 160]) == ((90, 90, 200) if "keep" in given else (200, 20, 30)), given
        assert look.needs_photograph == (outside == (90, 90, 200))


def test_a_clip_stands_still_in_a_photograph(person: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "waves.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for level in (40, 240):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    picture = Backdrops().composed(*person, Look(tmp_path, background(clip="waves.avi")))
    assert abs(int(picture[5, 5, 0]) - 40) < 4


def test_a_replaced_file_is_seen_at_the_next_picture(tmp_path: Path) -> None:
    backdrops, chosen = Backdrops(), background(file="one.png")
    for level in (10, 200):
        (tmp_path / "one.png").write_bytes(png_bytes(np.full((20, 20, 3), level, np.uint8)))
        assert (backdrops.picture(tmp_path, chosen, SHAPE) == level).all()
    (tmp_path / "one.png").unlink()
    with pytest.raises(EventError, match=r"one\.png: No such file.*put it back"):
        backdrops.picture(tmp_path, chosen, SHAPE)


def test_backgrounds_in_memory_are_counted(tmp_path: Path) -> None:
    backdrops = Backdrops()
    for turn in range(9):
        (tmp_path / f"{turn}.png").write_bytes(png_bytes(np.full((20, 20, 3), turn, np.uint8)))
        backdrops.picture(tmp_path, background(file=f"{turn}.png"), SHAPE)
    assert len(backdrops._kept) == 4


def test_an_events_words_are_filled_in(tmp_path: Path) -> None:
    (tmp_path / "event.toml").write_text('title = "Ann & {name}"\n[[texts]]\ntext = "{title} · {number} · {date}"\n')
    look = look_of(EventFolder(tmp_path), "dusk", number=7, taken_s=1.7e9)
    assert look.texts[0].text == "Ann & {name} · 7 · 14.11.2023"
    with pytest.raises(EventError, match="'sea'; known: dusk, blur, keep"):
        look_of(EventFolder(tmp_path), "sea")


def test_a_frame_covers_where_it_is_opaque_and_shows_nothing_from_under_its_hole() -> None:
    frame = np.full((100, 100, 4), (255, 0, 0, 255), np.uint8)
    frame[20:80, 20:80] = (0, 255, 0, 0)  # a hole, drawn with green under it
    picture = framed(np.full((*SHAPE, 3), 100, np.uint8), frame)
    assert tuple(picture[5, 5]) == (255, 0, 0) and tuple(picture[120, 160]) == (100, 100, 100)
    assert picture[..., 1].max() <= 101, "the green under the hole shines through at its edge"


def test_a_layer_keeps_its_colours_when_it_shrinks() -> None:
    layer = np.zeros((80, 80, 4), np.uint8)
    layer[:, 33:] = (240, 200, 10, 255)
    small = resized(layer, (20, 20))
    seen = small[small[..., 3] > 30][:, :3].astype(int)
    assert np.abs(seen - (240, 200, 10)).max() <= 4
    assert abs(small[..., 3].mean() - layer[..., 3].mean()) < 1


def spot(picture: np.ndarray, level: int = 200) -> tuple[float, float]:
    """Where bright pixels are in the mean: (down, across) as shares."""
    rows, columns = np.nonzero(picture.min(axis=2) > level)
    return rows.mean() / picture.shape[0], columns.mean() / picture.shape[1]


@pytest.mark.parametrize(("place", "down", "across"), [
    ("top left", 0, 0), ("top", 0, 0.5), ("top right", 0, 1), ("bottom left", 1, 0), ("bottom", 1, 0.5),
    ("bottom right", 1, 1)])
def test_words_stand_where_they_are_put(place: str, down: float, across: float) -> None:
    picture = lettered(np.full((400, 800, 3), 90, np.uint8), (Line(text="Hello", place=place),), Path())
    seen = spot(picture)
    assert abs(seen[0] - down) < 0.12 and abs(seen[1] - across) < 0.12
    assert picture.min() < 60, "no rim around the letters"


@pytest.mark.parametrize("place", ["top", "bottom"])
def test_lines_of_one_place_stand_one_under_the_other_in_their_order(place: str) -> None:
    lines = (Line(text="HHHH", place=place, colour="#ff0000"), Line(text="HHHH", place=place, colour="#00ff00"))
    picture = lettered(np.zeros((400, 400, 3), np.uint8), lines, Path())
    first, second = (np.nonzero(picture[..., channel] > 250)[0] for channel in (0, 1))
    assert first.max() < second.min()
    assert (first.max() < 100) if place == "top" else (first.min() > 300)


def test_a_line_too_long_is_made_smaller_and_none_is_cut_off() -> None:
    picture = lettered(np.zeros((200, 200, 3), np.uint8), (Line(text="W" * 25, size=0.1),), Path())
    columns = np.nonzero(picture.min(axis=2) > 60)[1]
    assert columns.min() > 3 and columns.max() < 196


def test_a_picture_without_words_is_itself() -> None:
    picture = np.zeros((9, 9, 3), np.uint8)
    assert lettered(picture, (), Path()) is picture


def test_a_font_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "nice.ttf").write_bytes(b"no font")
    with pytest.raises(EventError, match=r"nice\.ttf: cannot be used as a font .*take a TTF"):
        lettered(np.zeros((99, 99, 3), np.uint8), (Line(text="a", font="nice.ttf"),), tmp_path)


@pytest.mark.parametrize("shape", [(600, 512), (512, 600), (3000, 4000), (100, 2000)])
def test_paper_is_covered_the_way_the_picture_lies(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), 77, np.uint8)
    for width, height in ((150, 100), (100, 150)):
        page = printed(picture, width, height, 300)
        assert page.shape == (round(height / 25.4 * 300), round(width / 25.4 * 300), 3) and (page == 77).all()


def test_an_upright_picture_is_turned_on_a_lying_paper() -> None:
    picture = np.zeros((300, 200, 3), np.uint8)
    picture[:50] = 255
    page = printed(picture, 150, 100, 100)
    assert page[:, :40].mean() > 250 and page[:, -40:].mean() < 5


@pytest.mark.parametrize("shape", [(3000, 4000), (50, 40), (1, 5000)])
def test_pictures_shrink_to_the_screen_and_never_grow(shape: tuple[int, int]) -> None:
    assert shrunk(np.zeros((*shape, 3), np.uint8), 1280).shape[:2] == fitted(shape, 1280)
    assert max(fitted(shape, 1280)) == min(max(shape), 1280)


def test_a_frame_in_the_look_lies_over_everything(person: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    (tmp_path / "gold.png").write_bytes(png_bytes(np.full((10, 10, 4), (250, 200, 10, 255), np.uint8)))
    look = Look(tmp_path, background(colour="#000000"), Frame(name="gold", title="Gold", file="gold.png"))
    assert (Backdrops().composed(*person, look) == (250, 200, 10)).all()
