"""Where matting has to decide: a band around the boundary of the mask, as wide as the picture asks for."""
from __future__ import annotations

import cv2
import numpy as np

from edge.errors import PictureError
from edge.frame import Mask, Trimap

BAND_AT_LONG_SIDE = 800
"""The band is stated for a picture 600 wide and 800 high (DeepMasque) and scaled with the longer side."""

SOFT = 0.02
"""Alphas at least this far from 0 and 1 are half-transparent."""

NARROW, WIDE = 0.3, 2.0
"""The band's limits as shares of its nominal width: where the network is sure, and where it is not at all."""

WIDENING = 0.4
"""Share of the nominal width for each cell of the mask that the network's own ramp spreads to either side. With a fixed
band the mean squared error over ten green-screen composites was 12.7 thousandths and boundary-F on 37 selfies 0.597, so
11.7 and 0.616. At least 10 pixels wherever the parts say hair: 11.7 and 0.596; where hair is unsure the band is wide
anyway."""

UNDECIDED = 0.1
"""Probabilities at least this far from 0 and 1 are the network's ramp."""


def trimap_from(alpha: np.ndarray, band_px: float, mask: Mask | None = None) -> Trimap:
    """alpha (h, w) float32 → unknown within band_px (at 800 px long side) on either side of the 0.5 boundary.

    mask: what the network saw, over a region of the same picture: the band is then narrower where its ramp is steep
    and wider where it is not. Half-transparent pixels are unknown too, wherever they lie: there the network could not
    decide. On 56 selfies of the validation split that brought the solved boundary-F from 0.709 to 0.721 (an earlier
    large model).
    """
    radius_px = max(1.0, band_px * max(alpha.shape) / BAND_AT_LONG_SIDE)
    person = (alpha >= 0.5).astype(np.uint8)
    values = np.where(person, 255, 0).astype(np.uint8)
    if person.any() and not person.all():
        inside = cv2.distanceTransform(person, cv2.DIST_L2, 3)
        outside = cv2.distanceTransform(1 - person, cv2.DIST_L2, 3)
        away = np.maximum(inside, outside)
        width = 1.0 if mask is None else _widths(mask, away, radius_px)
        values[away <= np.maximum(1.0, radius_px * width)] = 128
    values[(alpha > SOFT) & (alpha < 1 - SOFT)] = 128
    return Trimap(values)


def _widths(mask: Mask, away: np.ndarray, radius_px: float) -> np.ndarray:
    """The band's width as a share of the nominal one, (h, w) float32, from how wide the network's ramp is nearby.

    The ramp's width is its area over the outline's length in a window as wide as the widest band; away (h, w): pixels
    to the other side of the outline.
    """
    region = mask.region
    undecided = ((mask.values > UNDECIDED) & (mask.values < 1 - UNDECIDED)).astype(np.float32)
    ramp = np.zeros(away.shape, np.float32)
    region.paste(ramp, cv2.resize(undecided, (region.width, region.height), interpolation=cv2.INTER_LINEAR))
    window = (2 * round(WIDE * radius_px) + 1,) * 2
    outline = cv2.blur((away <= 1.5).astype(np.float32), window) / 2  # both its sides are counted
    cell_px = region.height / mask.values.shape[0]
    cells = cv2.blur(ramp, window) / np.maximum(outline, 1e-6) / (2 * cell_px)
    return np.clip(WIDENING * cells, NARROW, WIDE)


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
