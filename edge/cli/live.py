"""`masque live`: video through the live path, from any source to any sink, until it ends or Ctrl-C."""
from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli.options import BOARD, MODELS_FOLDER, Voice, chosen_board, voiced
from edge.errors import PictureError

if TYPE_CHECKING:
    import numpy as np

    from edge.board_shapes import CameraBoard
    from edge.camera import FrameSource
    from edge.effects import Effect
    from edge.frame import Frame
    from edge.keyframe import Pace
    from edge.live import LivePath
    from edge.live_report import LiveReport
    from edge.sinks import FrameSink
    from edge.sinks.alpha_folder import AlphaFolder

FOLDER = click.Path(path_type=Path)

WATCHED = ("http:", "v4l2:")
"""Sinks that somebody watches while it runs: frames go there at the source's own rate."""

GREEN = "#00b140"
"""What a green-screen user expects behind the person when nothing is said."""

TOLD_EVERY_S = 0.5
"""Time between two updates of the progress line."""


class Interval(click.ParamType):
    """A whole number of frames, or `auto`."""

    name = "N|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """`auto` → None."""
        if value == "auto":
            return None
        return click.IntRange(1, 120).convert(value, param, ctx)


@click.command()
@click.argument("source", metavar="SOURCE")
@click.option("--out", required=True, metavar="FILE.mp4|FILE.avi|v4l2:/dev/videoN|http://127.0.0.1:PORT|null",
              help="Where finished frames go.")
@click.option("--alpha-dir", metavar="DIR", type=FOLDER, help="Also write every frame's alpha: 000000.png, …")
@click.option("--keyframe-interval", "interval", type=Interval(), help="Frames from one look of the network to the "
              "next; auto: as many as hold the board's frame budget (default: the board's).")
@click.option("--effect", "effect_text", default="replace", show_default=True,
              help="replace, blur, recolour:hair=#8a2be2, wear:head=hat.png; several with +.")
@click.option("--background", metavar="FILE|'#rrggbb'",
              help=f"What stands behind the person (replace, default: {GREEN}; recolour and wear alone keep the "
                   "frame's own).")
@click.option("--linear", is_flag=True, help="Mix light, not sRGB values: clean edges before bright backgrounds.")
@click.option("--quality", type=click.Choice(["fast", "fine"]), help="fine: matting on keyframes; fast: the "
              "network and a filter alone (default: the board's).")
@click.option("--frames", type=click.IntRange(0), help="Stop after so many (0: never).")
@click.option("--max-fps", type=click.FloatRange(0), help="Frames a second at the most; 0: as fast as it can (default: "
              "0 into files, the source's rate where somebody watches).")
@click.option("--realtime", is_flag=True, help="Films and folders go by the clock and drop what comes too late.")
@click.option("--threads", type=click.IntRange(1, 16), help="Threads to use (default: the board's).")
@BOARD
@MODELS_FOLDER
@voiced
def command(source: str, out: str, alpha_dir: Path | None, interval: int | None, effect_text: str,
            background: str | None, linear: bool, quality: str | None, frames: int | None, max_fps: float | None,
            realtime: bool, threads: int | None, board: str | None, models_folder: Path | None, voice: Voice) -> None:
    """Cut people out of video as it comes, and show or write them before another background.

    SOURCE: picamera, /dev/video0, a film, a folder of pictures, demo; or a URL with options, such as
    'v4l2:/dev/video0?size=1280x720&fps=30'. Ctrl-C ends it cleanly: the file is closed and plays.
    """
    from edge.camera.open_source import open_source

    given = click.get_current_context().get_parameter_source("interval")
    auto = interval is None and given is not click.core.ParameterSource.DEFAULT
    chosen = with_live_matting(chosen_board(board)[0], quality)
    wish = Wish(chosen, out, alpha_dir, interval, auto, effect_text, background, linear,
                threads or chosen.network.threads.value, models_folder)
    with ExitStack() as stack:
        camera = chosen.camera
        frame_source = stack.enter_context(open_source(
            source, height=camera.height.value, width=camera.width.value, frames_per_s=camera.frames_per_s.value,
            realtime=realtime, frames=frames, downscale=chosen.refine.guide_downscale.value))
        rate = max_fps if max_fps is not None else frame_source.frames_per_s if out.startswith(WATCHED) else 0.0
        report = Show(source, frame_source, wish, rate, voice).run(stack)
    if report is None:
        raise PictureError(f"{source}: not one frame came; {'; '.join(frame_source.fallbacks) or 'is it empty?'}")
    voice.say(report.in_words())
    voice.report(report.figures())


def with_live_matting(board: CameraBoard, quality: str | None) -> CameraBoard:
    """The board with matting on keyframes (fine) or without (fast); None: as its file says."""
    if quality is None:
        return board
    from msgspec.structs import replace

    live = replace(board.matting.live, value="keyframes" if quality == "fine" else "none", source="--quality")
    return replace(board, matting=replace(board.matting, live=live))


@dataclass(frozen=True)
class Wish:
    """What the command line asks for, the board's settings filled in."""

    board: CameraBoard
    out: str
    alpha_dir: Path | None
    interval: int | None
    auto: bool
    effect: str
    background: str | None
    linear: bool
    threads: int
    models_folder: Path | None

    def path_for(self, shape: tuple[int, int]) -> tuple[LivePath, list[str]]:
        """The live path for frames of (height, width), and the fallbacks taken so far."""
        import cv2

        from edge.card import MODELS, model_path
        from edge.live import LivePath
        from edge.segment.tflite import open_segmenter

        cv2.setNumThreads(self.threads)
        effect, tier = self.effect_for(shape), self.board.tier.value
        segmenter, fallbacks = open_segmenter(
            model_path("seg", tier, self.models_folder or MODELS), tier, self.threads,
            self.board.network.delegate.value, parts=bool(effect.wants))
        return LivePath(self.board, segmenter, effect, self._pace()), list(fallbacks)

    def effect_for(self, shape: tuple[int, int]) -> Effect:
        """What is done with frames of (height, width)."""
        from edge.effects.from_text import effect_from
        from edge.photograph import read_overlay

        return effect_from(self.effect, self._backdrop(shape), self.linear, lambda name: read_overlay(Path(name)))

    def _backdrop(self, shape: tuple[int, int]) -> np.ndarray | None:
        """(H, W, 3) uint8 for frames of (height, width); None: nobody asked for one."""
        from edge.composite import colour_from, covering, filled
        from edge.photograph import read_photograph

        background = self.background or (GREEN if "replace" in self.effect.split("+") else None)
        if background is None:
            return None
        if background.startswith("#"):
            return filled(colour_from(background), shape)
        return covering(read_photograph(Path(background)).pixels, shape)

    def _pace(self) -> Pace:
        from edge.keyframe import BudgetedPace, Pace

        if self.auto:
            return BudgetedPace(self.board.budget.frame_ms.value)
        return Pace(self.interval or self.board.network.keyframe_interval.value)


@dataclass
class Show:
    """One run from the first frame to the last."""

    source_name: str
    source: FrameSource
    wish: Wish
    max_fps: float
    voice: Voice
    stopping: bool = field(default=False, init=False)
    waiting: bool = field(default=False, init=False)

    def run(self, stack: ExitStack) -> LiveReport | None:
        """Opens the rest when the first frame shows its size; `stack` closes it. None: there was no frame at all."""
        from edge.live_report import LiveReport
        from edge.sinks.alpha_folder import AlphaFolder
        from edge.sinks.open_sink import open_sink

        with self._stopped_gently():
            first = self._next()
            if first is None:
                return None
            path, fallbacks = self.wish.path_for(first.shape)
            alphas = AlphaFolder(self.wish.alpha_dir) if self.wish.alpha_dir else None
            sink = stack.enter_context(open_sink(self.wish.out, *first.shape, self.source.frames_per_s))
            self.voice.say(f"{self.source_name} {first.shape[1]}×{first.shape[0]} → {self.wish.out}{_where(sink)}, "
                           f"board {self.wish.board.name}")
            report = LiveReport(first.shape, self.source, path.pace, fallbacks)
            self._loop(first, path, sink, alphas, report)
            report.fallbacks += sink.fallbacks + (alphas.fallbacks if alphas else [])
            report.fallbacks += [line for line in getattr(path.segmenter, "fallbacks", ()) if line not in fallbacks]
            return report

    def _loop(self, frame: Frame | None, path: LivePath, sink: FrameSink, alphas: AlphaFolder | None,
              report: LiveReport) -> None:
        from edge.report import StageTimes

        line, due = ProgressLine(self.voice), time.monotonic()
        while frame is not None and not self.stopping:
            times = StageTimes()
            finished = path.frame(frame, times)
            report.processed(path, finished, times)
            writing = StageTimes()
            sink.write(finished.picture, frame.time_ns)
            if alphas:
                alphas.write(finished.matte.alpha)
            writing.lap("write")
            report.written(writing)
            line.tell(report)
            if self.max_fps:
                due = max(due + 1 / self.max_fps, time.monotonic() - 1 / self.max_fps)
                self._wait(due - time.monotonic())
            frame = None if self.stopping else self._next()
        line.end()

    def _next(self) -> Frame | None:
        """The next frame; None at the end, and when Ctrl-C interrupts the waiting for it."""
        self.waiting = True
        try:
            return self.source.read()
        except KeyboardInterrupt:
            return None
        finally:
            self.waiting = False

    def _wait(self, seconds: float) -> None:
        self.waiting = True
        try:
            time.sleep(max(0.0, seconds))
        except KeyboardInterrupt:
            self.stopping = True
        finally:
            self.waiting = False

    @contextmanager
    def _stopped_gently(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM let the frame in hand be finished; a second one does not wait."""
        def stop(*_: object) -> None:
            if self.waiting or self.stopping:
                self.stopping = True
                raise KeyboardInterrupt
            self.stopping = True

        kept = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)


class ProgressLine:
    """One line on a terminal that says how it goes; nothing in a pipe, with --json or -q."""

    def __init__(self, voice: Voice) -> None:
        self.shown = sys.stderr.isatty() and not voice.as_json and not voice.quiet
        self._last = 0.0

    def tell(self, report: LiveReport) -> None:
        """Shows the report's present state, twice a second at the most."""
        now = time.monotonic()
        if self.shown and now - self._last >= TOLD_EVERY_S:
            click.echo(f"\r{report.in_short():<78}", nl=False, err=True)
            self._last = now

    def end(self) -> None:
        """Leaves the line."""
        if self.shown and self._last:
            click.echo(err=True)


def _where(sink: FrameSink) -> str:
    """The address at which a sink that chose its own port can be watched."""
    address = getattr(sink, "address", "")
    return f" ({address})" if address else ""
