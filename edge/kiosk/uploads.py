"""Pictures that guests bring, from the first byte to the cut: what is under way, and how far."""
from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from edge.kiosk.session import Notice

STAGES = ("waiting", "decode", "segment", "refine", "trimap", "neighbours", "solve", "residual", "foreground",
          "composite", "write")
"""In the order in which they come; not every picture needs each."""

MOST_WAITING = 8
"""Uploads under way; more are asked to wait."""

REMEMBERED = 200
"""Uploads whose end is remembered."""


@dataclass
class Progress:
    """How far an upload is. stage: the last one that is over."""

    stage: str = "waiting"
    done: bool = False
    notice: Notice | None = None

    @property
    def share(self) -> float:
        """0 to 1, by stages."""
        return 1.0 if self.done else STAGES.index(self.stage) / len(STAGES) if self.stage in STAGES else 0.0


class Uploads:
    """By token."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Progress] = OrderedDict()

    def begin(self, token: str) -> Progress:
        """A new one."""
        self._known[token] = progress = Progress()
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return progress

    def of(self, token: str) -> Progress | None:
        """That one; None: never heard of, or long ago."""
        return self._known.get(token)

    @property
    def waiting(self) -> int:
        """How many are not done."""
        return sum(not progress.done for progress in self._known.values())
