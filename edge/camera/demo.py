"""The `demo` source: a real portrait sways over a moving scene, so every frame's true alpha is known by construction.

The portrait and its alpha ship with the package (edge/demo/ORIGIN.md); the scene is drawn here.
"""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

import edge.demo
from edge.frame import Frame
from edge.matting.foreground import foreground
from edge.photograph import read_grey, read_photograph

FRAMES_PER_S = 30
SWAY_PERIOD_S, BREATH_PERIOD_S, PAN_PERIOD_S = 3.0, 4.3, 9.0


def portrait_with_alpha() -> tuple[np.ndarray, np.ndarray]:
    """The shipped portrait: pixels (600, 512, 3) uint8 and its true alpha (600, 512) uint8."""
    folder = Path(edge.demo.__file__).parent
    return read_photograph(folder / "portrait.jpg").pixels, read_grey(folder / "portrait.alpha.png")


class DemoSource:
    """frames of (height, width) at FRAMES_PER_S; `truth` is the alpha of the frame read last."""

    def __init__(self, height: int = 720, width: int = 1280, frames: int = 150) -> None:
        """frames: how many to give before the end."""
        self.height, self.width, self.frames = height, width, frames
        pixels, alpha = portrait_with_alpha()
        own = foreground(pixels, alpha, pixels, alpha.astype(np.float32) / 255)
        self._alpha = alpha.astype(np.float32) / 255
        self._premultiplied = own.astype(np.float32) * self._alpha[..., None]
        self._scene = scene(height, width * 5 // 4)
        self.truth = np.zeros((height, width), np.uint8)
        self.index = 0

    def read(self) -> Frame | None:
        """See FrameSource."""
        if self.index >= self.frames:
            return None
        seconds = self.index / FRAMES_PER_S
        pose = self._pose(seconds)
        size = (self.width, self.height)
        alpha = cv2.warpAffine(self._alpha, pose, size, flags=cv2.INTER_LINEAR)
        person = cv2.warpAffine(self._premultiplied, pose, size, flags=cv2.INTER_LINEAR)
        behind = self._behind(seconds)
        pixels = (person + behind * (1 - alpha[..., None]) + 0.5).astype(np.uint8)
        self.truth = (alpha * 255 + 0.5).astype(np.uint8)
        frame = Frame(pixels, self.index, int(seconds * 1e9))
        self.index += 1
        return frame

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
