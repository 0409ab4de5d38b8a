"""One video frame through the stages: keyframe or its mask carried on → refine with this frame as guide → settle over
time → composite."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edge.board_shapes import CameraBoard
from edge.composite import composite
from edge.errors import PictureError
from edge.frame import Frame, Mask, Matte, Region
from edge.guide import Guide
from edge.keyframe import Keyframe, Pace, region_to_look_at
from edge.matting.guided import Coefficients, enlarged_alpha
from edge.motion import Motion
from edge.native import loops
from edge.refine import refine
from edge.report import StageTimes
from edge.segment.tflite import Segmenter
from edge.segment.tidy import tidied

Backdrop = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(pixels (H, W, 3), alpha (H, W)) → what stands behind the person, (H, W, 3) uint8."""

STILL, MOVING = 2.0, 6.0
"""Changes of luma, in 1/255, up to which a pixel is still, and from which it moves."""


@dataclass(frozen=True)
class LiveFrame:
    """A finished frame: picture (H, W, 3) uint8, its matte, and whether the network ran on it.

    Its arrays are the path's own and are filled anew by the next frame: copy what must stay.
    """

    picture: np.ndarray
    matte: Matte
    keyframe: bool


class LivePath:
    """The live path of one board; carries the last keyframe and the settled alpha from frame to frame."""

    def __init__(self, board: CameraBoard, segmenter: Segmenter, backdrop: Backdrop, pace: Pace | None = None) -> None:
        """backdrop: see Backdrop; board gives guide size, filter and smoothing; pace: when the network runs, as a rule
        at the board's interval."""
        self.board, self.segmenter, self.backdrop = board, segmenter, backdrop
        self.pace = pace or Pace(board.network.keyframe_interval.value)
        self.motion, self.last = Motion(), Keyframe.never()
        self.room: Room | None = None
        self._share = shares(board.refine.smoothing.value)

    def frame(self, frame: Frame, times: StageTimes) -> LiveFrame:
        """One frame in, one composited frame out; frame.index must grow by one each time.

        Raises PictureError when the size is not the first frame's.
        """
        room = self._room_for(frame)
        room.guide.take(frame.pixels)
        times.lap("guide")
        mask = None
        if not self.pace.due(frame.index, self.last.index):
            mask = self.motion.carried(self.last.mask, room.guide.luma)
            times.lap("motion")
        if is_keyframe := mask is None:
            mask = self._seen(frame.index, room.guide)
            times.lap("segment")
        present = refine(room.guide.pixels, mask, self.board.refine.guided_epsilon.value)
        loops.settle(room.settled, present, room.guide.moved, self._share)
        alpha = enlarged_alpha(frame.pixels, room.guide.luma, room.settled, room.alpha, room.coefficients)
        times.lap("refine")
        composite(frame.pixels, alpha, self.backdrop(frame.pixels, alpha), room.picture)
        times.lap("composite")
        self.pace.spent(is_keyframe, sum(times.ms.values()))
        return LiveFrame(room.picture, Matte(alpha, Region.whole(alpha.shape)), is_keyframe)

    def _seen(self, index: int, guide: Guide) -> Mask:
        """Asks the network, where the person was last seen, and remembers its answer; regions are the guide's."""
        region = region_to_look_at(self.last.mask, guide.shape, self.segmenter.portrait)
        self.last = Keyframe(index, tidied(self.segmenter.segment(guide.pixels, region)))
        self.motion.remember(guide.luma)
        return self.last.mask

    def _room_for(self, frame: Frame) -> Room:
        if self.room is None:
            self.room = Room(frame.shape, self.board.refine.guide_downscale.value)
        if self.room.alpha.shape != frame.shape:
            height, width = self.room.alpha.shape
            raise PictureError(f"frame {frame.index} is {frame.shape[1]}×{frame.shape[0]}, the frames before were "
                               f"{width}×{height}; a live path keeps one size")
        return self.room


class Room:
    """What the live path writes into, frame after frame."""

    def __init__(self, frame: tuple[int, int], downscale: int) -> None:
        """frame: (height, width); settled (h, w) float32 at guide size, alpha (H, W) and picture (H, W, 3) uint8."""
        self.guide = Guide(frame, downscale)
        self.settled = np.zeros(self.guide.shape, np.float32)
        self.coefficients = Coefficients.empty(self.guide.shape)
        self.alpha = np.zeros(frame, np.uint8)
        self.picture = np.zeros((*frame, 3), np.uint8)


def shares(still: float) -> np.ndarray:
    """How much of the present alpha counts at each level of movement: (1, 256) float32, from `still` to 1.

    M_avg(t) = (1 − c)·M_avg(t−1) + c·M(t) (US 2023/0362331), with c by pixel: what is still is calm, what moves has no
    past.
    """
    moved = np.clip((np.arange(256, dtype=np.float32) - STILL) / (MOVING - STILL), 0, 1)
    return (still + (1 - still) * moved)[None]
