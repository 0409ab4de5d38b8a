"""Six-class mIoU: a perfect answer scores 1, a known confusion its own figures, half-said labels only what they say."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_people import drawn_person
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.errors import DataError
from edge.frame import CLASSES, Labels, Mask, Region
from edge.photograph import read_photograph
from quantize.judge.parts import Confusion, evaluate_parts, still_classes
from quantize.manifest import read_manifest

classes = arrays(np.uint8, (7, 9), elements=st.integers(0, 5))
values = arrays(np.uint8, (7, 9), elements=st.sampled_from([0, 1, 2, 3, 4, 5, 250, 251, 252, 254, 255]))


def ious(seen: list[int], mask: list[int]) -> dict[str, float]:
    confusion = Confusion()
    confusion.add(np.array([seen], np.uint8), np.array([mask], np.uint8))
    return confusion.ious()


@given(truth=classes)
def test_the_truth_itself_scores_one_in_every_class_that_occurs(truth: np.ndarray) -> None:
    confusion = Confusion()
    confusion.add(truth, truth)
    assert confusion.ious() == {CLASSES[value]: 1.0 for value in np.unique(truth)}


def test_a_known_confusion_has_its_known_ious() -> None:
    found = ious(seen=[0, 0, 1, 1, 2, 2, 2, 3], mask=[0, 0, 0, 1, 2, 2, 3, 3])
    assert found == {"background": 2 / 3, "face": 1 / 2, "hair": 2 / 3, "clothes": 1 / 2}


def test_a_class_that_is_only_seen_costs_the_others_and_counts_for_none() -> None:
    assert ious(seen=[0, 5], mask=[0, 0]) == {"background": 1 / 2}


@pytest.mark.parametrize("value", [250, 251, 254, 255])
def test_labels_that_name_no_class_change_nothing(value: int) -> None:
    assert ious(seen=[0, 1, 2, 3], mask=[0, 1, value, value]) == {"background": 1.0, "face": 1.0}


def test_where_the_label_says_skin_face_and_body_skin_are_both_right() -> None:
    assert ious(seen=[1, 4, 4, 1, 0], mask=[252, 252, 1, 4, 0]) == {"background": 1.0, "skin": 1.0}


def test_missed_skin_and_invented_skin_cost() -> None:
    assert ious(seen=[1, 4, 2, 0, 1], mask=[252, 252, 252, 0, 0]) == {"background": 1 / 2, "skin": 2 / 4}


def test_face_and_body_skin_are_told_apart_where_no_label_says_skin() -> None:
    assert ious(seen=[1, 4], mask=[4, 1]) == {"face": 0.0, "body skin": 0.0}


@given(seen=classes, mask=values)
def test_one_matrix_over_two_halves_is_the_matrix_of_the_whole(seen: np.ndarray, mask: np.ndarray) -> None:
    whole, halves = Confusion(), Confusion()
    whole.add(seen, mask)
    for half in (slice(0, 4), slice(4, 9)):
        halves.add(seen[:, half], mask[:, half])
    np.testing.assert_array_equal(whole.counts, halves.counts)
    assert all(0 <= value <= 1 for value in whole.ious().values())


def test_a_source_is_scored_as_one_and_any_function_will_do(drawn_data: Path) -> None:
    entry = next(e for e in read_manifest(drawn_data) if e.split == "val" and e.supervision == "parts")
    shown = read_photograph(entry.image).pixels
    truth = drawn_person(int(entry.image.stem), *shown.shape[:2])[1]
    found = evaluate_parts(lambda pixels: truth, drawn_data)
    names = [CLASSES[value] for value in np.unique(truth)]
    assert found == {"ccp.parts_mean_iou": 1.0, **{f"ccp.parts_iou.{name}": 1.0 for name in names},
                     "ccp.parts_pictures": 1}
    blind = evaluate_parts(lambda pixels: np.zeros(pixels.shape[:2], np.uint8), drawn_data)
    assert blind["ccp.parts_mean_iou"] == pytest.approx((truth == 0).mean() / len(names), abs=1e-4)


def test_the_run_time_s_own_labels_are_what_is_scored(drawn_data: Path) -> None:
    """A labeller for which dark is hair and bright is clothes, wherever its segmenter sees somebody."""
    class HairIsDark:
        portrait = (80, 48)

        def segment(self, pixels: np.ndarray, region: Region) -> Mask:
            return Mask(np.ones((region.height, region.width), np.float32), region)

        def label(self, pixels: np.ndarray, region: Region) -> Labels:
            dark = region.cut(pixels)[..., 0] < 128
            parts = np.zeros((*dark.shape, len(CLASSES)), np.float32)
            parts[..., 2], parts[..., 3] = dark, ~dark
            return Labels(self.segment(pixels, region), parts)

    picture = np.full((160, 96, 3), 60, np.uint8)
    picture[80:] = 200
    found = still_classes(HairIsDark(), "small")(picture)
    assert found.shape == (160, 96) and (found[:70] == 2).all() and (found[90:] == 3).all()


def test_a_source_without_parts_is_refused(drawn_data: Path) -> None:
    with pytest.raises(DataError) as caught:
        evaluate_parts(lambda pixels: pixels[..., 0], drawn_data, ("picsart",))
    assert str(caught.value) == f"{drawn_data}: no validation picture labels parts among picsart"
