"""edge.segment.person: a second look at the person, windows along a panorama, and nobody where nobody is."""
from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from edge.camera.demo import scene
from edge.frame import Mask, Region
from edge.preprocess import place, upright
from edge.segment.person import MOST_WINDOWS, find_person
from edge.segment.tflite import TfliteSegmenter


@dataclass
class WhiteIsPerson:
    """A segmenter that sees white pixels as person, at the network's size, and remembers where it looked."""

    portrait: tuple[int, int] = (160, 96)
    looks: list[Region] = field(default_factory=list)

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        self.looks.append(region)
        crop = region.cut(pixels)[..., 0]
        spot = place(crop.shape, upright(crop.shape, self.portrait))
        seen = cv2.resize(crop, (spot.width, spot.height), interpolation=cv2.INTER_AREA)
        return Mask(seen.astype(np.float32) / 255, region)


def drawn(height: int, width: int, *people: Region) -> np.ndarray:
    pixels = np.zeros((height, width, 3), np.uint8)
    for person in people:
        person.cut(pixels)[...] = 255
    return pixels


def holds(outer: Region, inner: Region) -> bool:
    return (outer.top <= inner.top and outer.left <= inner.left
            and outer.top + outer.height >= inner.top + inner.height
            and outer.left + outer.width >= inner.left + inner.width)


def test_a_small_person_gets_a_closer_look() -> None:
    person, eyes = Region(500, 700, 200, 100), WhiteIsPerson()
    mask = find_person(eyes, drawn(900, 1600, person))
    assert mask is not None and eyes.looks == [Region(0, 0, 900, 1600), mask.region]
    assert holds(mask.region, person) and mask.region.height < 350


def test_a_person_that_fills_the_picture_is_looked_at_once() -> None:
    eyes = WhiteIsPerson()
    mask = find_person(eyes, drawn(600, 400, Region(20, 20, 560, 360)))
    assert mask is not None and eyes.looks == [Region(0, 0, 600, 400)]


def test_everybody_is_inside_the_region_of_the_mask() -> None:
    people = Region(100, 100, 300, 120), Region(150, 900, 300, 120)
    mask = find_person(WhiteIsPerson(), drawn(700, 1400, *people))
    assert mask is not None and all(holds(mask.region, person) for person in people)


def test_a_person_who_reaches_out_of_the_closer_look_gets_a_wider_one() -> None:
    class BlindToTheArm(WhiteIsPerson):
        def segment(self, pixels: np.ndarray, region: Region) -> Mask:
            mask = super().segment(pixels, region)
            if len(self.looks) == 1:
                mask.values[:, int(900 / 1600 * mask.values.shape[1]) :] = 0  # the first look misses what is far right
            return mask

    body, arm = Region(300, 700, 400, 160), Region(400, 860, 60, 140)
    mask = find_person(BlindToTheArm(), drawn(900, 1600, body, arm))
    assert mask is not None and holds(mask.region, body) and holds(mask.region, arm)


@pytest.mark.parametrize("turned", [False, True], ids=["wide", "high"])
@pytest.mark.parametrize("start", [0, 1111, 2300])
def test_a_panorama_is_looked_at_in_windows_and_the_person_is_found_anywhere(start: int, turned: bool) -> None:
    person = Region(30, start, 250, 120)
    pixels, eyes = drawn(300, 2420, person), WhiteIsPerson()
    if turned:
        pixels = np.ascontiguousarray(pixels.transpose(1, 0, 2))
        person = Region(person.left, person.top, person.width, person.height)
    mask = find_person(eyes, pixels)
    assert mask is not None and len(eyes.looks) > 3
    assert all(max(look.height, look.width) < 1000 for look in eyes.looks)
    assert holds(mask.region, person) and mask.region.height * mask.region.width < 0.5 * 300 * 2420


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 50_000)])
def test_a_strip_is_looked_at_a_few_times_at_most(shape: tuple[int, int]) -> None:
    eyes = WhiteIsPerson()
    assert find_person(eyes, drawn(*shape)) is None
    assert 1 <= len(eyes.looks) <= MOST_WINDOWS


@pytest.mark.parametrize("picture", [scene(480, 640), np.full((300, 400, 3), 128, np.uint8)], ids=["room", "grey"])
def test_nobody_is_seen_where_nobody_is(segmenter: TfliteSegmenter, picture: np.ndarray) -> None:
    assert find_person(segmenter, picture) is None


def test_the_portrait_in_a_large_room_is_found_by_the_real_network(segmenter: TfliteSegmenter,
                                                                  portrait: np.ndarray) -> None:
    room = scene(1000, 1800)
    place_there = Region(400, 1100, 600, 512)
    place_there.paste(room, portrait)
    mask = find_person(segmenter, room)
    assert mask is not None and mask.region.left > 700
    seen = cv2.resize(mask.values, (mask.region.width, mask.region.height)) > 0.5
    everywhere = np.zeros(room.shape[:2], bool)
    mask.region.paste(everywhere, seen)
    assert place_there.cut(everywhere).sum() > 0.9 * everywhere.sum() > 0
