"""edge.camera.demo: the demo source moves, ends, and its truth is the frame's alpha by construction."""
from __future__ import annotations

import tracemalloc
from itertools import pairwise

import cv2
import numpy as np
import pytest
from given_frames import given

from edge.camera.demo import FRAMES_PER_S, DemoSource, scene

SIZE = (180, 320)


@pytest.fixture(scope="module")
def frames() -> list[tuple[np.ndarray, np.ndarray]]:
    """(pixels, truth) of 24 frames."""
    source, pairs = DemoSource(*SIZE, frames=24), []
    while (frame := source.read()) is not None:
        pairs.append((frame.pixels, source.truth.copy()))
    return pairs


def test_it_gives_the_asked_number_of_frames_of_the_asked_size_and_then_none(frames: list) -> None:
    assert len(frames) == 24 and all(pixels.shape == (*SIZE, 3) and truth.shape == SIZE for pixels, truth in frames)
    source = DemoSource(*SIZE, frames=1)
    assert source.read() is not None and source.read() is None and source.read() is None


def test_index_and_time_count_up() -> None:
    source = DemoSource(*SIZE, frames=4)
    came = [given(source) for _ in range(4)]
    assert [frame.index for frame in came] == [0, 1, 2, 3]
    assert [frame.time_ns for frame in came] == [int(i / FRAMES_PER_S * 1e9) for i in range(4)]


def test_two_sources_give_the_same_frames(frames: list) -> None:
    source = DemoSource(*SIZE, frames=2)
    for pixels, truth in frames[:2]:
        np.testing.assert_array_equal(given(source).pixels, pixels)
        np.testing.assert_array_equal(source.truth, truth)


def test_person_and_scene_move_from_frame_to_frame(frames: list) -> None:
    for (before, truth_before), (after, truth_after) in pairwise(frames):
        assert (before != after).mean() > 0.01 and (truth_before != truth_after).any()
    columns = [np.flatnonzero((truth > 127).any(axis=0)).mean() for _, truth in frames]
    assert max(columns) - min(columns) > 0.05 * SIZE[1]
    background = (frames[0][1] == 0) & (frames[23][1] == 0)
    assert (frames[0][0] != frames[23][0])[background].mean() > 0.2


def test_the_truth_holds_background_person_and_soft_pixels_in_every_frame(frames: list) -> None:
    for _, truth in frames:
        assert 0.1 < (truth > 127).mean() < 0.6 and ((truth > 5) & (truth < 250)).any()


def test_outside_the_truth_a_frame_is_the_scene_and_inside_the_portrait(portrait: np.ndarray) -> None:
    source = DemoSource(*SIZE, frames=1)
    pixels = given(source).pixels
    behind = source._behind(0.0)
    np.testing.assert_array_equal(pixels[source.truth == 0], behind[source.truth == 0])
    inside = source.truth == 255
    assert np.abs(pixels.astype(int) - behind)[inside].mean() > 30
    own = np.abs(pixels[inside].mean(axis=0) - portrait[300:].reshape(-1, 3).mean(axis=0))
    assert own.max() < 60


def test_soft_pixels_lie_between_person_and_scene(portrait: np.ndarray) -> None:
    """Frame = truth · person + (1 − truth) · scene: over a black scene only the person's share is left."""
    source = DemoSource(*SIZE, frames=1)
    pixels, truth = given(source).pixels.astype(float), source.truth[..., None] / 255
    dark = DemoSource(*SIZE, frames=1)
    dark._scene = np.zeros_like(dark._scene)
    person = given(dark).pixels.astype(float)
    np.testing.assert_allclose(pixels, person + source._behind(0.0) * (1 - truth), atol=2)


def test_the_scene_alone_holds_nobody_and_has_any_size() -> None:
    for shape in (SIZE, (720, 1600), (64, 48)):
        room = scene(*shape)
        assert room.shape == (*shape, 3) and room.dtype == np.uint8 and room.std() > 10
    np.testing.assert_array_equal(scene(*SIZE), scene(*SIZE))


def test_a_frame_is_person_over_scene_by_the_plain_formula_to_the_bit(frames: list) -> None:
    source = DemoSource(*SIZE)
    for index, (pixels, truth) in enumerate(frames[:8]):
        seconds, flat = index / FRAMES_PER_S, SIZE[::-1]
        alpha, person = (cv2.warpAffine(a, source._pose(seconds), flat) for a in (source._alpha, source._premultiplied))
        expected = (person + source._behind(seconds) * (1 - alpha[..., None]) + 0.5).astype(np.uint8)
        np.testing.assert_array_equal(pixels, expected)
        np.testing.assert_array_equal(truth, (alpha * 255 + 0.5).astype(np.uint8))


def test_frames_in_memory_used_again_show_the_same_and_stay_valid_until_the_next_read_but_one(frames: list) -> None:
    source, before = DemoSource(*SIZE, reuse=True), None
    for pixels, truth in frames[:6]:
        frame = given(source)
        np.testing.assert_array_equal(frame.pixels, pixels)
        np.testing.assert_array_equal(source.truth, truth)
        if before is not None:
            np.testing.assert_array_equal(before[0].pixels, before[1])
        before = frame, pixels


def test_with_memory_used_again_the_loop_allocates_no_pictures() -> None:
    source = DemoSource(720, 1280, reuse=True)
    for _ in range(3):
        source.read()
    tracemalloc.start()
    for _ in range(5):
        source.read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 720 * 1280 / 2


def test_its_rate_is_as_asked_and_without_a_count_it_has_no_end() -> None:
    source = DemoSource(16, 16, None, frames_per_s=8)
    assert source.frames_per_s == 8 and source.next_time_ns() == 0
    for _ in range(10_000):
        source.skip()
    frame = given(source)
    assert (frame.index, frame.time_ns) == (0, 1_250_000_000_000) and source.dropped == 0
    source.close()
    assert source.read() is None
