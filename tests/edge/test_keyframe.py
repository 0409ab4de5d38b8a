"""edge.keyframe: when the network runs, at a fixed pace or one that holds a budget, and where it looks."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.frame import Mask, Region
from edge.keyframe import CLOSER, LONGEST, BudgetedPace, Keyframe, Pace, region_to_look_at

PORTRAIT = (160, 96)
FRAME = (720, 1280)


def seen(frame: tuple[int, int], person: Region, region: Region | None = None) -> Mask:
    """The mask of a network that saw a person in `person` (mask cells of 90×160) of `region` (default: all)."""
    values = np.zeros((90, 160), np.float32)
    person.cut(values)[...] = 1
    return Mask(values, region or Region.whole(frame))


def keyframe(mask: Mask, closer: int = 1) -> Keyframe:
    return Keyframe(0, [mask], closer)


def keyframes_of(pace: Pace, frames: int, cost_ms: tuple[float, float]) -> list[int]:
    """The frames on which the network runs when a keyframe and any other frame cost so much."""
    last, ran = Keyframe.never().index, []
    for index in range(frames):
        if due := pace.due(index, last):
            last = index
            ran.append(index)
        pace.spent(due, cost_ms[0] if due else cost_ms[1])
    return ran


@pytest.mark.parametrize("interval", [1, 2, 5])
def test_the_network_is_due_on_every_nth_frame(interval: int) -> None:
    assert keyframes_of(Pace(interval), 12, (99.0, 1.0)) == list(range(0, 12, interval))


@pytest.mark.parametrize(("key_ms", "other_ms", "interval"), [(9, 1, 1), (18, 2, 2), (30, 4, 5), (50, 5, 8)])
def test_a_budget_of_10_ms_is_held_by_the_shortest_interval_that_can(key_ms: float, other_ms: float,
                                                                    interval: int) -> None:
    pace = BudgetedPace(10.0)
    ran = np.diff(keyframes_of(pace, 400, (key_ms, other_ms))[20:])
    assert set(ran) == {interval} and pace.interval == interval
    assert interval == LONGEST or (key_ms + (interval - 1) * other_ms) / interval <= 10.0


def test_a_budget_that_no_interval_holds_is_said_once_and_the_longest_taken() -> None:
    pace = BudgetedPace(10.0)
    keyframes_of(pace, 300, (60.0, 12.0))
    assert pace.interval == LONGEST and len(pace.fallbacks) == 1
    assert "10 ms" in pace.fallbacks[0] and "18 ms" in pace.fallbacks[0]


def test_when_frames_get_cheaper_the_network_runs_oftener_again() -> None:
    pace = BudgetedPace(10.0)
    keyframes_of(pace, 200, (40.0, 4.0))
    slow = pace.interval
    keyframes_of(pace, 400, (8.0, 1.0))
    assert slow > 1 and pace.interval == 1


def test_the_first_look_is_at_the_whole_frame() -> None:
    assert region_to_look_at(Keyframe.never(), FRAME, PORTRAIT) == Region.whole(FRAME)


def test_the_whole_frame_is_looked_at_again_when_nobody_was_seen() -> None:
    nobody = Mask(np.zeros((96, 160), np.float32), Region(100, 300, 480, 288))
    assert region_to_look_at(keyframe(nobody), FRAME, PORTRAIT) == Region.whole(FRAME)


def test_the_region_follows_the_person() -> None:
    left = region_to_look_at(keyframe(seen(FRAME, Region(30, 20, 40, 20))), FRAME, PORTRAIT)
    right = region_to_look_at(keyframe(seen(FRAME, Region(30, 120, 40, 20))), FRAME, PORTRAIT)
    assert left.height == right.height and left.top == right.top
    assert right.left - left.left == 100 * 8
    assert left.left <= 160 and left.left + left.width >= 320 and left.height * left.width < 0.5 * FRAME[0] * FRAME[1]


def test_a_region_seen_inside_a_region_lands_in_the_frame_s_own_pixels() -> None:
    inside = Region(180, 320, 360, 640)
    region = region_to_look_at(keyframe(seen(FRAME, Region(40, 75, 10, 10), inside)), FRAME, PORTRAIT)
    person = Region(180 + 40 * 4, 320 + 75 * 4, 40, 40)
    assert region.top <= person.top and region.left <= person.left
    assert region.top + region.height >= person.top + person.height
    assert region.left + region.width >= person.left + person.width
    assert region.height < 120 and region.width < 120


def test_who_reaches_out_of_the_region_gets_a_wider_one() -> None:
    inside, cut_off, free = Region(180, 320, 360, 640), Region(40, 60, 10, 100), Region(40, 58, 10, 100)
    wide, narrow = (region_to_look_at(keyframe(seen(FRAME, person, inside)), FRAME, PORTRAIT)
                    for person in (cut_off, free))
    assert narrow.left + narrow.width <= 320 + 640 < wide.left + wide.width - 0.1 * 400


def test_the_whole_frame_is_looked_at_from_time_to_time() -> None:
    person = seen(FRAME, Region(30, 20, 40, 20))
    looks = [region_to_look_at(keyframe(person, closer), FRAME, PORTRAIT) for closer in range(CLOSER + 1)]
    assert [look == Region.whole(FRAME) for look in looks] == [False] * CLOSER + [True]


@given(st.data())
def test_the_region_stays_in_the_frame_and_keeps_free_space_around_the_person(data: st.DataObject) -> None:
    frame = data.draw(st.tuples(st.integers(90, 2000), st.integers(90, 2000)))
    top, left = data.draw(st.integers(0, 80)), data.draw(st.integers(0, 150))
    person = Region(top, left, data.draw(st.integers(1, 90 - top)), data.draw(st.integers(1, 160 - left)))
    region = region_to_look_at(keyframe(seen(frame, person)), frame, PORTRAIT)
    assert region.top + region.height <= frame[0] and region.left + region.width <= frame[1]
    around = person.scaled(frame[0] / 90, frame[1] / 160, frame)
    assert region.top <= around.top and region.left <= around.left
    assert region.top + region.height >= around.top + around.height
    assert region.left + region.width >= around.left + around.width
