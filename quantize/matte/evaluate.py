"""Scores a matting model as the run time uses it: the tier's working size, K and weights, the board's own solver."""
from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from edge.board_shapes import FEATURES
from edge.boards import load_tiers
from edge.card import Card
from edge.frame import Trimap
from edge.matte_model import MatteModel
from edge.matting.solve import solve
from edge.matting.system import knn_system
from quantize.evaluate import Progress
from quantize.matte.cases import Case, cases, trimaps_in
from quantize.matte.convert import Parts
from quantize.matte.network import TILE_PX
from quantize.metrics import alpha_errors

REFINED = "refined"
"""Beside each way to match pixels: its figures with the correction added end so."""


class FloatMatteModel(MatteModel):
    """The float network behind the run time's calls, for int8 to be compared with."""

    def __init__(self, parts: Parts, card: Card) -> None:
        self.card, self.tile_px, self._calls = card, TILE_PX, parts.calls()

    def answer(self, signature: str, tile: np.ndarray) -> np.ndarray:
        """See MatteModel."""
        return np.asarray(self._calls[signature](tile[None].astype(np.float32) / 255))[0]


def evaluate_matte(model: MatteModel, tier: str, data: Path, progress: Progress = iter) -> dict[str, float]:
    """Means over the pictures of `data` (quantize.matte.cases): `TRIMAPS.WAY.mse` (in thousandths), `.sad`, `.ms`.

    WAY: raw, pca, learned, and each with `_refined` behind it. ms: processor time of looks, system and solve, with the
    correction where there is one. Raises DataError when there are no such pictures.
    """
    figures: dict[str, list[float]] = defaultdict(list)
    for trimaps in trimaps_in(data):
        every = list(cases(data, trimaps))
        for case in progress(every):
            for name, value in _judged(model, tier, case.within(load_tiers()[tier].matting_long_side_px.value)):
                figures[f"{trimaps}.{name}"].append(value)
        figures[f"{trimaps}.pictures"] = [len(every)]
    return {name: round(float(np.mean(values)), 4) for name, values in figures.items()}


def _judged(model: MatteModel, tier_name: str, case: Case) -> Iterator[tuple[str, float]]:
    tier, trimap = load_tiers()[tier_name], Trimap(case.trimap)
    for features in FEATURES:
        started = time.process_time()
        alpha = solve(knn_system(case.pixels, trimap, None, tier.neighbours.value, tier.position_weight.value,
                                 tier.prior_weight.value, model.looks(features))).alpha
        solved_s = time.process_time() - started
        refined = model.corrected(case.pixels, alpha, trimap.unknown)
        refined_s = time.process_time() - started
        for way, found, took_s in ((features, alpha, solved_s), (f"{features}_{REFINED}", refined, refined_s)):
            mse, sad = alpha_errors(found, case.truth, trimap.unknown)
            yield from ((f"{way}.mse", 1000 * mse), (f"{way}.sad", sad), (f"{way}.ms", 1000 * took_s))


def errors_of(figures: Iterable[str]) -> list[str]:
    """The names among figures that are errors, by which int8 is held against float."""
    return [name for name in figures if name.endswith((".mse", ".sad")) and ".raw." not in name]
