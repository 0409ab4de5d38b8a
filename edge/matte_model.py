"""The matting model of a tier behind three calls: looks by PCA, learned looks, and the correction of a solved alpha.

A signature takes a square tile; only tiles that hold something asked for are run, overlapping so far that no answer
that is used has seen a tile's edge. All checks happen at opening.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from edge.board_shapes import Features
from edge.card import MODELS, Card, model_path, read_verified
from edge.matting.features import Looks, colours
from edge.segment.runtime import Runtime, open_runtime
from edge.segment.tflite import checked_runners

MARGIN_PX = 9
"""How far from a tile's edge an answer must lie: no signature looks farther than 8. Odd: features are of the pixels
(2i + 1, 2j + 1) of a tile, links are between pixels (2i, 2j) of a picture."""


class MatteModel:
    """One int8 model file with the signatures `features_pca`, `features_learned` and `refine`."""

    def __init__(self, content: bytes, card: Card, runtime: Runtime, threads: int = 1) -> None:
        """content and card as read_verified returns them. Raises ModelError when the file is not what its card says."""
        self.card, self.runtime = card, runtime
        self._runners = checked_runners(content, card, runtime, threads)
        self.tile_px = card.signatures["refine"].picture.shape[1]

    def looks(self, features: Features) -> Looks:
        """What `knn_system` matches pixels by."""
        return colours if features == "raw" else partial(self._looks, f"features_{features}")

    def _looks(self, signature: str, pixels: np.ndarray, where: np.ndarray) -> np.ndarray:
        """See edge.matting.features.Looks."""
        rows, columns = (axis // 2 for axis in np.divmod(where, pixels.shape[1]))
        wanted = np.zeros([-(-side // 2) for side in pixels.shape[:2]], bool)
        wanted[rows, columns] = True
        planes = np.empty((*wanted.shape, self.card.signatures[signature].outputs["features"].shape[-1]), np.float32)
        inner = (self.tile_px - 2 * MARGIN_PX) // 2
        for top, left in _places(wanted, inner):
            answer = self.answer(signature, self._tile(pixels, 2 * top, 2 * left))
            _put(planes[top : top + inner, left : left + inner], answer, MARGIN_PX // 2)
        return planes[rows, columns]

    def corrected(self, pixels: np.ndarray, alpha: np.ndarray, unknown: np.ndarray) -> np.ndarray:
        """A solved alpha (h, w) float32 with the network's residual added in the unknown pixels (h, w) bool, in 0..1.

        pixels (h, w, 3) uint8. The original project's refinement: image and alpha in, correction out.
        """
        mixed = np.dstack([pixels, (alpha * 255 + 0.5).astype(np.uint8)])
        correction, inner = np.zeros_like(alpha), self.tile_px - 2 * MARGIN_PX
        for top, left in _places(unknown, inner):
            _put(correction[top : top + inner, left : left + inner],
                 self.answer("refine", self._tile(mixed, top, left)), MARGIN_PX)
        return np.where(unknown, np.clip(alpha + correction, 0, 1), alpha)

    def _tile(self, plane: np.ndarray, top: int, left: int) -> np.ndarray:
        """The tile whose inner part begins at (top, left) of an (h, w, c) uint8 plane; beyond its edge it repeats."""
        top, left = top - MARGIN_PX, left - MARGIN_PX
        bottom, right = top + self.tile_px, left + self.tile_px
        cut = plane[max(0, top) : bottom, max(0, left) : right]
        return cv2.copyMakeBorder(cut, max(0, -top), max(0, bottom - plane.shape[0]), max(0, -left),
                                  max(0, right - plane.shape[1]), cv2.BORDER_REPLICATE)

    def answer(self, signature: str, tile: np.ndarray) -> np.ndarray:
        """What a signature answers for a tile (s, s, c) uint8: float32, without the batch."""
        (name, port), = self.card.signatures[signature].outputs.items()
        answer = self._runners[signature](picture=(tile ^ 0x80).view(np.int8)[None])[name][0]
        return (answer.astype(np.float32) - port.zero_point) * np.float32(port.scale)


def _places(wanted: np.ndarray, inner: int) -> Iterator[tuple[int, int]]:
    """The upper left corners of the inner × inner squares that hold anything wanted."""
    for top in range(0, wanted.shape[0], inner):
        for left in range(0, wanted.shape[1], inner):
            if wanted[top : top + inner, left : left + inner].any():
                yield top, left


def _put(into: np.ndarray, answer: np.ndarray, margin: int) -> None:
    """Fills a part of a plane with what an answer holds behind its margin."""
    into[...] = answer[margin : margin + into.shape[0], margin : margin + into.shape[1]]


def open_matte_model(tier: str, threads: int = 1, folder: Path = MODELS, runtime: str | None = None) -> MatteModel:
    """Loads and checks `matte-TIER.tflite`. Raises ModelError, by file name, for anything wrong with it."""
    content, card = read_verified(model_path("matte", tier, folder), "matte", tier)
    return MatteModel(content, card, open_runtime(runtime), threads)
