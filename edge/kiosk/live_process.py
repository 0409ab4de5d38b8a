"""The live process of the booth: camera → live path → JPEG, in a process that may die without anybody losing a picture.

It obeys the words of edge.kiosk.live_words that come through its pipe, and ends when the pipe does.
"""
from __future__ import annotations

import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.board_shapes import CameraBoard
from edge.boards import load_camera_board
from edge.camera import FrameSource
from edge.camera.open_source import open_source
from edge.card import MODELS, model_path
from edge.errors import MasqueError
from edge.frame import Frame
from edge.keyframe import BudgetedPace
from edge.kiosk.eye import Eye
from edge.kiosk.live_words import Alive, Busy, Dress, Missed, Setup, Shown, Take, Taken, Watched
from edge.kiosk.look import Backdrops, Look
from edge.kiosk.scenery import Scenery
from edge.live import LivePath
from edge.report import StageTimes
from edge.segment.tflite import TfliteSegmenter, open_segmenter
from edge.sinks.jpeg import jpeg_bytes

ALIVE_S = 0.2
"""Between two signs of life."""

UNWATCHED_S = 0.5
"""Between two preview frames that nobody looks at."""

PREVIEW_QUALITY, STILL_QUALITY = 80, 95
"""libjpeg's scale. The photograph is cut once more from its JPEG: 95 leaves nothing that can be seen."""

DRESSING_S, ENCODING_S = 20.0, 5.0
"""What a slow board may take to read a large background, and to encode a large photograph."""

STILL_PATIENCE_S = 3.0
"""For so long a camera may take over a photograph."""

STUCK_S = 45.0
"""A camera that is open and gives nothing for so long holds its thread for ever: the process ends, and a new one opens
it anew. edge.camera.newest gives up after 30 s by itself."""

Opened = Callable[[Setup, CameraBoard], FrameSource]


def camera_of(setup: Setup, board: CameraBoard) -> FrameSource:
    """The source that a setup names, at its board's size and rate, by the clock and without an end."""
    camera = board.camera
    return open_source(setup.source, height=camera.height.value, width=camera.width.value,
                       frames_per_s=camera.frames_per_s.value, realtime=True, frames=0,
                       downscale=board.refine.guide_downscale.value)


def run(link: Connection, setup: Setup, opened: Opened = camera_of, stuck_s: float = STUCK_S) -> None:
    """The process. opened: what opens the camera, again and again; stuck_s: see STUCK_S."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group: the booth ends this process
    board = load_camera_board(setup.board)
    live = Live(link, setup, board, Eye(partial(opened, setup, board)))
    try:
        while live.turn() and live.eye.silent_s < stuck_s:
            pass
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the booth is gone
    finally:
        live.eye.close()


class Live:
    """One run of the live process."""

    def __init__(self, link: Connection, setup: Setup, board: CameraBoard, eye: Eye) -> None:
        self.link, self.setup, self.board, self.eye = link, setup, board, eye
        cv2.setNumThreads(1)
        self._look: Look | None = None
        self._trouble, self._backdrops = "", Backdrops()
        self._scenery: Scenery | None = None
        self._path: LivePath | None = None
        self._segmenter: TfliteSegmenter | None = None
        self._watched, self._shot, self._shot_s = True, 0, 0.0
        self._frames, self._index, self._alive_s, self._shown_s = 0, 0, 0.0, 0.0
        self._mirror = self._bgr = np.empty((0, 0, 3), np.uint8)

    def turn(self) -> bool:
        """Commands, one frame, a sign of life. False: the booth said goodbye."""
        while self.link.poll():
            if not self._obey(self.link.recv()):
                return False
        frame = self.eye.frame(ALIVE_S / 2)
        if frame is not None:
            if self._watched or time.monotonic() - self._shown_s >= UNWATCHED_S:
                self._show(frame)
            self.eye.done()
        self._hand_over()
        self._tell()
        return True

    def _obey(self, word: Any) -> bool:
        match word:
            case Dress(look):
                self._look, self._scenery, self._trouble = look, None, ""
            case Watched(watched):
                self._watched = watched
            case Take(shot):
                self._shot, self._shot_s = shot, time.monotonic()
                self.eye.ask_still()
        return word is not None

    def _show(self, frame: Frame) -> None:
        path, scenery = self._ready(frame.shape)
        scenery.turn(time.monotonic_ns())
        self._index += 1
        if self._bgr.shape != frame.pixels.shape:
            self._mirror, self._bgr = np.empty_like(frame.pixels), np.empty_like(frame.pixels)
        cv2.flip(frame.pixels, 1, dst=self._mirror)  # people pose before a mirror; what is behind them is not turned
        small = None if frame.small is None else cv2.flip(frame.small, 1)
        finished = path.frame(Frame(self._mirror, self._index, frame.time_ns, small), StageTimes())
        picture = scenery.finish(finished.picture, self._mirror)  # the frame itself is not needed any more
        cv2.cvtColor(picture, cv2.COLOR_RGB2BGR, dst=self._bgr)
        if self.eye.stamp:
            self.eye.stamp.paste(self._bgr, self.eye.stamp.cut(frame.pixels))
        self.link.send(Shown(jpeg_bytes(self._bgr, PREVIEW_QUALITY), time.monotonic_ns()))
        self._frames, self._shown_s = self._frames + 1, time.monotonic()

    def _ready(self, shape: tuple[int, int]) -> tuple[LivePath, Scenery]:
        """The path and what stands behind it, made anew for another look or another size of frames."""
        if self._scenery is None or (self._path and self._path.room and self._path.room.picture.shape[:2] != shape):
            self.link.send(Busy(DRESSING_S))
            self._scenery = self._dressed(shape)
            self._segmenter = self._segmenter or self._opened()
            self._path = LivePath(self.board, self._segmenter, self._scenery.effect,
                                  BudgetedPace(self.board.budget.frame_ms.value))
        assert self._path is not None
        return self._path, self._scenery

    def _dressed(self, shape: tuple[int, int]) -> Scenery:
        """The look that was asked for; where its file cannot be read, the room as it is: the booth goes on."""
        try:
            return Scenery(self._look, shape, self._backdrops)
        except (MasqueError, OSError) as error:
            self._trouble = str(error)
            return Scenery(None, shape, self._backdrops)

    def _opened(self) -> TfliteSegmenter:
        tier, network = self.board.tier.value, self.board.network
        model = model_path("seg", tier, Path(self.setup.models) if self.setup.models else MODELS)
        return open_segmenter(model, tier, self.setup.threads or network.threads.value, network.delegate.value)[0]

    def _hand_over(self) -> None:
        """The photograph, when it is there; its absence, when patience is over."""
        if not self._shot:
            return
        still = self.eye.still()
        if still is not None:
            self.link.send(Busy(ENCODING_S))
            jpeg = jpeg_bytes(cv2.cvtColor(still, cv2.COLOR_RGB2BGR), STILL_QUALITY)
            self.link.send(Taken(self._shot, jpeg, *still.shape[:2]))
            self._shot = 0
        elif time.monotonic() - self._shot_s > STILL_PATIENCE_S:
            self.link.send(Missed(self._shot, self.eye.why or "the camera gave no photograph"))
            self._shot = 0

    def _tell(self) -> None:
        if time.monotonic() - self._alive_s < ALIVE_S:
            return
        self._alive_s = time.monotonic()
        there = self.eye.there
        why = self._trouble if there else self.eye.why or "the camera gives no frames"
        self.link.send(Alive(self._frames, there, why, tuple(self.eye.fallbacks)))
