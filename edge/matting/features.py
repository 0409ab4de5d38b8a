"""What makes two pixels alike: how they look, and where they lie (Chen, Li, Tang 2013, "KNN Matting", section 3)."""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

Looks: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(pixels (h, w, 3) uint8, where (n,) int32: flat indices of every second pixel of every second row) → (n, d) float32,
d ≤ 30, in units of which 1 is about the distance from black to white."""


def colours(pixels: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The plainest looks: r g b in 0..1."""
    return pixels.reshape(-1, 3)[where] * np.float32(1 / 255)


def placed(looks: np.ndarray, shape: tuple[int, ...], where: np.ndarray, position_weight: float) -> np.ndarray:
    """Looks (n, d) with y and x in 0..position_weight behind them: (n, d + 2) float32.

    where (n,) flat indices into a (height, width) picture. Place is relative to the longer side.
    """
    scale = np.float32(position_weight / max(shape[:2]))
    features = np.empty((where.size, looks.shape[1] + 2), np.float32)
    features[:, :-2] = looks
    features[:, -2] = (where // shape[1]) * scale
    features[:, -1] = (where % shape[1]) * scale
    return features
