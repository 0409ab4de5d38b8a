"""How well annotators agree on one picture, and the mask that they make together."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import cv2
import numpy as np

from edge.frame import CLASSES
from quantize.manifest import IGNORE
from quantize.metrics import contour as contour
from quantize.metrics import iou

PERSON = "person"
"""Beside the classes: all but the background in one."""


@dataclass(frozen=True)
class Agreement:
    """Two annotators of one picture; pixels that either ignores are left out.

    iou: class, and person → intersection over union, of those that at least one of them drew; mean_iou: over those
    classes (background is one, person is not); distance_px, distance_p95_px: mean and 95th percentile of the way from
    each outline's pixels to the nearest of the other's, both ways, in pixels; only where both have an outline.
    """

    annotators: tuple[str, str]
    iou: dict[str, float]
    mean_iou: float
    distance_px: dict[str, float]
    distance_p95_px: dict[str, float]


def agreements(masks: Mapping[str, np.ndarray]) -> list[Agreement]:
    """Every pair of annotators → how they agree. masks: annotator → (h, w) uint8, all of one size."""
    return [_agreement((one, other), masks[one], masks[other]) for one, other in combinations(sorted(masks), 2)]


def _agreement(annotators: tuple[str, str], first: np.ndarray, second: np.ndarray) -> Agreement:
    known = (first != IGNORE) & (second != IGNORE)
    drawn = {name: (first == value, second == value) for value, name in enumerate(CLASSES)}
    drawn[PERSON] = (first != 0, second != 0)
    drawn = {name: (a, b) for name, (a, b) in drawn.items() if ((a | b) & known).any()}
    overlaps = {name: iou(a, b, known) for name, (a, b) in drawn.items()}
    distances = {name: outline_distances(a, b, known) for name, (a, b) in drawn.items() if name != CLASSES[0]}
    distances = {name: pixels for name, pixels in distances.items() if len(pixels)}
    of_classes = [value for name, value in overlaps.items() if name != PERSON]
    return Agreement(
        annotators, {name: round(value, 4) for name, value in overlaps.items()},
        round(float(np.mean(of_classes)), 4) if of_classes else 1.0,
        {name: round(float(pixels.mean()), 3) for name, pixels in distances.items()},
        {name: round(float(np.percentile(pixels, 95)), 3) for name, pixels in distances.items()})


def outline_distances(first: np.ndarray, second: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Distance in pixels from each outline pixel of either (h, w) bool mask to the other's outline → (n,) float32.

    The picture's own edge is no outline, nor are pixels that are not known or touch such. Empty where either mask has
    none.
    """
    inner = cv2.erode(known.astype(np.uint8), np.ones((3, 3))) > 0  # what is ignored ends a class without an outline
    outlines = [contour(mask) & inner for mask in (first, second)]
    if not all(outline.any() for outline in outlines):
        return np.empty(0, np.float32)
    away = [cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            for outline in outlines]
    return np.concatenate([away[1][outlines[0]], away[0][outlines[1]]])


def majority(masks: Sequence[np.ndarray]) -> np.ndarray:
    """The value that most (h, w) uint8 masks give each pixel; 255 (ignore) where two values have equally many.

    Ignore is a vote like any other. One mask is returned as it is.
    """
    if len(masks) == 1:
        return masks[0]
    chosen, most = np.full_like(masks[0], IGNORE), np.zeros(masks[0].shape, np.uint16)
    for value in (*range(len(CLASSES)), IGNORE):
        votes = np.zeros_like(most)
        for mask in masks:
            votes += mask == value
        chosen[votes > most] = value
        chosen[(votes == most) & (votes > 0)] = IGNORE
        most = np.maximum(most, votes)
    return chosen


def summary(of_pictures: Sequence[Sequence[Agreement]]) -> dict[str, float | int | dict[str, float]]:
    """Means over all pairs of all pictures; {} where no picture has two annotators."""
    pairs = [pair for picture in of_pictures for pair in picture]
    if not pairs:
        return {}
    figures = {name: _means([getattr(pair, name) for pair in pairs]) for name in
               ("iou", "distance_px", "distance_p95_px")}
    return {"pictures": sum(bool(picture) for picture in of_pictures), "pairs": len(pairs),
            "mean_iou": round(float(np.mean([pair.mean_iou for pair in pairs])), 4), **figures}


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = [name for name in (*CLASSES, PERSON) if any(name in row for row in rows)]
    return {name: round(float(np.mean([row[name] for row in rows if name in row])), 4) for name in names}


def as_report(pairs: Sequence[Agreement]) -> list[dict]:
    """As JSON holds it, for labels.json."""
    return [{**asdict(pair), "annotators": list(pair.annotators)} for pair in pairs]
