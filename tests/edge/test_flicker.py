"""edge.flicker: what trembles while the picture stands still counts, what follows a movement does not."""
from __future__ import annotations

import numpy as np
import pytest

from edge.flicker import STILL, Flicker

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
