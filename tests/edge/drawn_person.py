"""What the tests of effects look at: a drawn person with true alphas, as the live path hands them to an effect."""
from __future__ import annotations

import cv2
import numpy as np

from edge.effects import Effect, Seen
from edge.guide import Guide

VIOLET = (138, 43, 226)

GREEN = np.array([[[0, 177, 64]]], np.uint8)


def seen_of(pixels: np.ndarray, alpha: np.ndarray, **classes: np.ndarray) -> Seen:
    """As the live path gives it to an effect; body_skin stands for 'body skin'."""
    guide = Guide(alpha.shape, 4)
    guide.take(pixels)
    return Seen(pixels, alpha, guide, {name.replace("_", " "): plane for name, plane in classes.items()})


def painted(effect: Effect, seen: Seen) -> np.ndarray:
    into = np.full_like(seen.pixels, 7)
    effect.paint(seen, into)
    return into


def disc(shape: tuple[int, int], x: float, y: float, wide: float, high: float) -> np.ndarray:
    """A soft ellipse: (height, width) uint8; wide and high are its axes."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    radius = np.hypot((columns + 0.5 - x) / (wide / 2), (rows + 0.5 - y) / (high / 2))
    return (np.clip((1 - radius) * wide / 8 + 0.5, 0, 1) * 255).astype(np.uint8)


def box(shape: tuple[int, int], left: int, top: int, right: int, bottom: int) -> np.ndarray:
    plane = np.zeros(shape, np.uint8)
    plane[max(0, top) : bottom, max(0, left) : right] = 255
    return plane


def person(x: float = 320, y: float = 200, wide: float = 120, shape: tuple[int, int] = (480, 640)) -> Seen:
    """Noise with a face around (x, y), wide by 1.3·wide, hair around it, headwear nowhere, a body below."""
    pixels = np.random.default_rng(2).integers(0, 256, (*shape, 3)).astype(np.uint8)
    face = disc(shape, x, y, wide, 1.3 * wide)
    hair = cv2.subtract(disc(shape, x, y - 0.2 * wide, 1.4 * wide, 1.5 * wide), face)
    body = box(shape, int(x - wide), int(y + 0.7 * wide), int(x + wide), shape[0])
    return seen_of(pixels, cv2.max(cv2.max(face, hair), body), face=face, hair=hair, headwear=np.zeros(shape, np.uint8),
                   clothes=body)


def plate(height: int, width: int, alpha: int = 255) -> np.ndarray:
    """A red RGBA picture without margins."""
    return np.full((height, width, 4), (220, 30, 40, alpha), np.uint8)
