"""Reads CVAT's XML for images, version 1.1, as a stream: no tree is built and no entity is ever expanded."""
from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np

from edge.errors import DataError
from quantize.labels.annotation import ANNOTATOR_ATTRIBUTE, PERSON_ATTRIBUTES, Annotation, Shape, attribute

SCHEMA = "CVAT for images 1.1 XML"

OTHER_SHAPES = ("box", "ellipse", "polyline", "points", "cuboid", "mask", "skeleton")
"""Things CVAT draws that are no polygons."""


DOCTYPE = "!DOCTYPE"


def root_of(content: bytes) -> str:
    """The name of an XML document's first element, without the rest being read; DOCTYPE where a document type stands
    before it; '' where it is not XML."""
    names: list[str] = []
    parser = _parser(lambda name, _: names.append(name))
    try:
        parser.Parse(content[:65536], False)
    except expat.ExpatError:
        return names[0] if names else ""  # damaged further on: `read_cvat` will say where
    except _Refused:
        return DOCTYPE
    return names[0] if names else ""


def read_cvat(file: Path, content: bytes) -> list[Annotation]:
    """Every picture of the file. People: group_id, else an attribute `person` or `instance`; annotator: an attribute.

    Raises DataError for damaged XML, a document type (the door to entities), or CVAT for video.
    """
    reading = _Reading(file)
    parser = _parser(reading.start)
    parser.EndElementHandler, parser.CharacterDataHandler = reading.end, reading.text
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise DataError(f"{file}: looks like {SCHEMA}, but is damaged: {error}") from error
    except _Refused as error:
        raise DataError(f"{file}: {error}") from error
    return reading.annotations


class _Refused(ValueError):
    """XML that is well-formed and still not read."""


def _parser(start: Any) -> expat.XMLParserType:
    """A parser that stops at a document type: without one there are no entities to expand and no files to fetch."""
    def refuse(*_: object) -> None:
        raise _Refused("declares a document type or entities, which CVAT never does; such XML is not read")

    parser = expat.ParserCreate("utf-8")  # as CVAT writes it: a declared encoding would be looked up among codecs
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.buffer_text = True
    return parser


class _Reading:
    """Collects pictures while expat walks the file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.annotations: list[Annotation] = []
        self._shapes: list[Shape] = []
        self._image: dict[str, str] = {}
        self._shape: tuple[str, dict[str, str]] | None = None
        self._attributes: dict[str, str] = {}
        self._attribute: str | None = None

    def start(self, name: str, values: dict[str, str]) -> None:
        """An element begins; shapes are gathered at their end, when their attributes are known."""
        if name == "track":
            raise _Refused(f"is CVAT for video; export it again as {SCHEMA.removesuffix(' XML')}")
        if name == "image":
            self._image, self._shapes = values, []
        elif name == "polygon" or name in OTHER_SHAPES:
            self._shape, self._attributes = (name, values), {}
        elif name == "attribute" and self._shape:
            self._attribute = values.get("name", "")
            self._attributes[self._attribute] = ""

    def text(self, text: str) -> None:
        """Characters between tags: of interest in an attribute only."""
        if self._attribute is not None:
            self._attributes[self._attribute] += text

    def end(self, name: str) -> None:
        """An element ends."""
        if name == "attribute":
            self._attribute = None
        elif self._shape and name == self._shape[0]:
            self._shapes.append(self._finished(*self._shape))
            self._shape = None
        elif name == "image":
            width, height = (_integer(self._image.get(side, "")) for side in ("width", "height"))
            self.annotations.append(Annotation(self.file, self._image.get("name", ""), width, height,
                                               tuple(self._shapes)))

    def _finished(self, kind: str, values: dict[str, str]) -> Shape:
        outline, fault = _points(values.get("points", ""))
        z = _integer(values.get("z_order", "0"))
        if kind != "polygon":
            fault = f"is a {kind}; only polygons are read"
        elif z is None:
            fault = f"has z_order {values['z_order'][:30]!r}, which is no whole number"
        group = values.get("group_id", "")
        return Shape(
            len(self._shapes) + 1, values.get("label", ""), () if fault else (outline,),
            person=group if group not in ("", "0") else attribute(self._attributes, *PERSON_ATTRIBUTES),
            annotator=attribute(self._attributes, ANNOTATOR_ATTRIBUTE), z=z or 0, fault=fault)


def _integer(text: str) -> int | None:
    digits = text.strip().removeprefix("-")
    return int(text) if digits.isdecimal() and len(digits) < 10 else None


def _points(text: str) -> tuple[np.ndarray, str]:
    """'x,y;x,y' → (n, 2) float64, and a fault where it is not that."""
    pairs = [pair.split(",") for pair in text.split(";") if pair.strip()]
    try:
        points = [(float(x), float(y)) for x, y in pairs]
    except ValueError:
        return np.empty((0, 2)), f"has points {text[:30]!r}…, which are not written as x,y;x,y"
    if not all(math.isfinite(number) for point in points for number in point):
        return np.empty((0, 2)), "has a point that is no finite number"
    return np.array(points, np.float64).reshape(-1, 2), ""
