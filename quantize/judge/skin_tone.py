"""Person IoU by the colour of the skin in the picture: the Individual Typology Angle of the labelled skin pixels.

ITA = atan2(L* − 50, b*) · 180/π in CIELAB, and its six classes: Chardon, Cretois, Hourseau 1991, "Skin colour typology
and suntanning pathways"; Del Bino, Bernerd 2013. The angle is made for a probe on the skin. Here it is that of a
photograph: its light and white balance move it, a face in shade counts as darker. The classes say how pictures look,
not who people are. Age and gender are not labelled: not measured.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from quantize.evaluate import Case, Cases, read_case, validation_entries
from quantize.judge.parts import BODY_SKIN, FACE, SKIN
from quantize.manifest import Entry

CATEGORIES = {"very_light": 55.0, "light": 41.0, "intermediate": 28.0, "tan": 10.0, "brown": -30.0, "dark": -90.0}
"""Lightest first: each begins above its angle in degrees."""

UNKNOWN = "unknown"

LEAST_PIXELS = 200
"""Pictures with fewer pixels of labelled skin say too little about its colour."""


def typology_angle(skin: np.ndarray) -> float:
    """skin (n, 3) uint8 sRGB → ITA in degrees, −90..90 for skin (b* > 0), of the median L* and b*."""
    lab = cv2.cvtColor(skin[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    lightness, _, yellow = np.median(lab, axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, yellow)))


def category(angle: float) -> str:
    """The class of an ITA in degrees."""
    return next((name for name, above in CATEGORIES.items() if angle > above), "dark")


def skin_cases(data: Path, sources: Sequence[str] = ()) -> Cases:
    """Validation pictures whose labels name parts. Groups: `CATEGORY`, `SOURCE`, `SOURCE.CATEGORY`; UNKNOWN where the
    label holds fewer than LEAST_PIXELS of skin."""
    return [partial(_toned, entry) for entry in validation_entries(data, sources, of=("parts",))]


def by_tone(figures: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The figures of skin_cases, lightest first, each category with `person_iou_beside_source`.

    That is the mean difference of its pictures from the mean of their own source: sources differ in difficulty and in
    who is in them, so a category's plain mean says mostly which source it comes from.
    """
    tones = [tone for tone in (*CATEGORIES, UNKNOWN) if tone in figures]
    sources = [name for name in figures if name not in tones and name.split(".")[-1] not in tones]
    rows = {}
    for tone in tones:
        parts = [(figures[s], figures[f"{s}.{tone}"]) for s in sources if f"{s}.{tone}" in figures]
        beside = sum(part["pictures"] * (part["person_iou"] - whole["person_iou"]) for whole, part in parts)
        rows[tone] = {**figures[tone], "person_iou_beside_source": round(beside / figures[tone]["pictures"], 4)}
    return rows | {name: figures[name] for s in sources for name in (s, *(f"{s}.{tone}" for tone in tones))
                   if name in figures}


def _toned(entry: Entry) -> Case:
    case = read_case(entry)
    skin = case.pixels[np.isin(case.mask, (FACE, BODY_SKIN, SKIN))]
    tone = category(typology_angle(skin)) if len(skin) >= LEAST_PIXELS else UNKNOWN
    return replace(case, groups=(tone, entry.source, f"{entry.source}.{tone}"))
