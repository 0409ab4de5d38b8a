"""Reads the VGG Image Annotator's JSON, version 2: a whole project, or its exported annotations."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from quantize.labels.annotation import ANNOTATOR_ATTRIBUTE, PERSON_ATTRIBUTES, Annotation, Shape, attribute
from quantize.labels.untrusted_json import decoded

SCHEMA = "VIA 2 JSON"

CLASS_ATTRIBUTES = ("class", "label", "name")
"""Region attributes that may hold the class; VIA leaves their names to its user."""


class _Drawn(msgspec.Struct):
    name: str
    all_points_x: list[float] = []
    all_points_y: list[float] = []


class _Region(msgspec.Struct):
    shape_attributes: _Drawn
    region_attributes: Any = None


class _Picture(msgspec.Struct):
    filename: str
    regions: list[_Region] | dict[str, _Region]
    file_attributes: Any = None


class _Project(msgspec.Struct):
    pictures: dict[str, _Picture] = msgspec.field(name="_via_img_metadata")


class _Listed(msgspec.Struct):
    filename: str
    regions: msgspec.Raw


def is_via_export(content: bytes) -> bool:
    """True where every entry of a JSON object is a picture with regions; a project has its own tell-tale key."""
    try:
        return bool(msgspec.json.decode(content, type=dict[str, _Listed]))
    except (msgspec.DecodeError, RecursionError):
        return False


def read_via(file: Path, content: bytes) -> list[Annotation]:
    """Every picture of a project or an export.

    Class: the region attribute called class, label or name, else the only one that is neither person nor annotator.
    VIA does not store a picture's size: it is taken from file attributes `width` and `height` where somebody made
    them, else left open. File attribute `annotator` counts for all regions of a picture. Raises DataError.
    """
    whole = not is_via_export(content)
    pictures = (decoded(file, content, _Project, SCHEMA).pictures if whole
                else decoded(file, content, dict[str, _Picture], SCHEMA))
    return [_annotation(file, picture) for picture in pictures.values()]


def _annotation(file: Path, read: _Picture) -> Annotation:
    regions = read.regions if isinstance(read.regions, list) else list(read.regions.values())
    sizes = (attribute(read.file_attributes, name) for name in ("width", "height"))
    width, height = (int(size) if size.isdecimal() and len(size) < 10 else None for size in sizes)
    return Annotation(file, read.filename, width, height, tuple(_shape(*each) for each in enumerate(regions, 1)),
                      attribute(read.file_attributes, ANNOTATOR_ATTRIBUTE))


def _shape(number: int, read: _Region) -> Shape:
    drawn, attributes = read.shape_attributes, read.region_attributes
    label, fault = _label(attributes)
    x, y = drawn.all_points_x, drawn.all_points_y
    if drawn.name != "polygon":
        fault = f"is a {drawn.name}; only polygons are read"
    elif len(x) != len(y):
        fault = f"has {len(x)} x and {len(y)} y"
    outlines = () if fault else (np.array([x, y], np.float64).T,)
    return Shape(number, label, outlines, person=attribute(attributes, *PERSON_ATTRIBUTES),
                 annotator=attribute(attributes, ANNOTATOR_ATTRIBUTE), fault=fault)


def _label(attributes: Any) -> tuple[str, str]:
    """Class name and fault; a checkbox's value {"face": true} is its one ticked name."""
    if not isinstance(attributes, Mapping):
        return "", "has no region attribute that says its class"
    values = {name: next((ticked for ticked, on in value.items() if on), "") if isinstance(value, Mapping) else value
              for name, value in attributes.items()}
    others = [name for name in values if name not in (*PERSON_ATTRIBUTES, ANNOTATOR_ATTRIBUTE)]
    named = attribute(values, *CLASS_ATTRIBUTES) or (attribute(values, *others) if len(others) == 1 else "")
    return named, "" if named else f"has its class in none of the region attributes {', '.join(CLASS_ATTRIBUTES)}"
