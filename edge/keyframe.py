"""When the network runs again, and what it saw last (US 2023/0362331, keyframes)."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.frame import Mask, Region
from edge.preprocess import is_cut_off, region_around, wider

MARGIN = 0.15
"""Free space kept around the person between two keyframes, as a share of its longer side: room to move. Mean error of
the live alpha over 60 demo frames, large tier, in thousandths: 4.2 with 0.1, 3.25 so, 3.1 with 0.25, which for a person
as wide as high looks at nearly the whole frame."""

CLOSER = 15
"""Looks at the person's surroundings in a row before one at the whole frame: who comes in is seen after a second (a
keyframe every 2 frames, 30 frames/s). Mean error in 1/255: ten moving cut-outs 12.9 without, 12.8 so; demo source 0.86
and 0.90."""

LONGEST = 8
"""Frames between two keyframes at the most, when the pace is chosen by time."""

REMEMBERED = 0.9
"""Share of the past in the running means of what frames cost."""


@dataclass(frozen=True)
class Keyframe:
    """The last frame on which the network ran: index; masks, the person's first, regions in the guide's pixels; closer:
    looks since the last one at the whole frame; solved: the person's alpha after matting, where there was one."""

    index: int
    masks: Sequence[Mask]
    closer: int = 0
    solved: Mask | None = None

    @property
    def shown(self) -> Sequence[Mask]:
        """The best that is known of the person and of every class."""
        return self.masks if self.solved is None else [self.solved, *self.masks[1:]]

    @classmethod
    def never(cls, classes: int = 0) -> Keyframe:
        """Before the first: nobody was seen anywhere, long ago. classes: masks beside the person's."""
        return cls(-1 << 60, [Mask(np.zeros((1, 1), np.float32), Region(0, 0, 1, 1))] * (1 + classes))


class Pace:
    """Decides on which frames the network runs: every `interval` frames. A new scene does not wait, see Motion."""

    def __init__(self, interval: int) -> None:
        self.interval = interval

    def due(self, index: int, last: int) -> bool:
        """Whether the network runs on frame `index`; last: index of the keyframe before."""
        return index - last >= self.interval

    def spent(self, keyframe: bool, frame_ms: float) -> None:
        """Hears what a frame cost; a fixed pace does not mind."""


class BudgetedPace(Pace):
    """Stretches the interval until a frame's mean cost holds the budget; says once when even the longest does not."""

    def __init__(self, budget_ms: float) -> None:
        super().__init__(1)
        self.budget_ms = budget_ms
        self.fallbacks: list[str] = []
        self._key_ms: float | None = None
        self._other_ms: float | None = None

    def spent(self, keyframe: bool, frame_ms: float) -> None:
        """See Pace; the interval changes from the next frame on."""
        if keyframe:
            self._key_ms = _running_mean(self._key_ms, frame_ms)
        else:
            self._other_ms = _running_mean(self._other_ms, frame_ms)
        self.interval = next((n for n in range(1, LONGEST) if self._mean_ms(n) <= self.budget_ms), LONGEST)
        if self._other_ms is not None and self._mean_ms(LONGEST) > self.budget_ms and not self.fallbacks:
            self.fallbacks.append(f"the frame budget of {self.budget_ms:.0f} ms cannot be held: with a keyframe every "
                                  f"{LONGEST} frames one takes {self._mean_ms(LONGEST):.0f} ms; a smaller picture or "
                                  "--keyframe-interval would help, it goes on at what it can do")

    def _mean_ms(self, interval: int) -> float:
        """The mean cost of a frame at this interval, as far as it is known."""
        key = self._key_ms or 0.0
        other = self._other_ms if self._other_ms is not None else (0.0 if interval > 1 else key)
        return (key + (interval - 1) * other) / interval


def _running_mean(past: float | None, present: float) -> float:
    return present if past is None else REMEMBERED * past + (1 - REMEMBERED) * present


def region_to_look_at(last: Keyframe, frame: tuple[int, int], portrait: tuple[int, int]) -> Region:
    """Where in a (height, width) frame the network looks next: around the last person, in the input's aspect.

    Wider where the last look cut them off: an arm may reach out. The whole frame whenever nobody was seen, and every
    so often.
    """
    person = last.masks[0]
    region = region_around(person, frame, portrait, MARGIN)
    if region is None or last.closer >= CLOSER:
        return Region.whole(frame)
    if is_cut_off(person, frame):
        return wider(region, round(MARGIN * max(region.height, region.width)), frame)
    return region
