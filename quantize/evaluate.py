"""Scores a model on the validation split exactly as a user meets it: the run-time still path, fast, own size."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from edge.board_shapes import CameraBoard
from edge.boards import board_names, load_board, load_tiers
from edge.errors import DataError
from edge.frame import Mask, Region
from edge.photograph import read_grey, read_photograph
from edge.preprocess import letterbox, place, upright
from edge.report import StageTimes
from edge.segment.tflite import Segmenter
from edge.still import StillPath
from quantize.manifest import PERSON_VALUES, Entry, read_manifest
from quantize.metrics import boundary_f, iou, mean_iou

WHOLE_PERSON = ("person", "parts")
"""Kinds of supervision that say of (nearly) every pixel whether it is a person."""


class KerasSegmenter:
    """The float network behind the run time's `segment`, mirror image included, for int8 to be compared with."""

    def __init__(self, network, portrait: tuple[int, int]) -> None:
        """network: logits from pictures in 0..1; portrait: (height, width) of its input."""
        self.network, self.portrait = network, portrait

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        """See edge.segment.tflite.Segmenter."""
        crop = region.cut(pixels)
        shape = upright(crop.shape, self.portrait)
        boxed = letterbox(crop, shape).astype(np.float32) / 255
        logits = np.asarray(self.network(np.stack([boxed, boxed[:, ::-1]]), training=False))[..., 0]
        seen = 1 / (1 + np.exp(-logits))
        mean = (seen[0] + seen[1, :, ::-1]) / 2
        return Mask(np.ascontiguousarray(place(crop.shape, shape).cut(mean), np.float32), region)


def board_of_tier(tier: str) -> CameraBoard:
    """The first camera board that uses a tier: its settings are the ones that users of the tier get."""
    for name in board_names():
        board = load_board(name)
        if isinstance(board, CameraBoard) and board.tier.value == tier:
            return board
    raise DataError(f"no board uses tier {tier!r}")


def evaluate(segmenter: Segmenter, tier: str, data: Path, sources: tuple[str, ...] = (),
             progress: Callable[[Sequence[Entry]], Iterable[Entry]] = iter) -> dict[str, float]:
    """Mean over validation pictures, per source: `SOURCE.person_iou`, `.mean_iou`, `.boundary_f`, `.pictures`.

    sources: only these (none: all that label whole persons). Alpha is thresholded at 0.5.
    """
    entries = [e for e in read_manifest(data) if e.split == "val" and e.supervision in WHOLE_PERSON
               and (not sources or e.source in sources)]
    if not entries:
        raise DataError(f"{data}: no validation picture labels whole persons"
                        + (f" among {', '.join(sources)}" if sources else ""))
    path = StillPath(board_of_tier(tier), load_tiers()[tier], segmenter, fine=False)
    scores: dict[str, list[float]] = defaultdict(list)
    for entry in progress(entries):
        mask = read_grey(entry.mask)
        truth, known = np.isin(mask, PERSON_VALUES), np.isin(mask, (0, *PERSON_VALUES))
        seen = path.matte(read_photograph(entry.image).pixels, StageTimes()).matte.alpha >= 128
        for name, measure in (("person_iou", iou), ("mean_iou", mean_iou), ("boundary_f", boundary_f)):
            scores[f"{entry.source}.{name}"].append(measure(seen, truth, known))
    means = {name: round(float(np.mean(values)), 4) for name, values in scores.items()}
    counts = {name.replace("person_iou", "pictures"): len(v) for name, v in scores.items() if "person_iou" in name}
    return {**means, **counts}
