"""edge.effects.worn: hats and glasses sit where they belong, do not tremble, and mix as their alpha says."""
from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from drawn_person import GREEN, box, disc, painted, person, plate

from edge.boards import load_camera_board
from edge.camera.demo import DemoSource
from edge.effects import Kept, Replaced, Seen
from edge.effects.places import Settled, Spot, on_face, on_head
from edge.effects.worn import Worn
from edge.errors import PictureError
from edge.live import LivePath
from edge.report import StageTimes
from edge.segment.tflite import TfliteSegmenter

EYES = (263, 188.5)
"""Middle between the eyes of the shipped portrait: x, y."""


def drawn_box(effect: Worn, seen: Seen) -> tuple[int, int, int, int]:
    """left, top, right, bottom of what is worn: where it differs from what `then` paints."""
    changed = (painted(effect, seen) != painted(effect.then, seen)).any(axis=2).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(changed)
    return left, top, left + width, top + height


def hat() -> Worn:
    return Worn(plate(60, 100), "head", Kept())


def glasses() -> Worn:
    return Worn(plate(30, 100), "face", Kept())


@pytest.mark.parametrize("x", [-30, 0, 60, 320, 610, 660])
@pytest.mark.parametrize("y", [-20, 30, 240, 470, 500])
@pytest.mark.parametrize("place", ["face", "head"])
def test_what_is_worn_stays_inside_the_frame_and_at_its_place(x: int, y: int, place: str) -> None:
    seen = person(x, y, 120)
    left, top, right, bottom = drawn_box(Worn(plate(60, 100), place, Kept()), seen)
    if right > left:
        assert left >= max(0, x - 120) and right <= min(640, x + 120)
        assert top >= max(0, y - 200) and bottom <= min(480, y + 100)


@pytest.mark.parametrize("place", ["face", "head"])
def test_a_chin_that_is_about_to_leave_the_frame_still_wears_something(place: str) -> None:
    """A face that is one row high where faces are looked for."""
    face = box((480, 640), 280, 0, 360, 4)
    seen = replace(person(), alpha=face, classes={"face": face, "hair": 0 * face, "headwear": 0 * face})
    left, top, right, bottom = drawn_box(Worn(plate(100, 100), place, Kept()), seen)
    assert (left, right) == pytest.approx((280, 360), abs=12) and top == 0 and 0 < bottom <= 100


def test_a_hat_is_as_wide_as_the_head_and_stands_on_the_hairline() -> None:
    seen = person(320, 240, 120)
    left, top, right, bottom = drawn_box(hat(), seen)
    assert abs((left + right) / 2 - 320) <= 3 and abs((right - left) / 168 - 1) < 0.12
    face_top = 240 - 78
    assert abs(bottom - face_top) < 18 and abs((bottom - top) / (right - left) - 0.6) < 0.03


def test_long_hair_does_not_widen_a_hat() -> None:
    seen = person(320, 200, 120)
    mane = cv2.subtract(box((480, 640), 180, 230, 460, 420), seen.classes["face"])
    long = replace(seen, alpha=cv2.max(seen.alpha, mane),
                   classes={**seen.classes, "hair": cv2.max(seen.classes["hair"], mane)})
    short, wide = (drawn_box(hat(), each) for each in (seen, long))
    assert np.abs(np.subtract(short, wide)).max() <= 4


def test_another_s_hair_does_not_widen_a_hat() -> None:
    seen = person(320, 240, 120)
    other = disc((480, 640), 520, 200, 100, 100)
    two = replace(seen, alpha=cv2.max(seen.alpha, other),
                  classes={**seen.classes, "hair": cv2.max(seen.classes["hair"], other)})
    assert drawn_box(hat(), two) == drawn_box(hat(), seen)


def test_a_hat_covers_the_upper_quarter_of_a_bald_head() -> None:
    seen = person(320, 240, 120)
    bald = replace(seen, classes={**seen.classes, "hair": np.zeros_like(seen.alpha)})
    top, chin = 240 - 78, 240 + 78
    assert abs(drawn_box(hat(), bald)[3] - (top + (chin - top) / 4)) < 10


def test_hair_or_headwear_a_head_is_as_wide() -> None:
    """Where the network cannot tell which, both alphas are half."""
    seen = person(320, 240, 120)
    half = (seen.classes["hair"] // 2 + 1) * (seen.classes["hair"] > 0).astype(np.uint8)
    unsure = replace(seen, classes={**seen.classes, "hair": half, "headwear": half})
    sure, other = (drawn_box(hat(), each) for each in (seen, unsure))
    assert np.abs(np.subtract(sure, other)).max() <= 4


def test_glasses_hang_at_the_eyes_and_a_mask_stands_on_the_chin() -> None:
    seen = person(320, 200, 120)
    left, top, right, bottom = drawn_box(glasses(), seen)
    assert abs((right - left) / 120 - 1) < 0.12 and abs((left + right) / 2 - 320) <= 3
    assert 160 < (top + bottom) / 2 < 200
    _, top, _, bottom = drawn_box(Worn(plate(130, 100), "face", Kept()), seen)
    assert abs(bottom - 278) < 12 and bottom - top > 120


def test_a_neck_does_not_pull_glasses_down() -> None:
    seen = person(320, 200, 120)
    neck = box((480, 640), 285, 230, 355, 330)
    both = replace(seen, alpha=cv2.max(seen.alpha, neck), classes={"face": cv2.max(seen.classes["face"], neck)})
    plain, pulled = (drawn_box(glasses(), each) for each in (seen, both))
    assert abs(plain[1] - pulled[1]) < 20


def test_a_jacket_that_passes_for_a_face_wears_nothing() -> None:
    seen = person(320, 160, 100)
    jacket = box((480, 640), 240, 340, 400, 480)
    wrong = replace(seen, classes={"face": cv2.max(seen.classes["face"], jacket)})
    right, other = (drawn_box(glasses(), each) for each in (seen, wrong))
    assert right == other


@pytest.mark.parametrize("place", ["face", "head"])
def test_nothing_is_worn_where_no_face_or_nobody_is_seen(place: str) -> None:
    seen, nothing = person(), np.zeros((480, 640), np.uint8)
    for empty in (replace(seen, classes={**seen.classes, "face": nothing}), replace(seen, alpha=nothing)):
        np.testing.assert_array_equal(painted(Worn(plate(60, 100), place, Replaced(GREEN)), empty),
                                      painted(Replaced(GREEN), empty))


def feathered() -> np.ndarray:
    """Straight RGBA: a soft red disc; what cannot be seen is white."""
    picture = np.full((120, 200, 4), 255, np.uint8)
    picture[..., 3] = disc((120, 200), 100, 60, 160, 90)
    picture[..., 3] = cv2.GaussianBlur(picture[..., 3], (0, 0), 6)
    picture[picture[..., 3] > 0, :3] = (220, 30, 40)
    return picture


def multiplied(picture: np.ndarray) -> np.ndarray:
    alpha = picture[..., 3:].astype(float) / 255
    return np.dstack([picture[..., :3] * alpha + 0.5, picture[..., 3]]).astype(np.uint8)


@pytest.mark.parametrize("wide", [40, 120, 260])
def test_straight_and_premultiplied_pictures_look_the_same(wide: int) -> None:
    seen, picture = person(320, 240, wide), feathered()
    straight = painted(Worn(picture, "face", Replaced(GREEN)), seen).astype(int)
    once = painted(Worn(multiplied(picture), "face", Replaced(GREEN), premultiplied=True), seen).astype(int)
    twice = painted(Worn(multiplied(picture), "face", Replaced(GREEN)), seen).astype(int)
    assert np.abs(straight - once).max() <= 1 and np.abs(straight - twice).max() > 10


def test_colours_that_cannot_be_seen_leave_no_fringe() -> None:
    """Red with soft edges over green: no pixel is brighter in blue than both, whatever hides under alpha 0."""
    seen = person(320, 240, 150)
    seen = replace(seen, pixels=np.broadcast_to(GREEN, seen.pixels.shape).copy())
    white, black = feathered(), feathered()
    black[black[..., 3] == 0] = 0
    pictures = [painted(Worn(picture, "face", Kept()), seen) for picture in (white, black)]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert pictures[0][..., 2].max() <= 64 + 1 and pictures[0].min(axis=(0, 1))[2] >= 40 - 2


def test_an_opaque_picture_is_drawn_in_its_own_colours_and_a_half_one_lets_half_through() -> None:
    seen = person(320, 240, 150)
    opaque, half = (painted(Worn(plate(60, 100, alpha), "face", Replaced(GREEN)), seen)[200, 320]
                    for alpha in (255, 128))
    under = painted(Replaced(GREEN), seen)[200, 320]
    assert opaque.tolist() == [220, 30, 40]
    np.testing.assert_allclose(half, (np.array([220, 30, 40]) * 128 + under * 127.0) / 255, atol=1.01)


def test_transparent_margins_do_not_count() -> None:
    framed = np.zeros((200, 300, 4), np.uint8)
    framed[100:160, 150:250] = plate(60, 100)
    np.testing.assert_array_equal(painted(Worn(framed, "face", Kept()), person()),
                                  painted(Worn(plate(60, 100), "face", Kept()), person()))


def calmed(settled: Settled, spot: Spot) -> Spot:
    """The next spot, which is there."""
    held = settled.next(spot)
    assert held
    return held


def test_what_is_worn_does_not_tremble_and_follows() -> None:
    """A place that jitters by two pixels, stands, then walks eight pixels a frame."""
    rng, settled = np.random.default_rng(7), Settled()
    centres = np.concatenate([np.full(60, 300.0), 300 + 8.0 * np.arange(1, 61)])
    raw = centres + rng.normal(0, 2, 120)
    held = np.array([calmed(settled, Spot(x, 200, 100 + rng.normal(0, 2))) for x in raw])
    assert np.abs(np.diff(held[20:60, 0], 2)).mean() < 0.4 * np.abs(np.diff(raw[20:60], 2)).mean()
    assert held[20:, 2].std() < 0.8
    assert np.abs(held[90:, 0] - centres[90:]).mean() < 4


def test_what_is_drawn_is_calmed() -> None:
    """Eight pixels in one frame are followed by half, in the next two by the rest."""
    effect = glasses()
    lefts = [drawn_box(effect, person(x, 200, 120))[0] for x in (320, 328, 328, 328)]
    assert 2 <= lefts[1] - lefts[0] <= 6 and abs(lefts[3] - lefts[0] - 8) <= 2


def test_a_spot_that_stands_still_is_reached() -> None:
    settled = Settled()
    settled.next(Spot(300, 200, 100))
    held = [calmed(settled, Spot(330, 190, 110)) for _ in range(60)]
    np.testing.assert_allclose(held[-1], (330, 190, 110), atol=0.1)
    assert all(abs(b.width - 110) < abs(a.width - 110) for a, b in pairwise(held))


@pytest.mark.parametrize("between", [[None], []])
def test_another_face_has_no_past(between: list[None]) -> None:
    settled = Settled()
    for spot in (Spot(300, 200, 100), Spot(310, 200, 100), *between):
        settled.next(spot)
    assert settled.next(Spot(900, 200, 60)) == Spot(900, 200, 60)


def test_glasses_sit_on_the_eyes_of_the_demo_portrait(labeller: TfliteSegmenter) -> None:
    """Recorded figure, whole live path: their centre is 0.034 face widths from between the eyes in the mean over 20
    frames (2026-11-21, large model)."""
    source, watched = DemoSource(360, 640, 20), Watched()
    live, errors = LivePath(load_camera_board("desk"), labeller, watched), []
    for frame in iter(source.read, None):
        live.frame(frame, StageTimes())
        assert watched.spot
        eyes = source._pose(frame.index / 30) @ (*EYES, 1)
        errors.append(np.hypot(watched.spot.x - eyes[0], watched.spot.y - eyes[1]) / watched.spot.width)
    assert np.mean(errors) < 0.06


class Watched(Kept):
    """Remembers where glasses would go, before anything is calmed."""

    wants: tuple[str, ...] = ("face",)
    spot: Spot | None = None

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        self.spot = on_face(seen, 0.4)


def test_places_are_found_between_pixels() -> None:
    """Half a pixel of movement in the frame is seen though faces are looked for four times smaller."""
    for place in (on_face, on_head):
        spots = [place(person(x, 200, 120), 0.4) for x in 320 + np.arange(0, 8, 0.5)]
        moved = [spot.x for spot in spots if spot]
        assert np.abs(np.diff(moved) - 0.5).max() < 0.5 and abs(moved[-1] - moved[0] - 7.5) < 1


@pytest.mark.parametrize(("picture", "premultiplied", "said"), [
    (np.zeros((4, 6, 3), np.uint8), False, r"RGBA.*\(4, 6, 3\) uint8"),
    (np.zeros((4, 6, 4), np.float32), False, "float32"),
    (np.zeros((4, 6, 4), np.uint8), False, "transparent everywhere"),
    (plate(4, 6, 100), True, "120 above its alpha"),
])
def test_what_cannot_be_worn_is_refused(picture: np.ndarray, premultiplied: bool, said: str) -> None:
    with pytest.raises(PictureError, match=said):
        Worn(picture, "face", Kept(), premultiplied)
