"""Six classes against the labels: one confusion matrix over all pictures of a source, IoU per class, their mean.

Over the whole source, not per picture: few pictures hold a hat, and one stray pixel of it would count like a face.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edge.boards import load_tiers
from edge.frame import CLASSES
from edge.report import StageTimes
from edge.segment.labels import TellsParts, labels_of
from edge.still import StillPath
from quantize.evaluate import Progress, board_of_tier, read_case, validation_entries

ClassesOf = Callable[[np.ndarray], np.ndarray]
"""A picture (H, W, 3) uint8 → the class (H, W) uint8 of every pixel, an index of CLASSES."""

FACE, BODY_SKIN = CLASSES.index("face"), CLASSES.index("body skin")

SKIN = 252
"""The mask value for face or body skin. 250, 251, 254 and 255 do not name one class and are left out."""


class Confusion:
    """counts (256, 6) int64: [mask value, class seen] → pixels."""

    def __init__(self) -> None:
        self.counts = np.zeros((256, len(CLASSES)), np.int64)

    def add(self, seen: np.ndarray, mask: np.ndarray) -> None:
        """seen (H, W): classes 0..5; mask (H, W) uint8 with the values of quantize.manifest."""
        pairs = mask.astype(np.int64) * len(CLASSES) + seen
        self.counts += np.bincount(pairs.ravel(), minlength=self.counts.size).reshape(self.counts.shape)

    def ious(self) -> dict[str, float]:
        """Class name → IoU, for the classes that occur in the truth.

        Where a mask says SKIN, face and body skin count as one class, `skin`: either is correct there, and a pixel
        that was missed belongs to nobody knows which of the two.
        """
        square = self.counts[: len(CLASSES)].astype(np.float64)
        names = list(CLASSES)
        if self.counts[SKIN].any():
            names[FACE] = "skin"
            square[FACE] += self.counts[SKIN] + square[BODY_SKIN]
            square[:, FACE] += square[:, BODY_SKIN]
            square[BODY_SKIN], square[:, BODY_SKIN] = 0, 0
        union = square.sum(axis=0) + square.sum(axis=1) - np.diag(square)
        return {name: float(square[i, i] / union[i]) for i, name in enumerate(names) if square[i].any()}


def still_classes(segmenter: TellsParts, tier: str) -> ClassesOf:
    """What `masque matte --quality fast --labels` writes."""
    path = StillPath(board_of_tier(tier), load_tiers()[tier], segmenter, fine=False)
    return lambda pixels: labels_of(segmenter, pixels, path.matte(pixels, StageTimes()).matte.alpha)


def evaluate_parts(classes_of: ClassesOf, data: Path, sources: Sequence[str] = (),
                   progress: Progress = iter) -> dict[str, float]:
    """Per source with supervision `parts`: `SOURCE.parts_mean_iou`, `SOURCE.parts_iou.CLASS`, `.parts_pictures`.

    Raises DataError when no validation picture labels parts.
    """
    confusions: dict[str, Confusion] = defaultdict(Confusion)
    pictures: dict[str, int] = defaultdict(int)
    for entry in progress(validation_entries(data, sources, of=("parts",))):
        case = read_case(entry)
        confusions[entry.source].add(classes_of(case.pixels), case.mask)
        pictures[entry.source] += 1
    figures: dict[str, float] = {}
    for source, confusion in confusions.items():
        ious = confusion.ious()
        figures[f"{source}.parts_mean_iou"] = round(float(np.mean(list(ious.values()))), 4)
        figures |= {f"{source}.parts_iou.{name}": round(value, 4) for name, value in ious.items()}
        figures[f"{source}.parts_pictures"] = pictures[source]
    return figures
