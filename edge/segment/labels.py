"""Which part of a person each pixel of a photograph shows: the alpha says who, the network says what."""
from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from edge.frame import Labels, Mask, Region
from edge.preprocess import region_around

CLASSES = ("background", "face", "hair", "clothes", "body skin", "headwear")
"""Class i of a label picture is pixel value i (US 2023/0362331)."""

COLOURS = ((0, 0, 0), (240, 163, 138), (122, 72, 40), (58, 110, 165), (222, 190, 110), (176, 60, 120))
"""How a label picture shows its classes: RGB."""

MARGIN = 0.1
"""Free space kept around the person, as a share of their longer side."""

LOOK_SIDE = 512
"""The person is found on an alpha of at most this long side."""


class Labeller(Protocol):
    """Sees people and their parts in a region of a picture."""

    portrait: tuple[int, int]

    def label(self, pixels: np.ndarray, region: Region) -> Labels:
        """pixels (H, W, 3) uint8 RGB → probabilities over `region`, at network size."""
        ...


def labels_of(labeller: Labeller, pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """pixels (H, W, 3) uint8, alpha (H, W) uint8 → (H, W) uint8 classes; 0 wherever the alpha is below one half."""
    labels = np.zeros(alpha.shape, np.uint8)
    region = _around(alpha, labeller.portrait)
    if region is None:
        return labels
    parts = labeller.label(pixels, region).parts
    best = np.full((region.height, region.width), -1, np.float32)
    spot = region.cut(labels)
    for value in range(1, len(CLASSES)):  # one class at a time: six planes of a large photograph are 300 MB
        likely = cv2.resize(np.ascontiguousarray(parts[..., value]), (region.width, region.height),
                            interpolation=cv2.INTER_LINEAR)
        np.copyto(spot, np.uint8(value), where=likely > best)
        np.maximum(best, likely, out=best)
    labels[alpha < 128] = 0
    return labels


def _around(alpha: np.ndarray, portrait: tuple[int, int]) -> Region | None:
    """The region of the photograph that the network looks at: around whom the alpha shows, as it was trained."""
    scale = min(1.0, LOOK_SIDE / max(alpha.shape))
    size = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    small = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return region_around(Mask(small, Region.whole(alpha.shape)), alpha.shape, portrait, MARGIN)
