"""Scores a model on the validation split exactly as a user meets it: the run-time still path, fast, own size."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.board_shapes import CameraBoard
from edge.boards import board_names, load_board, load_tiers
from edge.card import WIDER
from edge.errors import DataError
from edge.frame import Labels, Mask, Region
from edge.photograph import read_grey, read_photograph
from edge.preprocess import letterbox, place, upright
from edge.report import StageTimes
from edge.segment.tflite import WideSegmenter
from edge.still import StillPath
from quantize.manifest import PERSON_VALUES, Entry, read_manifest
from quantize.metrics import boundary_f, iou, mean_iou

WHOLE_PERSON = ("person", "parts")
"""Kinds of supervision that say of (nearly) every pixel whether it is a person."""

MEASURES = {"person_iou": iou, "mean_iou": mean_iou, "boundary_f": boundary_f}

Cut = Callable[[np.ndarray], np.ndarray]
"""A picture (H, W, 3) uint8 → its alpha (H, W) uint8."""

Progress = Callable[[Sequence[Any]], Iterable[Any]]
"""Wraps a list to show how far one is in it."""


@dataclass(frozen=True)
class Case:
    """A picture with its truth: pixels (H, W, 3) uint8, mask (H, W) uint8 with the values of quantize.manifest.

    groups: every name under which its scores count.
    """

    pixels: np.ndarray
    mask: np.ndarray
    groups: tuple[str, ...]

    @property
    def person(self) -> np.ndarray:
        """(H, W) bool: certainly person."""
        return np.isin(self.mask, PERSON_VALUES)

    @property
    def known(self) -> np.ndarray:
        """(H, W) bool: the label says whether it is person."""
        return np.isin(self.mask, (0, *PERSON_VALUES))


Cases = Sequence[Callable[[], Case]]
"""Pictures to judge, each read or made when it is called: a set need not fit into memory."""


class KerasSegmenter:
    """The float network behind the run time's `segment`, mirror image included, for int8 to be compared with."""

    def __init__(self, network, portrait: tuple[int, int]) -> None:
        """network: logits from pictures in 0..1; portrait: (height, width) of its input."""
        self.network, self.portrait = network, portrait

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        """See edge.segment.tflite.Segmenter."""
        return self.label(pixels, region).person

    def segment_wide(self, pixels: np.ndarray, region: Region) -> Mask:
        """See edge.segment.tflite.WideSegmenter."""
        height, width = self.portrait
        return self._looked(pixels, region, (WIDER * width, WIDER * height)).person

    def label(self, pixels: np.ndarray, region: Region) -> Labels:
        """See edge.segment.labels.Labeller."""
        return self._looked(pixels, region, upright((region.height, region.width), self.portrait))

    def _looked(self, pixels: np.ndarray, region: Region, shape: tuple[int, int]) -> Labels:
        """shape: (height, width) of the input."""
        crop = region.cut(pixels)
        boxed = letterbox(crop, shape).astype(np.float32) / 255
        answers = self.network(np.stack([boxed, boxed[:, ::-1]]), training=False)
        person = 1 / (1 + np.exp(-np.asarray(answers["person"])))
        odds = np.exp(np.asarray(answers["parts"]))
        parts = np.stack([cv2.resize(one, shape[::-1], interpolation=cv2.INTER_LINEAR)
                          for one in odds / odds.sum(axis=-1, keepdims=True)])
        spot = place(crop.shape, shape)
        person, parts = (np.ascontiguousarray(spot.cut((both[0] + both[1, :, ::-1]) / 2), np.float32)
                         for both in (person, parts))
        return Labels(Mask(person[..., 0], region), parts)


def board_of_tier(tier: str) -> CameraBoard:
    """The first camera board that uses a tier: its settings are the ones that users of the tier get."""
    for name in board_names():
        board = load_board(name)
        if isinstance(board, CameraBoard) and board.tier.value == tier:
            return board
    raise DataError(f"no board uses tier {tier!r}")


def validation_entries(data: Path, sources: Sequence[str] = (), of: Sequence[str] = WHOLE_PERSON) -> list[Entry]:
    """Entries of the validation split with these kinds of supervision; sources: only these (none: all).

    Raises DataError when there is none.
    """
    entries = [e for e in read_manifest(data) if e.split == "val" and e.supervision in of
               and (not sources or e.source in sources)]
    if not entries:
        what = "labels whole persons" if of == WHOLE_PERSON else f"labels {', '.join(of)}"
        raise DataError(f"{data}: no validation picture {what}" + (f" among {', '.join(sources)}" if sources else ""))
    return entries


def read_case(entry: Entry) -> Case:
    """An entry's picture and mask, in the group of its source."""
    return Case(read_photograph(entry.image).pixels, read_grey(entry.mask), (entry.source,))


def validation_cases(data: Path, sources: Sequence[str] = ()) -> Cases:
    """The validation pictures that label whole persons. Raises DataError when there is none."""
    return [partial(read_case, entry) for entry in validation_entries(data, sources)]


def still_cut(segmenter: WideSegmenter, tier: str) -> Cut:
    """`masque matte --quality fast` with the settings of the tier's board."""
    path = StillPath(board_of_tier(tier), load_tiers()[tier], segmenter, fine=False)
    return lambda pixels: path.matte(pixels, StageTimes()).matte.alpha


def figures_of(judged: Iterable[tuple[Case, np.ndarray]]) -> dict[str, dict[str, float]]:
    """Cases with an alpha (H, W) uint8 each → per group the means of MEASURES and the number of `pictures`.

    Alpha is thresholded at 0.5.
    """
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for case, alpha in judged:
        seen, person, known = alpha >= 128, case.person, case.known
        for name, measure in MEASURES.items():
            value = measure(seen, person, known)
            for group in case.groups:
                scores[group][name].append(value)
    return {group: {**{name: round(float(np.mean(values)), 4) for name, values in of_group.items()},
                    "pictures": len(of_group["person_iou"])} for group, of_group in scores.items()}


def score(cut: Cut, cases: Cases, progress: Progress = iter) -> dict[str, dict[str, float]]:
    """See figures_of; the alphas are `cut`'s."""
    return figures_of((case, cut(case.pixels)) for case in (make() for make in progress(cases)))


def evaluate(segmenter: WideSegmenter, tier: str, data: Path, sources: tuple[str, ...] = (),
             progress: Progress = iter) -> dict[str, float]:
    """Mean over validation pictures, per source: `SOURCE.person_iou`, `.mean_iou`, `.boundary_f`, `.pictures`.

    sources: only these (none: all that label whole persons). Raises DataError when there is no such picture.
    """
    figures = score(still_cut(segmenter, tier), validation_cases(data, sources), progress)
    return {f"{source}.{name}": value for source, of_source in figures.items() for name, value in of_source.items()}
