"""Guided filter and its fast form (He, Sun, Tang 2013, "Guided Image Filtering", eq. 5–8; He, Sun 2015,
arXiv 1505.00996): the mask becomes, in every window, a linear function of the guide, so its edges become the guide's.
"""
from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from edge.matting.tiles import Enlarged, alpha_bytes, tiles


class Coefficients(NamedTuple):
    """The filter's answer as a·guide + b; a, b (h, w) float32."""

    a: np.ndarray
    b: np.ndarray


def guided_coefficients(guide: np.ndarray, values: np.ndarray, radius_px: int, epsilon: float) -> Coefficients:
    """guide, values: (h, w) float32 in 0..1. epsilon: guide variance under which an edge counts as texture, > 0."""
    def mean(array: np.ndarray) -> np.ndarray:
        size = (2 * radius_px + 1, 2 * radius_px + 1)
        return cv2.boxFilter(array, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT)

    mean_guide, mean_values = mean(guide), mean(values)
    covariance = mean(guide * values) - mean_guide * mean_values
    variance = mean(guide * guide) - mean_guide * mean_guide
    a = covariance / (variance + epsilon)
    return Coefficients(mean(a), mean(mean_values - a * mean_guide))


def guided_filter(guide: np.ndarray, values: np.ndarray, radius_px: int, epsilon: float) -> np.ndarray:
    """Smooths values along the guide's edges: (h, w) float32 → (h, w) float32, not clipped."""
    a, b = guided_coefficients(guide, values, radius_px, epsilon)
    return a * guide + b


def grey(pixels: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 RGB → (h, w) float32 luma in 0..1: the guide."""
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255


def enlarged_alpha(pixels: np.ndarray, small_pixels: np.ndarray, small_alpha: np.ndarray,
                   radius_px: int = 2, epsilon: float = 1e-4) -> np.ndarray:
    """Brings a small alpha to the picture's own size with the picture's own edges (fast guided filter).

    pixels (H, W, 3) uint8; small_pixels (h, w, 3) uint8, the same picture; small_alpha (h, w) float32 in 0..1 →
    (H, W) uint8. Coefficients are computed small and applied large, only in tiles that hold an edge.
    """
    if small_alpha.shape == pixels.shape[:2]:
        return alpha_bytes(small_alpha)
    coefficients = guided_coefficients(grey(small_pixels), small_alpha, radius_px, epsilon)
    a, b = (Enlarged(plane, pixels.shape) for plane in coefficients)
    seen = Enlarged(small_alpha, pixels.shape)
    alpha = np.empty(pixels.shape[:2], np.uint8)
    for place in tiles(pixels.shape):
        near = seen.window(place, margin=2 * radius_px + 1)
        if near.max() < 0.5 / 255 or near.min() > 1 - 0.5 / 255:
            alpha[place] = 255 if near.min() > 0.5 else 0
        else:
            alpha[place] = alpha_bytes(a.at(place) * grey(pixels[place]) + b.at(place))
    return alpha
