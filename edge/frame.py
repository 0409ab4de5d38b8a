"""The things that walk through the rooms: frames, regions, masks, trimaps, mattes. Frozen, checked once at the door."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

CLASSES = ("background", "face", "hair", "clothes", "body skin", "headwear")
"""Class i of a label picture is pixel value i (US 2023/0362331)."""


@dataclass(frozen=True)
class Region:
    """A rectangle of the full frame. top, left, height, width: whole pixels; height and width are at least 1."""

    top: int
    left: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.top < 0 or self.left < 0 or self.height < 1 or self.width < 1:
            raise ValueError(f"region {self} must start at (0, 0) or later and hold at least one pixel")

    @classmethod
    def whole(cls, shape: tuple[int, ...]) -> Region:
        """The region that covers an array of this (height, width, …) shape."""
        return cls(0, 0, shape[0], shape[1])

    @classmethod
    def around(cls, mask: np.ndarray, margin: float, threshold: float = 0.5) -> Region | None:
        """The box that holds every mask value (h, w) above threshold, grown on each side.

        margin is a fraction of the box's longer side; the box stays inside the mask. None: nothing is above.
        """
        person = mask > threshold
        rows, columns = person.any(axis=1), person.any(axis=0)
        if not rows.any():
            return None
        top, left = int(rows.argmax()), int(columns.argmax())
        bottom, right = rows.size - int(rows[::-1].argmax()), columns.size - int(columns[::-1].argmax())
        grow = margin * max(bottom - top, right - left)
        top, left = max(0, int(top - grow)), max(0, int(left - grow))
        bottom = min(mask.shape[0], math.ceil(bottom + grow))
        right = min(mask.shape[1], math.ceil(right + grow))
        return cls(top, left, bottom - top, right - left)

    def scaled(self, factor_y: float, factor_x: float, within: tuple[int, ...]) -> Region:
        """This region on a picture that is larger by the two factors, rounded outwards, inside (height, width)."""
        top, left = int(self.top * factor_y), int(self.left * factor_x)
        bottom = min(within[0], math.ceil((self.top + self.height) * factor_y))
        right = min(within[1], math.ceil((self.left + self.width) * factor_x))
        return Region(min(top, bottom - 1), min(left, right - 1), max(1, bottom - top), max(1, right - left))

    def cut(self, array: np.ndarray) -> np.ndarray:
        """The part of an (H, W, …) array inside the region: a view, not a copy."""
        return array[self.top : self.top + self.height, self.left : self.left + self.width]

    def paste(self, into: np.ndarray, part: np.ndarray) -> None:
        """Writes part (height, width, …) over the region of an (H, W, …) array, in place."""
        self.cut(into)[...] = part


@dataclass(frozen=True)
class Frame:
    """One picture. pixels (H, W, 3) uint8 RGB; index counts from 0; time_ns is monotonic, 0 for photographs; small
    (h, w, 3) uint8 RGB: the same picture made small by the camera, where it does that."""

    pixels: np.ndarray
    index: int = 0
    time_ns: int = 0
    small: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"a frame is (H, W, 3) uint8, not {self.pixels.shape} {self.pixels.dtype}")

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


@dataclass(frozen=True)
class Mask:
    """Where the network saw a person. values (h, w) float32 in 0..1 over `region` of the frame, at network size."""

    values: np.ndarray
    region: Region

    def __post_init__(self) -> None:
        if self.values.dtype != np.float32 or self.values.ndim != 2:
            raise ValueError(f"a mask is (h, w) float32, not {self.values.shape} {self.values.dtype}")


@dataclass(frozen=True)
class Labels:
    """Who and what the network saw. person: as Mask; parts (h, w, c) float32: probabilities of the classes, alike."""

    person: Mask
    parts: np.ndarray

    def __post_init__(self) -> None:
        if self.parts.dtype != np.float32 or self.parts.shape[:2] != self.person.values.shape or self.parts.ndim != 3:
            raise ValueError(f"parts are {(*self.person.values.shape, 'classes')} float32, "
                             f"not {self.parts.shape} {self.parts.dtype}")


@dataclass(frozen=True)
class Trimap:
    """values (H, W) uint8: 0 background, 128 unknown, 255 foreground."""

    values: np.ndarray

    def __post_init__(self) -> None:
        if self.values.dtype != np.uint8 or self.values.ndim != 2:
            raise ValueError(f"a trimap is (H, W) uint8, not {self.values.shape} {self.values.dtype}")

    @property
    def unknown(self) -> np.ndarray:
        """(H, W) bool: the pixels that a solver has to decide."""
        return self.values == 128


@dataclass(frozen=True)
class Matte:
    """How opaque the person is. alpha (H, W) uint8, 255 = person, at the frame's own size; zero outside `region`."""

    alpha: np.ndarray
    region: Region

    def __post_init__(self) -> None:
        if self.alpha.dtype != np.uint8 or self.alpha.ndim != 2:
            raise ValueError(f"an alpha is (H, W) uint8, not {self.alpha.shape} {self.alpha.dtype}")
