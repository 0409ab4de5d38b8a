"""What a live run did: frames, times of stages, steadiness. Its size does not grow with the length of the run."""
from __future__ import annotations

import time
from collections import deque
from typing import Any

import cv2
import numpy as np

from edge.camera import FrameSource
from edge.keyframe import Pace
from edge.live import LiveFrame, LivePath
from edge.report import StageTimes, peak_rss_mb
from edge.steadiness import AgainstTruth, Flicker

REMEMBERED = 2000
"""Frames whose times are kept for the percentiles: the latest ones."""


class StageStatistics:
    """Milliseconds of one stage: the latest REMEMBERED, and the longest of all."""

    def __init__(self) -> None:
        self.latest: deque[float] = deque(maxlen=REMEMBERED)
        self.longest = 0.0

    def add(self, ms: float) -> None:
        """One frame's share."""
        self.latest.append(ms)
        self.longest = max(self.longest, ms)

    def figures(self) -> dict[str, float]:
        """p50, p95 and max, in ms."""
        p50, p95 = np.percentile(self.latest, [50, 95])
        return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "max": round(self.longest, 2)}


class LiveReport:
    """Gathers a run frame by frame; its JSON keys are a promise (README, reports)."""

    def __init__(self, frame: tuple[int, int], source: FrameSource, pace: Pace, fallbacks: list[str]) -> None:
        """frame: (height, width); pace: the live path's, which may have something to say."""
        self.height, self.width = frame
        self.source, self.pace, self.fallbacks = source, pace, fallbacks
        self.frames = self.keyframes = 0
        self.stages: dict[str, StageStatistics] = {}
        self.flicker, self.truth = Flicker(), AgainstTruth()
        self._started, self._busy_ms = time.monotonic(), 0.0
        self._ended = self._started

    def processed(self, path: LivePath, finished: LiveFrame, times: StageTimes) -> None:
        """A frame left the live path; what is measured here is nobody's stage."""
        self.frames += 1
        self.keyframes += finished.keyframe
        self._book(times)
        self._busy_ms += sum(times.ms.values())
        if path.room is not None:
            guide = path.room.guide
            shown = cv2.resize(finished.matte.alpha, guide.shape[::-1], interpolation=cv2.INTER_LINEAR)
            self.flicker.add(guide.pixels, shown)
        if self.source.truth is not None:
            self.truth.add(finished.matte.alpha, self.source.truth)

    def written(self, times: StageTimes) -> None:
        """The frame reached its sink."""
        self._book(times)
        self._ended = time.monotonic()

    def _book(self, times: StageTimes) -> None:
        for stage, ms in times.ms.items():
            self.stages.setdefault(stage, StageStatistics()).add(ms)

    @property
    def fps(self) -> float:
        """Frames a second, the whole loop."""
        return self.frames / max(1e-9, self._ended - self._started)

    @property
    def fps_process(self) -> float:
        """Frames a second that the live path alone could do."""
        return 1000 * self.frames / max(1e-9, self._busy_ms)

    def figures(self) -> dict[str, Any]:
        """The JSON document. flicker in 1/255, see edge.steadiness; `truth` only where the source knows it."""
        said = [*self.fallbacks, *self.source.fallbacks, *getattr(self.pace, "fallbacks", [])]
        return {"width": self.width, "height": self.height, "frames": self.frames, "dropped": self.source.dropped,
                "fps": round(self.fps, 2), "fps_process": round(self.fps_process, 2), "keyframes": self.keyframes,
                "ms": {stage: statistics.figures() for stage, statistics in self.stages.items()},
                "peak_rss_mb": peak_rss_mb(), "flicker": _rounded(self.flicker.mean),
                **self._beside_the_truth(), "fallbacks": said}

    def _beside_the_truth(self) -> dict[str, dict[str, float | None]]:
        truth = self.truth
        if truth.error is None:
            return {}
        return {"truth": {"error": _rounded(truth.error), "flicker": _rounded(truth.flicker),
                          "lag": _rounded(truth.lag), "person_iou": _rounded(truth.iou)}}

    def in_short(self) -> str:
        """The progress line."""
        return (f"frame {self.frames}  {self.fps:.1f} frames/s  {self.keyframes} keyframes  "
                f"{self.source.dropped} dropped")

    def in_words(self) -> str:
        """The end of a run, for people."""
        figures = self.figures()
        lines = [f"{self.frames} frames of {self.width}×{self.height}, {figures['dropped']} dropped, "
                 f"{self.keyframes} keyframes; {self.fps:.1f} frames/s, the live path alone {self.fps_process:.1f}",
                 "stage            p50      p95      max  ms"]
        lines += [f"{stage:12}{ms['p50']:8.2f} {ms['p95']:8.2f} {ms['max']:8.2f}"
                  for stage, ms in figures["ms"].items()]
        lines.append(f"flicker where the picture is still: {figures['flicker']} of 255 (none: nothing was still); "
                     f"peak memory {figures['peak_rss_mb']:.0f} MB")
        if "truth" in figures:
            lines.append("beside the truth: " + ", ".join(f"{name} {value}"
                                                          for name, value in figures["truth"].items()))
        return "\n".join([*lines, *figures["fallbacks"]])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
