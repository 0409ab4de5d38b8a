"""The time in the picture: a row of black and white blocks that a camera, JPEG and a browser's canvas leave readable.

What is on the screen then says when it was in front of the camera: the delay is the reader's clock minus the stamp.
"""
from __future__ import annotations

import numpy as np

from edge.frame import Region

BLOCK_PX = 16
"""Twice the side of JPEG's blocks, so that each block holds whole ones."""

BITS = 24
"""Of the time in milliseconds: it repeats after 4.6 hours."""

HEAD = (True, False, True)
"""Before the bits; a parity bit stands behind them."""

BLOCKS = len(HEAD) + BITS + 1

PLACE = Region(0, 0, BLOCK_PX, BLOCK_PX * BLOCKS)
"""Where it stands in a frame: the upper left corner, 448 × 16 pixels."""


def draw(pixels: np.ndarray, time_ms: int) -> None:
    """Writes a time (its lowest BITS bits) into a picture (H, W, …) uint8 of at least PLACE's size."""
    bits = [bool(time_ms >> bit & 1) for bit in reversed(range(BITS))]
    row = np.array([*HEAD, *bits, sum(bits) % 2 == 1], np.uint8) * 255
    blocks = np.repeat(row, BLOCK_PX)
    PLACE.cut(pixels)[...] = blocks[None, :, None] if pixels.ndim == 3 else blocks


def read(pixels: np.ndarray) -> int | None:
    """The time in ms modulo 2**BITS that a picture (H, W, 3) uint8 shows; None where it shows none."""
    half = BLOCK_PX // 2
    levels = PLACE.cut(pixels)[half, half::BLOCK_PX].mean(axis=-1)
    if len(levels) < BLOCKS or ((levels > 64) & (levels < 192)).any():
        return None
    seen = [bool(level > 127) for level in levels]
    bits = seen[len(HEAD) : -1]
    if tuple(seen[: len(HEAD)]) != HEAD or (sum(bits) % 2 == 1) != seen[-1]:
        return None
    return sum(bit << place for place, bit in enumerate(reversed(bits)))
