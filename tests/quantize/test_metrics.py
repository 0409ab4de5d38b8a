"""IoU and boundary-F: perfect on the same mask, nothing on a disjoint one, blind to pixels that nobody knows."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantize.metrics import BOUNDARY_SHARE, boundary_f, iou, mean_iou

MEASURES = (iou, mean_iou, boundary_f)

masks = arrays(bool, (9, 7))


def square(top: int, left: int, side: int = 40, shape: tuple[int, int] = (100, 120)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


def everywhere(mask: np.ndarray) -> np.ndarray:
    return np.ones_like(mask)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_mask_fits_itself(measure) -> None:
    mask = square(30, 30)
    assert measure(mask, mask, everywhere(mask)) == 1.0


@pytest.mark.parametrize("measure", [iou, boundary_f])
def test_disjoint_masks_share_nothing(measure) -> None:
    assert measure(square(2, 2, 30), square(60, 70, 30), np.ones((100, 120), bool)) == 0.0


@pytest.mark.parametrize("measure", MEASURES)
def test_two_empty_masks_agree(measure) -> None:
    empty = np.zeros((20, 30), bool)
    assert measure(empty, empty, everywhere(empty)) == 1.0


@pytest.mark.parametrize("measure", [iou, boundary_f])
def test_a_person_where_there_is_none_scores_nothing(measure) -> None:
    mask = square(30, 30)
    assert measure(mask, np.zeros_like(mask), everywhere(mask)) == 0.0
    assert measure(np.zeros_like(mask), mask, everywhere(mask)) == 0.0


def test_iou_is_intersection_over_union() -> None:
    known = np.ones((100, 120), bool)
    assert iou(square(0, 0, 40), square(0, 20, 40), known) == pytest.approx(800 / 2400)
    background = (12000 - 2400) / (12000 - 800)
    assert mean_iou(square(0, 0, 40), square(0, 20, 40), known) == pytest.approx((800 / 2400 + background) / 2)


def test_a_contour_within_tolerance_counts_in_full_and_beyond_it_does_not() -> None:
    small, known = square(30, 30), np.ones((100, 120), bool)
    assert boundary_f(square(30, 31), small, known) == 1.0
    assert boundary_f(square(31, 30), small, known) == 1.0
    assert boundary_f(square(50, 50), small, known) < 0.2
    assert boundary_f(square(33, 30), small, known) < 1.0


def test_tolerance_grows_with_the_picture() -> None:
    shape, known = (1000, 800), np.ones((1000, 800), bool)
    tolerance = round(BOUNDARY_SHARE * 1000)
    truth = square(300, 300, 200, shape)
    assert boundary_f(square(300, 300 + tolerance, 200, shape), truth, known) == 1.0
    assert boundary_f(square(300, 300 + tolerance + 3, 200, shape), truth, known) < 0.95


def test_the_edge_of_the_picture_is_no_contour() -> None:
    known = np.ones((100, 120), bool)
    lower, half = np.zeros((100, 120), bool), np.zeros((100, 120), bool)
    lower[50:], half[50:, 60:] = True, True
    assert boundary_f(np.roll(lower, -1, axis=1), lower, known) == 1.0
    precision, recall = 60 / (60 + 49), 60 / 120  # contours: its top and its inner side; the whole width
    wanted = 2 * precision * recall / (precision + recall)
    assert boundary_f(half, lower, known) == pytest.approx(wanted, abs=0.015)
    assert boundary_f(known, known, known) == 1.0


@pytest.mark.parametrize("measure", MEASURES)
def test_unknown_pixels_change_nothing(measure) -> None:
    truth = square(30, 30)
    known = everywhere(truth)
    known[:, 70:] = False
    seen = truth.copy()
    assert measure(seen, truth, known) == 1.0
    seen[:, 80:] = True
    assert measure(seen, truth, known) == 1.0
    truth[20:90, 90:110] = True
    assert measure(seen, truth, known) == 1.0
    seen[:, 0:20] = True
    assert measure(seen, truth, known) < 1.0


@pytest.mark.parametrize("measure", MEASURES)
def test_a_picture_of_which_nothing_is_known_is_no_mistake(measure) -> None:
    assert measure(square(0, 0), square(50, 50), np.zeros((100, 120), bool)) == 1.0


@given(seen=masks, truth=masks, known=masks)
@pytest.mark.parametrize("measure", MEASURES)
def test_scores_lie_between_nothing_and_one_and_are_symmetric(measure, seen, truth, known) -> None:
    score = measure(seen, truth, known)
    assert 0 <= score <= 1
    assert score == pytest.approx(measure(truth, seen, known))


@given(seen=masks, truth=masks, known=masks, turns=st.integers(1, 3))
def test_iou_does_not_care_how_the_picture_lies(seen, truth, known, turns: int) -> None:
    assert iou(*(np.rot90(mask, turns) for mask in (seen, truth, known))) == iou(seen, truth, known)
