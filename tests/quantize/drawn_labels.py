"""The same shapes written as each of the four annotation tools writes them, and masks read back."""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import cv2
import numpy as np
import pytest

from edge.errors import DataError
from quantize.labels.job import make_labels

WIDTH, HEIGHT = 60, 80

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Drawn:
    """One polygon with what a tool may say about it; empty: it says nothing."""

    label: str
    points: Points
    person: str = ""
    annotator: str = ""
    z: int = 0


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """The corners of an upright rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


PERSON = (
    Drawn("clothes", box(10, 50, 50, 80)),
    Drawn("neck", box(25, 42, 35, 54)),
    Drawn("hair", [(15, 10), (30, 4), (45, 10), (45, 30), (15, 30)]),
    Drawn("face", [(20.5, 14), (39.5, 14), (39.5, 36), (30, 44.5), (20.5, 36)]),
    Drawn("necklace", box(22, 46, 38, 58)),
    Drawn("glasses", box(21, 20, 39, 24)),
    Drawn("cap", [(14, 10), (30, 2), (46, 10)]),
    Drawn("bag", box(5, 60, 16, 75)),
    Drawn("ignore", box(40, 70, 50, 80)),
)
"""A person with a bag, later shapes on top."""


def labelme(shapes: Sequence[Drawn], image: str = "one.jpg", width: int | None = WIDTH,
            height: int | None = HEIGHT) -> str:
    """A LabelMe file of one picture."""
    return json.dumps({
        "version": "5.5.0", "imagePath": image, "imageData": None, "imageWidth": width, "imageHeight": height,
        "flags": {}, "shapes": [
            {"label": s.label, "points": list(map(list, s.points)), "group_id": int(s.person) if s.person else None,
             "shape_type": "polygon", "flags": {f"annotator:{s.annotator}": True} if s.annotator else {}}
            for s in shapes]})


def coco(shapes: Sequence[Drawn], image: str = "one.jpg", width: int | None = WIDTH,
         height: int | None = HEIGHT) -> str:
    """COCO instances of one picture."""
    names = sorted({s.label for s in shapes})
    return json.dumps({
        "images": [{"id": 7, "file_name": image, "width": width, "height": height}],
        "categories": [{"id": i, "name": name} for i, name in enumerate(names, 1)],
        "annotations": [
            {"id": i, "image_id": 7, "category_id": names.index(s.label) + 1, "iscrowd": 0,
             "segmentation": [[number for point in s.points for number in point]],
             "attributes": {"person": s.person, "annotator": s.annotator}}
            for i, s in enumerate(shapes, 1)]})


def cvat(shapes: Sequence[Drawn], image: str = "one.jpg", width: int | None = WIDTH,
         height: int | None = HEIGHT) -> str:
    """CVAT for images 1.1 of one picture."""
    polygons = "".join(
        f'<polygon label={quoteattr(s.label)} source="manual" occluded="0" z_order="{s.z}"'
        + (f' group_id="{s.person}"' if s.person else "")
        + f' points="{";".join(f"{x:.2f},{y:.2f}" for x, y in s.points)}">'
        + (f'<attribute name="annotator">{s.annotator}</attribute>' if s.annotator else "") + "</polygon>"
        for s in shapes)
    size = (f' width="{width}"' if width is not None else "") + (f' height="{height}"' if height is not None else "")
    return ('<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta><task><name>t</name>'
            f'</task></meta><image id="0" name={quoteattr(image)}{size}>{polygons}</image></annotations>')


def via(shapes: Sequence[Drawn], image: str = "one.jpg", width: int | None = WIDTH,
        height: int | None = HEIGHT) -> str:
    """A VIA 2 project of one picture; VIA knows no size, its user made two file attributes."""
    size = {name: str(value) for name, value in (("width", width), ("height", height)) if value is not None}
    return json.dumps({"_via_settings": {}, "_via_attributes": {}, "_via_img_metadata": {f"{image}123": {
        "filename": image, "size": 123, "file_attributes": size, "regions": [
            {"shape_attributes": {"name": "polygon", "all_points_x": [x for x, _ in s.points],
                                  "all_points_y": [y for _, y in s.points]},
             "region_attributes": {"class": s.label, "person": s.person, "annotator": s.annotator}} for s in shapes]}}})


WRITERS = {"labelme.json": labelme, "coco.json": coco, "cvat.xml": cvat, "via.json": via}
"""File name → writer of that schema."""


def put(path: Path, text: str) -> Path:
    """Writes a text, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def mask_of(path: Path) -> np.ndarray:
    """A written mask (h, w) uint8."""
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert mask is not None and mask.dtype == np.uint8 and mask.ndim == 2
    return mask


def complaint(polygons: Path, out: Path, **options) -> str:
    """What is said about bad annotations; nothing may have been written."""
    with pytest.raises(DataError) as caught:
        make_labels(polygons, out, **options)
    assert not out.exists()
    return str(caught.value)
