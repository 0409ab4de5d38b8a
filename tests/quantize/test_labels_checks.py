"""Bad annotations: every problem names file, picture, shape and both values, and nothing is written."""
from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_labels import HEIGHT, PERSON, WIDTH, WRITERS, Drawn, box, coco, complaint, cvat, labelme, mask_of, put, via

from edge.errors import OutputError
from quantize.labels.job import SHOWN, make_labels

BAD = {
    "misspelt": (Drawn("fcae", box(1, 1, 9, 9)), "class 'fcae' is not known; did you mean 'face'?"),
    "foreign": (Drawn("zebra", box(1, 1, 9, 9)), "class 'zebra' is not known; classes are background, face, hair, "
                                                 "clothes, body skin, headwear and ignore"),
    "nameless": (Drawn(" ", box(1, 1, 9, 9)), "class ' ' is not known"),
    "line": (Drawn("face", [(1, 1), (9, 9)]), "has 2 different points, a polygon needs 3"),
    "flat": (Drawn("face", [(1, 1), (9, 9), (5, 5)]), "covers no area: its 3 points lie on one line"),
    "crossed": (Drawn("face", [(0, 0), (9, 9), (9, 0), (0, 9)]),
                "crosses itself: the side from (0.0, 0.0) to (9.0, 9.0) and the side from (9.0, 0.0) to (0.0, 9.0)"),
    "outside": (Drawn("face", box(1, 1, 72.5, 9)),
                "reaches 12.5 px beyond the right edge (x = 72.5, the picture is 60 wide)"),
}


def test_a_pixel_beyond_the_edge_is_clipped(tmp_path: Path) -> None:
    make_labels(put(tmp_path / "a.json", labelme([Drawn("face", box(-1, -1, 61, 81))])), tmp_path / "masks")
    assert (mask_of(tmp_path / "masks" / "one.png") == 1).all()


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "via.json"])
@pytest.mark.parametrize("case", BAD)
def test_a_bad_shape_is_named_with_its_figures(name: str, case: str, tmp_path: Path) -> None:
    shape, said = BAD[case]
    file = put(tmp_path / name, WRITERS[name]([PERSON[0], shape]))
    message = complaint(file, tmp_path / "masks")
    assert message.startswith(f"{file}: one.jpg, shape 2") and said in message and "\n" not in message
    assert message.endswith("; nothing was written")


@pytest.mark.parametrize(("kind", "change"), [
    ("labelme.json", ('"shape_type": "polygon"', '"shape_type": "rectangle"')),
    ("cvat.xml", ("polygon", "box")),
    ("via.json", ('"name": "polygon"', '"name": "rect"')),
])
def test_shapes_other_than_polygons_are_refused(kind: str, change: tuple[str, str], tmp_path: Path) -> None:
    file = put(tmp_path / kind, WRITERS[kind](PERSON[:1]).replace(*change))
    name = change[1].rpartition(": ")[2].strip('"')
    assert complaint(file, tmp_path / "m") == (f"{file}: one.jpg, shape 1: is a {name}; only polygons are read; "
                                               "nothing was written")


@pytest.mark.parametrize(("text", "said"), [
    (cvat(PERSON[:1]).replace("10.00,50.00", "10.00"), "has points '10.00;50.00,50.00;50.00,80.00;'…, which are not"),
    (cvat(PERSON[:1]).replace("10.00,50.00", "nan,50.00"), "has a point that is no finite number"),
    (cvat(PERSON[:1]).replace('z_order="0"', 'z_order="top"'), "has z_order 'top', which is no whole number"),
    (coco(PERSON[:1]).replace('"category_id": 1', '"category_id": 9'), "category 9 is not among the file's categories"),
    (coco(PERSON[:1]).replace("[[10,", "[["), "has a polygon of 7 numbers; x and y come in pairs"),
    (via(PERSON[:1]).replace('"all_points_x": [10,', '"all_points_x": ['), "has 3 x and 4 y"),
    (via(PERSON[:1]).replace('"class"', '"a": "b", "c"'), "has its class in none of the region attributes"),
])
def test_a_shape_that_cannot_be_understood_is_named(text: str, said: str, tmp_path: Path) -> None:
    file = put(tmp_path / "in", text)
    assert complaint(file, tmp_path / "m").startswith(f"{file}: one.jpg, shape 1: {said}")


@pytest.mark.parametrize(("segmentation", "said"), [
    (None, "has no polygon"), ([], "has no polygon"),
    ({"size": [80, 60], "counts": "abc"}, "is compressed RLE (text); export polygons, or run lengths as numbers"),
    ({"size": [60, 80], "counts": [0, 4800]}, "has run lengths for 80×60, the picture is 60×80"),
    ({"size": [80, 60], "counts": [0, 4799]}, "has run lengths for 4799 pixels, the picture has 4800"),
    ({"size": [80, 60], "counts": [4800]}, "covers no area: its run lengths hold nothing but outside"),
    ({"size": [80, 60], "counts": [-5, 4805]}, "holds run length -5 or 4805, which no picture can have"),
])
def test_bad_run_lengths_of_coco_are_refused(segmentation: object, said: str, tmp_path: Path) -> None:
    document = json.loads(coco(PERSON[:1]))
    document["annotations"][0]["segmentation"] = segmentation
    assert said in complaint(put(tmp_path / "coco.json", json.dumps(document)), tmp_path / "m")


def test_all_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.json", labelme([shape for shape, _ in BAD.values()], "a.jpg"))
    put(tmp_path / "in" / "b.xml", cvat([BAD["line"][0], *PERSON], "b.jpg"))
    put(tmp_path / "in" / "c.json", "{}")
    put(tmp_path / "in" / "d.json", labelme(PERSON, "d.jpg"))
    first, *lines, last = complaint(tmp_path / "in", tmp_path / "masks").splitlines()
    assert first == f"{tmp_path / 'in'}: {len(BAD) + 2} problems:"
    assert len(lines) == len(BAD) + 2 and sum("c.json" in line for line in lines) == 1
    assert last == "nothing was written (--skip-bad writes the good ones)"


def test_of_very_many_problems_the_first_and_the_count_are_told(tmp_path: Path) -> None:
    message = complaint(put(tmp_path / "a.json", labelme([BAD["line"][0]] * 50)), tmp_path / "masks")
    assert message.count("has 2 different points") == SHOWN and "… and 30 more" in message and "50 problems" in message


def test_skip_bad_writes_the_good_pictures_and_lists_the_bad(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.json", labelme([BAD["line"][0]], "a.jpg"))
    put(tmp_path / "in" / "b.json", labelme(PERSON, "b.jpg"))
    put(tmp_path / "in" / "c.json", "{}")
    report = make_labels(tmp_path / "in", tmp_path / "masks", skip_bad=True)
    assert [row["image"] for row in report["pictures"]] == ["b.jpg"] and len(report["problems"]) == 2
    assert {path.name for path in (tmp_path / "masks").iterdir()} == {"b.png", "labels.json"}


def test_skip_bad_with_nothing_good_is_an_error(tmp_path: Path) -> None:
    file = put(tmp_path / "a.json", labelme([BAD["line"][0]]))
    assert complaint(file, tmp_path / "masks", skip_bad=True).endswith("a polygon needs 3; nothing was written")


@pytest.mark.parametrize("name", WRITERS)
def test_a_picture_s_size_must_be_known(name: str, tmp_path: Path) -> None:
    file = put(tmp_path / name, WRITERS[name](PERSON, width=None))
    assert "does not say how large the picture is" in complaint(file, tmp_path / "masks")


@pytest.mark.parametrize("name", WRITERS)
def test_a_size_that_is_not_said_is_taken_from_the_picture(name: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.jpg"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    make_labels(put(tmp_path / name, WRITERS[name](PERSON, width=None, height=None)), tmp_path / "masks")
    assert mask_of(tmp_path / "masks" / "one.png").shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize("name", WRITERS)
def test_a_size_other_than_the_picture_s_is_refused_with_both(name: str, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "one.jpg"), np.zeros((HEIGHT, 50, 3), np.uint8))
    message = complaint(put(tmp_path / name, WRITERS[name](PERSON)), tmp_path / "m", images=tmp_path / "pictures")
    assert f"is 60×80 for the annotation, {tmp_path / 'pictures' / 'one.jpg'} is 50×80" in message


@pytest.mark.parametrize(("width", "height"), [(0, 80), (-60, 80), (2_000_000, 100)])
def test_an_impossible_size_is_refused(width: int, height: int, tmp_path: Path) -> None:
    message = complaint(put(tmp_path / "a.json", labelme(PERSON, width=width, height=height)), tmp_path / "masks")
    assert f"a picture of {width}×{height} cannot be; 1×1 to 100 megapixels can" in message


@pytest.mark.parametrize("name", ["", "..", "a\x00b.jpg", "x" * 201, "a/.."])
def test_a_name_that_cannot_be_a_file_is_refused(name: str, tmp_path: Path) -> None:
    assert "cannot be a file's name" in complaint(put(tmp_path / "a.json", labelme(PERSON, name)), tmp_path / "masks")


@pytest.mark.parametrize("name", ["../../one.jpg", "/etc/one.jpg", "..\\..\\one.jpg", "C:\\x\\one.jpg"])
@pytest.mark.parametrize("schema", WRITERS)
def test_no_name_leads_out_of_the_folder(schema: str, name: str, tmp_path: Path) -> None:
    make_labels(put(tmp_path / schema, WRITERS[schema](PERSON, name)), tmp_path / "deep" / "er" / "masks")
    assert {path.name for path in tmp_path.rglob("*.png")} == {"one.png"}
    assert (tmp_path / "deep" / "er" / "masks" / "one.png").is_file()


def test_two_pictures_of_one_mask_name_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.json", labelme(PERSON, "one.jpg"))
    put(tmp_path / "in" / "b.json", labelme(PERSON, "one.png"))
    assert "shares its mask's name one.png" in complaint(tmp_path / "in", tmp_path / "masks")


def test_the_same_picture_twice_by_nobody_in_particular_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a" / "1.json", labelme(PERSON))
    put(tmp_path / "in" / "b" / "2.json", labelme(PERSON))
    message = complaint(tmp_path / "in", tmp_path / "masks")
    assert f"was labelled by an annotator without a name in {tmp_path / 'in' / 'a' / '1.json'} already" in message
    assert "--annotators" in message


def test_annotators_of_different_sizes_or_folders_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "in" / "anna" / "a.json", labelme(PERSON))
    put(tmp_path / "in" / "ben" / "a.json", labelme(PERSON, height=90))
    assert "is 60×80 and 60×90 for its annotators" in complaint(tmp_path / "in", tmp_path / "m", by_folder=True)
    put(tmp_path / "two" / "anna" / "a.xml", cvat(PERSON, "monday/one.jpg"))
    put(tmp_path / "two" / "ben" / "a.xml", cvat(PERSON, "friday/one.jpg"))
    assert "lies in friday for one and in monday for another" in complaint(tmp_path / "two", tmp_path / "m",
                                                                          by_folder=True)


def test_masks_never_go_among_the_polygons(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.json", labelme(PERSON))
    with pytest.raises(OutputError, match="is the folder of the polygons too"):
        make_labels(tmp_path / "in", tmp_path / "in")
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.json"]
