"""What every annotation file comes down to: a picture, and the shapes that one annotator drew on it."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

PERSON_ATTRIBUTES = ("person", "instance")
"""An attribute of one of these names says which person a shape belongs to."""

ANNOTATOR_ATTRIBUTE = "annotator"
"""An attribute of this name, on a shape or on the picture, says who drew it."""


@dataclass(frozen=True)
class Shape:
    """One drawn region, as its file gives it: nothing is checked yet.

    number: as the file counts it (COCO: the annotation's id; else from 1); outlines: closed polygons, each (n, 2)
    float64 x, y in pixels, the picture's corner at 0, 0 and the first pixel's centre at 0.5, 0.5; runs: in place of
    outlines, (2 + n,) int64: height, width, then lengths of outside and inside in turn, down the columns; z: higher
    lies on top, equals in file order; fault: why the reader could not understand it.
    """

    number: int
    label: str
    outlines: tuple[np.ndarray, ...] = ()
    runs: np.ndarray | None = None
    person: str = ""
    annotator: str = ""
    z: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Annotation:
    """A picture's shapes in file order. named: the picture as the file calls it; size in pixels, None: not said."""

    file: Path
    named: str
    width: int | None
    height: int | None
    shapes: tuple[Shape, ...]
    annotator: str = ""

    @property
    def image(self) -> str:
        """The picture's name without folders: the only part that is trusted with a path."""
        return self.named.replace("\\", "/").rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The folders in front of the name; empty where the file gives none."""
        return self.named.replace("\\", "/").rpartition("/")[0]

    def at(self, shape: Shape | None = None) -> str:
        """Where it stands, for a complaint: file, picture, shape number."""
        return f"{self.file}: {self.image}" + ("" if shape is None else f", shape {shape.number}")

    def by_annotator(self) -> list[Annotation]:
        """One annotation for each annotator that its shapes name; the picture's own where they name none."""
        names = sorted({shape.annotator or self.annotator for shape in self.shapes} or {self.annotator})
        return [replace(self, annotator=name, shapes=tuple(
            shape for shape in self.shapes if (shape.annotator or self.annotator) == name)) for name in names]


def attribute(attributes: Any, *names: str) -> str:
    """The first of these attributes that is filled in, as text; '' where none is (or there are no attributes)."""
    if not isinstance(attributes, Mapping):
        return ""
    values = (attributes.get(name) for name in names)
    return next((str(value).strip() for value in values if isinstance(value, str | int | float)
                 and value is not False and str(value).strip()), "")
