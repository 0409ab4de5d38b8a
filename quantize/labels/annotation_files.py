"""A file or a folder of annotations from strangers → what was drawn on which picture, whichever tool wrote it."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec

from edge.errors import DataError
from quantize.labels import coco, cvat, labelme, via
from quantize.labels.annotation import Annotation

MAX_FILE_BYTES = 64_000_000
"""A larger file is refused unread: decoding takes many times its size in memory."""

SCHEMAS: dict[str, Callable[[Path, bytes], list[Annotation]]] = {
    labelme.SCHEMA: labelme.read_labelme, coco.SCHEMA: coco.read_coco,
    cvat.SCHEMA: cvat.read_cvat, via.SCHEMA: via.read_via,
}
"""What can be read, by what."""


def read_annotations(polygons: Path, by_folder: bool = False) -> tuple[list[Annotation], list[str]]:
    """All annotations of a file, or of every .json and .xml below a folder; and a complaint for each unreadable file.

    by_folder: the first folder below `polygons` names the annotator, whatever the files say; else they may say it by an
    attribute, and one nameless annotator drew the rest. Raises DataError where there is nothing to read at all.
    """
    annotations: list[Annotation] = []
    problems: list[str] = []
    for file in _files(polygons, by_folder):
        try:
            read = read_file(file)
            if by_folder:
                annotations += [_drawn_by(_annotator(file, polygons), annotation) for annotation in read]
            else:
                annotations += [one for annotation in read for one in annotation.by_annotator()]
        except DataError as error:
            problems.append(str(error))
    return annotations, problems


def read_file(file: Path) -> list[Annotation]:
    """The pictures of one annotation file; its schema is recognised from its content, not from its name.

    Raises DataError for a file that is too large, damaged, or of none of the four SCHEMAS.
    """
    try:
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            raise DataError(f"{file}: is {size / 1e6:.0f} MB, at most {MAX_FILE_BYTES / 1e6:.0f} are read; "
                            "export it in parts")
        content = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror})") from error
    schema, seen = _recognised(content)
    if not schema:
        raise DataError(f"{file}: {seen}; it must be one of {', '.join(SCHEMAS)}")
    return SCHEMAS[schema](file, content)


def _recognised(content: bytes) -> tuple[str, str]:
    """The schema ('' for a foreign one) and what was seen instead."""
    if content.lstrip()[:1] == b"<":
        root = cvat.root_of(content)
        if root == "annotations":
            return cvat.SCHEMA, ""
        return "", f"is XML of <{root[:50]}>" if root else "is no whole XML"
    try:
        keys = set(msgspec.json.decode(content, type=dict[str, msgspec.Raw]))
    except msgspec.ValidationError:
        return "", "is JSON, but no object with names"
    except (msgspec.DecodeError, RecursionError) as error:
        return "", f"is neither XML nor whole JSON ({error})"
    if "shapes" in keys and "imagePath" in keys:
        return labelme.SCHEMA, ""
    if {"images", "annotations", "categories"} <= keys:
        return coco.SCHEMA, ""
    if "_via_img_metadata" in keys or via.is_via_export(content):
        return via.SCHEMA, ""
    return "", f"is JSON with {', '.join(sorted(keys)[:5])[:100] or 'nothing in it'}"


def _files(polygons: Path, by_folder: bool) -> list[Path]:
    if polygons.is_file():
        if by_folder:
            raise DataError(f"{polygons}: is a file; annotators are told apart by the folders below one folder")
        return [polygons]
    if not polygons.is_dir():
        raise DataError(f"{polygons}: no such file or folder")
    files = sorted(path for path in polygons.rglob("*") if path.suffix.lower() in (".json", ".xml")
                   and path.is_file() and not path.name.startswith("."))
    if not files:
        raise DataError(f"{polygons}: holds no .json or .xml file")
    return files


def _annotator(file: Path, polygons: Path) -> str:
    first, *rest = file.relative_to(polygons).parts
    if not rest:
        raise DataError(f"{file}: lies in no annotator's folder; with --annotators each has one below {polygons}")
    return first


def _drawn_by(annotator: str, annotation: Annotation) -> Annotation:
    shapes = tuple(replace(shape, annotator=annotator) for shape in annotation.shapes)
    return replace(annotation, annotator=annotator, shapes=shapes)
