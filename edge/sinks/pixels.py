"""Colours into a sink's own memory: no frame is allocated in the loop, none goes out in another's place."""
from __future__ import annotations

import cv2
import numpy as np


def convert(picture: np.ndarray, code: int, into: np.ndarray) -> None:
    """picture (H, W, 3) uint8 RGB → `into`, by OpenCV's colour code.

    Raises ValueError where the result does not fit: OpenCV alone would make another array without a word, and the
    frame before would go out again.
    """
    if cv2.cvtColor(picture, code, dst=into) is not into:
        raise ValueError(f"a picture {picture.shape} {picture.dtype} came to a sink that was opened for another size")


def even(picture: np.ndarray) -> np.ndarray:
    """The picture without its last row or column where there is an odd number of them: a view.

    Colour at half resolution comes in pairs of pixels. Cropping, not padding: every pixel shown is a true one.
    """
    return picture[: picture.shape[0] & ~1, : picture.shape[1] & ~1]


def even_size(height: int, width: int, what: str) -> tuple[int, int, list[str]]:
    """The (height, width) that `even` leaves, and the fallback to report: what (the sink, in words) needs it."""
    cropped = height & ~1, width & ~1
    if cropped == (height, width):
        return height, width, []
    return *cropped, [f"{what} needs even sizes: {width}×{height} was cropped to {cropped[1]}×{cropped[0]}"]
