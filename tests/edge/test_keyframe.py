"""edge.keyframe: the network runs every N frames, looks where the person was, and its masks are smoothed over time."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.frame import Mask, Region
from edge.keyframe import Keyframe, due, region_to_look_at, smoothed

PORTRAIT = (160, 96)
FRAME = (720, 1280)


def seen(frame: tuple[int, int], person: Region, region: Region | None = None) -> Keyframe:
    """A keyframe whose network saw a person in `person` (mask cells of 90×160) of `region` (default: all)."""
    values = np.zeros((90, 160), np.float32)
    person.cut(values)[...] = 1
    return Keyframe(0, Mask(values, region or Region.whole(frame)))


@pytest.mark.parametrize("interval", [1, 2, 5])
def test_the_network_is_due_on_every_nth_frame(interval: int) -> None:
    last, ran = None, []
    for index in range(12):
        if due(last, index, interval):
            last = Keyframe(index, Mask(np.zeros((1, 1), np.float32), Region(0, 0, 1, 1)))
            ran.append(index)
    assert ran == list(range(0, 12, interval))


def test_the_first_look_is_at_the_whole_frame() -> None:
    assert region_to_look_at(None, FRAME, PORTRAIT) == Region.whole(FRAME)


def test_the_whole_frame_is_looked_at_again_when_nobody_was_seen() -> None:
    nobody = Keyframe(4, Mask(np.zeros((96, 160), np.float32), Region(100, 300, 480, 288)))
    assert region_to_look_at(nobody, FRAME, PORTRAIT) == Region.whole(FRAME)


def test_the_region_follows_the_person() -> None:
    left = region_to_look_at(seen(FRAME, Region(30, 20, 40, 20)), FRAME, PORTRAIT)
    right = region_to_look_at(seen(FRAME, Region(30, 120, 40, 20)), FRAME, PORTRAIT)
    assert left.height == right.height and left.top == right.top
    assert right.left - left.left == 100 * 8
    assert left.left <= 160 and left.left + left.width >= 320 and left.height * left.width < 0.5 * FRAME[0] * FRAME[1]


def test_a_region_seen_inside_a_region_lands_in_the_frame_s_own_pixels() -> None:
    inside = Region(180, 320, 360, 640)
    region = region_to_look_at(seen(FRAME, Region(40, 75, 10, 10), inside), FRAME, PORTRAIT)
    person = Region(180 + 40 * 4, 320 + 75 * 4, 40, 40)
    assert region.top <= person.top and region.left <= person.left
    assert region.top + region.height >= person.top + person.height
    assert region.left + region.width >= person.left + person.width
    assert region.height < 120 and region.width < 120


@given(st.data())
def test_the_region_stays_in_the_frame_and_keeps_free_space_around_the_person(data: st.DataObject) -> None:
    frame = data.draw(st.tuples(st.integers(90, 2000), st.integers(90, 2000)))
    top, left = data.draw(st.integers(0, 80)), data.draw(st.integers(0, 150))
    person = Region(top, left, data.draw(st.integers(1, 90 - top)), data.draw(st.integers(1, 160 - left)))
    region = region_to_look_at(seen(frame, person), frame, PORTRAIT)
    assert region.top + region.height <= frame[0] and region.left + region.width <= frame[1]
    around = person.scaled(frame[0] / 90, frame[1] / 160, frame)
    assert region.top <= around.top and region.left <= around.left
    assert region.top + region.height >= around.top + around.height
    assert region.left + region.width >= around.left + around.width


def test_smoothing_is_the_weighted_mean_of_past_and_present() -> None:
    past, present = np.float32([[0.0, 1.0, 0.4]]), np.float32([[1.0, 1.0, 0.8]])
    np.testing.assert_allclose(smoothed(past, present, 0.25), [[0.25, 1.0, 0.5]], atol=1e-6)
    np.testing.assert_array_equal(smoothed(past, present, 1.0), present)


def test_smoothing_starts_afresh_without_a_past_of_the_same_size() -> None:
    present = np.ones((2, 3), np.float32)
    assert smoothed(None, present, 0.5) is present
    assert smoothed(np.zeros((3, 2), np.float32), present, 0.5) is present


def test_a_standing_picture_settles_on_its_mask() -> None:
    alpha, mask = np.zeros((2, 2), np.float32), np.full((2, 2), 0.7, np.float32)
    for _ in range(20):
        alpha = smoothed(alpha, mask, 0.4)
    np.testing.assert_allclose(alpha, mask, atol=1e-4)
