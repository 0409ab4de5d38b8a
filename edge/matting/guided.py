"""Guided filter and its fast form (He, Sun, Tang 2013, "Guided Image Filtering", eq. 5–8; He, Sun 2015,
arXiv 1505.00996): the mask becomes, in every window, a linear function of the guide, so its edges become the guide's.
The loops are edge/native/guided.c and enlarge.c.
"""
from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from edge.matting.tiles import alpha_bytes
from edge.native import loops

FINE_RADIUS_PX, FINE_EPSILON = 1, 1e-4
"""The filter that brings a small alpha to its picture's own size: a window as fine as the alpha's own edge. Mean error
of an alpha on the demo source, in thousandths: 4.1 with radius 2, 3.5 with 1, 3.7 with no filter at all."""


class Coefficients(NamedTuple):
    """The filter's answer as a·guide/255 + b; a, b (h, w) float32."""

    a: np.ndarray
    b: np.ndarray

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Coefficients:
        """Room for a filter's answer."""
        return cls(np.empty(shape, np.float32), np.empty(shape, np.float32))

    def answer(self, guide: np.ndarray) -> np.ndarray:
        """The filtered values (h, w) float32, not clipped, for the guide (h, w) uint8."""
        return self.a * (guide * np.float32(1 / 255)) + self.b


def guided_coefficients(guide: np.ndarray, values: np.ndarray, radius_px: int, epsilon: float,
                        into: Coefficients | None = None) -> Coefficients:
    """guide (h, w) uint8, values (h, w) float32 in 0..1. epsilon: guide variance (of 0..1) under which an edge counts
    as texture, > 0. into: coefficients to fill and return; a loop over frames then allocates nothing."""
    into = into or Coefficients.empty(guide.shape)
    loops.guided(np.ascontiguousarray(guide), np.ascontiguousarray(values), radius_px, epsilon, into.a, into.b)
    return into


def grey(pixels: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 RGB → (h, w) uint8 luma: the guide."""
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)


def enlarged_alpha(pixels: np.ndarray, guide: np.ndarray, small_alpha: np.ndarray) -> np.ndarray:
    """Brings a small alpha to the picture's own size with the picture's own edges (fast guided filter).

    pixels (H, W, 3) uint8; guide (h, w) uint8, the same picture's luma; small_alpha (h, w) float32 in 0..1 → (H, W)
    uint8. Coefficients are computed small and applied large, only in tiles that hold an edge.
    """
    if small_alpha.shape == pixels.shape[:2]:
        return alpha_bytes(small_alpha)
    alpha, kinds = no_person(pixels.shape[:2])
    a, b = guided_coefficients(guide, small_alpha, FINE_RADIUS_PX, FINE_EPSILON)
    loops.enlarge(np.ascontiguousarray(pixels), np.ascontiguousarray(guide), a, b, (0.0, 1.0), kinds,
                  alpha)
    return alpha


def no_person(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """An alpha (height, width) uint8 of background alone, and the kinds of its tiles, see loops.pyi."""
    height, width = shape[:2]
    tiles = (-(-height // loops.TILE_HIGH), -(-width // loops.TILE_WIDE))
    return np.zeros((height, width), np.uint8), np.zeros(tiles, np.uint8)
