"""Spoiled pictures: shape, type and truth stay together, invented pixels are unknown, a name is a picture."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_people import drawn_person, labelled

from edge.errors import DataError
from quantize.judge.robust import CROP, SPOILERS, UNSPOILED, robust_cases, with_change
from quantize.metrics import boundary_f, iou


def light_person(number: int = 3, height: int = 160, width: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """A light person before a dark wall: the picture itself tells the truth."""
    mask = labelled(drawn_person(number, height, width)[1], "person")
    return np.where(mask[..., None] > 0, 240, 20).repeat(3, axis=2).astype(np.uint8), mask


def spoiled(name: str, pixels: np.ndarray, mask: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return SPOILERS[name](pixels, mask, np.random.default_rng(seed))


@pytest.mark.parametrize("name", SPOILERS)
def test_spoiling_keeps_type_shape_and_the_original(name: str) -> None:
    pixels, mask = light_person()
    kept = pixels.copy(), mask.copy()
    made, truth = spoiled(name, pixels, mask)
    assert (made.dtype, truth.dtype) == (np.uint8, np.uint8) and made.shape == (*truth.shape, 3)
    size = tuple(round(CROP * side) for side in mask.shape) if name == "cropped" else mask.shape
    assert truth.shape == size
    assert set(np.unique(truth)) <= {0, 254, 255} and (255 in truth) == name.startswith("turned")
    np.testing.assert_array_equal(pixels, kept[0])
    np.testing.assert_array_equal(mask, kept[1])


@pytest.mark.parametrize("name", sorted(set(SPOILERS) - {"backlit"}))
def test_the_truth_goes_where_the_picture_goes(name: str) -> None:
    made, truth = spoiled(name, *light_person())
    grey = made.mean(axis=2)
    seen = grey > (grey[truth == 254].mean() + grey[truth == 0].mean()) / 2
    assert iou(seen, truth == 254, truth != 255) > 0.93


def test_turning_is_anticlockwise_and_back_again_is_the_same_truth() -> None:
    pixels, mask = light_person()
    pixels[:80, :60] = (255, 0, 0)
    _, left = spoiled("turned_+30", pixels, mask)
    _, right = spoiled("turned_-30", pixels, mask)
    columns = [np.nonzero(truth[:60] == 254)[1].mean() for truth in (left, mask, right)]
    assert columns[0] < columns[1] < columns[2], "the head leans to the left, then to the right"
    _, back = spoiled("turned_-30", pixels, left)
    assert iou(back == 254, mask == 254, back != 255) > 0.95


@pytest.mark.parametrize("name", ["turned_+30", "turned_-15"])
def test_where_the_turned_picture_ends_nobody_has_an_outline(name: str) -> None:
    """Somebody who is seen to go on into the invented corner is right."""
    pixels, mask = light_person()
    mask[120:] = 254
    _, truth = spoiled(name, pixels, mask)
    assert (truth[-1] == 255).any()
    assert boundary_f((truth == 254) | (truth == 255), truth == 254, truth != 255) > 0.99


def test_a_crop_is_a_window_of_the_picture_and_cuts_the_person() -> None:
    pixels, classes = drawn_person(4, 160, 120)
    mask = labelled(classes, "person")
    for seed in range(10):
        made, truth = spoiled("cropped", pixels, mask, seed)
        found = [(top, left) for top in range(160 - truth.shape[0] + 1) for left in range(120 - truth.shape[1] + 1)
                 if (pixels[top, left] == made[0, 0]).all()
                 and np.array_equal(pixels[top : top + truth.shape[0], left : left + truth.shape[1]], made)]
        assert len(found) == 1
        top, left = found[0]
        np.testing.assert_array_equal(truth, mask[top : top + truth.shape[0], left : left + truth.shape[1]])
        assert 0 < (truth > 0).sum() < (mask > 0).sum()


def test_light_goes_the_way_the_names_say() -> None:
    pixels = np.full((160, 120, 3), (150, 120, 90), np.uint8)
    _, mask = light_person()
    assert spoiled("dark", pixels, mask)[0].mean() < 0.4 * pixels.mean()
    lit = spoiled("backlit", pixels, mask)[0].mean(axis=2)
    assert lit[mask > 0].mean() < 0.8 * 120 and lit[:20, :20].mean() > 1.3 * 120
    grey = spoiled("grey", pixels, mask)[0]
    assert (np.ptp(grey, axis=2) == 0).all()


def test_backlight_draws_no_line_along_the_truth() -> None:
    """On a plain wall the mask must not be readable from the picture: neighbours across the contour look alike."""
    _, mask = light_person()
    lit = spoiled("backlit", np.full((160, 120, 3), 128, np.uint8), mask)[0].astype(int)
    assert np.abs(np.diff(lit[..., 0], axis=1)).max() <= 8 and np.abs(np.diff(lit[..., 0], axis=0)).max() <= 8


def test_each_chosen_picture_comes_as_it_is_and_once_per_spoiler(drawn_data: Path) -> None:
    cases = [make() for make in robust_cases(drawn_data, every=1)]
    assert [case.groups[0] for case in cases] == [UNSPOILED, *SPOILERS] * 2
    again = robust_cases(drawn_data, every=1)
    for one, two in zip(cases, again, strict=True):
        np.testing.assert_array_equal(one.pixels, two().pixels)
        np.testing.assert_array_equal(one.mask, two().mask)
    assert len(robust_cases(drawn_data)) == 1 + len(SPOILERS)


def test_the_table_says_how_far_each_lies_from_the_unspoiled() -> None:
    table = with_change({UNSPOILED: {"person_iou": 0.95}, "dark": {"person_iou": 0.9}, "grey": {"person_iou": 0.96}})
    assert {name: row["person_iou_change"] for name, row in table.items()} == {UNSPOILED: 0.0, "dark": -0.05,
                                                                              "grey": 0.01}


def test_data_without_the_source_is_refused(drawn_data: Path) -> None:
    with pytest.raises(DataError, match="no validation picture labels whole persons among nowhere"):
        robust_cases(drawn_data, source="nowhere")
