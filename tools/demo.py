"""`make demo`: the main job on one photograph, a clip through the live path, one contact sheet, and what it took.

Run as `python -m tools.demo [--photo me.jpg] [--out demo]`.
"""
from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
import cv2
import numpy as np

import edge.demo
from edge.boards import detect, load_camera_board
from edge.camera.demo import FRAMES_PER_S, DemoSource, scene
from edge.card import MODELS, model_path
from edge.cli import run
from edge.effects import Replaced
from edge.live import LivePath
from edge.photograph import png_bytes, read_photograph
from edge.report import StageTimes, peak_rss_mb
from edge.segment.tflite import open_segmenter
from edge.sinks.mp4 import Mp4Sink
from tools.sheet import contact_sheet

FRAMES = 150
SHOWN = (15, 45, 75, 105, 135)
"""Frames of the clip that appear on the sheet."""

CUTS = {"blur": "blur", "colour": "#2a9d8f"}
"""Further composites on the sheet: name → --background."""


@dataclass
class Clip:
    """What the live path did: stage → ms of every frame; IoU with the truth of every frame; some
    frames as seen and as finished."""

    ms: dict[str, list[float]] = field(default_factory=dict)
    ious: list[float] = field(default_factory=list)
    keyframes: int = 0
    frames_per_s: float = 0.0
    shown: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--photo", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Your photograph (default: the portrait that ships with Masque).")
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
def demo(photo: Path | None, out: Path) -> None:
    """Cut a person out of a photograph and of a moving picture, and show everything on one sheet."""
    photo = photo or Path(edge.demo.__file__).with_name("portrait.jpg")
    out.mkdir(parents=True, exist_ok=True)
    (out / "room.png").write_bytes(png_bytes(scene(1200, 1200)))
    reports = {quality: _matte(photo, out / quality, quality, str(out / "room.png")) for quality in ("fast", "fine")}
    composites = {"room": read_photograph(out / "fine" / f"{photo.stem}.composite.png").pixels}
    composites |= {name: _composite(photo, out / name, background) for name, background in CUTS.items()}
    clip = _clip(out / "live.mp4")
    contact_sheet(photo, out, composites, reports, clip, model_path("seg", _tier(), MODELS)).save(out / "sheet.png")
    _tell(reports, clip, out)


def _tier() -> str:
    return load_camera_board(detect()).tier.value


def _masque(*arguments: str) -> list[dict]:
    """Runs `masque … --json` as a user would, in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "edge", *arguments, "--json"], stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(done.returncode)  # the command has said why
    return json.loads(done.stdout)


def _matte(photo: Path, out: Path, quality: str, background: str) -> dict:
    return _masque("matte", str(photo), "--out", str(out), "--quality", quality, "--background", background)[0]


def _composite(photo: Path, out: Path, background: str) -> np.ndarray:
    """The finely cut photograph over another background, as `masque matte --background` makes it."""
    _matte(photo, out, "fine", background)
    return read_photograph(out / f"{photo.stem}.composite.png").pixels


def _clip(path: Path) -> Clip:
    """150 frames of the demo source through the live path into an H.264 file, scored against their truth."""
    board = load_camera_board(detect())
    segmenter, _ = open_segmenter(model_path("seg", board.tier.value), board.tier.value, board.network.threads.value)
    source = DemoSource(frames=FRAMES)
    backdrop = _dusk(source.height, source.width)
    live, clip = LivePath(board, segmenter, Replaced(backdrop)), Clip()
    busy_s = 0.0
    with (Mp4Sink(path, source.height, source.width, FRAMES_PER_S) as sink,
          click.progressbar(length=FRAMES, label="live clip") as bar):
        while (frame := source.read()) is not None:
            started, times = time.perf_counter(), StageTimes()
            finished = live.frame(frame, times)
            busy_s += time.perf_counter() - started
            for stage, ms in times.ms.items():
                clip.ms.setdefault(stage, []).append(ms)
            assert source.truth is not None
            clip.ious.append(_iou(finished.matte.alpha, source.truth))
            clip.keyframes += finished.keyframe
            if frame.index in SHOWN:
                clip.shown.append((frame.pixels.copy(), finished.picture.copy()))
            sink.write(finished.picture, frame.time_ns)
            bar.update(1)
    clip.frames_per_s = FRAMES / busy_s
    return clip


def _dusk(height: int, width: int) -> np.ndarray:
    """An evening sky, (height, width, 3) uint8: nothing like the room that it replaces."""
    sky = np.array([[38, 44, 92], [126, 74, 132], [232, 120, 104], [250, 190, 120]], np.float32)[:, None]
    return cv2.resize(sky, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def _iou(alpha: np.ndarray, truth: np.ndarray) -> float:
    seen, person = alpha >= 128, truth >= 128
    return int(np.count_nonzero(seen & person)) / int(np.count_nonzero(seen | person))


def _tell(reports: dict[str, dict], clip: Clip, out: Path) -> None:
    """The table of stage times, for people."""
    stages = list(max(reports.values(), key=lambda report: len(report["ms"]))["ms"])
    click.echo(f"{'photograph, ms':18}" + "".join(f"{quality:>10}" for quality in reports))
    for stage in stages:
        click.echo(f"  {stage:16}" + "".join(f"{r['ms'].get(stage, 0.0):10.1f}" for r in reports.values()))
    click.echo(f"  {'peak memory, MB':16}" + "".join(f"{r['peak_rss_mb']:10.0f}" for r in reports.values()))
    click.echo("live 1280×720, ms      p50")
    for stage, ms in clip.ms.items():
        click.echo(f"  {stage:16}{statistics.median(ms):10.1f}")
    click.echo(f"  {clip.frames_per_s:.0f} frames/s without source and file; {clip.keyframes} of {FRAMES} frames asked "
               f"the network; person IoU with the truth {statistics.mean(clip.ious):.3f}; {peak_rss_mb():.0f} MB")
    for quality, report in reports.items():
        for fallback in report["fallbacks"]:
            click.echo(f"  {quality}: {fallback}")
    click.echo(f"look at {out / 'sheet.png'} and {out / 'live.mp4'}")


if __name__ == "__main__":
    run(demo, "tools.demo")
