"""A data folder with drawn people: small, made in a blink, and every mask value that the real one holds."""
from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from quantize.manifest import COLUMNS

FREE, BOUND = "free to use", "research only, no redistribution"

FACE, HAIR, CLOTHES, SKIN, HEADWEAR = 1, 2, 3, 4, 5

HATTED = 5
"""The number of the one person with a hat; its mask names parts."""

SUPERVISED = {"person": "picsart", "parts": "ccp", "hair": "figaro", "hair_skin": "lfwparts", "mixed": "drawn"}
"""Kind of mask → source under which its pictures stand in the manifest; the training knows no source "drawn"."""

PEOPLE = ("person", "person", "person", "parts", "person", "parts", "hair", "hair_skin", "mixed",
          "person", "person", "parts")
"""What the mask of each drawn person says; the last three are the validation split."""

VAL = 3


def drawn_person(number: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Head and shoulders on the lower edge before coarse noise: pixels (h, w, 3) uint8 RGB, mask of classes 0–5."""
    rng = np.random.default_rng([77, number])
    coarse = rng.integers(0, 140, (9, 8, 3)).astype(np.uint8)
    pixels = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels = cv2.add(pixels, rng.integers(0, 30, pixels.shape).astype(np.uint8))
    mask = np.zeros((height, width), np.uint8)
    unit, x, y = min(height, width) / 100, int(width * rng.uniform(0.44, 0.56)), int(height * 0.38)

    def ellipse(centre: tuple[int, int], across: float, down: float, value: int) -> None:
        colour = tuple(int(c) for c in rng.integers(150, 256, 3))
        for target, ink in ((pixels, colour), (mask, value)):
            cv2.ellipse(target, centre, (int(across * unit), int(down * unit)), 0, 0, 360, ink, -1)

    ellipse((x, height), 36, 0.42 * height / unit, CLOTHES)
    ellipse((x, y + int(20 * unit)), 8, 14, SKIN)
    ellipse((x, y - int(4 * unit)), 20, 22, HAIR)
    ellipse((x, y), 15, 19, FACE)
    if number == HATTED:
        ellipse((x, y - int(22 * unit)), 24, 8, HEADWEAR)
    return pixels, mask


def labelled(classes: np.ndarray, supervision: str) -> np.ndarray:
    """The mask that a source with this supervision would give: values as the data folder's README lists them."""
    if supervision == "person":
        return np.where(classes > 0, 254, 0).astype(np.uint8)
    if supervision == "hair":
        return np.where(classes == HAIR, HAIR, 250).astype(np.uint8)
    if supervision == "hair_skin":
        return np.select([classes == HAIR, np.isin(classes, (FACE, SKIN))], [HAIR, 252], 251).astype(np.uint8)
    if supervision == "mixed":
        mixed = classes.copy()
        mixed[:, : classes.shape[1] // 8] = 255
        return mixed
    return classes


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """RGB or grey, in the format of the ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


def make_data(folder: Path) -> Path:
    """Twelve people, two near duplicates of validation pictures in the training split, two backgrounds."""
    rows = []
    for number, supervision in enumerate(PEOPLE):
        height, width = ((160, 120), (150, 112), (120, 160), (400, 300))[number % 4]
        pixels, classes = drawn_person(number, height, width)
        split = "val" if number >= len(PEOPLE) - VAL else "train"
        rows.append(_written(folder, f"{number:02}", pixels, labelled(classes, supervision), supervision, split))
    for number in (9, 10):
        pixels, classes = drawn_person(number, *((160, 120), (150, 112), (120, 160), (400, 300))[number % 4])
        paler = cv2.convertScaleAbs(pixels, alpha=0.97, beta=3)
        rows.append(_written(folder, f"{number:02}-again", paler, labelled(classes, "person"), "person", "train"))
    write_manifest(folder, rows)
    for number in range(2):
        rng = np.random.default_rng([78, number])
        coarse = rng.integers(0, 140, (6, 9, 3)).astype(np.uint8)
        write_picture(folder / "backgrounds" / f"{number}.png", cv2.resize(coarse, (500, 330)))
    return folder


def _written(folder: Path, name: str, pixels: np.ndarray, mask: np.ndarray, supervision: str,
             split: str) -> dict[str, str]:
    write_picture(folder / "images" / f"{name}.jpg", pixels)
    write_picture(folder / "masks" / f"{name}.png", mask)
    return {"image": f"images/{name}.jpg", "mask": f"masks/{name}.png", "source": SUPERVISED[supervision],
            "split": split, "supervision": supervision, "weight": "0.5", "width": str(mask.shape[1]),
            "height": str(mask.shape[0]), "licence": BOUND if supervision == "parts" else FREE}


def write_manifest(folder: Path, rows: list[dict[str, str]]) -> None:
    """manifest.csv with these rows, quoted as spreadsheets do it."""
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def manifest_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of manifest.csv, for a test to spoil."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
