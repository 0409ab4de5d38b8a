"""What a teacher saw fills in what labels leave open, and labels pictures that nobody has labelled.

A teacher's folder holds TAUGHT/SOURCE/STEM.png: probability of person, 8-bit grey, at the picture's size, made by
`python -m tools.teacher`. Only where it is sure does it speak; a label always wins.
"""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edge.errors import DataError
from quantize.manifest import ALLOWED, IGNORE, Entry

SURE = 0.25
"""A teacher is sure of a pixel this close to 0 or 1; between lie hair, edges and mistakes."""

UNSURE_SHARE, LEAST_PERSON = 0.12, 0.03
"""An unlabelled picture is left out when more of it is unsure, or less of it is person."""

CONTRADICTED = 0.2
"""A teacher that calls more of a picture's labelled hair and skin background has not understood it: no word of it."""

SEEN_AS_PERSON = {250: 249, 251: 248, 255: 254}
"""Mask value → what is left of it where the teacher saw a person."""

UNLABELLED = "unlabelled"


class Teacher:
    """Reads a teacher's folder. Raises DataError when it is not one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not any(folder.glob("*/*.png")):
            raise DataError(f"{folder}: holds no SOURCE/STEM.png; `python -m tools.teacher DATA --out {folder}`")

    def probability(self, source: str, stem: str, shape: tuple[int, int]) -> np.ndarray | None:
        """(h, w) float32 in 0..1, or None where the teacher has not seen the picture."""
        path = self.folder / source / f"{stem}.png"
        if not path.is_file():
            return None
        seen = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if seen is None or seen.shape != shape:
            found = "cannot be decoded" if seen is None else f"is {seen.shape[1]}×{seen.shape[0]}"
            raise DataError(f"{path}: {found}; its picture is {shape[1]}×{shape[0]}")
        return seen.astype(np.float32) / 255

    def labels(self, entry: Entry, shape: tuple[int, int]) -> np.ndarray:
        """The mask of an unlabelled picture: 254 person, 0 background, 255 where the teacher is not sure."""
        seen = self.probability(UNLABELLED, entry.image.stem, shape)
        assert seen is not None, entry.image
        return np.select([seen > 1 - SURE, seen < SURE], [254, 0], IGNORE).astype(np.uint8)

    def completed(self, entry: Entry, mask: np.ndarray) -> np.ndarray:
        """A partly labelled mask with the teacher's word where the label leaves person and background open."""
        seen = self.probability(entry.source, entry.image.stem, mask.shape)
        if seen is None:
            return mask
        certain = np.isin(mask, [value for value, classes in ALLOWED.items() if 0 not in classes])
        if not certain.any() or (seen[certain] < SURE).mean() > CONTRADICTED:
            return mask
        filled = mask.copy()
        for value, left in SEEN_AS_PERSON.items():
            is_open = mask == value
            filled[is_open & (seen > 1 - SURE)] = left
            filled[is_open & (seen < SURE)] = 0
        return filled


def unlabelled_pictures(data: Path) -> list[Path]:
    """The pictures of `unlabelled/`, beside or inside `data`, and of its folders.

    Raises DataError when two have the same stem: a teacher's mask is found by it.
    """
    folder = next((f for f in (data / UNLABELLED, data.parent / UNLABELLED) if f.is_dir()), None)
    first: dict[str, Path] = {}
    for path in sorted(folder.rglob("[!.]*")) if folder else []:
        if not path.is_file() or not cv2.haveImageReader(str(path)):
            continue
        if path.stem in first:
            raise DataError(f"{path}: {first[path.stem]} has the same stem; a teacher's mask would be taken for both")
        first[path.stem] = path
    return list(first.values())


def unlabelled_entries(data: Path, teacher: Teacher) -> list[Entry]:
    """An entry for each picture of `unlabelled/` that the teacher understood; its mask is its image: nobody has drawn
    one."""
    entries = []
    for path in unlabelled_pictures(data):
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None or (seen := teacher.probability(UNLABELLED, path.stem, picture.shape[:2])) is None:
            continue
        unsure = ((seen >= SURE) & (seen <= 1 - SURE)).mean()
        if unsure <= UNSURE_SHARE and (seen > 0.5).mean() >= LEAST_PERSON:
            entries.append(Entry(path, path, UNLABELLED, "train", "taught", 0.5, picture.shape[1], picture.shape[0],
                                 "none stated (unlabelled pictures; masks are a teacher's)"))
    return entries
