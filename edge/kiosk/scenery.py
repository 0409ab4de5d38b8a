"""What the preview puts behind the person and over the picture: film or picture, the event's frame and words."""
from __future__ import annotations

import numpy as np

from edge.camera.video import VideoSource
from edge.composite import composite, covering
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
        self._over = _overlay(look, shape, backdrops) if look and (look.frame or look.texts) else None

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

    def finish(self, picture: np.ndarray, into: np.ndarray) -> np.ndarray:
        """A painted frame (H, W, 3) uint8 with the event's frame and words over it: in `into`, or as it came."""
        if self._over is None:
            return picture
        colours, alpha = self._over
        return composite(colours, alpha, picture, into)

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


def _overlay(look: Look, shape: tuple[int, int], backdrops: Backdrops) -> tuple[np.ndarray, np.ndarray]:
    """Frame and words alone: colours (H, W, 3) and alpha (H, W) uint8, straight.

    They are laid over black and over white: what differs is what shines through.
    """
    black, white = (backdrops.finished(np.full((*shape, 3), level, np.uint8), look).astype(np.float32)
                    for level in (0, 255))
    alpha = np.clip(255 - (white - black).mean(axis=-1), 0, 255)
    colours = np.clip(black * (255 / np.maximum(alpha, 1))[..., None], 0, 255)
    return (colours + 0.5).astype(np.uint8), (alpha + 0.5).astype(np.uint8)
