"""Reads LabelMe's JSON: one picture a file, shapes in drawing order, people told apart by group_id."""
from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from quantize.labels.annotation import ANNOTATOR_ATTRIBUTE, Annotation, Shape
from quantize.labels.untrusted_json import decoded

SCHEMA = "LabelMe JSON"


class _Shape(msgspec.Struct):
    label: str
    points: list[tuple[float, float]]
    shape_type: str | None = None
    group_id: int | str | None = None
    flags: dict[str, bool] | None = None


class _File(msgspec.Struct, rename="camel"):
    shapes: list[_Shape]
    image_path: str
    image_height: int | None = None
    image_width: int | None = None
    flags: dict[str, bool] | None = None


def read_labelme(file: Path, content: bytes) -> list[Annotation]:
    """The one picture of a LabelMe file. A ticked flag `annotator:NAME`, on the picture or a shape, names who drew it.

    The embedded picture (imageData) and the folders of imagePath are left alone. Raises DataError.
    """
    read = decoded(file, content, _File, SCHEMA)
    shapes = tuple(_shape(number, shape) for number, shape in enumerate(read.shapes, 1))
    name = read.image_path.replace("\\", "/").rpartition("/")[2]  # its folders lead from the file, not from the set
    return [Annotation(file, name, read.image_width, read.image_height, shapes, _annotator(read.flags))]


def _shape(number: int, read: _Shape) -> Shape:
    kind = read.shape_type or "polygon"  # the first versions knew nothing else and did not say
    return Shape(
        number, read.label,
        outlines=(np.array(read.points, np.float64).reshape(-1, 2),),
        person="" if read.group_id is None else str(read.group_id),
        annotator=_annotator(read.flags),
        fault="" if kind == "polygon" else f"is a {kind}; only polygons are read")


def _annotator(flags: dict[str, bool] | None) -> str:
    ticked = (name for name, on in (flags or {}).items() if on)
    return next((name.partition(":")[2].strip() for name in ticked if name.startswith(f"{ANNOTATOR_ATTRIBUTE}:")), "")
