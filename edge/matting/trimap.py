"""Where matting has to decide: a band around the boundary of the mask, as wide as the picture asks for."""
from __future__ import annotations

import cv2
import numpy as np

from edge.errors import PictureError
from edge.frame import Trimap

BAND_AT_LONG_SIDE = 800
"""The band is stated for a picture 600 wide and 800 high (DeepMasque) and scaled with the longer side."""

SOFT = 0.02
"""Alphas at least this far from 0 and 1 are half-transparent."""


def trimap_from(alpha: np.ndarray, band_px: float) -> Trimap:
    """alpha (h, w) float32 → unknown within band_px (at 800 px long side) on either side of the 0.5 boundary.

    Half-transparent pixels are unknown too, wherever they lie: there the network could not decide. On 56 selfies of
    the validation split that brought the solved boundary-F from 0.709 to 0.721 (an earlier large model).
    """
    radius_px = max(1.0, band_px * max(alpha.shape) / BAND_AT_LONG_SIDE)
    person = (alpha >= 0.5).astype(np.uint8)
    values = np.where(person, 255, 0).astype(np.uint8)
    if person.any() and not person.all():
        inside = cv2.distanceTransform(person, cv2.DIST_L2, 3)
        outside = cv2.distanceTransform(1 - person, cv2.DIST_L2, 3)
        values[np.maximum(inside, outside) <= radius_px] = 128
    values[(alpha > SOFT) & (alpha < 1 - SOFT)] = 128
    return Trimap(values)


def enlarged_trimap(trimap: Trimap, shape: tuple[int, int]) -> Trimap:
    """The same trimap for a picture of another (height, width)."""
    return Trimap(cv2.resize(trimap.values, shape[::-1], interpolation=cv2.INTER_NEAREST))


def checked_trimap(values: np.ndarray, picture: tuple[int, int], where: str) -> Trimap:
    """A trimap drawn by somebody: (H, W) uint8, dark is background, light foreground, the rest unknown.

    Raises PictureError, beginning with `where`, when its size is not the picture's, or it names no foreground
    or no background.
    """
    if values.shape != picture:
        raise PictureError(f"{where}: trimap is {values.shape[1]}×{values.shape[0]}, "
                           f"its picture {picture[1]}×{picture[0]}; they must be of one size")
    clean = np.full(values.shape, 128, np.uint8)
    clean[values < 32] = 0
    clean[values > 223] = 255
    for value, name, colour in ((255, "foreground", "white"), (0, "background", "black")):
        if not (clean == value).any():
            raise PictureError(f"{where}: trimap has no {name} ({colour} pixels); draw some where you are sure")
    return Trimap(clean)


def shrunk_trimap(trimap: Trimap, shape: tuple[int, int]) -> Trimap:
    """The same trimap at a smaller (height, width): a pixel is known where all that it covers is known alike."""
    if trimap.values.shape == shape:
        return trimap
    mean = cv2.resize(trimap.values, shape[::-1], interpolation=cv2.INTER_AREA)
    unknown = cv2.resize(trimap.unknown.astype(np.uint8) * 255, shape[::-1], interpolation=cv2.INTER_AREA)
    return Trimap(np.where((unknown > 0) | ((mean > 0) & (mean < 255)), 128, mean).astype(np.uint8))


def ramp_across(trimap: Trimap) -> np.ndarray:
    """A first alpha (H, W) float32 from the trimap alone: how near known foreground is against known background."""
    to_person = cv2.distanceTransform((trimap.values != 255).astype(np.uint8), cv2.DIST_L2, 3)
    to_rest = cv2.distanceTransform((trimap.values != 0).astype(np.uint8), cv2.DIST_L2, 3)
    return (to_rest / np.maximum(to_person + to_rest, 1e-6)).astype(np.float32)
