"""One video frame through the stages: keyframe → refine with this frame as guide → smooth → composite."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from edge.board_shapes import CameraBoard
from edge.composite import composite
from edge.frame import Frame, Matte, Region
from edge.keyframe import Keyframe, due, region_to_look_at, smoothed
from edge.matting.guided import enlarged_alpha
from edge.refine import on_guide, refine
from edge.report import StageTimes
from edge.segment.tflite import Segmenter
from edge.segment.tidy import tidied

Backdrop = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(pixels (H, W, 3), alpha (H, W)) → what stands behind the person, (H, W, 3) uint8."""


@dataclass(frozen=True)
class LiveFrame:
    """A finished frame: picture (H, W, 3) uint8, its matte, and whether the network ran on it."""

    picture: np.ndarray
    matte: Matte
    keyframe: bool


class LivePath:
    """The live path of one board; carries the last keyframe and the smoothed alpha from frame to frame."""

    def __init__(self, board: CameraBoard, segmenter: Segmenter, backdrop: Backdrop) -> None:
        """backdrop: see Backdrop; board gives keyframe interval, guide size, filter and smoothing."""
        self.board, self.segmenter, self.backdrop = board, segmenter, backdrop
        self.last: Keyframe | None = None
        self.alpha: np.ndarray | None = None

    def frame(self, frame: Frame, times: StageTimes) -> LiveFrame:
        """One frame in, one composited frame out; frame.index must grow by one each time."""
        is_keyframe = due(self.last, frame.index, self.board.network.keyframe_interval.value)
        if self.last is None or is_keyframe:
            region = region_to_look_at(self.last, frame.shape, self.segmenter.portrait)
            self.last = Keyframe(frame.index, tidied(self.segmenter.segment(frame.pixels, region)))
            times.lap("segment")
        guide = _guide(frame.pixels, self.board.refine.guide_downscale.value)
        mask = on_guide(self.last.mask, frame.shape, guide.shape[:2])
        present = refine(guide, mask, self.board.refine.guided_epsilon.value)
        self.alpha = smoothed(self.alpha, present, self.board.refine.smoothing.value)
        alpha = enlarged_alpha(frame.pixels, guide, self.alpha)
        times.lap("refine")
        picture = composite(frame.pixels, alpha, self.backdrop(frame.pixels, alpha))
        times.lap("composite")
        return LiveFrame(picture, Matte(alpha, Region.whole(alpha.shape)), is_keyframe)


def _guide(pixels: np.ndarray, downscale: int) -> np.ndarray:
    size = (max(1, pixels.shape[1] // downscale), max(1, pixels.shape[0] // downscale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
