"""What is wrong with an annotation: every complaint names file, picture, shape number and both values."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edge.errors import PictureError
from edge.photograph import MAX_PIXELS, read_photograph
from quantize.labels.annotation import Annotation, Shape
from quantize.labels.class_names import unknown_name, value_of
from quantize.labels.polygon import fault_of

MAX_NAME_BYTES = 200
"""Longest name of a picture: the mask's own name, while it is being written, is a little longer."""


def find_picture(annotation: Annotation, images: Path | None) -> Path | None:
    """The annotated picture: in `images`, else beside the annotation file; None where it is in neither."""
    if not _name_is_safe(annotation.image):
        return None
    places = [folder / annotation.image for folder in (images, annotation.file.parent) if folder is not None]
    return next((place for place in places if place.is_file()), None)


def picture_size(annotation: Annotation, picture: Path | None) -> tuple[tuple[int, int] | None, str]:
    """(width, height) as the annotation says it and the picture confirms it, or None with the complaint.

    The picture's own size is that of the picture as seen, turned as its EXIF data says.
    """
    said = (annotation.width, annotation.height)
    if not _name_is_safe(annotation.image):
        return None, f"{annotation.at()}: the picture's name {annotation.named[:100]!r} cannot be a file's name"
    if picture is not None:
        try:
            height, width = read_photograph(picture).pixels.shape[:2]
        except PictureError as error:
            return None, f"{annotation.at()}: {error}"
        if None not in said and said != (width, height):
            return None, (f"{annotation.at()}: is {said[0]}×{said[1]} for the annotation, "
                          f"{picture} is {width}×{height}")
        return (width, height), ""
    if said[0] is None or said[1] is None:
        return None, (f"{annotation.at()}: the file does not say how large the picture is, and no picture lies beside "
                      "it; name the pictures' folder with --images")
    if min(said[0], said[1]) < 1 or said[0] * said[1] > MAX_PIXELS:
        return None, (f"{annotation.at()}: a picture of {said[0]}×{said[1]} cannot be; "
                      f"1×1 to {MAX_PIXELS / 1e6:.0f} megapixels can")
    return (said[0], said[1]), ""


def shape_problems(annotation: Annotation, width: int, height: int) -> Iterator[str]:
    """A line for everything that is wrong with the annotation's shapes in a picture of this size."""
    for shape in annotation.shapes:
        if shape.fault:
            yield f"{annotation.at(shape)}: {shape.fault}"
        if value_of(shape.label) is None and (shape.label or not shape.fault):
            yield f"{annotation.at(shape)}: {unknown_name(shape.label)}"
        if shape.fault:
            continue
        faults = [fault_of(outline, width, height) for outline in shape.outlines]
        yield from (f"{annotation.at(shape)} ({shape.label}): {fault}"
                    for fault in [*faults, _fault_of_runs(shape, width, height)] if fault)


def _fault_of_runs(shape: Shape, width: int, height: int) -> str:
    if shape.runs is None:
        return ""
    (rows, columns), lengths = shape.runs[:2], shape.runs[2:]
    if (columns, rows) != (width, height):
        return f"has run lengths for {columns}×{rows}, the picture is {width}×{height}"
    if lengths.sum() != width * height:
        return f"has run lengths for {lengths.sum()} pixels, the picture has {width * height}"
    return "" if lengths[1::2].any() else "covers no area: its run lengths hold nothing but outside"


def _name_is_safe(name: str) -> bool:
    return name.isprintable() and name.strip(". ") != "" and len(name.encode()) <= MAX_NAME_BYTES
