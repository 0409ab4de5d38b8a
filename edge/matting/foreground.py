"""The person's own colours at half-transparent pixels: without them hair carries the old background along.

Multi-level estimation (Germer, Uelwer, Conrad, Harmeling 2020, "Fast Multi-Level Foreground Estimation"; the loops are
edge/native/foreground.c) at a working size. At the picture's own size each pixel then takes its share of what the
mixture leaves unexplained (Forte 2021, "Approximate Fast Foreground Colour Estimation", eq. 7), only in tiles that hold
half-transparent pixels. That step alone brought the error against known colours from 4.6 to 4.0 of 255.
"""
from __future__ import annotations

import numpy as np

from edge.matting.tiles import Enlarged, tiles
from edge.native import matting


def foreground(pixels: np.ndarray, alpha: np.ndarray, small_pixels: np.ndarray, small_alpha: np.ndarray) -> np.ndarray:
    """pixels (H, W, 3) uint8 with alpha (H, W) uint8; the same picture small with float32 alpha 0..1 → (H, W, 3) uint8.

    Where alpha is 255 the picture's own colours stay; where it is 0 the result is black.
    """
    person, rest = (Enlarged(plane, pixels.shape) for plane in two_sides(small_pixels, small_alpha))
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


def two_sides(pixels: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The colours of person and background: pixels (h, w, 3) uint8, alpha (h, w) float32 in 0..1 → twice (h, w, 3)
    float32 in 0..255. Sure pixels keep the picture's own."""
    front, back = np.empty(pixels.shape, np.float32), np.empty(pixels.shape, np.float32)
    matting.multilevel(np.ascontiguousarray(pixels), np.ascontiguousarray(alpha), front, back)
    return front, back
