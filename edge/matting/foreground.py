"""The person's own colours at half-transparent pixels: without them hair carries the old background along.

Blur fusion (Forte 2021, "Approximate Fast Foreground Colour Estimation", ICIP, eq. 3–7), its two blurs at a working
size, its last step at the picture's own size and only in tiles that hold half-transparent pixels.
"""
from __future__ import annotations

import cv2
import numpy as np

from edge.matting.tiles import Enlarged, tiles

WIDE, NARROW = 1 / 12, 1 / 130
"""Radii of the two blurs as shares of the longer side (90 and 6 pixels in the paper's pictures)."""


def foreground(pixels: np.ndarray, alpha: np.ndarray, small_pixels: np.ndarray, small_alpha: np.ndarray) -> np.ndarray:
    """pixels (H, W, 3) uint8 with alpha (H, W) uint8; the same picture small with float32 alpha 0..1 → (H, W, 3) uint8.

    Where alpha is 255 the picture's own colours stay; where it is 0 the result is black.
    """
    person, rest = (Enlarged(plane, pixels.shape) for plane in _blurred(small_pixels, small_alpha))
    result = np.zeros_like(pixels)
    for place in tiles(pixels.shape):
        opacity = alpha[place]
        if opacity.min() == 255:
            result[place] = pixels[place]
        elif opacity.max() > 0:
            a = opacity[..., None] * np.float32(1 / 255)
            f, b = person.at(place), rest.at(place)
            colours = f + a * (pixels[place] - a * f - (1 - a) * b)
            result[place] = (np.clip(colours, 0, 255) + 0.5).astype(np.uint8) * (opacity > 0)[..., None]
    return result


def _blurred(pixels: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smooth foreground and background colours, (h, w, 3) float32 each in 0..255."""
    picture, a = pixels.astype(np.float32), alpha[..., None]
    person, rest = picture, picture
    for share in (WIDE, NARROW):
        size = (2 * max(1, round(share * max(alpha.shape))) + 1,) * 2
        person, rest = _weighted_blur(person, alpha, size), _weighted_blur(rest, 1 - alpha, size)
        person = np.clip(person + a * (picture - a * person - (1 - a) * rest), 0, 255)
    return person, rest


def _weighted_blur(colours: np.ndarray, weight: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    total = cv2.blur(weight, size)[..., None]
    return cv2.blur(colours * weight[..., None], size) / np.maximum(total, 1e-4)
