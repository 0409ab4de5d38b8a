"""edge.refine: the soft alpha follows the guide's edges inside the mask's region, and is nothing outside it."""
from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.frame import Mask, Region
from edge.matting.guided import grey, guided_coefficients
from edge.refine import CELLS, RAMP, SURE, on_guide, outline, refine

CELL = 8
"""Guide pixels a mask cell covers here, in both directions."""


def edge_pictures(off_by: int) -> tuple[np.ndarray, np.ndarray, Mask]:
    """A bright person on the left of a dark room: guide (320, 480, 3), truth, and a mask off by some cells."""
    truth = np.zeros((320, 480), np.float32)
    truth[:, :240] = 1
    guide = np.where(truth[..., None] > 0, (210, 180, 160), (50, 60, 80)).astype(np.uint8)
    values = np.zeros((320 // CELL, 480 // CELL), np.float32)
    values[:, : 240 // CELL + off_by] = 1
    return guide, truth, Mask(cv2.GaussianBlur(values, (0, 0), 0.7), Region.whole(truth.shape))


def plainly_enlarged(mask: Mask, shape: tuple[int, int]) -> np.ndarray:
    large = cv2.resize(mask.values, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.clip((large - RAMP[0]) / (RAMP[1] - RAMP[0]), 0, 1)


@pytest.mark.parametrize(("value", "wanted"), [(1.0, 1.0), (0.0, 0.0)])
def test_a_mask_of_one_value_gives_one_alpha_whatever_the_guide_shows(portrait: np.ndarray, value: float,
                                                                    wanted: float) -> None:
    mask = Mask(np.full((112, 96), value, np.float32), Region.whole(portrait.shape))
    alpha = refine(portrait, mask, 1e-4)
    assert alpha.dtype == np.float32 and alpha.shape == portrait.shape[:2]
    np.testing.assert_allclose(alpha, wanted, atol=1e-3)


def test_outside_the_mask_s_region_there_is_nobody(portrait: np.ndarray) -> None:
    region = Region(100, 50, 300, 200)
    alpha = refine(portrait, Mask(np.ones((60, 40), np.float32), region), 1e-4)
    assert (region.cut(alpha) > 0.999).all() and (alpha > 0).sum() == 300 * 200


@pytest.mark.parametrize("off_by", [-1, 1])
def test_an_edge_that_the_mask_misses_by_a_cell_is_found_in_the_guide(off_by: int) -> None:
    guide, truth, mask = edge_pictures(off_by)
    found = np.abs(refine(guide, mask, 1e-4) - truth).mean()
    plain = np.abs(plainly_enlarged(mask, truth.shape) - truth).mean()
    assert found < 0.5 * plain


def test_the_edge_lies_where_the_guide_has_it() -> None:
    guide, _, mask = edge_pictures(1)
    row = refine(guide, mask, 1e-4)[160]
    assert (row[:238] > 0.9).all() and (row[242:] < 0.5).all()


def test_alpha_stays_between_0_and_1(portrait: np.ndarray, truth: np.ndarray) -> None:
    values = cv2.resize(truth, (96, 112), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    alpha = refine(portrait, Mask(values, Region.whole(portrait.shape)), 1e-4)
    assert alpha.min() == 0 and alpha.max() == 1


def test_a_print_on_a_shirt_makes_no_hole() -> None:
    guide = np.full((320, 320, 3), 10, np.uint8)
    guide[32:288, 32:288] = 200
    guide[60:100, 60:100] = 10  # in the background's colour, near the edge
    values = np.zeros((40, 40), np.float32)
    values[4:36, 4:36] = 1
    alpha = refine(guide, Mask(values, Region.whole(guide.shape)), 1e-4)
    assert (alpha[50:270, 50:270] == 1).all()


def test_a_true_mask_of_the_portrait_gives_its_alpha_back(portrait: np.ndarray, truth: np.ndarray) -> None:
    values = cv2.resize(truth, (96, 112), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    alpha = refine(portrait, Mask(values, Region.whole(portrait.shape)), 1e-4)
    seen, person = alpha >= 0.5, truth >= 128
    assert (seen & person).sum() / (seen | person).sum() > 0.97


def test_a_mask_moves_to_a_smaller_guide_with_its_region() -> None:
    mask = Mask(np.ones((10, 10), np.float32), Region(100, 200, 400, 240))
    moved = on_guide(mask, (720, 1280), (180, 320))
    assert moved.region == Region(25, 50, 100, 60) and moved.values is mask.values
    assert on_guide(mask, (720, 1280), (720, 1280)) is mask


def test_what_is_sure_stays_person_beside_a_print_in_the_background_s_colour() -> None:
    """A person from column 100 on, printed with black from 112 on: black is background, too."""
    guide = np.zeros((160, 200, 3), np.uint8)
    guide[:, 100:112] = 220
    values = np.zeros((40, 50), np.float32)
    values[:, 25:] = 1
    mask = Mask(values, Region(0, 0, 160, 200))
    sure = cv2.resize(cv2.erode(values, np.ones((3, 3))), (200, 160), interpolation=cv2.INTER_LINEAR) > SURE
    whole = cv2.resize(values, (200, 160), interpolation=cv2.INTER_LINEAR)
    filtered = guided_coefficients(grey(guide), whole, round(CELLS * 4), 1e-4).answer(grey(guide))
    assert filtered[sure].min() < 0.95, "the guide alone would make the print thinner"
    a, b = outline(grey(guide), mask, 1e-4)
    assert (a[sure] == 0).all() and (b[sure] == 1).all() and (refine(guide, mask, 1e-4)[sure] == 1).all()
