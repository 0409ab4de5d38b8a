"""Polygons → class masks, how well their annotators agree, and (with the pictures) a data folder for `prepare`.

Pixel value is the class: 0 background, 1 face, 2 hair, 3 clothes, 4 body skin, 5 headwear, 255 ignore.
"""
from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import DataError, OutputError
from edge.frame import CLASSES
from edge.photograph import check_output_folder, output_folder, write_together
from quantize.labels.agreement import Agreement, agreements, as_report, majority, summary
from quantize.labels.annotation_files import read_annotations
from quantize.labels.class_mask import class_mask
from quantize.labels.data_folder import Origin, write_manifest
from quantize.labels.pictures import LabelledPicture, Sorting, sort_pictures
from quantize.manifest import IGNORE
from quantize.whole_file import write_whole

SHOWN = 20
"""Problems that are told one by one; of the others only the count."""


def make_labels(polygons: Path, out: Path, *, images: Path | None = None, origin: Origin | None = None,
                by_folder: bool = False, skip_bad: bool = False,
                progress: Callable[[Sequence[Any]], Iterable[Any]] = iter) -> dict[str, Any]:
    """Writes `out/STEM.png` for every picture, `out/labels.json`, and with `images` also `out/manifest.csv`.

    images: folder of the pictures, whose sizes are compared; origin: what the manifest says of them; by_folder: the
    folders below `polygons` are annotators; progress wraps a list, for a progress bar. Returns what stands in
    labels.json: pictures, skipped (four or more people, or nothing drawn), problems, agreement. Where several
    annotators drew one picture, its mask has the value of most of them, and 255 where two values have equally many.

    Raises DataError that tells the first problems, with nothing written; with skip_bad only where no picture is good.
    """
    check_output_folder(out)
    if out.resolve() == polygons.resolve():
        raise OutputError(f"{out}: is the folder of the polygons too; choose another --out")
    if images is not None and not images.is_dir():
        raise DataError(f"{images}: no such folder of pictures")
    annotations, unreadable = read_annotations(polygons, by_folder)
    sorting = sort_pictures(annotations, images, progress)
    sorting.problems[:0] = unreadable
    _refuse(polygons, sorting, skip_bad)
    output_folder(out)
    rows, pairs = [], []
    for picture in progress(sorting.good):
        mask, of_picture = _drawn(picture)
        name = f"{Path(picture.image).stem}.png"
        write_together({out / name: mask})
        rows.append(_row(picture, name, mask, of_picture))
        pairs.append(of_picture)
    if images is not None:
        write_manifest(out, sorting.good, [row["mask"] for row in rows], origin or Origin())
    report = {"pictures": rows, "skipped": sorting.skipped, "problems": sorting.problems, "agreement": summary(pairs)}
    write_whole(out / "labels.json", json.dumps(report, indent=1, ensure_ascii=False).encode())
    return report


def shortened(problems: Sequence[str]) -> list[str]:
    """The first problems, and how many more there are."""
    more = len(problems) - SHOWN
    return [*problems[:SHOWN], *([f"… and {more} more"] if more > 0 else [])]


def _refuse(polygons: Path, sorting: Sorting, skip_bad: bool) -> None:
    problems = sorting.problems
    if problems and not (skip_bad and sorting.good):
        several = f"{polygons}: {len(problems)} problems:\n  " if len(problems) > 1 else ""
        hint = " (--skip-bad writes the good ones)" if sorting.good else ""
        raise DataError(several + "\n  ".join(shortened(problems)) + ("\n" if several else "; ")
                        + f"nothing was written{hint}")
    if not sorting.good:
        why = "; ".join(sorted(set(sorting.skipped.values()))) or "it names no picture"
        raise DataError(f"{polygons}: no picture is left to be written ({why})")


def _drawn(picture: LabelledPicture) -> tuple[np.ndarray, list[Agreement]]:
    masks = {annotation.annotator: class_mask(annotation, picture.width, picture.height)
             for annotation in picture.annotations}
    return majority(list(masks.values())), agreements(masks)


def _row(picture: LabelledPicture, name: str, mask: np.ndarray, pairs: Sequence[Agreement]) -> dict[str, Any]:
    counts = np.bincount(mask.ravel(), minlength=IGNORE + 1)
    pixels = {**{name: int(counts[value]) for value, name in enumerate(CLASSES)}, "ignore": int(counts[IGNORE])}
    return {"image": picture.image, "mask": name, "width": picture.width, "height": picture.height,
            "people": picture.people, "pixels": pixels,
            "annotators": [annotation.annotator for annotation in picture.annotations if annotation.annotator],
            "agreement": as_report(pairs)}
