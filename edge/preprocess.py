"""Pixels → network input, and the network's answer → mask. The ONE place that training, evaluation and run time share.

A region of the picture is fitted into the tier's input without distortion. What stays free is black: in int8 that is
the zero point, the very value with which convolutions pad, so a bar looks to the network like the end of the picture.
"""
from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from edge.frame import Mask, Region


class Placement(NamedTuple):
    """Where the fitted region lies inside the network input: top, left, height, width in input pixels."""

    top: int
    left: int
    height: int
    width: int

    def cut(self, values: np.ndarray) -> np.ndarray:
        """The part of an (h, w, …) network input or output that shows the picture: a view."""
        return values[self.top : self.top + self.height, self.left : self.left + self.width]


def upright(region_shape: tuple[int, ...], portrait: tuple[int, int]) -> tuple[int, int]:
    """The (height, width) of the network input, portrait or turned, that a (height, width) region fills better."""
    height, width = region_shape[:2]
    return portrait if height >= width else (portrait[1], portrait[0])


def place(region_shape: tuple[int, ...], into: tuple[int, int]) -> Placement:
    """Centres a (height, width) region inside a (height, width) input, as large as it fits, proportions kept."""
    height, width = region_shape[:2]
    scale = min(into[0] / height, into[1] / width)
    fitted_h = min(into[0], max(1, round(height * scale)))
    fitted_w = min(into[1], max(1, round(width * scale)))
    return Placement((into[0] - fitted_h) // 2, (into[1] - fitted_w) // 2, fitted_h, fitted_w)


def letterbox(values: np.ndarray, into: tuple[int, int]) -> np.ndarray:
    """Fits an (H, W) or (H, W, C) array into (height, width), black around it; the dtype stays.

    Shrinking to half and less averages over each pixel's area (no aliasing), and so do shares (float32) at any size;
    else it is linear, which is six times faster (240×180 to 128×96: 0.13 and 0.02 ms) and costs the live path 0.01/255
    of error (demo source, 1280×720, large tier: 0.84 and 0.85; 2-core x86-64 server, 2026-11-21).
    """
    spot = place(values.shape, into)
    shrinks = spot.height < values.shape[0] or spot.width < values.shape[1]
    halved = 2 * spot.height <= values.shape[0] or 2 * spot.width <= values.shape[1]
    averages = halved or (shrinks and values.dtype == np.float32)
    interpolation = cv2.INTER_AREA if averages else cv2.INTER_LINEAR
    boxed = np.zeros(into + values.shape[2:], values.dtype)
    spot.cut(boxed)[...] = cv2.resize(values, (spot.width, spot.height), interpolation=interpolation)
    return boxed


def quantised(boxed: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 → (1, h, w, 3) int8 with scale 1/255 and zero point −128: flipping the top bit does it."""
    return (boxed ^ 0x80).view(np.int8)[None]


def region_around(mask: Mask, frame: tuple[int, ...], portrait: tuple[int, int], margin: float) -> Region | None:
    """The region of a (height, width) frame that the network should look at next: around the person of `mask`.

    margin: free space kept around them, as a share of their longer side. It has the aspect of the network's input,
    standing or lying, as far as the frame allows. None: nobody is in the mask.
    """
    around = Region.around(mask.values, margin)
    if around is None:
        return None
    region, (height, width) = mask.region, mask.values.shape
    inside = around.scaled(region.height / height, region.width / width, (region.height, region.width))
    in_frame = Region(region.top + inside.top, region.left + inside.left, inside.height, inside.width)
    shape = upright((in_frame.height, in_frame.width), portrait)
    return grown_to_aspect(in_frame, shape[1] / shape[0], frame)


def grown_to_aspect(region: Region, aspect: float, within: tuple[int, ...]) -> Region:
    """Grows a region about its centre until width/height reaches aspect, inside a (height, width) picture.

    So the bars of `letterbox` are filled with picture wherever there is some.
    """
    height = min(within[0], max(region.height, round(region.width / aspect)))
    width = min(within[1], max(region.width, round(region.height * aspect)))
    top = min(max(0, region.top - (height - region.height) // 2), within[0] - height)
    left = min(max(0, region.left - (width - region.width) // 2), within[1] - width)
    return Region(top, left, height, width)


def is_cut_off(mask: Mask, picture: tuple[int, ...]) -> bool:
    """Whether the person reaches an edge of the mask's region behind which the (height, width) picture goes on."""
    person, region = mask.values > 0.5, mask.region
    return bool((region.top > 0 and person[0].any()) or (region.left > 0 and person[:, 0].any())
                or (region.top + region.height < picture[0] and person[-1].any())
                or (region.left + region.width < picture[1] and person[:, -1].any()))


def wider(region: Region, by_px: int, picture: tuple[int, ...]) -> Region:
    """The region grown by so many pixels on every side, inside a (height, width) picture."""
    top, left = max(0, region.top - by_px), max(0, region.left - by_px)
    bottom = min(picture[0], region.top + region.height + by_px)
    right = min(picture[1], region.left + region.width + by_px)
    return Region(top, left, bottom - top, right - left)
