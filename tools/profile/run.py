"""The live path from source to sink with everything noted: laps by two clocks, memory, the machine, energy.

It runs in this very process, which has loaded what `masque live` loads and little more, so that its memory is that of
the live path. What is noted is noted between the laps, and taken out of the intervals between frames.
"""
from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edge.board_shapes import CameraBoard
from edge.camera import FrameSource
from edge.camera.open_source import open_source
from edge.cli.live import Wish
from edge.errors import PictureError
from edge.frame import Frame
from edge.live import LivePath
from edge.machine import Clockwork, clockwork
from edge.report import peak_rss_mb
from edge.sinks import FrameSink
from edge.sinks.open_sink import open_sink
from tools.profile.energy import energy_figures, open_meter
from tools.profile.laps import Laps
from tools.profile.memory import SETTLE, allocations, rollup_mb
from tools.profile.rulers import Rulers

WARM_UP = 10
"""Frames that are told as the start, not among the others."""

ALLOCATED = 20
"""Frames whose allocations are counted, after all the others: tracemalloc makes them slower."""

MEMORY_EVERY_S, MACHINE_EVERY_S = 0.25, 2.0
"""Time between two looks at /proc/self/smaps_rollup (a millisecond each), and at clock, heat and energy."""

IN_HAND = ("source",)
"""Stages before the frame is in hand: waiting for a camera is nobody's work. The rest is the frame's, see `frame`."""


@dataclass
class LiveRun:
    """What was noted. clock_ms, cpu_ms: stage → a value for each frame, NaN where the stage did not run; order: of the
    stages in a frame; interval_ms: from one finished frame to the next; memory: (seconds, rss, pss) in MB; warm_s: when
    the first counted frame came; machine: (seconds, its state)."""

    width: int
    height: int
    clock_ms: dict[str, list[float]] = field(default_factory=dict)
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    keyframe: list[bool] = field(default_factory=list)
    interval_ms: list[float] = field(default_factory=list)
    rulers: Rulers = field(default_factory=Rulers)
    memory: list[tuple[float, float, float]] = field(default_factory=list)
    warm_s: float = 0.0
    machine: list[tuple[float, Clockwork]] = field(default_factory=list)
    allocations: dict[str, Any] = field(default_factory=dict)
    energy: dict[str, Any] = field(default_factory=dict)
    fallbacks: list[str] = field(default_factory=list)
    dropped: int = 0
    peak_rss_mb: float = 0.0

    @property
    def frames(self) -> int:
        """How many were counted."""
        return len(self.keyframe)

    def add(self, laps: list[Laps], keyframe: bool) -> None:
        """One frame's laps, with `frame` (in hand to sink) and `loop` (source too) as their sums."""
        for columns, clock in ((self.clock_ms, "ms"), (self.cpu_ms, "cpu_ms")):
            row = {stage: ms for lap in laps for stage, ms in getattr(lap, clock).items()}
            row["frame"] = sum(ms for stage, ms in row.items() if stage not in IN_HAND)
            row["loop"] = sum(ms for stage, ms in row.items() if stage != "frame")
            for stage in {**columns, **row}:
                columns.setdefault(stage, [np.nan] * self.frames).append(row.get(stage, np.nan))
            self.order = in_order(self.order, row)
        self.keyframe.append(keyframe)


def in_order(known: list[str], row: Iterable[str]) -> list[str]:
    """Stages known so far, and the new ones of a frame's row where they stand in it: the first frame is no keyframe."""
    order, place = list(known), 0
    for stage in row:
        if stage not in order:
            order.insert(place, stage)
        place = order.index(stage) + 1
    return order


def wish_for(board: CameraBoard, out: str, models: Path | None) -> Wish:
    """What `masque live` does by default on a board."""
    return Wish(board, out, None, None, False, "replace", None, False, board.network.threads.value, models)


def live_run(source_name: str, wish: Wish, frames: int) -> LiveRun:
    """Runs WARM_UP and then `frames` frames, fewer where the source ends. Raises PictureError when nothing is left to
    count."""
    camera = wish.board.camera
    with ExitStack() as stack:
        source = stack.enter_context(open_source(
            source_name, height=camera.height.value, width=camera.width.value, frames_per_s=camera.frames_per_s.value,
            frames=WARM_UP + frames + SETTLE + ALLOCATED, downscale=wish.board.refine.guide_downscale.value))
        first = source.read()
        if first is None:
            raise PictureError(f"{source_name}: not one frame came; {'; '.join(source.fallbacks) or 'is it empty?'}")
        path, fallbacks = wish.path_for(first.shape)
        sink = stack.enter_context(open_sink(wish.out, *first.shape, source.frames_per_s))
        loop = Loop(source, path, sink, LiveRun(first.shape[1], first.shape[0], fallbacks=fallbacks))
        loop.start(first)
        loop.turn(frames)
        if not loop.run.frames:
            raise PictureError(f"{source_name}: has no more than {loop.given} frames; the first {WARM_UP} are not "
                               f"counted, so give one that is longer")
        if loop.run.frames < frames:
            loop.run.fallbacks.append(f"{source_name}: ended after {loop.run.frames} counted frames of {frames} that "
                                      f"were asked for; percentiles of few say little")
        loop.run.allocations = allocations(loop.once, ALLOCATED)
        loop.run.fallbacks += [*source.fallbacks, *sink.fallbacks]
        loop.run.dropped = source.dropped
    return loop.run


class Loop:
    """Frames from source to sink."""

    def __init__(self, source: FrameSource, path: LivePath, sink: FrameSink, run: LiveRun) -> None:
        self.source, self.path, self.sink, self.run = source, path, sink, run
        self.given = 0
        self._meter, self._no_meter = open_meter()
        self._began = time.monotonic()
        self._looked = {"memory": -MEMORY_EVERY_S, "machine": -MACHINE_EVERY_S}

    def start(self, first: Frame) -> None:
        """The first WARM_UP frames, which are not counted."""
        self._note()
        self._through(first, [])
        while self.given < WARM_UP and self.once():
            pass
        self.run.warm_s = round(time.monotonic() - self._began, 3)
        self._note(always=True)
        self._meter, self._no_meter = open_meter()

    def turn(self, frames: int) -> None:
        """Counted frames, at most so many; then peak memory and energy."""
        ended: float | None = None
        while self.run.frames < frames:
            noting = time.perf_counter()
            self._note()
            self.run.rulers.lay()
            noted = time.perf_counter() - noting
            laps: list[Laps] = []
            keyframe = self._next(laps)
            if keyframe is None:
                break
            self.run.add(laps, keyframe)
            now = time.perf_counter()
            if ended is not None:
                self.run.interval_ms.append((now - ended - noted) * 1000)
            ended = now
        self._note(always=True)
        self.run.peak_rss_mb = peak_rss_mb()
        self.run.energy = energy_figures(self._meter, self._no_meter, self.run.frames)

    def once(self) -> bool:
        """A frame that is not counted; False at the source's end."""
        return self._next([]) is not None

    def _next(self, laps: list[Laps]) -> bool | None:
        """Whether the next frame was a keyframe; None: there is none."""
        reading = Laps()
        frame = self.source.read()
        reading.lap("source")
        laps.append(reading)
        return None if frame is None else self._through(frame, laps)

    def _through(self, frame: Frame, laps: list[Laps]) -> bool:
        times = Laps()
        finished = self.path.frame(frame, times)
        writing = Laps()
        self.sink.write(finished.picture, frame.time_ns)
        writing.lap("write")
        laps += [times, writing]
        self.given += 1
        return finished.keyframe

    def _note(self, always: bool = False) -> None:
        seconds = time.monotonic() - self._began
        if always or seconds - self._looked["memory"] >= MEMORY_EVERY_S:
            self._looked["memory"] = seconds
            if now := rollup_mb():
                self.run.memory.append((round(seconds, 3), now["rss"], now["pss"]))
        if always or seconds - self._looked["machine"] >= MACHINE_EVERY_S:
            self._looked["machine"] = seconds
            self.run.machine.append((round(seconds, 3), clockwork()))
            if self._meter is not None:
                self._meter.sample()
