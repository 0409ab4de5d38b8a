"""What becomes of a frame once its person is known: another background, colours of parts, things worn.

An effect paints a `Seen` into a picture. Classes that it `wants` are cut out beside the person, each like the person:
carried between keyframes, refined with the frame as guide, settled over time.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np

from edge.composite import composite
from edge.guide import Guide


@dataclass(frozen=True)
class Seen:
    """A frame and what is known of it: pixels (H, W, 3) uint8, alpha (H, W) uint8, its guide, and for every class that
    the effect wants its own alpha (H, W) uint8."""

    pixels: np.ndarray
    alpha: np.ndarray
    guide: Guide
    classes: Mapping[str, np.ndarray] = field(default_factory=dict)


class Effect(Protocol):
    """Paints one frame."""

    wants: tuple[str, ...]
    """Names of CLASSES that it needs apart from the person."""

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """Fills `into` (H, W, 3) uint8."""
        ...


class Replaced:
    """The person before a backdrop that stays: a picture or a colour."""

    wants: tuple[str, ...] = ()

    def __init__(self, backdrop: np.ndarray, linear: bool = False) -> None:
        """backdrop (H, W, 3) uint8, of the frames' size; linear: mix light, see composite."""
        self.backdrop, self.linear = backdrop, linear

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """See Effect."""
        composite(seen.pixels, seen.alpha, self.backdrop, into, self.linear)


class Blurred:
    """The person before their own surroundings, out of focus, as through a wide lens: more so the farther from them.

    The person's colours take no part in the blur, so there is no halo.
    """

    wants: tuple[str, ...] = ()

    def __init__(self, linear: bool = False) -> None:
        self.linear = linear
        self._backdrop: np.ndarray | None = None

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """See Effect."""
        if self._backdrop is None or self._backdrop.shape != seen.pixels.shape:
            self._backdrop = np.empty_like(seen.pixels)
        small = out_of_focus(seen.guide.pixels, cv2.resize(seen.alpha, seen.guide.shape[::-1],
                                                           interpolation=cv2.INTER_AREA))
        cv2.resize(small, seen.pixels.shape[1::-1], dst=self._backdrop, interpolation=cv2.INTER_LINEAR)
        composite(seen.pixels, seen.alpha, self._backdrop, into, self.linear)


NEAR, FAR = 1 / 60, 1 / 24
"""Standard deviation of the blur beside the person and far from them, as shares of the longer side."""

REACH = 0.35
"""Distance from the person, as a share of the longer side, at which the blur is at its widest."""


def out_of_focus(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """pixels (h, w, 3) uint8, alpha (h, w) uint8 → the surroundings (h, w, 3) uint8, blurred with a falloff."""
    weight = cv2.erode(1 - alpha.astype(np.float32) / 255, np.ones((3, 3), np.uint8))
    weight = np.maximum(weight, 1e-4)
    near, far = (_surroundings(pixels, weight, share * max(alpha.shape)) for share in (NEAR, FAR))
    distance = cv2.distanceTransform((alpha < 128).astype(np.uint8), cv2.DIST_L2, 3)
    farther = np.minimum(distance / (REACH * max(alpha.shape)), 1)[..., None]
    return (near + (far - near) * farther + 0.5).astype(np.uint8)


def _surroundings(pixels: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    sums = cv2.GaussianBlur(pixels * weight[..., None], (0, 0), sigma)
    return sums / cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
