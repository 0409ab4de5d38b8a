"""edge.effects: backgrounds, and effects from text; pixels that an effect does not mean stay exact."""
from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from drawn_person import GREEN, VIOLET, box, painted, person, plate, seen_of

from edge.camera.demo import DemoSource
from edge.composite import blurred, composite
from edge.effects import Blurred, Effect, Kept, Replaced
from edge.effects.from_text import effect_from
from edge.effects.recoloured import Recoloured
from edge.effects.worn import Worn
from edge.errors import PictureError
from edge.matting.guided import no_person
from edge.native.loops import TILE_HIGH, TILE_WIDE


@pytest.mark.parametrize("text", ["replace", "replace+recolour:hair=#8a2be2", "recolour:face=#101010,clothes=#ffffff"])
@pytest.mark.parametrize("linear", [False, True])
def test_where_nobody_is_the_backdrop_stays_exact(text: str, linear: bool) -> None:
    seen = person()
    backdrop = seen.pixels[::-1].copy()
    picture = painted(effect_from(text, backdrop, linear, dict[str, np.ndarray]().__getitem__), seen)
    np.testing.assert_array_equal(picture[seen.alpha == 0], backdrop[seen.alpha == 0])


def test_a_kept_background_keeps_every_pixel() -> None:
    seen = person()
    np.testing.assert_array_equal(painted(Kept(), seen), seen.pixels)


def test_a_backdrop_that_stays_shows_the_same_as_one_that_is_painted_anew() -> None:
    staying, anew = Replaced(GREEN, stays=True), Replaced(GREEN)
    picture, other = np.zeros((96, 128, 3), np.uint8), np.zeros((96, 128, 3), np.uint8)
    for across in (20, 60, 100, 30):
        seen = person(across, 40, 12, (96, 128))
        seen = replace(seen, kinds=kinds_of(seen.alpha))
        staying.paint(seen, picture)
        anew.paint(seen, other)
        np.testing.assert_array_equal(picture, other)
    staying.paint(seen, other_picture := np.zeros_like(picture))  # another picture: nothing is there yet
    np.testing.assert_array_equal(other_picture, other)


def test_a_backdrop_does_not_stay_under_what_is_worn() -> None:
    plates = {"hat.png": plate(30, 40)}.__getitem__
    assert isinstance(plain := effect_from("colour:#00b140", None, False, plates), Replaced) and plain.stays
    worn = effect_from("colour:#00b140+wear:head=hat.png", None, False, plates)
    assert isinstance(worn, Worn) and isinstance(worn.then, Replaced) and not worn.then.stays


def kinds_of(alpha: np.ndarray) -> np.ndarray:
    """What the tiles of an alpha hold, looked up pixel by pixel."""
    kinds = no_person(alpha.shape)[1]
    for y, x in np.ndindex(kinds.shape):
        tile = alpha[y * TILE_HIGH : (y + 1) * TILE_HIGH, x * TILE_WIDE : (x + 1) * TILE_WIDE]
        kinds[y, x] = 0 if not tile.any() else 1 if tile.min() == 255 else 2
    return kinds


def test_a_colour_fits_frames_of_any_size() -> None:
    for shape in ((48, 64), (90, 30)):
        seen = person(30, 20, 12, shape)
        assert (painted(Replaced(GREEN), seen)[seen.alpha == 0] == GREEN[0, 0]).all()


def test_live_and_photographs_have_the_same_blur() -> None:
    """Live it is made from the guide, a photograph's from its own pixels."""
    source = DemoSource(720, 1280, 1)
    frame = source.read()
    alpha = source.truth  # of the frame read last
    assert frame and alpha is not None
    still = composite(frame.pixels, alpha, blurred(frame.pixels, alpha))
    assert np.abs(painted(Blurred(), seen_of(frame.pixels, alpha)).astype(int) - still).max() <= 2


@pytest.mark.parametrize("softness", [1, 12, 24])
def test_a_blurred_background_has_no_halo(softness: int) -> None:
    """A black and a red person before a grey wall: neither darkens nor reddens it, up to a few levels where a soft edge
    is so wide that the alpha itself calls the person's pixels half a wall."""
    y, x = np.mgrid[:720, :1280]
    alpha = np.clip((200 - np.hypot(y - 400, x - 640)) / softness + 0.5, 0, 1)[..., None]
    for colour in ((0, 0, 0), (255, 0, 0)):
        pixels = (alpha * colour + (1 - alpha) * 120 + 0.5).astype(np.uint8)
        seen = seen_of(pixels, (alpha[..., 0] * 255 + 0.5).astype(np.uint8))
        picture = painted(Blurred(), seen)
        assert np.abs(picture[seen.alpha == 0].astype(int) - 120).max() <= 1
        wanted = alpha * pixels + (1 - alpha) * 120
        assert np.abs(picture - wanted).max() <= 3


def test_the_farther_from_the_person_the_more_a_background_is_blurred() -> None:
    pixels = np.kron(np.random.default_rng(1).integers(0, 2, (90, 160, 1)) * 255, np.ones((8, 8, 3))).astype(np.uint8)
    alpha = box((720, 1280), 0, 0, 100, 720)
    soft = painted(Blurred(), seen_of(pixels, alpha)).astype(float)
    near, far = (soft[:, left : left + 150].std() for left in (180, 1100))
    assert far < 0.7 * near < 0.2 * pixels.std()


def test_a_lonely_background_can_be_blurred() -> None:
    empty = seen_of(person().pixels, np.zeros((480, 640), np.uint8))
    assert np.abs(np.diff(painted(Blurred(), empty).astype(int), axis=1)).max() <= 2


def test_no_frame_sized_array_is_allocated_by_an_effect_that_has_painted_before() -> None:
    seen = person(960, 450, 450, (1080, 1920))
    texts = ("replace", "blur", "blur+recolour:hair=#8a2be2,clothes=#202020+wear:head=hat.png+wear:face=glasses.png")
    overlays = {"hat.png": plate(300, 400), "glasses.png": plate(100, 400)}
    into = np.empty_like(seen.pixels)
    for text in texts:
        effect = effect_from(text, GREEN if text == "replace" else None, False, overlays.__getitem__)
        effect.paint(seen, into)
        tracemalloc.start()
        try:
            effect.paint(seen, into)
            assert tracemalloc.get_traced_memory()[1] < 1080 * 1920
        finally:
            tracemalloc.stop()


OVERLAYS = {"hat+1.png": plate(60, 100), "glasses, red.png": plate(30, 100)}


def from_text(text: str, backdrop: np.ndarray | None = None) -> Effect:
    return effect_from(text, backdrop, False, OVERLAYS.__getitem__)


@pytest.mark.parametrize(("text", "kind", "wants"), [
    ("blur", Blurred, ()),
    ("colour:#00b140", Replaced, ()),
    ("recolour:hair=#8a2be2", Recoloured, ("hair",)),
    ("wear:head=hat+1.png", Worn, ("face", "hair", "headwear")),
    ("recolour:hair=#8a2be2,body-skin=#202020+blur+wear:face=glasses, red.png", Worn, ("face", "body skin", "hair")),
])
def test_a_line_of_text_says_the_effect(text: str, kind: type, wants: tuple[str, ...]) -> None:
    effect = from_text(text)
    assert isinstance(effect, kind) and effect.wants == wants


def test_a_text_paints_what_its_parts_paint() -> None:
    seen = person()
    wanted = Worn(plate(60, 100), "head", Recoloured("hair", VIOLET, Blurred()))
    for text in ("blur+recolour:hair=#8a2be2+wear:head=hat+1.png", "wear:head=hat+1.png+recolour:hair=#8a2be2+blur"):
        np.testing.assert_array_equal(painted(from_text(text), seen), painted(wanted, seen))


def test_a_background_stands_behind_whatever_else_is_asked_for() -> None:
    seen, text = person(), "recolour:hair=#8a2be2"
    np.testing.assert_array_equal(painted(from_text(text), seen), painted(Recoloured("hair", VIOLET, Kept()), seen))
    np.testing.assert_array_equal(painted(from_text(text, GREEN), seen),
                                  painted(Recoloured("hair", VIOLET, Replaced(GREEN)), seen))


@pytest.mark.parametrize("text", ["replace", "colour:#00b140", "blur"])
def test_light_is_mixed_where_it_is_asked_for(text: str) -> None:
    seen = person()
    bytewise, light = (painted(effect_from(text, GREEN, linear, OVERLAYS.__getitem__), seen).astype(int)
                       for linear in (False, True))
    sure = (seen.alpha == 0) | (seen.alpha == 255)
    assert np.abs(light - bytewise)[sure].max() == 0 and np.abs(light - bytewise)[~sure].max() > 30


@pytest.mark.parametrize(("text", "said"), [
    ("sparkle", "replace, blur, colour:#rrggbb, recolour:CLASS=#rrggbb, wear:PLACE=FILE"),
    ("", "known are replace"),
    ("blur:3", "'blur:3' is not known"),
    ("colour", "'colour' is not known"),
    ("blur+colour:#00b140", "2 backgrounds"),
    ("replace", "needs a background"),
    ("colour:green", "'green' is no colour; write it as '#rrggbb'"),
    ("recolour:hair=violet", "'violet' is no colour"),
    ("recolour:beard=#8a2be2", "'beard' is not known; known are face, hair, clothes, body skin, headwear"),
    ("recolour:background=#8a2be2", "'background' is not known"),
    ("recolour:hair", "'hair' stands alone; write recolour:CLASS=#rrggbb"),
    ("wear:foot=shoe.png", "'foot' is not known; known are head, face"),
    ("blur+wear:head=", "'head' stands alone"),
])
def test_what_is_not_known_is_refused_in_one_line_with_what_is(text: str, said: str) -> None:
    with pytest.raises(PictureError) as refused:
        from_text(text)
    assert said in str(refused.value) and "\n" not in str(refused.value)
