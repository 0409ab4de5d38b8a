"""A teacher's word: heard only where it is sure, never against a label, never on pictures that it misunderstood."""
from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_people import HAIR, PEOPLE, VAL, drawn_person, labelled, write_picture

from edge.errors import DataError
from quantize.dataset import PreparedSet
from quantize.manifest import ALLOWED, Entry
from quantize.prepare import prepare
from quantize.taught import Teacher, unlabelled_entries, unlabelled_pictures

HEIGHT, WIDTH = 160, 120


def certainty(person: np.ndarray) -> np.ndarray:
    """(h, w) bool → the probability of a teacher who is right and sure, and unsure along the outline."""
    return cv2.blur(person.astype(np.float32), (5, 5))


def teach(folder: Path, source: str, stem: str, probability: np.ndarray) -> Path:
    """Writes a teacher's word (h, w) float32 in 0..1 and returns the teacher's folder."""
    write_picture(folder / source / f"{stem}.png", np.round(probability * 255).astype(np.uint8))
    return folder


def entry(stem: str = "06", source: str = "figaro", split: str = "train") -> Entry:
    return Entry(Path(f"{stem}.jpg"), Path(f"{stem}.png"), source, split, "hair", 0.5, WIDTH, HEIGHT, "free")


@pytest.fixture
def classes() -> np.ndarray:
    """A drawn person: (HEIGHT, WIDTH) classes."""
    return drawn_person(6, HEIGHT, WIDTH)[1]


@pytest.mark.parametrize("supervision", ["hair", "hair_skin"])
def test_what_a_label_leaves_open_is_closed_where_the_teacher_is_sure(classes: np.ndarray, tmp_path: Path,
                                                                      supervision: str) -> None:
    mask, seen = labelled(classes, supervision), certainty(classes > 0)
    filled = Teacher(teach(tmp_path, "figaro", "06", seen)).completed(entry(), mask)
    is_open = np.isin(mask, (250, 251))
    assert (filled[is_open & (seen == 0)] == 0).all()
    assert set(np.unique(filled[is_open & (seen == 1)])) == {249 if supervision == "hair" else 248}
    unsure = is_open & (seen > 0.3) & (seen < 0.7)
    assert unsure.any() and (filled[unsure] == mask[unsure]).all()


def test_an_ignored_pixel_becomes_person_or_background(classes: np.ndarray, tmp_path: Path) -> None:
    mask = np.where(classes == HAIR, HAIR, 255).astype(np.uint8)
    filled = Teacher(teach(tmp_path, "figaro", "06", (classes > 0).astype(np.float32))).completed(entry(), mask)
    assert (filled[(mask == 255) & (classes > 0)] == 254).all() and (filled[classes == 0] == 0).all()


@pytest.mark.parametrize("supervision", ["person", "parts", "hair", "hair_skin", "mixed"])
@pytest.mark.parametrize("says", [0.0, 1.0])
def test_a_label_always_wins(classes: np.ndarray, tmp_path: Path, supervision: str, says: float) -> None:
    mask = labelled(classes, supervision)
    teacher = Teacher(teach(tmp_path, "figaro", "06", np.full(mask.shape, says, np.float32)))
    filled = teacher.completed(entry(), mask)
    for value in np.unique(mask):
        allowed = [set(ALLOWED[left]) <= set(ALLOWED[value]) for left in np.unique(filled[mask == value])]
        assert all(allowed), "a teacher may narrow a label, never contradict it"
    closed = ~np.isin(mask, (250, 251, 255))
    np.testing.assert_array_equal(filled[closed], mask[closed])


def test_a_teacher_who_calls_labelled_hair_background_is_not_heard(classes: np.ndarray, tmp_path: Path) -> None:
    mask = labelled(classes, "hair")
    nobody, shifted = np.zeros(mask.shape, np.float32), np.roll(certainty(classes > 0), 60, axis=1)
    for seen in (nobody, shifted):
        assert (seen[mask == HAIR] < 0.25).mean() > 0.2
        filled = Teacher(teach(tmp_path, "figaro", "06", seen)).completed(entry(), mask)
        np.testing.assert_array_equal(filled, mask)


def test_a_mask_without_anything_certain_is_left_alone(tmp_path: Path) -> None:
    mask = np.full((HEIGHT, WIDTH), 250, np.uint8)
    teacher = Teacher(teach(tmp_path, "figaro", "06", np.ones(mask.shape, np.float32)))
    np.testing.assert_array_equal(teacher.completed(entry(), mask), mask)


def test_a_picture_that_the_teacher_has_not_seen_keeps_its_mask(classes: np.ndarray, tmp_path: Path) -> None:
    teacher, mask = Teacher(teach(tmp_path, "figaro", "06", np.ones((4, 4), np.float32))), labelled(classes, "hair")
    assert teacher.completed(entry("07"), mask) is mask
    assert teacher.completed(entry(source="lfwparts"), mask) is mask


def test_a_word_of_another_size_is_refused_with_both_sizes(classes: np.ndarray, tmp_path: Path) -> None:
    teacher = Teacher(teach(tmp_path, "figaro", "06", np.ones((HEIGHT, WIDTH + 1), np.float32)))
    with pytest.raises(DataError) as caught:
        teacher.completed(entry(), labelled(classes, "hair"))
    assert str(caught.value) == f"{tmp_path / 'figaro' / '06.png'}: is 121×160; its picture is 120×160"
    (tmp_path / "figaro" / "06.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"06\.png: cannot be decoded; its picture is 120×160"):
        teacher.completed(entry(), labelled(classes, "hair"))


def test_a_folder_that_is_no_teacher_s_is_refused_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        Teacher(tmp_path / "none")
    assert str(caught.value) == (f"{tmp_path / 'none'}: holds no SOURCE/STEM.png; `python -m tools.teacher DATA --out "
                                 f"{tmp_path / 'none'}`")


def put_unlabelled(folder: Path) -> dict[str, np.ndarray]:
    """Three pictures: one well seen, one mostly unsure, one with hardly anybody; stem → the teacher's word."""
    words = {}
    for number, stem in enumerate(("clear", "unsure", "empty")):
        pixels, classes = drawn_person(20 + number, 120, 90)
        write_picture(folder / "more" / f"{stem}.jpg", pixels)
        words[stem] = certainty(classes > 0)
    words["unsure"] = words["unsure"] * 0.5 + 0.2
    words["empty"] = words["empty"] * 0
    (folder / "about.txt").write_text("where they come from")
    return words


@pytest.fixture
def taught(data: Path, tmp_path: Path) -> Path:
    """What a teacher says of unlabelled/ and of picture 06, the one with hair alone."""
    folder = tmp_path / "taught"
    for stem, word in put_unlabelled(data / "unlabelled").items():
        teach(folder, "unlabelled", stem, word)
    size = cv2.imread(str(data / "masks" / "06.png"), cv2.IMREAD_GRAYSCALE).shape
    return teach(folder, "figaro", "06", certainty(drawn_person(6, *size)[1] > 0))


def test_unlabelled_pictures_that_the_teacher_was_unsure_of_are_left_out(data: Path, taught: Path) -> None:
    found = unlabelled_entries(data, Teacher(taught))
    assert [(e.image.name, e.source, e.split, e.mask) for e in found] == [
        ("clear.jpg", "unlabelled", "train", found[0].image)]
    assert (found[0].height, found[0].width) == (120, 90)


def test_unlabelled_pictures_may_lie_beside_the_data_folder(data: Path) -> None:
    put_unlabelled(data.parent / "unlabelled")
    assert [path.stem for path in unlabelled_pictures(data)] == ["clear", "empty", "unsure"]


def test_two_unlabelled_pictures_with_one_stem_are_refused(data: Path) -> None:
    put_unlabelled(data / "unlabelled")
    (data / "unlabelled" / "clear.jpg").write_bytes((data / "unlabelled" / "more" / "clear.jpg").read_bytes())
    with pytest.raises(DataError, match=r"clear\.\w+: .*clear\.\w+ has the same stem"):
        unlabelled_pictures(data)


def test_a_taught_set_holds_more_labels_and_the_same_validation(data: Path, taught: Path, sets: Path,
                                                                tmp_path: Path) -> None:
    counts = prepare(data, tmp_path / "sets", taught=taught)
    assert (counts["train"], counts["val"]) == (len(PEOPLE) - VAL + 1, VAL)
    plain, fuller = PreparedSet(sets / "small"), PreparedSet(tmp_path / "sets" / "small")
    assert Counter(row["source"] for row in fuller.rows)["unlabelled"] == 1
    place = [row["image"] for row in fuller.rows].index("06.jpg")
    assert {0, 2, 249} <= set(np.unique(fuller.picture(place).mask)) and 249 not in plain.picture(6).mask
    for mine, theirs in zip(fuller.val, plain.val, strict=True):
        np.testing.assert_array_equal(fuller.picture(mine).mask, plain.picture(theirs).mask)
    unlabelled = next(fuller.picture(i) for i in fuller.train if fuller.picture(i).source == "unlabelled")
    assert {0, 254} <= set(np.unique(unlabelled.mask)) <= {0, 254, 255}
    assert fuller.sha256 != plain.sha256


def test_the_teacher_is_not_asked_about_validation_pictures(data: Path, taught: Path, tmp_path: Path) -> None:
    path = data / "manifest.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("06.png,figaro,train", "06.png,figaro,val"), "utf-8")
    prepare(data, tmp_path / "sets", taught=taught)
    made = PreparedSet(tmp_path / "sets" / "small")
    place = [row["image"] for row in made.rows].index("06.jpg")
    assert place in made.val and set(np.unique(made.picture(place).mask)) == {2, 250}


def test_the_command_takes_a_teacher_s_folder(data: Path, taught: Path, tmp_path: Path, masque_quantize) -> None:
    done = masque_quantize("prepare", data, "--out", tmp_path / "sets", "--taught", taught, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["train"] == len(PEOPLE) - VAL + 1
    done = masque_quantize("prepare", data, "--out", tmp_path / "more", "--taught", tmp_path / "none")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "holds no SOURCE/STEM.png" in done.err and not (tmp_path / "more").exists()
