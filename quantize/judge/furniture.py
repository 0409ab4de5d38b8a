"""Seat backs and desks, drawn: what stands in front of people and is no person, however close its colour."""
from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from edge.frame import Region

WOODS = ((164, 116, 73), (196, 154, 108), (104, 68, 44), (222, 196, 158), (70, 48, 38))

WOODEN = 0.6
"""Share of furniture with a grain; the rest is plain: cloth, leather, lacquer."""


class Front(NamedTuple):
    """Something in front of everybody: pixels (h, w, 3) float32 in 0..255, alpha (h, w) float32 in 0..1."""

    pixels: np.ndarray
    alpha: np.ndarray


def desk(shape: tuple[int, int], rng: np.random.Generator) -> Front:
    """A desk along the lower edge of a (height, width) picture: its top at 70 to 85 % of the height, a little askew."""
    height, width = shape
    edge_y = height * (rng.uniform(0.70, 0.85) + rng.uniform(-0.03, 0.03, 2))
    left, right = sorted(rng.choice([[-0.02, 1.02], [-0.02, 0.8], [0.2, 1.02]])) * np.array(width)
    corners = np.array([[left, edge_y[0]], [right, edge_y[1]], [right + 0.1 * width, height + 9],
                        [left - 0.1 * width, height + 9]])
    alpha = _filled(shape, corners, rounded_px=1.0)
    surface = _surface(shape, rng)
    lit = np.roll(alpha, -max(2, height // 90), axis=0) > alpha + 0.5  # the front edge catches the light
    surface[lit] = surface[lit] * 0.6 + 255 * 0.4
    return Front(surface, alpha)


def seat(shape: tuple[int, int], person: Region, rng: np.random.Generator) -> Front:
    """A seat back in front of somebody: over the middle of `person`, the lowest 20 to 40 % of what is seen of them."""
    middle = person.left + person.width * rng.uniform(0.35, 0.65)
    top = person.top + person.height * rng.uniform(0.6, 0.8)
    half = person.width * rng.uniform(0.3, 0.5)
    lean = half * rng.uniform(0.8, 1.1)
    corners = np.array([[middle - half, top], [middle + half, top], [middle + lean, shape[0] + 9.0 + half],
                        [middle - lean, shape[0] + 9.0 + half]])
    return Front(_surface(shape, rng), _filled(shape, corners, rounded_px=half / 5))


def _filled(shape: tuple[int, int], corners: np.ndarray, rounded_px: float) -> np.ndarray:
    """The polygon's alpha with rounded corners and an edge about two pixels soft."""
    room = int(4 * rounded_px) + 4  # blurring must round no corner where the picture ends
    solid = np.zeros((shape[0] + 2 * room, shape[1] + 2 * room), np.float32)
    cv2.fillPoly(solid, [np.round(corners + room).astype(np.int32)], (1.0,))
    round_cornered = (cv2.GaussianBlur(solid, (0, 0), max(0.5, rounded_px)) > 0.5).astype(np.float32)
    soft = cv2.GaussianBlur(round_cornered, (0, 0), 0.8)
    return np.ascontiguousarray(soft[room : room + shape[0], room : room + shape[1]])


def _surface(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """A plain or wooden (h, w, 3) float32 surface under uneven light."""
    height, width = shape
    if rng.random() < WOODEN:
        streaks = cv2.resize(rng.normal(0, 1, (height, 6)).astype(np.float32), (width, height))
        broad = cv2.resize(rng.normal(0, 1, (9, 3)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        surface = np.array(WOODS[rng.integers(len(WOODS))]) + (7 * streaks + 14 * broad)[..., None]
    else:
        surface = np.broadcast_to(rng.integers(15, 240, 3), (height, width, 3))
    start, end = rng.uniform(0.75, 1.15, 2)
    light = np.linspace(start, end, width)[None, :, None]
    return np.clip(surface * light, 0, 255).astype(np.float32)
