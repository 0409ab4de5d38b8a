"""Two claps, one soon after the other, are a wish; one may be a door, a heel or a word.

The shipped tables take 410 sounds an hour of somebody who talks without a pause for a clap
(firmware/README.md). If these fell at random, 44 an hour would follow another within APART_MS; words heard between
them make it fewer.
"""
from __future__ import annotations

from edge.bridge.words import Event, What

CLAP = 1
"""Of the sounds that the firmware's tables tell apart (firmware/tables/microphone)."""

APART_MS = (200, 1200)
"""Between two claps of one wish. The firmware hears no other sound for 250 ms; people clap twice in half a second."""


class Claps:
    """Hears the events of one microcontroller."""

    def __init__(self) -> None:
        self._first_ms: int | None = None

    def twice(self, event: Event) -> bool:
        """Whether this event is the second of two claps; any other sound in between ends the wish."""
        if event.what != What.TRIGGER:
            return False
        first, self._first_ms = self._first_ms, event.ms if event.which == CLAP else None
        if first is None or self._first_ms is None or not APART_MS[0] <= (event.ms - first) & 0xFFFF <= APART_MS[1]:
            return False
        self._first_ms = None
        return True
