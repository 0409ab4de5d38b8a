"""What the preview puts behind the person: a picture, a film that goes on, a colour, or their own room."""
from __future__ import annotations

import numpy as np

from edge.camera.video import VideoSource
from edge.composite import covering
from edge.effects import Blurred, Effect, Kept, Replaced
from edge.kiosk.look import Backdrops, Look

MOST_SKIPPED = 4
"""Frames of a film that are decoded for one of the preview; a film that is faster plays slower."""


class Scenery:
    """A look for frames of one size: its effect, and the film that goes on behind it, where there is one."""

    def __init__(self, look: Look | None, shape: tuple[int, int], backdrops: Backdrops) -> None:
        """look: None for the room as it is; shape: (height, width). Raises PictureError or EventError for a file that
        is none."""
        self.look, self._shape = look, shape
        self._film: VideoSource | None = None
        self._start_ns: int | None = None
        self.effect: Effect = self._painter(look, backdrops) if look else Kept()

    def turn(self, time_ns: int) -> None:
        """Lets the film show what it shows at a monotonic time; frames that are late are passed over."""
        if self._film is None:
            return
        self._start_ns = time_ns if self._start_ns is None else self._start_ns
        frame = None
        for _ in range(MOST_SKIPPED):
            due_ns = self._film.next_time_ns()
            if due_ns is None:
                self._rewind()
                break
            if self._start_ns + due_ns > time_ns:
                break
            frame = self._film.read()
        if frame is not None:
            assert isinstance(self.effect, Replaced)
            self.effect.backdrop = covering(frame.pixels, self._shape)

    def _painter(self, look: Look, backdrops: Backdrops) -> Effect:
        kind = look.background.kind
        if kind == "blur":
            return Blurred()
        if kind == "keep":
            return Kept()
        if kind == "clip":
            self._rewind()
        picture = backdrops.picture(look.folder, look.background, self._shape)
        return Replaced(np.ascontiguousarray(picture), stays=kind != "clip")

    def _rewind(self) -> None:
        assert self.look is not None
        if self._film is not None:
            self._film.close()
        self._film, self._start_ns = VideoSource(self.look.folder / self.look.background.clip), None
