"""The labelling rules: which class a name is, what lies on top, and how many people are too many."""
from __future__ import annotations

from pathlib import Path

import pytest
from drawn_labels import WRITERS, Drawn, box, complaint, labelme, mask_of, put

from edge.frame import CLASSES
from quantize.labels.class_names import BENEATH, SYNONYMS, unknown_name, value_of
from quantize.labels.job import make_labels

FACES = [box(x, 5, x + 10, 20) for x in (2, 16, 30, 44)]


@pytest.mark.parametrize(("names", "value"), [
    ("face ears glasses goggles mask beard moustache earrings", 1),
    ("hair", 2),
    ("clothes hood scarf", 3),
    ("body_skin neck watch bracelet ring", 4),
    ("headwear hat cap headscarf", 5),
    ("background bag drink phone", 0),
    ("ignore", 255),
    ("necklace", BENEATH),
])
def test_the_rules_of_the_patent_decide_the_class(names: str, value: int) -> None:
    assert {name: value_of(name) for name in names.split()} == dict.fromkeys(names.split(), value)


@pytest.mark.parametrize("spelling", ["Body Skin", "body_skin", "BODY-SKIN", "  body   skin "])
def test_spelling_does_not_matter(spelling: str) -> None:
    assert value_of(spelling) == CLASSES.index("body skin")


def test_no_name_has_two_classes() -> None:
    names = [name for several in SYNONYMS.values() for name in several]
    assert len(names) == len(set(names)) and not set(names) & set(CLASSES)


@pytest.mark.parametrize(("label", "near"), [("glases", "glasses"), ("Head-wear", "headwear"), ("cloths", "clothes"),
                                             ("ignored", "ignore"), ("necklaces", "necklace")])
def test_a_near_name_is_suggested(label: str, near: str) -> None:
    assert value_of(label) is None and f"did you mean {near!r}?" in unknown_name(label)


def test_a_necklace_is_skin_over_skin_and_clothes_over_clothes(tmp_path: Path) -> None:
    shapes = (Drawn("necklace", box(0, 5, 20, 15)), Drawn("neck", box(0, 0, 20, 10)),
              Drawn("clothes", box(0, 10, 20, 20)), Drawn("necklace", box(0, 5, 20, 15)))
    make_labels(put(tmp_path / "a.json", labelme(shapes)), tmp_path / "masks")
    mask = mask_of(tmp_path / "masks" / "one.png")
    assert set(mask[:10, :20].flat) == {4} and set(mask[10:20, :20].flat) == {3}


def test_a_bag_is_cut_out_of_the_person_and_a_hand_may_lie_on_it(tmp_path: Path) -> None:
    shapes = (Drawn("clothes", box(0, 0, 30, 30)), Drawn("bag", box(0, 0, 20, 20)), Drawn("skin", box(0, 0, 5, 5)))
    report = make_labels(put(tmp_path / "a.json", labelme(shapes)), tmp_path / "masks")
    assert report["pictures"][0]["pixels"] == {"background": 4800 - 900 + 375, "face": 0, "hair": 0, "clothes": 500,
                                               "body skin": 25, "headwear": 0, "ignore": 0}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_people_are_counted_by_separate_faces(count: int, tmp_path: Path) -> None:
    shapes = [Drawn("face", face) for face in FACES[:count]] + [Drawn("face", box(3, 8, 11, 22)),
                                                                Drawn("ears", box(1, 60, 9, 70))]
    file = put(tmp_path / "a.json", labelme(shapes))
    if count > 3:
        assert "shows 4 people, at most 3 are labelled" in complaint(file, tmp_path / "masks")
    else:
        assert make_labels(file, tmp_path / "masks")["pictures"][0]["people"] == count


@pytest.mark.parametrize("name", WRITERS)
def test_people_are_counted_by_what_names_them(name: str, tmp_path: Path) -> None:
    two = [Drawn("face", face, person=str(1 + i % 2)) for i, face in enumerate(FACES)]
    bags = [Drawn("bag", face, person=str(5 + i)) for i, face in enumerate(FACES)]
    report = make_labels(put(tmp_path / name, WRITERS[name]([*two, *bags])), tmp_path / "masks")
    assert report["pictures"][0]["people"] == 2


@pytest.mark.parametrize("name", WRITERS)
def test_a_picture_of_four_people_is_skipped_and_the_others_are_written(name: str, tmp_path: Path) -> None:
    put(tmp_path / "in" / f"crowd-{name}", WRITERS[name]([
        Drawn("hair", face, person=str(i + 1)) for i, face in enumerate(FACES)], "crowd.jpg"))
    put(tmp_path / "in" / f"alone-{name}", WRITERS[name]([Drawn("hair", FACES[0])], "alone.jpg"))
    report = make_labels(tmp_path / "in", tmp_path / "masks")
    assert report["skipped"] == {"crowd.jpg": "shows 4 people, at most 3 are labelled"}
    assert {path.name for path in (tmp_path / "masks").iterdir()} == {"alone.png", "labels.json"}


def test_a_picture_without_shapes_is_not_taken_for_an_empty_scene(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.json", labelme((), "bare.jpg"))
    put(tmp_path / "in" / "b.json", labelme([Drawn("background", box(0, 0, 60, 80))], "empty.jpg"))
    report = make_labels(tmp_path / "in", tmp_path / "masks")
    assert report["skipped"] == {"bare.jpg": "nothing was drawn on it"}
    assert not mask_of(tmp_path / "masks" / "empty.png").any() and report["pictures"][0]["people"] == 0
