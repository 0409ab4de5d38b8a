"""edge.steadiness: what trembles while the picture stands still counts, what follows a movement does not; beside a
truth, being late, too large or frozen each shows in a figure of its own."""
from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest

from edge.steadiness import STILL, AgainstTruth, Flicker

SHAPE = (40, 60)


def scene(number: int = 0) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)


def flat(value: int) -> np.ndarray:
    return np.full(SHAPE, value, np.uint8)


def measured(*frames: tuple[np.ndarray, np.ndarray]) -> float | None:
    flicker = Flicker()
    for pixels, alpha in frames:
        flicker.add(pixels, alpha)
    return flicker.mean


def test_a_steady_alpha_does_not_flicker() -> None:
    alpha = scene(1)[..., 0]
    assert measured(*[(scene(), alpha)] * 4) == 0.0


@pytest.mark.parametrize(("first", "second"), [(100, 107), (107, 100), (0, 255)])
def test_a_change_before_a_still_picture_is_measured_in_grey_levels(first: int, second: int) -> None:
    assert measured((scene(), flat(first)), (scene(), flat(second))) == abs(first - second)


def test_the_mean_is_over_pairs_of_frames() -> None:
    assert measured(*((scene(), flat(value)) for value in (0, 30, 30, 0))) == pytest.approx(20)


def test_an_alpha_that_changes_where_the_picture_changes_does_not_flicker() -> None:
    after, alpha = scene(), flat(0)
    after[:, 30:] = 255
    alpha[:, 35:] = 255  # clear of the seam: change is looked for in 5×5 pixels
    assert measured((scene(), flat(0)), (after, alpha)) == 0.0


def test_noise_below_the_bar_leaves_a_picture_still_and_a_change_above_it_does_not() -> None:
    grey = np.full((*SHAPE, 3), 100, np.uint8)
    assert measured((grey, flat(0)), (grey + np.uint8(STILL), flat(9))) == 9
    assert measured((grey, flat(0)), (grey + np.uint8(STILL + 1), flat(9))) is None


def test_nothing_is_said_of_one_frame_or_of_none() -> None:
    assert measured() is None and measured((scene(), flat(3))) is None


def test_a_moved_camera_says_nothing_and_the_pairs_around_it_still_count() -> None:
    assert measured((scene(0), flat(0)), (scene(1), flat(200)), (scene(1), flat(204))) == 4


@pytest.mark.parametrize("judge", [Flicker, AgainstTruth])
def test_frames_may_come_in_the_same_memory(judge: type[Flicker] | type[AgainstTruth]) -> None:
    """The live path fills one alpha, sources a few pictures."""
    figures, alpha, beside = judge(), flat(0), flat(0) if judge is AgainstTruth else scene()
    for value in (0, 40):
        alpha[...] = value
        figures.add(alpha, beside) if isinstance(figures, AgainstTruth) else figures.add(beside, alpha)
    assert (figures.flicker if isinstance(figures, AgainstTruth) else figures.mean) == 40


# Beside a truth: a disc of 120 pixels across, 320×180, that moves to the right by STEP pixels a frame.

STEP, FRAMES = 3, 24


def disc(left: float, radius: int = 60) -> np.ndarray:
    """Its alpha (180, 320) uint8; a circle that is drawn four times as large has a soft edge."""
    large = np.zeros((4 * 180, 4 * 320), np.uint8)
    cv2.circle(large, (round(4 * (left + 60)), 4 * 90), 4 * radius, 255, -1)
    return cv2.resize(large, (320, 180), interpolation=cv2.INTER_AREA)


def way(steps: int = FRAMES) -> list[np.ndarray]:
    return [disc(30 + STEP * step) for step in range(steps)]


def beside(alphas: list[np.ndarray], truths: list[np.ndarray]) -> AgainstTruth:
    judge = AgainstTruth()
    for alpha, truth in zip(alphas, truths, strict=True):
        judge.add(alpha, truth)
    return judge


def late(truths: list[np.ndarray], frames: int) -> AgainstTruth:
    """The truth itself, some frames late."""
    return beside(truths[: len(truths) - frames], truths[frames:])


def test_the_truth_itself_is_without_fault() -> None:
    judge = beside(way(), way())
    assert (judge.error, judge.flicker, judge.lag, judge.iou) == (0, 0, 0, 1)


def test_error_is_the_mean_difference_in_grey_levels() -> None:
    judge = beside([flat(10), flat(30)], [flat(20), flat(20)])
    assert judge.error == 10


def test_flicker_is_what_the_alpha_changes_apart_from_the_truth() -> None:
    assert beside([flat(10), flat(30)], [flat(0), flat(20)]).flicker == 0, "changed as the truth did"
    assert beside([flat(10), flat(30)], [flat(50), flat(50)]).flicker == 20
    assert beside([flat(50), flat(50)], [flat(10), flat(30)]).flicker == 20
    assert beside([flat(0), flat(255)], [flat(255), flat(0)]).flicker == 510


def test_iou_counts_pixels_from_128_on_and_nobody_is_seen_rightly() -> None:
    half, quarter = flat(0), flat(127)
    half[:, :30], quarter[:, :15] = 255, 128
    assert beside([quarter, flat(0)], [half, flat(127)]).iou == (0.5 + 1) / 2


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_an_alpha_that_is_late_lags_by_so_many_frames(frames: int) -> None:
    assert late(way(), frames).lag == pytest.approx(frames, rel=0.1)


def test_an_alpha_that_is_early_lags_as_much() -> None:
    assert beside(way()[1:], way()[:-1]).lag == pytest.approx(1, rel=0.1)


def test_an_alpha_that_is_too_large_is_wrong_and_not_late() -> None:
    judge = beside([disc(30 + STEP * step, radius=64) for step in range(FRAMES)], way())
    assert judge.error is not None and judge.error > 5
    assert judge.lag == pytest.approx(0, abs=0.1)


def test_a_frozen_alpha_has_a_large_error_and_lag_though_it_never_moves() -> None:
    """There and back: late on the way there, early on the way back, which must not come out even."""
    truths = way() + way()[::-1]
    frozen = [truths[0]] * len(truths)
    judge, follows = beside(frozen, truths), late(truths, 1)
    still = Flicker()
    for alpha in frozen:
        still.add(np.zeros((*alpha.shape, 3), np.uint8), alpha)
    assert still.mean == 0, "alone, flicker would have it win"
    assert judge.error is not None and follows.error is not None and judge.error > 5 * follows.error
    assert judge.lag is not None and judge.lag > 3
    assert judge.iou is not None and follows.iou is not None and judge.iou < follows.iou - 0.2


def test_nothing_is_said_before_there_is_something_to_say() -> None:
    none, one = AgainstTruth(), beside([flat(3)], [flat(0)])
    assert (none.error, none.flicker, none.lag, none.iou) == (None,) * 4
    assert (one.error, one.flicker, one.lag, one.iou) == (3, None, None, 1)
    assert beside([flat(0), flat(9)], [flat(0), flat(0)]).lag is None, "nothing moved"


def test_a_long_film_takes_no_more_memory_than_a_few_frames() -> None:
    judge, truths = AgainstTruth(), way(4)
    for truth in truths:
        judge.add(truth, truth)
    tracemalloc.start()
    for number in range(100):
        judge.add(truths[number % 2], truths[0])
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 4 * truths[0].nbytes
