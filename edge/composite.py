"""A matte over a backdrop: flat colour, picture or the blurred surroundings. Straight alpha."""
from __future__ import annotations

import re

import cv2
import numpy as np

from edge.errors import PictureError
from edge.native import loops

NEAR, FAR = 1 / 60, 1 / 24
"""Standard deviation of the background blur beside the person and far from them, as shares of the longer side."""

REACH = 0.35
"""Distance from the person, as a share of the longer side, at which the blur is at its widest."""

BLUR_SIDE_PX = 160
"""Blurring happens at this size: what is blurred needs no pixels."""

FAR_STEP = 2
"""The wide blur is made from the narrow one, this many times smaller again."""


def colour_from(text: str) -> tuple[int, int, int]:
    """'#rrggbb' → (r, g, b), each 0..255. Raises PictureError for anything else."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise PictureError(f"background {text!r} is no colour; write it as '#rrggbb', for example '#2a9d8f'")
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def filled(colour: tuple[int, int, int], shape: tuple[int, ...]) -> np.ndarray:
    """A backdrop of one colour: (H, W, 3) uint8, a view that holds a single pixel."""
    return np.broadcast_to(np.array(colour, np.uint8), (*shape[:2], 3))


def covering(picture: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A backdrop picture scaled and cropped around its centre until it covers (height, width): (H, W, 3) uint8."""
    height, width = shape[:2]
    scale = max(height / picture.shape[0], width / picture.shape[1])
    crop_h = min(picture.shape[0], max(1, round(height / scale)))
    crop_w = min(picture.shape[1], max(1, round(width / scale)))
    top, left = (picture.shape[0] - crop_h) // 2, (picture.shape[1] - crop_w) // 2
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture[top : top + crop_h, left : left + crop_w], (width, height), interpolation=interpolation)


def blurred(pixels: np.ndarray, alpha: np.ndarray, into: np.ndarray | None = None) -> np.ndarray:
    """The surroundings out of focus, as through a wide lens, the farther from the person the more: (H, W, 3) uint8.

    alpha (H, W) uint8; pixels (h, w, 3) uint8: the same picture, as large or smaller. The person's colours take no
    part, so there is no halo. into: room for the answer.
    """
    scale = min(1.0, BLUR_SIDE_PX / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small, person = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (pixels, alpha))
    near, far = _surroundings(small, person)
    distance = cv2.distanceTransform((person < 128).astype(np.uint8), cv2.DIST_L2, 3)
    reach = REACH * max(size)
    farther = np.minimum(distance, reach)[..., None] / reach
    sums = near + (far - near) * farther
    soft = (sums[..., :3] / sums[..., 3:] + 0.5).astype(np.uint8)
    return cv2.resize(soft, alpha.shape[::-1], dst=into, interpolation=cv2.INTER_CUBIC)


def _surroundings(pixels: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colours outside the person and how many they are, narrowly and widely blurred: (h, w, 4) float32 each."""
    size, side = alpha.shape[::-1], max(alpha.shape)
    smaller = (max(1, size[0] // FAR_STEP), max(1, size[1] // FAR_STEP))
    weight = np.maximum(cv2.erode(1 - alpha.astype(np.float32) / 255, np.ones((5, 5), np.uint8)), 1e-4)
    near = np.dstack([pixels * weight[..., None], weight])
    near = cv2.GaussianBlur(near, (0, 0), NEAR * side)
    wider = max((FAR**2 - NEAR**2) ** 0.5 * side / FAR_STEP, 0.5)
    far = cv2.GaussianBlur(cv2.resize(near, smaller, interpolation=cv2.INTER_AREA), (0, 0), wider)
    return near, cv2.resize(far, size, interpolation=cv2.INTER_LINEAR)


def composite(foreground: np.ndarray, alpha: np.ndarray, backdrop: np.ndarray, into: np.ndarray | None = None,
              linear: bool = False, kinds: np.ndarray | None = None, shown: np.ndarray | None = None) -> np.ndarray:
    """foreground and backdrop (H, W, 3) uint8, alpha (H, W) uint8 → (H, W, 3) uint8, rounded to nearest.

    into: room for the picture. linear: mix light (IEC 61966-2-1) in place of sRGB values: soft edges between a bright
    and a dark side then do not look dirty. kinds, shown: see loops.pyi. The loop is edge/native/blend.c.
    """
    picture = np.empty(foreground.shape, np.uint8) if into is None else into
    loops.blend(np.ascontiguousarray(foreground), np.ascontiguousarray(alpha), kinds, backdrop, linear, picture, shown)
    return picture
