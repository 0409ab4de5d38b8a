"""Labelled signals of 800 samples."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.bridge.points import CLASSES

OTHER = "other"
"""The label of what shall be no class: its prototypes carry 0, and the chip reports nothing."""

MOST_LABELS = CLASSES - 1
"""Beside `other`."""


@dataclass(frozen=True)
class Signals:
    """samples (n, 800) int16 in −512..511; labels: n names."""

    samples: np.ndarray
    labels: tuple[str, ...]

    def numbers(self, names: dict[int, str]) -> np.ndarray:
        """(n,) int: what the chip shall say of each."""
        number_of = {name: number for number, name in names.items()}
        return np.array([number_of[label] for label in self.labels])


def numbered(labels: tuple[str, ...]) -> dict[int, str]:
    """Number on the wire → label: from 1 in the alphabet's order, 0 for `other`."""
    names = sorted(set(labels) - {OTHER})
    return {**({0: OTHER} if OTHER in labels else {}), **dict(enumerate(names, start=1))}
