"""Reads a data folder's `manifest.csv` and refuses what training must not see."""
from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from edge.errors import DataError

COLUMNS = ("image", "mask", "source", "split", "supervision", "weight", "width", "height", "licence")

ALLOWED = {**{c: (c,) for c in range(6)}, 248: (3, 5), 249: (1, 3, 4, 5), 250: (0, 1, 3, 4, 5), 251: (0, 3, 5),
           252: (1, 4), 254: (1, 2, 3, 4, 5), 255: (0, 1, 2, 3, 4, 5)}
"""Mask value → the classes that it leaves open. 0–5 are classes; 250 anything but hair, 251 neither hair nor skin,
252 skin, 254 person, 255 ignore; 248 and 249 are what is left of 251 and 250 where a teacher saw a person."""

IGNORE = 255

KNOWN_VALUES = set(ALLOWED)

PERSON_VALUES = tuple(value for value, classes in ALLOWED.items() if 0 not in classes)
"""Mask values that are certainly person; 0 is certainly background; 250, 251 and 255 say neither."""


@dataclass(frozen=True)
class Entry:
    """One labelled picture. Paths are absolute; weight (0..1] is the source's share in training; identity names the
    person shown, where the manifest has that column (COLUMNS do not ask for it)."""

    image: Path
    mask: Path
    source: str
    split: str
    supervision: str
    weight: float
    width: int
    height: int
    licence: str
    identity: str = ""


def read_manifest(folder: Path) -> list[Entry]:
    """The entries of `folder/manifest.csv`, in file order.

    Raises DataError, naming the line, for a missing column or file, a split other than train/val, a weight
    outside (0, 1], or a picture that stands in two splits.
    """
    path = folder / "manifest.csv"
    if not path.is_file():
        raise DataError(f"{path}: no such file; a data folder holds manifest.csv with columns {', '.join(COLUMNS)}")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{path}: column {missing[0]!r} is missing; wanted {', '.join(COLUMNS)}")
            numbered = [(reader.line_num, _entry(folder, row, f"{path}:{reader.line_num}")) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a CSV file in UTF-8 ({error})") from error
    _refuse_duplicates(numbered, path)
    return [entry for _, entry in numbered]


def _entry(folder: Path, row: dict[str, str], where: str) -> Entry:
    if None in row or None in row.values():
        raise DataError(f"{where}: holds more or fewer values than the header; quote values with commas in them")
    try:
        weight, width, height = float(row["weight"]), int(row["width"]), int(row["height"])
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: weight, width and height must be numbers ({error})") from error
    if row["split"] not in ("train", "val"):
        raise DataError(f"{where}: split is {row['split']!r}; it must be 'train' or 'val'")
    if not 0 < weight <= 1:
        raise DataError(f"{where}: weight is {weight}; it must lie in (0, 1]")
    for column in ("image", "mask"):
        if not (folder / row[column]).is_file():
            raise DataError(f"{where}: {column} {row[column]} does not exist below {folder}")
    return Entry(folder / row["image"], folder / row["mask"], row["source"], row["split"], row["supervision"],
                 weight, width, height, row["licence"], (row.get("identity") or "").strip())


def _refuse_duplicates(numbered: list[tuple[int, Entry]], path: Path) -> None:
    first: dict[Path, int] = {}
    for line, entry in numbered:
        if entry.image in first:
            raise DataError(f"{path}:{line}: {entry.image.name} is listed already on line {first[entry.image]}")
        first[entry.image] = line
