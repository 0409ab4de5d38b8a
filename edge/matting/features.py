"""What makes two pixels alike: colour and place (Chen, Li, Tang 2013, "KNN Matting", section 3)."""
from __future__ import annotations

import numpy as np


def colour_and_place(pixels: np.ndarray, where: np.ndarray, position_weight: float) -> np.ndarray:
    """Features of chosen pixels: (n, 5) float32, r g b in 0..1, then y and x in 0..position_weight.

    pixels (h, w, 3) uint8; where (n,) flat indices into (h, w). Place is relative to the longer side.
    """
    height, width = pixels.shape[:2]
    features = np.empty((where.size, 5), np.float32)
    features[:, :3] = pixels.reshape(-1, 3)[where] / np.float32(255)
    scale = np.float32(position_weight / max(height, width))
    features[:, 3] = (where // width) * scale
    features[:, 4] = (where % width) * scale
    return features
