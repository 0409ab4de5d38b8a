"""What becomes of a frame once its person is known: another background, colours of parts, things worn.

An effect paints a `Seen` into a picture. Classes that it `wants` are cut out beside the person, each like the person:
carried between keyframes, refined with the frame as guide, settled over time. Effects that change the person
(recoloured.py, worn.py) hold another one, `then`, that paints the background; from_text.py puts them together.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from edge.composite import blurred, composite
from edge.guide import Guide


@dataclass(frozen=True)
class Seen:
    """A frame and what is known of it: pixels (H, W, 3) uint8, alpha (H, W) uint8, kinds of its tiles (loops.pyi; None:
    not known), its guide, and for every class that the effect wants its own alpha (H, W) uint8."""

    pixels: np.ndarray
    alpha: np.ndarray
    guide: Guide
    classes: Mapping[str, np.ndarray] = field(default_factory=dict)
    kinds: np.ndarray | None = None


class Effect(Protocol):
    """Paints one frame."""

    wants: tuple[str, ...]
    """Names of CLASSES that it needs apart from the person."""

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """Fills `into` (H, W, 3) uint8."""
        ...


class Kept:
    """The frame as it is, with its own background: for effects that change the person alone."""

    wants: tuple[str, ...] = ()

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """See Effect."""
        np.copyto(into, seen.pixels)


class Replaced:
    """The person before a backdrop that stays: a picture or a colour."""

    wants: tuple[str, ...] = ()

    def __init__(self, backdrop: np.ndarray, linear: bool = False, stays: bool = False) -> None:
        """backdrop (H, W, 3) uint8, of the frames' size, or (1, 1, 3), a colour for frames of any size.

        linear: mix light, see composite; it matters where person and backdrop differ much in brightness. stays: nobody
        else draws into the pictures, and background that was painted once is not painted again.
        """
        self.backdrop, self.linear, self.stays = backdrop, linear, stays
        self._painted: np.ndarray | None = None
        self._shown: np.ndarray | None = None

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """See Effect."""
        backdrop = np.broadcast_to(self.backdrop, seen.pixels.shape)
        composite(seen.pixels, seen.alpha, backdrop, into, self.linear, seen.kinds,
                  self._shown if self._painted is into else None)
        if self.stays and seen.kinds is not None and self._painted is not into:
            self._painted, self._shown = into, seen.kinds.copy()


class Blurred:
    """The person before their own surroundings, out of focus: see edge.composite.blurred, made from the guide."""

    wants: tuple[str, ...] = ()

    def __init__(self, linear: bool = False) -> None:
        """linear: mix light, see composite; it hardly matters here, both sides of an edge come from one picture."""
        self.linear = linear
        self._backdrop = np.empty((0, 0, 3), np.uint8)

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """See Effect."""
        if self._backdrop.shape != seen.pixels.shape:
            self._backdrop = np.empty_like(seen.pixels)
        blurred(seen.guide.pixels, seen.alpha, self._backdrop)
        composite(seen.pixels, seen.alpha, self._backdrop, into, self.linear, seen.kinds)


def union(*wants: tuple[str, ...]) -> tuple[str, ...]:
    """The classes that effects want together, each once, in order."""
    return tuple(dict.fromkeys(name for names in wants for name in names))
