"""edge.camera.demo: the demo source moves, ends, and its truth is the frame's alpha by construction."""
from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

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
    given = [source.read() for _ in range(4)]
    assert [frame.index for frame in given] == [0, 1, 2, 3]
    assert [frame.time_ns for frame in given] == [int(i / FRAMES_PER_S * 1e9) for i in range(4)]


def test_two_sources_give_the_same_frames(frames: list) -> None:
    source = DemoSource(*SIZE, frames=2)
    for pixels, truth in frames[:2]:
        np.testing.assert_array_equal(source.read().pixels, pixels)
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
    pixels = source.read().pixels
    behind = source._behind(0.0)
    np.testing.assert_array_equal(pixels[source.truth == 0], behind[source.truth == 0])
    inside = source.truth == 255
    assert np.abs(pixels.astype(int) - behind)[inside].mean() > 30
    own = np.abs(pixels[inside].mean(axis=0) - portrait[300:].reshape(-1, 3).mean(axis=0))
    assert own.max() < 60


def test_soft_pixels_lie_between_person_and_scene(portrait: np.ndarray) -> None:
    """Frame = truth · person + (1 − truth) · scene: over a black scene only the person's share is left."""
    source = DemoSource(*SIZE, frames=1)
    pixels, truth = source.read().pixels.astype(float), source.truth[..., None] / 255
    dark = DemoSource(*SIZE, frames=1)
    dark._scene = np.zeros_like(dark._scene)
    person = dark.read().pixels.astype(float)
    np.testing.assert_allclose(pixels, person + source._behind(0.0) * (1 - truth), atol=2)


def test_the_scene_alone_holds_nobody_and_has_any_size() -> None:
    for shape in (SIZE, (720, 1600), (64, 48)):
        room = scene(*shape)
        assert room.shape == (*shape, 3) and room.dtype == np.uint8 and room.std() > 10
    np.testing.assert_array_equal(scene(*SIZE), scene(*SIZE))
