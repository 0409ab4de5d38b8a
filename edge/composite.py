"""A matte over a backdrop: flat colour, picture or the blurred surroundings. Straight alpha."""
from __future__ import annotations

import re

import cv2
import numpy as np

from edge.errors import PictureError
from edge.native import loops

BLUR_SHARE = 1 / 28
"""Standard deviation of the background blur as a share of the longer side."""

BLUR_SIDE_PX = 320
"""Blurring happens at this size: what is blurred needs no pixels."""


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


def blurred(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The surroundings out of focus, without a halo: the person's colours take no part. alpha (H, W) uint8."""
    height, width = alpha.shape
    scale = min(1.0, BLUR_SIDE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = 1 - cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    weight = np.maximum(cv2.erode(weight, np.ones((3, 3))), 1e-4)
    sigma = BLUR_SHARE * max(size)
    sums = cv2.GaussianBlur(small * weight[..., None], (0, 0), sigma)
    surroundings = sums / cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    return cv2.resize(np.clip(surroundings, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)


def composite(foreground: np.ndarray, alpha: np.ndarray, backdrop: np.ndarray, into: np.ndarray | None = None,
              linear: bool = False) -> np.ndarray:
    """foreground and backdrop (H, W, 3) uint8, alpha (H, W) uint8 → (H, W, 3) uint8, rounded to nearest.

    into: room for the picture. linear: mix light (IEC 61966-2-1) in place of sRGB values: soft edges between a bright
    and a dark side then do not look dirty. The loop is edge/native/alpha.c.
    """
    picture = np.empty(foreground.shape, np.uint8) if into is None else into
    loops.blend(np.ascontiguousarray(foreground), np.ascontiguousarray(alpha), backdrop, linear, picture)
    return picture
