"""What stands behind the person in the preview: a picture, a film, a colour, their own room, sharp or out of focus."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.camera.video import VideoSource
from edge.composite import colour_from, covering
from edge.effects import Effect, Kept, Replaced
from edge.effects.from_text import effect_from
from edge.kiosk.live_words import Look
from edge.photograph import read_overlay, read_photograph

MOST_SKIPPED = 4
"""Frames of a film that are decoded for one of the preview; a film that is faster plays slower."""


class Scenery:
    """A look for frames of one size: its effect, and the film that goes on behind it, where there is one."""

    def __init__(self, look: Look, shape: tuple[int, int]) -> None:
        """shape: (height, width). Raises PictureError for a file that cannot be read or an effect that is unknown."""
        self.look, self._shape = look, shape
        self._film = VideoSource(Path(look.place)) if look.kind == "clip" else None
        self._start_ns: int | None = None
        self.effect = self._painter()
        self._behind = _replaced(self.effect)
        if self._film and self._behind:
            self._behind.stays = False

    def turn(self, time_ns: int) -> None:
        """Lets the film show what it shows at a monotonic time; frames that are late are passed over."""
        if self._film is None or self._behind is None:
            return
        self._start_ns = time_ns if self._start_ns is None else self._start_ns
        frame = None
        for _ in range(MOST_SKIPPED):
            due_ns = self._film.next_time_ns()
            if due_ns is None:
                self._film, self._start_ns = VideoSource(Path(self.look.place)), None
                break
            if self._start_ns + due_ns > time_ns:
                break
            frame = self._film.read()
        if frame is not None:
            self._behind.backdrop = covering(frame.pixels, self._shape)

    def _painter(self) -> Effect:
        kind, place = self.look.kind, self.look.place
        parts = [part for part in (kind if kind == "blur" else "", self.look.effect) if part]
        backdrop = None
        if kind == "colour":
            backdrop = np.array(colour_from(place), np.uint8)[None, None]
        elif kind == "still":
            backdrop = covering(read_photograph(Path(place)).pixels, self._shape)
        elif self._film:
            first = self._film.read()
            assert first is not None  # a film without a frame is refused when it is opened
            backdrop = covering(first.pixels, self._shape)
        if backdrop is None and not parts:
            return Kept()
        return effect_from("+".join(parts or ["replace"]), backdrop, False, lambda name: read_overlay(Path(name)))


def _replaced(effect: Effect) -> Replaced | None:
    """What paints the background at the end of a chain of effects, where that is a picture."""
    while not isinstance(effect, Replaced):
        if not hasattr(effect, "then"):
            return None
        effect = effect.then
    return effect
