"""When the network runs again, and what it saw last (US 2023/0362331, keyframes)."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.frame import Mask, Region
from edge.preprocess import region_around

MARGIN = 0.15
"""Free space kept around the person between two keyframes, as a share of its longer side: room to move."""


@dataclass(frozen=True)
class Keyframe:
    """The last frame on which the network ran: its index and mask."""

    index: int
    mask: Mask


def due(last: Keyframe | None, index: int, interval: int) -> bool:
    """Whether the network must run on frame `index`, `interval` frames after the last keyframe."""
    return last is None or index - last.index >= interval


def region_to_look_at(last: Keyframe | None, frame: tuple[int, int], portrait: tuple[int, int]) -> Region:
    """Where in a (height, width) frame the network looks next: around the last person, in the input's aspect.

    The whole frame at the start, and whenever nobody was seen.
    """
    around = region_around(last.mask, frame, portrait, MARGIN) if last else None
    return around or Region.whole(frame)


def smoothed(previous: np.ndarray | None, present: np.ndarray, share: float) -> np.ndarray:
    """M_avg(t) = (1 − c)·M_avg(t−1) + c·M(t), c = share; the present one where there is no past (ibid.)."""
    if previous is None or previous.shape != present.shape:
        return present
    return (1 - share) * previous + share * present
