"""The `demo` source: a real portrait sways over a moving scene, so every frame's true alpha is known by construction.

The portrait and its alpha ship with the package (edge/demo/ORIGIN.md); the scene is drawn here.
"""
from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np

import edge.demo
from edge.camera import FrameSource
from edge.camera import stamp as stamp_of_time
from edge.camera.buffers import Buffers
from edge.frame import Frame
from edge.matting.foreground import foreground
from edge.photograph import read_grey, read_photograph

FRAMES_PER_S = 30
SWAY_PERIOD_S, BREATH_PERIOD_S, PAN_PERIOD_S = 3.0, 4.3, 9.0

STILL_SCALE = 2
"""A photograph's sides beside the frames': 2560×1440 where they have 1280×720."""


def portrait_with_alpha() -> tuple[np.ndarray, np.ndarray]:
    """The shipped portrait: pixels (600, 512, 3) uint8 and its true alpha (600, 512) uint8."""
    folder = Path(edge.demo.__file__).parent
    return read_photograph(folder / "portrait.jpg").pixels, read_grey(folder / "portrait.alpha.png")


class DemoSource(FrameSource):
    """Drawn frames of (height, width); `truth` (height, width) uint8 is the alpha of the frame read last."""

    def __init__(self, height: int = 720, width: int = 1280, frames: int | None = 150,
                 frames_per_s: float = FRAMES_PER_S, reuse: bool = False, stamp: bool = False,
                 room: np.ndarray | None = None) -> None:
        """frames: how many to give before the end; None: there is no end.

        reuse: pixels and truth are overwritten later, as FrameSource says; else each frame keeps its own memory.
        stamp: each frame shows the time at which it was drawn, see edge.camera.stamp. room: a drawn `scene` of
        (height, width * 5 // 4), where there is one.
        """
        self.height, self.width, self.frames, self.frames_per_s = height, width, frames, float(frames_per_s)
        self.dropped, self.fallbacks = 0, list[str]()
        pixels, alpha = portrait_with_alpha()
        own = foreground(pixels, alpha, pixels, alpha.astype(np.float32) / 255)
        self._alpha = alpha.astype(np.float32) / 255
        self._premultiplied = own.astype(np.float32) * self._alpha[..., None]
        self._scene = scene(height, width * 5 // 4) if room is None else room
        self.truth = self._truth = np.zeros((height, width), np.uint8)
        self._buffers = Buffers(height, width) if reuse else None
        self._opacity = np.empty((height, width), np.float32)
        self._person, self._mixed = (np.empty((height, width, 3), np.float32) for _ in range(2))
        self.index = self._given = 0
        self.stamp = stamp_of_time.PLACE if stamp else None
        self._large: DemoSource | None = None

    def read(self) -> Frame | None:
        """See FrameSource."""
        time_ns = self.next_time_ns()
        if time_ns is None:
            return None
        seconds = self.index / self.frames_per_s
        if self._buffers is None:
            pixels, truth = (np.empty(shape, np.uint8) for shape in ((self.height, self.width, 3),
                                                                     (self.height, self.width)))
        else:
            pixels, truth = self._buffers.next(), self._truth
        self._draw(seconds, pixels, truth)
        self.truth = truth
        if self.stamp:
            stamp_of_time.draw(pixels, time.time_ns() // 1_000_000)
        self.index, self._given = self.index + 1, self._given + 1
        return Frame(pixels, self._given - 1, time_ns)

    def next_time_ns(self) -> int | None:
        """See Recording."""
        if self.frames is not None and self.index >= self.frames:
            return None
        return int(self.index / self.frames_per_s * 1e9)

    def skip(self) -> None:
        """See Recording; the frame is not drawn."""
        self.index += 1

    def still(self) -> np.ndarray:
        """See FrameSource: the frame that is next, with sides STILL_SCALE times as long."""
        if self._large is None:
            height, width = self.height * STILL_SCALE, self.width * STILL_SCALE
            room = cv2.resize(self._scene, (width * 5 // 4, height), interpolation=cv2.INTER_CUBIC)
            self._large = DemoSource(height, width, None, self.frames_per_s, room=room)
        pixels = np.empty((self._large.height, self._large.width, 3), np.uint8)
        self._large._draw(self.index / self.frames_per_s, pixels, self._large._truth)
        return pixels

    def close(self) -> None:
        """See FrameSource."""
        self.frames = 0

    def _draw(self, seconds: float, pixels: np.ndarray, truth: np.ndarray) -> None:
        """Fills pixels and truth: person + scene · (1 − opacity), all in float32."""
        pose, size = self._pose(seconds), (self.width, self.height)
        cv2.warpAffine(self._alpha, pose, size, dst=self._opacity, flags=cv2.INTER_LINEAR)
        cv2.warpAffine(self._premultiplied, pose, size, dst=self._person, flags=cv2.INTER_LINEAR)
        levels = np.multiply(self._opacity, 255, out=self._mixed[..., 0])
        levels += 0.5
        np.copyto(truth, levels, casting="unsafe")
        np.subtract(1, self._opacity, out=self._opacity)
        np.multiply(self._behind(seconds), self._opacity[..., None], out=self._mixed)
        self._mixed += self._person
        self._mixed += 0.5
        np.copyto(pixels, self._mixed, casting="unsafe")

    def _pose(self, seconds: float) -> np.ndarray:
        """Portrait pixels → frame pixels: standing on the lower edge, swaying, leaning, breathing."""
        height, width = self._alpha.shape
        sway = np.sin(2 * np.pi * seconds / SWAY_PERIOD_S)
        scale = 0.86 * self.height / height * (1 + 0.03 * np.sin(2 * np.pi * seconds / BREATH_PERIOD_S))
        pose = cv2.getRotationMatrix2D((width / 2, height), 3.0 * sway, scale)
        pose[0, 2] += self.width / 2 - width / 2 + 0.12 * self.width * sway
        pose[1, 2] += self.height * 1.03 - height
        return pose

    def _behind(self, seconds: float) -> np.ndarray:
        room = self._scene.shape[1] - self.width
        left = int(room * (0.5 + 0.5 * np.sin(2 * np.pi * seconds / PAN_PERIOD_S)))
        return self._scene[:, left : left + self.width]


def scene(height: int, width: int) -> np.ndarray:
    """A drawn room, (height, width, 3) uint8: wall, window, shelf with books, lamp; soft, as a lens would show it."""
    wall = np.linspace([206, 196, 178], [150, 139, 126], height)[:, None]
    room = np.broadcast_to(wall, (height, width, 3)).astype(np.uint8).copy()
    unit = height / 720

    def box(x: float, y: float, w: float, h: float, colour: tuple[int, ...]) -> None:
        corner, opposite = (int(x * width), int(y * height)), (int((x + w) * width), int((y + h) * height))
        cv2.rectangle(room, corner, opposite, colour, -1)

    box(0.06, 0.10, 0.20, 0.46, (240, 240, 236))
    box(0.072, 0.125, 0.085, 0.41, (150, 196, 226))
    box(0.167, 0.125, 0.085, 0.41, (168, 208, 232))
    box(0.66, 0.30, 0.30, 0.025, (96, 66, 44))
    rng = np.random.default_rng(4)
    x = 0.665
    while x < 0.93:
        w, h = rng.uniform(0.008, 0.02), rng.uniform(0.10, 0.19)
        box(x, 0.30 - h, w, h, tuple(int(c) for c in rng.integers(50, 210, 3)))
        x += w + 0.002
    box(0.36, 0.12, 0.16, 0.24, (70, 60, 52))
    box(0.37, 0.137, 0.14, 0.206, (58, 110, 120))
    cv2.circle(room, (int(0.44 * width), int(0.25 * height)), int(46 * unit), (222, 170, 90), -1)
    box(0.0, 0.86, 1.0, 0.14, (112, 84, 62))
    cv2.circle(room, (int(0.60 * width), int(0.42 * height)), int(60 * unit), (250, 226, 168), -1)
    soft = cv2.GaussianBlur(room, (0, 0), 3 * unit)
    return np.clip(soft + rng.normal(0, 2.0, soft.shape), 0, 255).astype(np.uint8)
