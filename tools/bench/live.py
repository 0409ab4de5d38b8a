"""`python -m tools.bench.live`: the live path beside MediaPipe's selfie model and OpenCV, the same frames, one run.

1. Frames per second at 1280×720, from a frame to its composited picture: large tier, a keyframe every 2 frames, one
   core, one thread, blocks of frames in turn; by the clock, and as time of the processor, which a busy machine does not
   stretch. A side's first frames of a turn find the caches full of the other's: a stream knows no such frames, so they
   are run and not counted.
2. Error, flicker, lag and IoU beside the truth, on the demo source and (--data) on cut-outs moved over other places.
3. Flicker without a truth on DATA/clips.
4. What keyframes bring: SPEC 1.8's two formulas beside what was measured.

MediaPipe comes twice: plain, as its Python solution is, which does not smooth over time; and with the smoothing that it
has a calculator for (peer_live.py). Figures are edge.steadiness's, in 1/255, lag in frames.
"""
from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click
import numpy as np

from edge.camera.demo import DemoSource, scene
from edge.card import MODELS, model_path
from edge.cli import run
from edge.report import peak_rss_mb
from edge.segment.tflite import WideSegmenter, open_segmenter
from edge.steadiness import AgainstTruth, Flicker
from quantize.judge.flicker import clips_in, frames_of
from tools.bench.cutouts import moving_cutouts
from tools.bench.live_sides import Masque, Peer, Side, one_core
from tools.bench.live_tables import tell

SIZE = (720, 1280)
"""(height, width) of the demo and of the moving cut-outs."""

INTERVAL, INTERVALS = 2, (1, 2, 4, 8)
"""Frames between keyframes: beside the peer, and in the table of keyframes."""

BLOCK = 8
"""Frames that are counted of a side's turn, after as many that are not; of the longest interval's length, so that
blocks cost alike."""

OURS = {"masque": "fine", "masque fast": "fast"}
"""Name → with matting on keyframes (fine, as the desk's board file has it) or without."""

PEERS = {"mediapipe": False, "mediapipe smoothed": True}
"""Name → with its smoothing over time."""

Sides = Mapping[str, Side]

Row = dict[str, float | int | None]

Rows = dict[str, Row]
"""Side → figure → value."""


@dataclass(frozen=True)
class Film:
    """Frames on disk: pixels .npy (n, H, W, 3) uint8 RGB; truth .npy (n, H, W) uint8 where it is known."""

    pixels: Path
    frames: int
    truth: Path | None = None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", type=click.Path(path_type=Path), help="Folder with matting_people/, backgrounds/ and clips/.")
@click.option("--models", type=click.Path(path_type=Path), default=MODELS, help="Folder with seg-large.tflite.")
@click.option("--frames", type=click.IntRange(2 * BLOCK), default=160, show_default=True, help="Of each film, at most.")
@click.option("--peer/--no-peer", default=True, show_default=True, help="Measure MediaPipe beside ours.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def live(data: Path | None, models: Path, frames: int, peer: bool, as_json: bool) -> None:
    """Speed, accuracy and steadiness of the live path beside MediaPipe's, and what keyframes bring."""
    segmenter = open_segmenter(model_path("seg", "large", models), "large", threads=1)[0]
    with tempfile.TemporaryDirectory() as place, one_core(), ExitStack() as opened:
        folder = Path(place)
        np.save(folder / "backdrop.npy", scene(*SIZE))
        sides: dict[str, Side] = {name: Masque(segmenter, INTERVAL, scene(*SIZE), quality)
                                  for name, quality in OURS.items()}
        sides |= {name: opened.enter_context(Peer(smoothed, folder / "backdrop.npy"))
                  for name, smoothed in (PEERS.items() if peer else ())}
        demo = filmed(DemoSource(*SIZE, frames), folder / "demo")
        truth, still, skipped = {"demo": beside_truth(sides, demo)}, {}, []
        if data is None:
            skipped.append("moving cut-outs and clips: --data names no folder")
        else:
            truth |= {name: beside_truth(sides, filmed(source, folder / "cutout"))
                      for name, source in moving_cutouts(data, *SIZE, frames)}
            still = {clip.stem: without_truth(sides, _copied(clip, frames, folder / "clip"))
                     for clip in clips_in(data / "clips")}
        report = {"frames": frames, "speed": speed(sides, demo), "truth": truth, "still": still,
                  "keyframes": keyframes(segmenter, demo), "skipped": skipped, "peak_rss_mb": peak_rss_mb()}
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        tell(report)


def filmed(source: DemoSource, place: Path) -> Film:
    """All frames of a source, and their truth, written beside `place`; what lay there is written over."""
    film = Film(place.with_suffix(".npy"), source.frames or 0, place.with_suffix(".truth.npy"))
    shape = (film.frames, source.height, source.width)
    pixels = np.lib.format.open_memmap(film.pixels, "w+", np.uint8, (*shape, 3))
    truth = np.lib.format.open_memmap(film.truth, "w+", np.uint8, shape)
    while (frame := source.read()) is not None:
        pixels[frame.index], truth[frame.index] = frame.pixels, source.truth
    return film


def _copied(clip: Path, frames: int, place: Path) -> Film:
    """The first frames of a video, decoded once for all sides."""
    pixels = np.stack(list(islice(frames_of(clip), frames)))
    np.save(place.with_suffix(".npy"), pixels)
    return Film(place.with_suffix(".npy"), len(pixels))


def speed(sides: Sides, film: Film) -> Rows:
    """Side → `ms` of a frame by the clock and `fps`, `cpu_ms` of the processor; for all but the first also `ratio` and
    `cpu_ratio`, their ms and cpu_ms as multiples of the first side's: how many times as many frames it makes."""
    rows: Rows = {}
    for name, (ms, cpu_ms) in (found := _medians(sides, film)).items():
        rows[name] = {"ms": round(ms, 3), "fps": round(1000 / ms, 1), "cpu_ms": round(cpu_ms, 3)}
        if len(rows) > 1:
            ours = next(iter(found.values()))
            rows[name] |= {"ratio": round(ms / ours[0], 2), "cpu_ratio": round(cpu_ms / ours[1], 2)}
    return rows


def _medians(sides: Sides, film: Film) -> dict[str, tuple[float, float]]:
    """Side → milliseconds of a frame, by the clock and of the processor: medians over blocks of a block's mean.

    The sides take turns, block by block: a noisy machine disturbs all alike.
    """
    means: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for first in range(0, film.frames - 2 * BLOCK + 1, 2 * BLOCK):
        for name, side in sides.items():
            took = side.run(film.pixels, first, 2 * BLOCK)
            means[name].append((statistics.mean(took.ms[BLOCK:]), statistics.mean(took.cpu_ms[BLOCK:])))
    return {name: (statistics.median(ms for ms, _ in blocks), statistics.median(cpu for _, cpu in blocks))
            for name, blocks in means.items()}


def beside_truth(sides: Sides, film: Film) -> Rows:
    """Side → `error`, `flicker` (1/255), `lag` (frames), `iou`, see AgainstTruth."""
    assert film.truth is not None
    rows: Rows = {}
    for name, side in sides.items():
        judge, truths = AgainstTruth(), np.load(film.truth, mmap_mode="r")
        for alpha, truth in zip(_alphas(side, film), truths, strict=True):
            judge.add(alpha, truth)
        rows[name] = {figure: _rounded(getattr(judge, figure)) for figure in ("error", "flicker", "lag", "iou")}
    return rows


def without_truth(sides: Sides, film: Film) -> Rows:
    """Side → `flicker` (1/255 where the picture is still) and `person`, the share of the frame that it sees."""
    rows: Rows = {}
    for name, side in sides.items():
        judge, seen = Flicker(), list[float]()
        for pixels, alpha in zip(np.load(film.pixels, mmap_mode="r"), _alphas(side, film), strict=True):
            judge.add(np.asarray(pixels), alpha)
            seen.append(float(alpha.mean()) / 255)
        rows[name] = {"flicker": _rounded(judge.mean), "person": _rounded(statistics.mean(seen))}
    return rows


def _alphas(side: Side, film: Film) -> Iterator[np.ndarray]:
    """The alphas (H, W) uint8 of a film's frames."""
    out = film.pixels.with_suffix(".alpha.npy")
    side.run(film.pixels, 0, film.frames, out)
    yield from np.load(out)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def keyframes(segmenter: WideSegmenter, film: Film) -> list[Row]:
    """For each interval N: `keyframes`; medians `dnn_ms` (the network and how far the past counts, on keyframes),
    `gf_ms` (all that runs on every frame), `motion_ms` (carrying the mask, on the others); `speedup` and `cpu_speedup`
    over N = 1 as measured; `formula` and `formula_filtered`, SPEC 1.8's with the filtering of keyframes left out of the
    denominator, as printed, and with it; `iou` with the truth."""
    sides = {str(n): Masque(segmenter, n, scene(*SIZE), "fast") for n in INTERVALS}
    medians, rows = _medians(sides, film), list[Row]()
    whole_ms, whole_cpu_ms = medians[str(INTERVALS[0])]
    for n, (name, side) in zip(INTERVALS, sides.items(), strict=True):
        stages = side.stages[BLOCK:]  # before the next run begins anew
        dnn = statistics.median(stage["segment"] + stage["motion"] for stage in stages if "segment" in stage)
        gf = statistics.median(sum(ms for what, ms in stage.items() if what not in ("segment", "motion"))
                               for stage in stages)
        motion = [stage["motion"] for stage in stages if "segment" not in stage]
        rows.append({"interval": n, "keyframes": sum("segment" in stage for stage in side.stages),
                     "dnn_ms": round(dnn, 3), "gf_ms": round(gf, 3),
                     "motion_ms": round(statistics.median(motion), 3) if motion else None,
                     "speedup": round(whole_ms / medians[name][0], 3),
                     "cpu_speedup": round(whole_cpu_ms / medians[name][1], 3),
                     **{key: round(value, 3) for key, value in formulas(n, dnn, gf).items()},
                     "iou": beside_truth({name: side}, film)[name]["iou"]})
    return rows


def formulas(interval: int, dnn_ms: float, gf_ms: float) -> dict[str, float]:
    """US 2023/0362331's speed-up of keyframes, SPEC 1.8: as printed (`formula`), and with the keyframe filtered too."""
    each = interval * (dnn_ms + gf_ms)
    return {"formula": each / (dnn_ms + (interval - 1) * gf_ms), "formula_filtered": each / (dnn_ms + interval * gf_ms)}


if __name__ == "__main__":
    run(live, "tools.bench.live")
