"""Readers: the same shapes give the same mask whichever tool wrote them, and foreign files are refused by name."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from drawn_labels import HEIGHT, PERSON, WIDTH, WRITERS, Drawn, box, coco, complaint, cvat, labelme, mask_of, put, via

from edge.errors import DataError
from quantize.labels import annotation_files
from quantize.labels.annotation_files import SCHEMAS, read_annotations, read_file
from quantize.labels.job import make_labels


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    """PERSON painted by hand, but for the slanted outlines."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[50:80, 10:50] = 3
    mask[42:54, 25:35] = 4
    mask[60:75, 5:16] = 0
    mask[70:80, 40:50] = 255
    return mask


@pytest.mark.parametrize("name", WRITERS)
def test_every_schema_gives_the_same_mask(name: str, tmp_path: Path, expected: np.ndarray) -> None:
    make_labels(put(tmp_path / name, WRITERS[name](PERSON)), tmp_path / "masks")
    mask = mask_of(tmp_path / "masks" / "one.png")
    make_labels(put(tmp_path / "reference.json", labelme(PERSON)), tmp_path / "reference")
    np.testing.assert_array_equal(mask, mask_of(tmp_path / "reference" / "one.png"))
    np.testing.assert_array_equal(mask[46:], expected[46:])
    assert (mask[20:24, 21:39] == 1).all() and mask[5, 30] == 5 and mask[25, 17] == 2 and mask[40, 30] == 1


@pytest.mark.parametrize("name", WRITERS)
def test_the_schema_is_known_by_the_content_not_by_the_name(name: str, tmp_path: Path) -> None:
    file = put(tmp_path / "export", "\ufeff\n" + WRITERS[name](PERSON) if name == "via.json" else WRITERS[name](PERSON))
    read, = read_file(file)
    assert (read.image, len(read.shapes)) == ("one.jpg", len(PERSON))


def test_a_folder_may_mix_schemas_and_subfolders(tmp_path: Path) -> None:
    for name, writer in WRITERS.items():
        put(tmp_path / "in" / name[:3] / name, writer(PERSON, f"{name[:4]}.jpg"))
    put(tmp_path / "in" / "notes.txt", "not an annotation")
    put(tmp_path / "in" / ".hidden.json", "{}")
    report = make_labels(tmp_path / "in", tmp_path / "masks")
    assert [row["image"] for row in report["pictures"]] == ["coco.jpg", "cvat.jpg", "labe.jpg", "via..jpg"]


def test_via_s_exported_annotations_are_read_like_its_project(tmp_path: Path) -> None:
    project = json.loads(via(PERSON))
    export = put(tmp_path / "export.json", json.dumps(project["_via_img_metadata"]))
    whole = put(tmp_path / "project.json", json.dumps(project))
    assert [s.label for s in read_file(export)[0].shapes] == [s.label for s in read_file(whole)[0].shapes]


@pytest.mark.parametrize(("attributes", "label"), [
    ({"label": "face"}, "face"),
    ({"part": "hair", "person": "1"}, "hair"),
    ({"class": {"hair": False, "face": True}}, "face"),
    ({"class": "hair", "quality": "good"}, "hair"),
])
def test_via_s_class_may_have_any_usual_name(attributes: dict, label: str, tmp_path: Path) -> None:
    project = json.loads(via(PERSON[:1]))
    project["_via_img_metadata"]["one.jpg123"]["regions"][0]["region_attributes"] = attributes
    assert read_file(put(tmp_path / "via.json", json.dumps(project)))[0].shapes[0].label == label


def test_cvat_s_z_order_beats_the_file_s_order(tmp_path: Path) -> None:
    shapes = (Drawn("hair", box(0, 0, 20, 20), z=2), Drawn("face", box(0, 0, 20, 20), z=1),
              Drawn("cap", box(0, 10, 20, 20), z=2))
    make_labels(put(tmp_path / "cvat.xml", cvat(shapes)), tmp_path / "masks")
    mask = mask_of(tmp_path / "masks" / "one.png")
    assert set(mask[:10, :20].flat) == {2} and set(mask[10:20, :20].flat) == {5}


def test_coco_s_run_lengths_count_down_the_columns(tmp_path: Path) -> None:
    document = json.loads(coco([Drawn("face", box(1, 0, 2, 3))], width=4, height=3))
    document["annotations"][0]["segmentation"] = {"size": [3, 4], "counts": [2, 5, 5]}
    make_labels(put(tmp_path / "coco.json", json.dumps(document)), tmp_path / "masks")
    assert mask_of(tmp_path / "masks" / "one.png").tolist() == [[0, 1, 1, 0], [0, 1, 0, 0], [1, 1, 0, 0]]


@pytest.mark.parametrize("segmentation", [[[0, 0, 9, 0, 9, 9, 0, 9]], [0, 0, 9, 0, 9, 9, 0, 9],
                                          [[0, 0, 5, 0, 5, 9, 0, 9], [5, 0, 9, 0, 9, 9, 5, 9]]])
def test_coco_s_polygons_of_one_annotation_are_joined(segmentation: list, tmp_path: Path) -> None:
    document = json.loads(coco([Drawn("face", ())]))
    document["annotations"][0]["segmentation"] = segmentation
    make_labels(put(tmp_path / "coco.json", json.dumps(document)), tmp_path / "masks")
    assert (mask_of(tmp_path / "masks" / "one.png") == 1).sum() == 81


@pytest.mark.parametrize(("content", "said"), [
    ("", "is neither XML nor whole JSON"),
    ("{", "is neither XML nor whole JSON"),
    ("[1, 2]", "is JSON, but no object with names"),
    ("{}", "is JSON with nothing in it"),
    ('{"project": {}, "config": {}, "file": {}}', "is JSON with config, file, project"),
    ('{"images": [], "info": {}}', "is JSON with images, info"),
    ('{"a":' * 100_000, "is neither XML nor whole JSON"),
    ("<annotation><object/></annotation>", "is XML of <annotation>"),
    ("<", "is no whole XML"),
])
def test_a_foreign_file_is_refused_with_the_schemas_that_are_known(content: str, said: str, tmp_path: Path) -> None:
    file = put(tmp_path / "foreign.json", content)
    message = complaint(file, tmp_path / "masks")
    assert message.startswith(f"{file}: {said}") and "\n" not in message
    assert all(schema in message for schema in SCHEMAS)


@pytest.mark.parametrize(("content", "said"), [
    (labelme(PERSON).replace("[10, 50]", '["ten", 50]'), "Expected `float`, got `str` - at `$.shapes[0].points[0][0]`"),
    (labelme(PERSON).replace("[10, 50]", "[10, 50, 1]"), "Expected `array` of length 2 - at `$.shapes[0].points[0]`"),
    (labelme(PERSON).replace("[10, 50]", "[NaN, 50]"), "is neither XML nor whole JSON"),
    (labelme(PERSON).replace("[10, 50]", "[1e999, 50]"), "out of range"),
    (coco(PERSON).replace('"image_id": 7', '"image_id": 8', 1), "annotation 1 is of image 8, which is none of the 1"),
    (coco(PERSON).replace('"images": [', '"images": [{"id": 7, "file_name": "b"}, '), "2 pictures share 1 ids"),
    (via(PERSON).replace('"all_points_x": [10', '"all_points_x": [null'), "Expected `float`, got `null`"),
    (cvat(PERSON).replace("</image>", ""), "looks like CVAT for images 1.1 XML, but is damaged: mismatched tag"),
    (cvat(PERSON).replace("<image", "<track/><image"), "is CVAT for video; export it again as CVAT for images 1.1"),
])
def test_a_damaged_file_says_where(content: str, said: str, tmp_path: Path) -> None:
    file = put(tmp_path / "damaged", content)
    message = complaint(file, tmp_path / "masks")
    assert message.startswith(f"{file}: ") and said in message and "\n" not in message


ENTITIES = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("doctype", [ENTITIES, '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
                                     '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'])
def test_xml_with_a_document_type_is_refused_before_any_entity(doctype: str, tmp_path: Path) -> None:
    text = cvat(PERSON).replace("<annotations>", f"{doctype}<annotations>").replace("hair", "&b;")
    assert "is XML of <!DOCTYPE>" in complaint(put(tmp_path / "bomb.xml", text), tmp_path / "masks")
    with pytest.raises(DataError, match="document type"):
        annotation_files.cvat.read_cvat(tmp_path / "bomb.xml", text.encode())


@pytest.mark.parametrize("encoding", ["rot13", "nothing", "utf-7"])
def test_xml_is_utf_8_whatever_it_declares(encoding: str, tmp_path: Path) -> None:
    text = cvat(PERSON, "bräutigam.jpg").replace("utf-8", encoding)
    assert read_file(put(tmp_path / "cvat.xml", text))[0].image == "bräutigam.jpg"


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotation_files, "MAX_FILE_BYTES", 1_000_000)
    file = put(tmp_path / "large.json", " " * 2_000_000)
    assert complaint(file, tmp_path / "masks").startswith(f"{file}: is 2 MB, at most 1 are read; export it in parts")


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert complaint(tmp_path / "empty", tmp_path / "m") == f"{tmp_path / 'empty'}: holds no .json or .xml file"
    assert complaint(tmp_path / "none", tmp_path / "m") == f"{tmp_path / 'none'}: no such file or folder"


def test_annotators_are_told_apart_by_attribute_or_by_folder(tmp_path: Path) -> None:
    shapes = [Drawn("face", box(0, 0, 9, 9), annotator=name) for name in ("ben", "anna", "")]
    for number, (name, writer) in enumerate(WRITERS.items()):
        put(tmp_path / "in" / f"{number}" / name, writer(shapes, f"{number}.jpg"))
    by_attribute, problems = read_annotations(tmp_path / "in")
    assert not problems
    assert [(a.image, a.annotator) for a in by_attribute] == [
        (f"{number}.jpg", name) for number in range(4) for name in ("", "anna", "ben")]
    by_folder, problems = read_annotations(tmp_path / "in", by_folder=True)
    assert [(a.image, a.annotator, len(a.shapes)) for a in by_folder] == [(f"{n}.jpg", f"{n}", 3) for n in range(4)]


def test_with_annotators_every_file_lies_in_a_folder(tmp_path: Path) -> None:
    file = put(tmp_path / "in" / "a.json", labelme(PERSON))
    assert "lies in no annotator's folder" in complaint(tmp_path / "in", tmp_path / "m", by_folder=True)
    assert "is a file; annotators are told apart" in complaint(file, tmp_path / "m", by_folder=True)
