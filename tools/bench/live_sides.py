"""The sides of the live benchmark, one verb each: run these frames of a film, say how long each took, keep the alphas.

Films are .npy files, (n, H, W, 3) uint8 RGB, so that every side reads the same frames in its own process and its clock
starts when a frame is in memory. One core for all of them, in turn, one thread.
"""
from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, Protocol, Self

import click
import cv2
import numpy as np

from edge.boards import load_camera_board
from edge.cli.live import with_live_matting
from edge.composite import covering
from edge.effects import Replaced
from edge.frame import Frame
from edge.keyframe import Pace
from edge.live import LivePath
from edge.report import StageTimes
from edge.segment.tflite import WideSegmenter
from tools.bench.peers import peers_python

BOARD = "desk"
"""Its settings are used (tier large), but for threads and the keyframe interval."""

PEER_SCRIPT = Path(__file__).with_name("peer_live.py")


class Took(NamedTuple):
    """Milliseconds of every frame, from the frame to its finished picture: by the clock (`ms`), and of the processor
    (`cpu_ms`, all threads), which is the same where nobody else wants the core."""

    ms: list[float]
    cpu_ms: list[float]


class Side(Protocol):
    """Makes composited pictures of frames."""

    def run(self, clip: Path, first: int, count: int, out: Path | None = None) -> Took:
        """Frames first … first + count − 1 of a clip → how long each took.

        first = 0 begins anew, else it goes on from the frame before. out: file for the alphas (count, H, W) uint8.
        """
        ...


class Masque:
    """The live path with a keyframe every `interval` frames."""

    def __init__(self, segmenter: WideSegmenter, interval: int, backdrop: np.ndarray, quality: str) -> None:
        """backdrop (h, w, 3) uint8: brought to a film's size when the film begins; quality: fine with matting on
        keyframes, fast without."""
        self.segmenter, self.interval, self.backdrop = segmenter, interval, backdrop
        self.board = with_live_matting(load_camera_board(BOARD), quality)
        self.stages: list[dict[str, float]] = []  # milliseconds by stage of every frame since the film began
        self._live = self._begun(backdrop.shape)

    def run(self, clip: Path, first: int, count: int, out: Path | None = None) -> Took:
        """See Side."""
        frames, took = np.load(clip, mmap_mode="r"), Took([], [])
        pixels = np.empty(frames.shape[1:], np.uint8)
        alphas = np.lib.format.open_memmap(out, "w+", np.uint8, (count, *pixels.shape[:2])) if out else None
        if first == 0:
            self._live, self.stages = self._begun(pixels.shape), []
        for index in range(count):
            pixels[...] = frames[first + index]
            started, cpu, stages = time.perf_counter(), time.process_time(), StageTimes()
            done = self._live.frame(Frame(pixels, first + index), stages)
            took.cpu_ms.append((time.process_time() - cpu) * 1000)
            took.ms.append((time.perf_counter() - started) * 1000)
            self.stages.append(stages.ms)
            if alphas is not None:
                alphas[index] = done.matte.alpha
        return took

    def _begun(self, shape: tuple[int, ...]) -> LivePath:
        backdrop = np.ascontiguousarray(covering(self.backdrop, shape))
        return LivePath(self.board, self.segmenter, Replaced(backdrop, stays=True), Pace(self.interval))


class Peer:
    """MediaPipe in a process of its own, see peer_live.py; `with` ends it."""

    def __init__(self, smoothed: bool, backdrop: Path) -> None:
        """smoothed: with its smoothing over time; backdrop: .npy, (h, w, 3) uint8."""
        self._said: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115  closed with the process
        way = "smoothed" if smoothed else "plain"
        self._process = subprocess.Popen([str(peers_python()), str(PEER_SCRIPT), way, str(backdrop)], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said)

    def run(self, clip: Path, first: int, count: int, out: Path | None = None) -> Took:
        """See Side. Raises ClickException, with the process's last line, when it has ended."""
        assert self._process.stdin and self._process.stdout
        asked = {"clip": str(clip), "first": first, "count": count, "out": out and str(out)}
        try:
            print(json.dumps(asked), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise self._ended() from None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return Took(**json.loads(line))

    def _ended(self) -> click.ClickException:
        code = self._process.wait()
        self._said.seek(0)
        last = (self._said.read().strip().splitlines() or ["it said nothing"])[-1]
        return click.ClickException(f"the peer ended with exit code {code}: {last}; --no-peer goes without it")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()


@contextmanager
def one_core() -> Iterator[None]:
    """This process, and those that it starts meanwhile, keep to one core and OpenCV to one thread."""
    cores, threads = os.sched_getaffinity(0), cv2.getNumThreads()
    os.sched_setaffinity(0, {max(cores)})
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
        os.sched_setaffinity(0, cores)
