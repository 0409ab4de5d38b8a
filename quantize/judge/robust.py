"""How much is lost when a photograph is turned, cropped, dark, backlit, blurred, squeezed by JPEG, grey or noisy.

Each spoiler changes picture and truth together. Pixels that it had to invent are unknown (IGNORE). Pictures with
several people are in quantize.judge.wide.
"""
from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from edge.errors import DataError
from quantize.evaluate import Case, Cases, read_case, validation_entries
from quantize.manifest import IGNORE, PERSON_VALUES, Entry

UNSPOILED = "unspoiled"

EVERY = 3
"""One validation picture in so many is spoiled unless all are asked for: the table then takes under a minute."""

CROP = 0.6
"""Sides of a crop, as a share of the picture's."""

Spoiler = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]
"""pixels (H, W, 3) uint8, mask (H, W) uint8 → both, spoiled."""


def turned(pixels: np.ndarray, mask: np.ndarray, _: np.random.Generator,
           degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Rotated about the centre, anticlockwise; the corners repeat the edge and are unknown."""
    size = pixels.shape[1::-1]
    turn = cv2.getRotationMatrix2D(((size[0] - 1) / 2, (size[1] - 1) / 2), degrees, 1.0)
    return (cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
            cv2.warpAffine(mask, turn, size, flags=cv2.INTER_NEAREST, borderValue=(IGNORE,)))


def cropped(pixels: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A window of CROP of each side about a random pixel of the person: it cuts through them."""
    rows, columns = np.nonzero(np.isin(mask, PERSON_VALUES))
    middle = rng.integers(rows.size)
    height, width = (max(1, round(CROP * side)) for side in mask.shape)
    top = int(np.clip(rows[middle] - height // 2, 0, mask.shape[0] - height))
    left = int(np.clip(columns[middle] - width // 2, 0, mask.shape[1] - width))
    window = slice(top, top + height), slice(left, left + width)
    return np.ascontiguousarray(pixels[window]), np.ascontiguousarray(mask[window])


def dark(pixels: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A dim room: about a quarter of the light (gamma 1.5, then × 0.35) and a sensor that shows its noise (σ = 4)."""
    dim = 0.35 * 255 * (pixels / 255) ** 1.5
    return _bytes(dim + rng.normal(0, 4, pixels.shape)), mask


def backlit(pixels: np.ndarray, mask: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A window behind: the person at 0.35 of their light, the rest two thirds of the way to white, glare over both.

    Light and shade run into each other over a sixth of the picture: a step along the truth would give it away (with
    one, every model scored two points better than on the unspoiled pictures).
    """
    person = np.isin(mask, PERSON_VALUES).astype(np.float32)
    shade = cv2.GaussianBlur(person, (0, 0), max(mask.shape) / 12)[..., None]
    lit = shade * 0.35 * pixels + (1 - shade) * (255 - 0.35 * (255.0 - pixels))
    glare = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), max(mask.shape) / 8)
    return _bytes(0.75 * lit + 0.25 * glare), mask


def blurred(pixels: np.ndarray, mask: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Out of focus: Gaussian, σ = 1 % of the longer side."""
    return cv2.GaussianBlur(pixels, (0, 0), 0.01 * max(pixels.shape)), mask


def squeezed(pixels: np.ndarray, mask: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """JPEG of quality 15."""
    coded = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 15])[1]
    return cv2.cvtColor(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB), mask


def grey(pixels: np.ndarray, mask: np.ndarray, _: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """No colour."""
    return cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), mask


def noisy(pixels: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian noise, σ = 20 of 255, each channel its own."""
    return _bytes(pixels + rng.normal(0, 20, pixels.shape)), mask


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


SPOILERS: dict[str, Spoiler] = {
    **{f"turned_{degrees:+d}": partial(turned, degrees=degrees) for degrees in (-30, -15, 15, 30)},
    "cropped": cropped, "dark": dark, "backlit": backlit, "blurred": blurred, "jpeg_15": squeezed,
    "grey": grey, "noisy": noisy}


def robust_cases(data: Path, every: int = EVERY, source: str = "picsart") -> Cases:
    """Each chosen validation picture of `source` as it is and once per spoiler, grouped by spoiler.

    every: one picture in so many, in the manifest's order, the first included.
    """
    return [partial(_spoiled, entry, name) for entry in validation_entries(data, (source,))[::every]
            for name in (UNSPOILED, *SPOILERS)]


def _spoiled(entry: Entry, name: str) -> Case:
    case = read_case(entry)
    if name == UNSPOILED:
        return Case(case.pixels, case.mask, (name,))
    if not case.person.any():
        raise DataError(f"{entry.mask}: holds no person, so nothing can be lost")
    rng = np.random.default_rng(zlib.crc32(f"{entry.image.name} {name}".encode()))
    return Case(*SPOILERS[name](case.pixels, case.mask, rng), (name,))


def with_change(figures: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Adds `person_iou_change` to every group of robust_cases: against UNSPOILED."""
    of_plain = figures[UNSPOILED]["person_iou"]
    return {name: {**row, "person_iou_change": round(row["person_iou"] - of_plain, 4)}
            for name, row in figures.items()}
