"""manifest.csv: whatever would spoil a training is refused at the door, in one line that names file and line."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from drawn_people import BOUND, PEOPLE, VAL, manifest_rows, write_manifest

from edge.errors import DataError
from edge.frame import CLASSES
from quantize.manifest import ALLOWED, COLUMNS, PERSON_VALUES, read_manifest

FIRST = 2
"""Line of the first row: the header stands on line 1."""


def complaint(data: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_manifest(data)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def spoilt(data: Path, row: int, **values: str) -> str:
    """What is said about a manifest whose row (0: the first) has these values."""
    rows = manifest_rows(data)
    rows[row].update(values)
    write_manifest(data, rows)
    return complaint(data)


def test_entries_come_in_file_order_with_paths_that_exist(data: Path) -> None:
    entries = read_manifest(data)
    assert [entry.image.name for entry in entries[:3]] == ["00.jpg", "01.jpg", "02.jpg"]
    assert all(entry.image.is_file() and entry.mask.is_file() for entry in entries)
    assert [entry.split for entry in entries[: len(PEOPLE)]].count("val") == VAL
    assert (entries[0].width, entries[0].height, entries[0].weight) == (120, 160, 0.5)


def test_an_identity_is_read_where_there_is_that_column(data: Path) -> None:
    assert {entry.identity for entry in read_manifest(data)} == {""}
    path = data / "manifest.csv"
    header, first, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([f"{header},identity", f"{first}, Ann ", *(f"{line}," for line in rest)]), "utf-8")
    assert [entry.identity for entry in read_manifest(data)][:3] == ["Ann", "", ""]


def test_every_mask_value_leaves_known_classes_open_and_the_wider_ones_hold_the_narrower() -> None:
    assert all(classes and set(classes) <= set(range(len(CLASSES))) for classes in ALLOWED.values())
    for wide, left in ((251, 248), (250, 249), (255, 254)):
        assert set(ALLOWED[left]) == set(ALLOWED[wide]) - {0}, "what is left of it where somebody is a person"
    assert set(PERSON_VALUES) == {1, 2, 3, 4, 5, 248, 249, 252, 254}


def test_a_licence_may_hold_commas(data: Path) -> None:
    assert {entry.licence for entry in read_manifest(data) if entry.source == "ccp"} == {BOUND}


def test_a_folder_without_a_manifest_is_refused_with_the_columns_it_needs(tmp_path: Path) -> None:
    assert complaint(tmp_path) == (f"{tmp_path / 'manifest.csv'}: no such file; a data folder holds manifest.csv with "
                                   f"columns {', '.join(COLUMNS)}")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(data: Path, column: str) -> None:
    path = data / "manifest.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(column, "surplus", 1), encoding="utf-8")
    assert complaint(data).startswith(f"{path}: column {column!r} is missing; wanted image, mask, ")


@pytest.mark.parametrize(("column", "value", "said"), [
    ("weight", "0", "weight is 0.0; it must lie in (0, 1]"),
    ("weight", "-0.5", "weight is -0.5"),
    ("weight", "1.5", "weight is 1.5"),
    ("weight", "nan", "weight is nan"),
    ("weight", "inf", "weight is inf"),
    ("weight", "heavy", "weight, width and height must be numbers"),
    ("width", "wide", "'wide'"),
    ("height", "1.5", "'1.5'"),
    ("width", "", "weight, width and height must be numbers"),
    ("split", "test", "split is 'test'; it must be 'train' or 'val'"),
    ("split", "", "split is ''"),
    ("split", "Train", "split is 'Train'"),
    ("image", "images/none.jpg", "image images/none.jpg does not exist below"),
    ("mask", "masks/none.png", "mask masks/none.png does not exist below"),
    ("mask", "masks", "mask masks does not exist below"),
])
def test_a_wrong_value_is_refused_with_its_line(data: Path, column: str, value: str, said: str) -> None:
    message = spoilt(data, 3, **{column: value})
    assert message.startswith(f"{data / 'manifest.csv'}:{FIRST + 3}: ")
    assert said in message


def test_a_picture_listed_twice_is_refused_with_both_lines(data: Path) -> None:
    message = spoilt(data, 5, image="images/01.jpg", split="val")
    assert message == f"{data / 'manifest.csv'}:{FIRST + 5}: 01.jpg is listed already on line {FIRST + 1}"


def test_blank_lines_do_not_shift_the_line_that_is_named(data: Path) -> None:
    path = data / "manifest.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], "", "", *lines[1:]]).replace(",train,", ",tryin,", 1), encoding="utf-8")
    assert complaint(data).startswith(f"{path}:{FIRST + 2}: split is 'tryin'")
    path.write_text("\n".join([lines[0], "", lines[1], "", lines[1]]), encoding="utf-8")
    assert complaint(data) == f"{path}:5: 00.jpg is listed already on line 3"


@pytest.mark.parametrize("change", [
    lambda line: line.rpartition(",")[0],
    lambda line: line + ", no redistribution",
])
def test_a_row_with_too_few_or_too_many_values_is_refused(data: Path, change) -> None:
    path = data / "manifest.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = change(lines[1])
    path.write_text("\n".join(lines), encoding="utf-8")
    assert complaint(data) == (f"{path}:{FIRST}: holds more or fewer values than the header; "
                               "quote values with commas in them")


def test_the_mark_that_spreadsheets_put_in_front_is_no_part_of_the_first_column(data: Path) -> None:
    path = data / "manifest.csv"
    path.write_text("\ufeff" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert len(read_manifest(data)) == len(PEOPLE) + 2


def test_a_manifest_in_another_encoding_is_refused(data: Path) -> None:
    path = data / "manifest.csv"
    path.write_bytes(path.read_bytes().replace(b"free", b"fr\xe9e"))
    assert re.match(re.escape(f"{path}: not a CSV file in UTF-8"), complaint(data))
