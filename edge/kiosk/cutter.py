"""What the developing process does with a photograph; see develop.py for the booth's side."""
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.boards import load_camera_board, load_tiers
from edge.card import model_path
from edge.composite import covering
from edge.frame import Trimap
from edge.kiosk.look import Backdrops, Look, shrunk
from edge.kiosk.overlay import resized
from edge.matting.trimap import checked_trimap
from edge.open_still import with_model
from edge.photograph import Photograph, overlay_from, photograph_from, png_bytes
from edge.report import StageTimes, StillReport, peak_rss_mb
from edge.segment.tflite import open_segmenter
from edge.sinks.jpeg import jpeg_bytes
from edge.still import Still, StillPath

COMPOSITE_QUALITY, SCREEN_QUALITY = 92, 85

THUMBNAIL_PX = 320

Result = tuple[dict[str, Any], dict[str, bytes]]
"""Figures as JSON can say them; kinds of the gallery → content."""


class ToldStages(StageTimes):
    """Stage times that somebody listens to."""

    def __init__(self, told) -> None:
        super().__init__()
        self.told = told

    def lap(self, stage: str) -> None:
        """See StageTimes."""
        super().lap(stage)
        self.told(stage)


class Cutter:
    """Cuts photographs in one process; keeps models and backgrounds between them, and no photograph."""

    def __init__(self, board: str, models: Path, threads: int) -> None:
        """Raises ModelError, BoardError."""
        cv2.setNumThreads(threads)
        described = load_camera_board(board)
        tier = load_tiers()[described.tier.value]
        segmenter, self.fallbacks = open_segmenter(model_path("seg", described.tier.value, models),
                                                   described.tier.value, threads, described.network.delegate.value,
                                                   mirror=True)
        self._fast = StillPath(described, tier, segmenter, fine=False)
        fine = StillPath(described, tier, segmenter, fine=True)
        self._fine, without = with_model(fine, None, False, threads, models)
        self.fallbacks += without
        self._backdrops = Backdrops()

    def quick(self, photograph: bytes, look: Look, screen_px: int, told) -> Result:
        """The fast cut at screen size: screen, screen_cutout, thumbnail."""
        times = ToldStages(told)
        taken = photograph_from(photograph, "photograph", screen_px)
        pixels = shrunk(taken.pixels, screen_px)
        times.lap("decode")
        still = self._fast.matte(pixels, times)
        picture = self._backdrops.composed(still.foreground, still.matte.alpha, look, pixels)
        times.lap("composite")
        parts = {"screen": _jpeg(picture, SCREEN_QUALITY), "thumbnail": _thumbnail(picture),
                 "screen_cutout": png_bytes(_cutout(still))}
        times.lap("write")
        return self._report(taken, pixels, still, times), parts

    def fine(self, photograph: bytes, look: Look, screen_px: int, trimap: bytes | None, told) -> Result:
        """The fine cut at the photograph's own size: composite, cutout, alpha, trimap, and all that quick gives."""
        times = ToldStages(told)
        taken = photograph_from(photograph, "photograph")
        given = _trimap(trimap, taken.pixels.shape[:2])
        times.lap("decode")
        still = self._fine.matte(taken.pixels, times, given)
        picture = self._backdrops.composed(still.foreground, still.matte.alpha, look, taken.pixels)
        times.lap("composite")
        small, cutout = shrunk(picture, screen_px), _cutout(still)
        parts = {"composite": _jpeg(picture, COMPOSITE_QUALITY), "cutout": png_bytes(cutout),
                 "alpha": png_bytes(still.matte.alpha), "trimap": png_bytes(still.trimap.values),
                 "screen": _jpeg(small, SCREEN_QUALITY), "thumbnail": _thumbnail(small),
                 "screen_cutout": png_bytes(resized(cutout, small.shape))}
        times.lap("write")
        return self._report(taken, taken.pixels, still, times), parts

    def recompose(self, cutout: bytes, photograph: bytes | None, look: Look, kind: str, told) -> Result:
        """Another look from a stored cut-out; kind: "screen" (also thumbnail) or "composite"."""
        times = ToldStages(told)
        cut = overlay_from(cutout, "cut-out")
        pixels = None
        if photograph is not None:
            taken = photograph_from(photograph, "photograph", max(cut.shape[:2]))
            pixels = covering(taken.pixels, cut.shape)
        times.lap("decode")
        picture = self._backdrops.composed(cut[..., :3], cut[..., 3], look, pixels)
        times.lap("composite")
        parts = {kind: _jpeg(picture, COMPOSITE_QUALITY if kind == "composite" else SCREEN_QUALITY)}
        if kind == "screen":
            parts["thumbnail"] = _thumbnail(picture)
        times.lap("write")
        return {"ms": times.rounded()}, parts

    def _report(self, taken: Photograph, pixels: np.ndarray, still: Still, times: StageTimes) -> dict[str, Any]:
        return asdict(StillReport(
            image="", width=pixels.shape[1], height=pixels.shape[0], ms=times.rounded(), peak_rss_mb=peak_rss_mb(),
            solver=still.solver, features=still.features, unknown_pixels=still.unknown_pixels,
            iterations=still.iterations, residual=still.residual,
            fallbacks=[*self.fallbacks, *taken.notes, *still.fallbacks])) | {"person": bool(still.matte.alpha.any())}


def _trimap(trimap: bytes | None, shape: tuple[int, ...]) -> Trimap | None:
    if trimap is None:
        return None
    grey = cv2.cvtColor(photograph_from(trimap, "trimap").pixels, cv2.COLOR_RGB2GRAY)
    return checked_trimap(grey, (shape[0], shape[1]), "trimap")


def _cutout(still: Still) -> np.ndarray:
    return np.dstack([still.foreground, still.matte.alpha])


def _jpeg(picture: np.ndarray, quality: int) -> bytes:
    return jpeg_bytes(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)


def _thumbnail(picture: np.ndarray) -> bytes:
    return _jpeg(shrunk(picture, THUMBNAIL_PX), SCREEN_QUALITY)
