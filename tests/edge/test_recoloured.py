"""edge.effects.recoloured: a part's chroma becomes the wanted colour's, its luminance and everything else stay."""
from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from drawn_person import GREEN, VIOLET, painted, person, seen_of

from edge.effects import Blurred, Kept, Replaced
from edge.effects.recoloured import Recoloured, shades


def luminance(levels: np.ndarray) -> np.ndarray:
    """(…, 3) sRGB bytes → relative luminance 0..1, written out: IEC 61966-2-1 and ITU-R BT.709."""
    s = levels / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def as_grey(pixels: np.ndarray) -> np.ndarray:
    """The grey byte, with fractions, that is as bright as a colour."""
    light = luminance(pixels)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def lab(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(pixels, np.float32) / 255, cv2.COLOR_RGB2LAB)


COLOURS = [VIOLET, (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255), (255, 215, 0), (31, 138, 112), (120, 120, 120)]


@pytest.mark.parametrize("colour", COLOURS)
def test_every_pixel_keeps_its_luminance(colour: tuple[int, int, int]) -> None:
    """Greys within 2 levels, any colours within 4: OpenCV's L of a saturated dark colour is that coarse."""
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    colours = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    for pixels, slack in ((greys, 2), (colours, 4)):
        whole = np.full(pixels.shape[:2], 255, np.uint8)
        picture = painted(Recoloured("hair", colour, Kept()), seen_of(pixels, whole, hair=whole))
        assert np.abs(as_grey(picture) - as_grey(pixels)).max() <= slack


@pytest.mark.parametrize("colour", [VIOLET, (255, 0, 0), (255, 215, 0), (31, 138, 112)])
def test_the_colour_comes_and_fades_towards_black_and_white(colour: tuple[int, int, int]) -> None:
    """At its own luminance it is the wanted colour itself; its hue stays in shades of less light; black and white have
    none; chroma grows, then falls."""
    ladder = shades(colour)[:, 0]
    nearest = ladder[np.abs(as_grey(ladder) - as_grey(np.array(colour))).argmin()]
    assert np.linalg.norm(lab(nearest[None, None]) - lab(np.array([[colour]]))) < 3
    assert (ladder[0] == 0).all() and (ladder[255] == 255).all()
    chroma = np.hypot(*np.moveaxis(lab(ladder[None])[0, :, 1:], -1, 0))
    peak = chroma.argmax()
    assert (np.diff(chroma[20:peak]) > -2).all() and (np.diff(chroma[peak:]) < 2).all()
    assert chroma[peak] > 0.95 * np.hypot(*lab(np.array([[colour]]))[0, 0, 1:])


def test_brown_hair_becomes_violet_hair_and_keeps_its_strands() -> None:
    rng = np.random.default_rng(5)
    brown = (np.array([120, 80, 50]) * rng.uniform(0.4, 1.5, (60, 80, 1))).astype(np.uint8)
    whole = np.full((60, 80), 255, np.uint8)
    picture = painted(Recoloured("hair", VIOLET, Kept()), seen_of(brown, whole, hair=whole))
    before, after, wanted = lab(brown), lab(picture), lab(np.array([[VIOLET]]))[0, 0]
    assert np.corrcoef(before[..., 0].ravel(), after[..., 0].ravel())[0, 1] > 0.999
    hue = np.arctan2(after[..., 2], after[..., 1]) - np.arctan2(wanted[2], wanted[1])
    assert np.abs(hue).max() < np.radians(15) and np.hypot(after[..., 1], after[..., 2]).min() > 30


def test_where_a_class_is_not_nothing_changes() -> None:
    seen = person()
    picture = painted(Recoloured("hair", VIOLET, Kept()), seen)
    hair = seen.classes["hair"]
    np.testing.assert_array_equal(picture[hair == 0], seen.pixels[hair == 0])
    assert (picture[hair == 255] != seen.pixels[hair == 255]).any(axis=1).mean() > 0.99


def test_without_its_class_a_recolouring_is_what_follows_it() -> None:
    seen = person()
    nobody = replace(seen, classes={**seen.classes, "hair": np.zeros_like(seen.alpha)})
    for then in (Kept(), Replaced(GREEN), Blurred()):
        np.testing.assert_array_equal(painted(Recoloured("hair", VIOLET, then), nobody), painted(then, nobody))


def test_half_a_class_is_half_the_colour() -> None:
    pixels = person().pixels
    whole, half = np.full((480, 640), 255, np.uint8), np.full((480, 640), 128, np.uint8)
    full, mixed = (painted(Recoloured("hair", VIOLET, Kept()), seen_of(pixels, whole, hair=alpha)).astype(float)
                   for alpha in (whole, half))
    assert np.abs(mixed - (full * 128 + pixels * 127.0) / 255).max() <= 0.51


def test_classes_move_and_shrink_between_frames_and_leave_nothing_behind() -> None:
    effect = Recoloured("hair", VIOLET, Kept())
    for x, wide in ((200, 120), (400, 60), (100, 150)):
        seen = person(x, 200, wide)
        np.testing.assert_array_equal(painted(effect, seen), painted(Recoloured("hair", VIOLET, Kept()), seen))


def test_every_class_gets_its_own_colour_and_the_frame_keeps_its_pixels() -> None:
    seen = person()
    before = seen.pixels.copy()
    both = painted(Recoloured("face", (31, 138, 112), Recoloured("hair", VIOLET, Kept())), seen)
    for name, colour in (("face", (31, 138, 112)), ("hair", VIOLET)):
        alone, sure = painted(Recoloured(name, colour, Kept()), seen), seen.classes[name] == 255
        np.testing.assert_array_equal(both[sure], alone[sure])
    np.testing.assert_array_equal(seen.pixels, before)
