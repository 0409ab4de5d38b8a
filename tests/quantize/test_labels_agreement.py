"""Agreement: perfect with oneself, exact for a shifted square, blind to ignored pixels; most votes make the mask."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from drawn_labels import PERSON, WRITERS, Drawn, box, labelme, mask_of, put
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantize.labels.agreement import agreements, majority, outline_distances, summary
from quantize.labels.job import make_labels

VALUES = (0, 1, 2, 3, 4, 5, 255)

masks = arrays(np.uint8, (9, 7), elements=st.sampled_from(VALUES))


def square(left: int, value: int = 1, side: int = 20) -> np.ndarray:
    mask = np.zeros((40, 60), np.uint8)
    mask[10 : 10 + side, left : left + side] = value
    return mask


@given(mask=masks)
def test_everybody_agrees_with_themselves(mask: np.ndarray) -> None:
    same, = agreements({"anna": mask, "ben": mask})
    assert same.mean_iou == 1.0 and set(same.iou.values()) <= {1.0}
    assert set(same.distance_px.values()) | set(same.distance_p95_px.values()) <= {0.0}


@pytest.mark.parametrize("shift", [1, 4, 10, 20])
def test_a_shifted_square_has_its_exact_overlap(shift: int) -> None:
    pair, = agreements({"anna": square(10), "ben": square(10 + shift)})
    face = (20 - shift) / (20 + shift)
    background = (2400 - 20 * (20 + shift)) / (2400 - 20 * (20 - shift))
    assert pair.iou == {"background": pytest.approx(background, abs=1e-4), "face": pytest.approx(face, abs=1e-4),
                        "person": pytest.approx(face, abs=1e-4)}
    assert pair.mean_iou == pytest.approx((face + background) / 2, abs=1e-4)


def test_a_shifted_edge_is_exactly_as_far_as_it_was_shifted() -> None:
    halves = [np.broadcast_to(np.arange(60) < at, (40, 60)) for at in (20, 27)]
    away = outline_distances(*halves, np.ones((40, 60), bool))
    assert away.shape == (80,) and (away == 7).all()


def test_distances_count_both_ways() -> None:
    small, large = square(20, side=6) > 0, square(10, side=25) > 0
    known = np.ones((40, 60), bool)
    np.testing.assert_allclose(np.sort(outline_distances(small, large, known)),
                               np.sort(outline_distances(large, small, known)), rtol=1e-5)


def test_a_class_that_only_one_drew_has_no_distance_and_no_overlap() -> None:
    pair, = agreements({"anna": square(10, 1), "ben": square(10, 2)})
    assert pair.iou == {"background": 1.0, "face": 0.0, "hair": 0.0, "person": 1.0}
    assert pair.distance_px == {"person": 0.0} and pair.mean_iou == pytest.approx(1 / 3, abs=1e-4)


def test_pixels_that_either_ignores_change_nothing() -> None:
    first, second = square(10), square(10)
    second[:, 20:30] = 255
    pair, = agreements({"anna": first, "ben": second})
    assert pair.mean_iou == 1.0 and set(pair.distance_px.values()) == {0.0}


@given(first=masks, second=masks)
def test_agreement_is_symmetric_and_lies_within_its_range(first: np.ndarray, second: np.ndarray) -> None:
    one, = agreements({"anna": first, "ben": second})
    other, = agreements({"anna": second, "ben": first})
    assert (one.iou, one.mean_iou) == (other.iou, other.mean_iou)
    assert all(0 <= value <= 1 for value in one.iou.values())
    assert one.distance_px == pytest.approx(other.distance_px, abs=2e-3)
    assert one.distance_p95_px == pytest.approx(other.distance_p95_px, abs=2e-3)


def test_every_pair_is_compared() -> None:
    pairs = agreements({name: square(10) for name in ("cleo", "anna", "ben")})
    assert [pair.annotators for pair in pairs] == [("anna", "ben"), ("anna", "cleo"), ("ben", "cleo")]
    assert summary([pairs, []])["pairs"] == 3 and summary([[]]) == {}


@given(votes=st.lists(masks, min_size=1, max_size=5))
def test_most_votes_win_and_a_tie_is_ignored(votes: list[np.ndarray]) -> None:
    chosen = majority(votes)
    for place in np.ndindex(chosen.shape):
        given_here = [int(mask[place]) for mask in votes]
        most = max(map(given_here.count, given_here))
        winners = {value for value in given_here if given_here.count(value) == most}
        assert chosen[place] == (winners.pop() if len(winners) == 1 else 255)


@given(votes=st.lists(masks, min_size=2, max_size=4), data=st.data())
def test_the_order_of_annotators_does_not_matter(votes: list[np.ndarray], data: st.DataObject) -> None:
    np.testing.assert_array_equal(majority(data.draw(st.permutations(votes))), majority(votes))


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_labels_by_two_agree_in_every_schema(name: str, tmp_path: Path) -> None:
    for annotator in ("anna", "ben"):
        put(tmp_path / "in" / annotator / name, WRITERS[name](PERSON))
    report = make_labels(tmp_path / "in", tmp_path / "masks", by_folder=True)
    assert report["agreement"]["mean_iou"] == 1.0 and report["agreement"]["distance_px"]["person"] == 0.0
    assert report["pictures"][0]["annotators"] == ["anna", "ben"]
    make_labels(tmp_path / "in" / "anna", tmp_path / "alone")
    np.testing.assert_array_equal(mask_of(tmp_path / "masks" / "one.png"), mask_of(tmp_path / "alone" / "one.png"))


def test_three_annotators_of_one_file_vote(tmp_path: Path) -> None:
    shapes = [Drawn("face", box(left, 0, left + 20, 20), annotator=name)
              for left, name in ((0, "anna"), (10, "ben"), (10, "cleo"))]
    report = make_labels(put(tmp_path / "a.json", labelme(shapes)), tmp_path / "masks")
    mask = mask_of(tmp_path / "masks" / "one.png")
    assert not mask[:20, :10].any() and (mask[:20, 10:30] == 1).all()
    assert json.loads((tmp_path / "masks" / "labels.json").read_text(encoding="utf-8")) == report
    faces = {tuple(pair["annotators"]): pair["iou"]["face"] for pair in report["pictures"][0]["agreement"]}
    assert faces == {("anna", "ben"): 0.3333, ("anna", "cleo"): 0.3333, ("ben", "cleo"): 1.0}
    assert report["agreement"]["iou"]["face"] == pytest.approx(5 / 9, abs=1e-3)


def test_where_two_differ_nobody_decides(tmp_path: Path) -> None:
    shapes = [Drawn("face", box(0, 0, 20, 20), annotator="anna"), Drawn("hair", box(0, 0, 20, 10), annotator="ben"),
              Drawn("face", box(0, 10, 20, 20), annotator="ben")]
    report = make_labels(put(tmp_path / "a.json", labelme(shapes)), tmp_path / "masks")
    assert report["pictures"][0]["pixels"]["ignore"] == 200 and report["pictures"][0]["pixels"]["face"] == 200
