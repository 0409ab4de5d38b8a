"""Calibration: probabilities that come true score 0, overconfidence scores what it claims too much."""
from __future__ import annotations

import numpy as np
import pytest

from edge.frame import Mask, Region
from quantize.evaluate import Case
from quantize.judge.calibration import BINS, Reliability, calibration


def figures(probability: np.ndarray, person: np.ndarray) -> dict:
    reliability = Reliability()
    reliability.add(np.asarray(probability, float), np.asarray(person, float))
    return reliability.figures()


def test_certain_and_right_is_perfect() -> None:
    found = figures([0.0, 1.0, 1.0], [0, 1, 1])
    assert (found["ece"], found["brier"], found["pixels"]) == (0.0, 0.0, 3)
    assert [row["pixels"] for row in found["bins"]] == [1, 2]


def test_certain_and_wrong_is_as_bad_as_can_be() -> None:
    found = figures([0.0, 1.0], [1, 0])
    assert (found["ece"], found["brier"]) == (1.0, 1.0)


def test_a_toy_with_known_error() -> None:
    probability = [0.9] * 10 + [0.1] * 10  # right in 8 of 10, and in 9 of 10
    found = figures(probability, [1] * 8 + [0] * 2 + [1] + [0] * 9)
    assert found["ece"] == pytest.approx((0.1 * 10 + 0.0 * 10) / 20)
    assert found["brier"] == pytest.approx((8 * 0.01 + 2 * 0.81 + 0.81 + 9 * 0.01) / 20)
    assert found["bins"][-1] == {"from": round(13 / BINS, 4), "to": round(14 / BINS, 4), "pixels": 10,
                                 "probability": 0.9, "person": 0.8}


def test_answers_drawn_from_their_own_probability_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random(200_000)
    found = figures(probability, rng.random(200_000) < probability)
    assert found["ece"] < 0.005 and found["brier"] == pytest.approx(1 / 6, abs=0.002)
    assert sum(row["pixels"] for row in found["bins"]) == 200_000 and len(found["bins"]) == BINS


class SaysLeft:
    """Sure of a person in the left half of everything."""

    portrait = (16, 12)

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        values = np.zeros(self.portrait, np.float32)
        values[:, :6] = 1
        return Mask(values, region)


def test_the_network_is_asked_about_the_whole_picture_and_unknown_pixels_do_not_count() -> None:
    mask = np.zeros((64, 48), np.uint8)
    mask[:, :24] = 254
    mask[:, 36:] = 255
    case = Case(np.zeros((64, 48, 3), np.uint8), mask, ("drawn",))
    found = calibration(SaysLeft(), [lambda: case])
    assert set(found) == {"all", "drawn"} and found["all"] == found["drawn"]
    assert (found["all"]["ece"], found["all"]["pixels"]) == (0.0, 16 * 9)
