"""One video frame through the stages: keyframe or its mask carried on → refine with this frame as guide → settle over
time → the effect."""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edge.board_shapes import CameraBoard
from edge.effects import Effect, Seen
from edge.errors import PictureError
from edge.frame import CLASSES, Frame, Mask, Matte, Region
from edge.guide import Guide
from edge.keyframe import Keyframe, Pace, region_to_look_at
from edge.live_matting import SOLVED, solved
from edge.matting.guided import Coefficients, no_person
from edge.motion import Motion
from edge.native import loops
from edge.refine import SEEN, Edge, OutlineRoom, outline
from edge.report import StageTimes
from edge.segment.labels import Labeller, TellsParts
from edge.segment.tflite import WideSegmenter
from edge.segment.tidy import tidied
from edge.segment.wide import fills_the_width, widened

STILL, MOVING = 2.0, 6.0
"""Changes of luma, in 1/255, up to which a pixel is still, and from which it moves.

M_avg(t) = (1 − c)·M_avg(t−1) + c·M(t) (US 2023/0362331), with c by pixel, from the board's smoothing up to 1: what is
still is calm, what moves has no past.
"""

@dataclass(frozen=True)
class LiveFrame:
    """A finished frame: picture (H, W, 3) uint8, its matte, and whether the network ran on it.

    Its arrays are the path's own and are filled anew by the next frame: copy what must stay.
    """

    picture: np.ndarray
    matte: Matte
    keyframe: bool


class LivePath:
    """The live path of one board; carries the last keyframe and the settled alphas from frame to frame."""

    def __init__(self, board: CameraBoard, segmenter: WideSegmenter | TellsParts, effect: Effect,
                 pace: Pace | None = None) -> None:
        """board gives guide size, filter, smoothing and whether keyframes are matted; pace: when the network runs, as a
        rule at the board's interval. segmenter: TellsParts where the effect wants classes."""
        self.board, self.segmenter, self.effect = board, segmenter, effect
        self.pace = pace or Pace(board.network.keyframe_interval.value)
        self.motion, self.last = Motion(), Keyframe.never(len(effect.wants))
        self.room: Room | None = None
        self.solves = board.matting.live.value == "keyframes"
        self._epsilon = board.refine.guided_epsilon.value
        self._calm = (board.refine.smoothing.value, STILL, MOVING)

    def frame(self, frame: Frame, times: StageTimes) -> LiveFrame:
        """One frame in, one finished frame out; frame.index must grow by one each time.

        Raises PictureError when the size is not the first frame's.
        """
        room = self._room_for(frame)
        room.guide.take(frame.pixels, frame.small)
        times.lap("guide")
        due = self.pace.due(frame.index, self.last.index)
        explained = self.motion.follow(room.guide.luma, due)
        times.lap("motion")
        if is_keyframe := due or not explained:
            self._see(frame.index, room.guide, explained)
            times.lap("segment")
            if self.solves:
                answer = solved(room.guide.pixels, room.guide.luma, self.last.masks[0], self._epsilon, room.outline)
                self.last = replace(self.last, solved=answer)
                times.lap("matting")
            masks = self.last.shown
        else:
            masks = [self.motion.carried(mask, mask.region, mask.values.shape) for mask in self.last.shown]
            times.lap("motion")
        edges = [SEEN if self.last.solved is None else SOLVED, *[SEEN] * (len(masks) - 1)]
        alphas = [self._alpha(*each, frame.pixels) for each in zip(masks, edges, room.layers, strict=True)]
        times.lap("refine")
        classes = dict(zip(self.effect.wants, alphas[1:], strict=True))
        self.effect.paint(Seen(frame.pixels, alphas[0], room.guide, classes, room.layers[0].kinds), room.picture)
        times.lap("composite")
        self.pace.spent(is_keyframe, sum(times.ms.values()))
        return LiveFrame(room.picture, Matte(alphas[0], Region.whole(alphas[0].shape)), is_keyframe)

    def _alpha(self, mask: Mask, edge: Edge, layer: Layer, pixels: np.ndarray) -> np.ndarray:
        """A mask over the guide → its alpha (H, W) uint8 in this frame."""
        assert self.room is not None
        guide, region = self.room.guide, mask.region
        present = outline(guide.luma, mask, self._epsilon, self.room.outline, edge)
        for held, now in zip(layer.settled, present, strict=True):
            loops.settle(held, now, (region.top, region.left), guide.moved, self._calm)
        loops.enlarge(np.ascontiguousarray(pixels), guide.luma, *layer.settled, edge.ramp, layer.kinds, layer.alpha)
        return layer.alpha

    def _see(self, index: int, guide: Guide, explained: bool) -> None:
        """Asks the network, where the person was last seen, and remembers its answer; regions are the guide's."""
        region = region_to_look_at(self.last, guide.shape, self.segmenter.portrait)
        masks = self._masks(guide.pixels, region)
        if explained:
            masks = [self.motion.averaged(old, fresh) for old, fresh in zip(self.last.masks, masks, strict=True)]
        closer = 0 if region == Region.whole(guide.shape) else self.last.closer + 1
        self.last = Keyframe(index, masks, closer)
        self.motion.remember()

    def _masks(self, pixels: np.ndarray, region: Region) -> list[Mask]:
        """The person, then every class that the effect wants."""
        if not self.effect.wants:
            if fills_the_width(self.last.masks[0]) and region.width > region.height:  # and will again
                return [tidied(self.segmenter.segment_wide(pixels, region))]
            return [self._closer(pixels, self.segmenter.segment(pixels, region))]
        assert isinstance(self.segmenter, Labeller)
        labels = self.segmenter.label(pixels, region)
        planes = (np.ascontiguousarray(labels.parts[..., CLASSES.index(name)]) for name in self.effect.wants)
        return [self._closer(pixels, labels.person), *(Mask(plane, region) for plane in planes)]

    def _closer(self, pixels: np.ndarray, person: Mask) -> Mask:
        """Without specks; who fills the width is looked at once more."""
        return tidied(widened(self.segmenter, pixels, person))

    def _room_for(self, frame: Frame) -> Room:
        if self.room is None:
            self.room = Room(frame.shape, self.board.refine.guide_downscale.value, 1 + len(self.effect.wants))
        height, width = self.room.picture.shape[:2]
        if (height, width) != frame.shape:
            raise PictureError(f"frame {frame.index} is {frame.shape[1]}×{frame.shape[0]}, the frames before were "
                               f"{width}×{height}; a live path keeps one size")
        return self.room


class Layer:
    """What one alpha is written into: settled, coefficients at guide size; alpha (H, W) uint8; kinds of its tiles."""

    def __init__(self, frame: tuple[int, int], guide: tuple[int, int]) -> None:
        self.settled = Coefficients(np.zeros(guide, np.float32), np.zeros(guide, np.float32))
        self.alpha, self.kinds = no_person(frame)


class Room:
    """What the live path writes into, frame after frame."""

    def __init__(self, frame: tuple[int, int], downscale: int, layers: int) -> None:
        """frame: (height, width); layers: the person's and one for every class."""
        self.guide = Guide(frame, downscale)
        self.outline = OutlineRoom(self.guide.shape)
        self.layers = [Layer(frame, self.guide.shape) for _ in range(layers)]
        self.picture = np.zeros((*frame, 3), np.uint8)
