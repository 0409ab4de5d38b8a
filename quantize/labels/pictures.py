"""Annotations → pictures that may become masks, pictures that the rules leave out, and complaints."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quantize.labels.annotation import Annotation
from quantize.labels.checks import find_picture, picture_size, shape_problems
from quantize.labels.class_mask import people_in

MAX_PEOPLE = 3
"""Pictures with more are left out (US 2023/0362331, labelling rules)."""


@dataclass(frozen=True)
class LabelledPicture:
    """One picture without faults. people: by the annotator who saw most; picture: where it lies, if it was found."""

    image: str
    width: int
    height: int
    people: int
    picture: Path | None
    annotations: tuple[Annotation, ...]


@dataclass
class Sorting:
    """good: in order of names; skipped: left out by a rule, picture → why; problems: a line each."""

    good: list[LabelledPicture] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def sort_pictures(annotations: Sequence[Annotation], images: Path | None = None,
                  progress: Callable[[Sequence[str]], Iterable[str]] = iter) -> Sorting:
    """Checks everything. A picture with any problem is not good, whoever of its annotators made it.

    images: folder of the pictures; a picture that is not found is then a problem. Pictures are known by their names
    without folders.
    """
    sorting = Sorting()
    of_image: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        of_image[annotation.image].append(annotation)
    stems = Counter(Path(image).stem for image in of_image)
    for image in progress(sorted(of_image)):
        drawn = [annotation for annotation in of_image[image] if annotation.shapes]
        problems = list(_clashes(drawn))
        if stems[Path(image).stem] > 1:
            problems.append(f"{of_image[image][0].at()}: shares its mask's name {Path(image).stem}.png with another "
                            "picture; rename one")
        if not drawn:
            sorting.skipped[image] = "nothing was drawn on it"
        elif problems:
            sorting.problems += problems
        else:
            _sort(image, drawn, images, sorting)
    return sorting


def _clashes(drawn: Sequence[Annotation]) -> Iterable[str]:
    seen: dict[str, Annotation] = {}
    for annotation in drawn:
        name = repr(annotation.annotator) if annotation.annotator else "an annotator without a name"
        first = seen.setdefault(annotation.annotator, annotation)
        if first is not annotation:
            yield (f"{annotation.at()}: was labelled by {name} in {first.file} already; tell annotators apart by "
                   "an attribute `annotator`, or by folders with --annotators")
    folders = sorted({annotation.folder for annotation in drawn if annotation.folder})
    if len(folders) > 1:
        yield f"{drawn[0].at()}: lies in {folders[0]} for one and in {folders[1]} for another; rename one"


def _sort(image: str, drawn: Sequence[Annotation], images: Path | None, sorting: Sorting) -> None:
    picture = next(filter(None, (find_picture(annotation, images) for annotation in drawn)), None)
    problems, sizes = [], set()
    for annotation in drawn:
        size, complaint = picture_size(annotation, picture)
        if size is None:
            problems.append(complaint)
        else:
            problems += shape_problems(annotation, *size)
            sizes.add(size)
    if len(sizes) > 1:
        several = " and ".join(f"{width}×{height}" for width, height in sorted(sizes))
        problems.append(f"{drawn[0].at()}: is {several} for its annotators; it can have one size")
    if images is not None and picture is None and not problems:
        problems.append(f"{drawn[0].at()}: is neither in {images} nor beside the annotation file")
    if problems:
        sorting.problems += problems
        return
    (width, height), = sizes
    people = max(people_in(annotation, width, height) for annotation in drawn)
    if people > MAX_PEOPLE:
        sorting.skipped[image] = f"shows {people} people, at most {MAX_PEOPLE} are labelled"
    else:
        sorting.good.append(LabelledPicture(image, width, height, people, picture, tuple(drawn)))
