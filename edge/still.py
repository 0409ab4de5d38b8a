"""One photograph through the stages: person → refine → trimap → (fine: matting) → the photograph's own size."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import cv2
import numpy as np

from edge.board_shapes import CameraBoard, Tier
from edge.errors import PictureError
from edge.frame import Matte, Region, Trimap
from edge.matting.features import Looks, colours
from edge.matting.foreground import foreground
from edge.matting.guided import enlarged_alpha, grey
from edge.matting.solve import solve
from edge.matting.system import KnnSystem, knn_system
from edge.matting.tiles import cubic_alpha
from edge.matting.trimap import enlarged_trimap, ramp_across, shrunk_trimap, trimap_from
from edge.refine import refine
from edge.report import StageTimes
from edge.segment.detail import with_detail
from edge.segment.person import find_person
from edge.segment.tflite import WideSegmenter
from edge.segment.tidy import tidied
from edge.segment.wide import widened


@dataclass
class Still:
    """A photograph's matte, its trimap (H, W), the person's own colours (H, W, 3) uint8, and what was done."""

    matte: Matte
    trimap: Trimap
    foreground: np.ndarray
    solver: str = "none"
    features: str = "none"
    unknown_pixels: int = 0
    iterations: int = 0
    residual: float = 0.0
    fallbacks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Draft:
    """The photograph at working size: pixels (h, w, 3) uint8, alpha (h, w) float32 so far, trimap.

    seen: the network saw alpha; otherwise it is only what lies between the strokes of somebody's trimap.
    """

    pixels: np.ndarray
    alpha: np.ndarray
    trimap: Trimap
    seen: bool = True

    def scaled(self, factor: float) -> Draft:
        """The same draft with sides `factor` (under 1) times as long."""
        height, width = (max(2, int(side * factor)) for side in self.trimap.values.shape)
        pixels, alpha = (cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
                         for plane in (self.pixels, self.alpha))
        return Draft(pixels, alpha, shrunk_trimap(self.trimap, (height, width)), self.seen)

    def fitted(self, unknowns: int) -> Draft:
        """The same draft, as much smaller as it takes to leave so many unknown pixels or fewer."""
        draft, factor = self, 1.0
        while (left := int(draft.trimap.unknown.sum())) > unknowns:  # shrinking widens a thin band: once may not do
            factor *= 0.98 * (unknowns / left) ** 0.5
            draft = self.scaled(factor)
        return draft


Correction: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""(pixels (h, w, 3) uint8, alpha (h, w) float32, unknown (h, w) bool) → a better alpha, known pixels as they are."""

MOST_PIECES = 8
"""Bands of more unknown pixels than this many times the board's budget are narrowed by solving them smaller."""


class StillPath:
    """The still path of one board; holds no picture between two photographs."""

    def __init__(self, board: CameraBoard, tier: Tier, segmenter: WideSegmenter | None, fine: bool,
                 features: str = "raw", looks: Looks = colours, corrected: Correction | None = None) -> None:
        """segmenter may be None when every photograph comes with its trimap. fine: matting in the band. looks: what it
        matches pixels by, called `features` in reports. corrected: what a solved alpha goes through."""
        self.board, self.tier, self.segmenter, self.fine = board, tier, segmenter, fine
        self.features, self.looks, self.corrected = features, looks, corrected

    def matte(self, pixels: np.ndarray, times: StageTimes, trimap: Trimap | None = None) -> Still:
        """pixels (H, W, 3) uint8; a trimap (H, W) replaces segmentation and is solved whatever the quality."""
        draft = self._drafted(pixels, times) if trimap is None else self._drafted_from(pixels, trimap)
        times.lap("trimap")
        if draft is None:
            return _nobody(pixels)
        still = Still(Matte(np.empty((0, 0), np.uint8), Region.whole(pixels.shape)), draft.trimap, pixels)
        if self.fine or trimap is not None:
            draft = self._solved(draft, still, times)
        solved = still.solver != "none"
        alpha = (cubic_alpha(draft.alpha, pixels.shape) if solved
                 else enlarged_alpha(pixels, grey(draft.pixels), draft.alpha))
        still.trimap = trimap or enlarged_trimap(draft.trimap, pixels.shape[:2])
        if trimap is not None:
            np.copyto(alpha, trimap.values, where=~trimap.unknown)
        still.matte = Matte(alpha, Region.around(alpha, 0.0, threshold=0) or Region.whole(alpha.shape))
        times.lap("refine")
        still.foreground = foreground(pixels, alpha, draft.pixels, draft.alpha)
        times.lap("foreground")
        return still

    def _drafted(self, pixels: np.ndarray, times: StageTimes) -> Draft | None:
        """Person, soft alpha and trimap from the network; None when nobody is there."""
        assert self.segmenter is not None
        work = _working_copy(pixels, self.tier)
        mask = find_person(self.segmenter, work)
        if mask is not None:
            mask = tidied(with_detail(self.segmenter, work, widened(self.segmenter, work, mask)))
        times.lap("segment")
        if mask is None:
            return None
        alpha = refine(work, mask, self.board.refine.guided_epsilon.value)
        times.lap("refine")
        trimap = trimap_from(alpha, self.board.matting.trimap_band_px.value, mask)
        return Draft(work, alpha, trimap)

    def _drafted_from(self, pixels: np.ndarray, trimap: Trimap) -> Draft:
        work = _working_copy(pixels, self.tier)
        small = shrunk_trimap(trimap, work.shape[:2])
        if lost := _lost(small):
            least_px = int(np.ceil(2 * pixels.shape[0] / work.shape[0]))
            raise PictureError(f"the trimap's {lost} is lost at the working size of {work.shape[1]}×{work.shape[0]}; "
                               f"draw strokes at least {least_px} pixels wide")
        return Draft(work, ramp_across(small), small, seen=False)

    def _solved(self, draft: Draft, still: Still, times: StageTimes) -> Draft:
        """Matting of the unknown band, in pieces where the board has no memory for all of it at once."""
        if not draft.trimap.unknown.any():
            return Draft(draft.pixels, draft.trimap.values.astype(np.float32) / 255, draft.trimap)
        budget, whole = self.board.matting.max_unknowns.value, draft
        unknown, draft = int(draft.trimap.unknown.sum()), draft.fitted(MOST_PIECES * budget)
        if lost := _lost(draft.trimap):
            still.fallbacks.append(f"no sure {lost} at the working size: the band was not solved")
            return whole
        system = self._system(draft)
        times.lap("neighbours")
        solution = solve(system, self._start(draft, budget), budget)
        times.lap("solve")
        still.solver, still.features, still.unknown_pixels = "knn-cg", self.features, int(draft.trimap.unknown.sum())
        still.iterations, still.residual = solution.iterations, solution.residual
        if unknown > budget:
            scale = draft.alpha.shape[1] / whole.alpha.shape[1]
            size = "" if draft is whole else f" at {scale:.2f} of the working size"
            still.fallbacks.append(f"{unknown:,} unknown pixels, the board's budget is {budget:,}: "
                                   f"solved in {solution.pieces} overlapping pieces{size}")
        if not solution.converged:
            still.fallbacks.append(f"the solve stopped at residual {solution.residual:.1e} after "
                                   f"{solution.iterations} iterations; its best answer was used")
        alpha = solution.alpha
        if self.corrected:
            alpha = self.corrected(draft.pixels, alpha, draft.trimap.unknown)
            times.lap("residual")
        return Draft(draft.pixels, alpha, draft.trimap)

    def _start(self, draft: Draft, budget: int) -> np.ndarray | None:
        """Where pieces begin, so that they agree from afar: the band solved at a size that the budget allows."""
        small = draft.fitted(budget)
        if small is draft or _lost(small.trimap):
            return None
        return cv2.resize(solve(self._system(small)).alpha, draft.alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)

    def _system(self, draft: Draft) -> KnnSystem:
        return knn_system(draft.pixels, draft.trimap, draft.alpha if draft.seen else None,
                          self.board.matting.neighbours.value, self.tier.position_weight.value,
                          self.tier.prior_weight.value, self.looks)


def _lost(trimap: Trimap) -> str:
    """Which side the solve would have nothing to start from, foreground or background; "" when both are there."""
    return next((name for value, name in ((255, "foreground"), (0, "background"))
                 if not (trimap.values == value).any()), "")


def _working_copy(pixels: np.ndarray, tier: Tier) -> np.ndarray:
    """The photograph no larger than the tier's working size; itself where it is small enough."""
    scale = tier.matting_long_side_px.value / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _nobody(pixels: np.ndarray) -> Still:
    empty = np.zeros(pixels.shape[:2], np.uint8)
    return Still(Matte(empty, Region.whole(empty.shape)), Trimap(empty), np.zeros_like(pixels),
                 fallbacks=["no person found: the alpha is empty"])
