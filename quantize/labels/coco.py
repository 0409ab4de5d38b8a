"""Reads COCO's instances JSON: polygons, and run lengths where they are written out as numbers."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edge.errors import DataError
from quantize.labels.annotation import ANNOTATOR_ATTRIBUTE, PERSON_ATTRIBUTES, Annotation, Shape, attribute
from quantize.labels.untrusted_json import decoded

SCHEMA = "COCO JSON"


class _Image(msgspec.Struct):
    id: int | str
    file_name: str
    width: int | None = None
    height: int | None = None


class _Category(msgspec.Struct):
    id: int | str
    name: str


class _Runs(msgspec.Struct):
    size: tuple[int, int]
    counts: list[int] | str


class _Annotation(msgspec.Struct):
    image_id: int | str
    category_id: int | str
    id: int | str | None = None
    segmentation: list[list[float] | float] | _Runs | None = None
    attributes: Any = None
    person: int | str | None = None
    annotator: str | None = None


class _File(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def read_coco(file: Path, content: bytes) -> list[Annotation]:
    """Every picture that the file lists, also those without shapes.

    Person and annotator: keys `person` and `annotator` of an annotation or of its `attributes`. Raises DataError for a
    file that contradicts itself: two pictures of one id, or shapes of a picture that is not listed.
    """
    read = decoded(file, content, _File, SCHEMA)
    shapes: dict[str, list[Shape]] = {str(image.id): [] for image in read.images}  # VIA writes ids as text
    if len(shapes) < len(read.images):
        raise DataError(f"{file}: {len(read.images)} pictures share {len(shapes)} ids; each needs its own")
    names = {str(category.id): category.name for category in read.categories}
    for ordinal, one in enumerate(read.annotations, 1):
        if str(one.image_id) not in shapes:
            raise DataError(f"{file}: annotation {one.id or ordinal} is of image {one.image_id}, "
                            f"which is none of the {len(shapes)} listed")
        shapes[str(one.image_id)].append(_shape(ordinal, one, names.get(str(one.category_id))))
    return [Annotation(file, image.file_name, image.width, image.height, tuple(shapes[str(image.id)]))
            for image in read.images]


def _shape(ordinal: int, read: _Annotation, label: str | None) -> Shape:
    outlines, runs, fault = _region(read.segmentation)
    if label is None:
        fault = f"category {read.category_id} is not among the file's categories"
    number = str(read.id)
    return Shape(
        int(number) if number.isdecimal() else ordinal, label or "", outlines, runs,
        person=attribute({"person": read.person}, "person") or attribute(read.attributes, *PERSON_ATTRIBUTES),
        annotator=read.annotator or attribute(read.attributes, ANNOTATOR_ATTRIBUTE),
        fault=fault)


def _region(segmentation: list[list[float] | float] | _Runs | None) -> tuple[tuple[np.ndarray, ...], Any, str]:
    """Outlines, runs, fault: one of the three is filled in."""
    if isinstance(segmentation, _Runs):
        if isinstance(segmentation.counts, str):
            return (), None, "is compressed RLE (text); export polygons, or run lengths as numbers"
        numbers = [*segmentation.size, *segmentation.counts]
        if any(not 0 <= number < 2**31 for number in numbers):
            return (), None, f"holds run length {min(numbers)} or {max(numbers)}, which no picture can have"
        return (), np.array(numbers, np.int64), ""
    flat = [part for part in segmentation or [] if not isinstance(part, list)]
    polygons = [flat] if flat else [part for part in segmentation or [] if isinstance(part, list)]
    if not polygons:
        return (), None, "has no polygon"
    odd = next((len(polygon) for polygon in polygons if len(polygon) % 2), 0)
    if odd:
        return (), None, f"has a polygon of {odd} numbers; x and y come in pairs"
    return tuple(np.array(polygon, np.float64).reshape(-1, 2) for polygon in polygons), None, ""
