"""`python -m tools.bench.accuracy --data DATA`: our models and MediaPipe over the same pictures, one table.

Validation pictures by source, the wide set and the robustness set of `quantize.judge`, each handed to both sides as the
same pixels (PNG). Ours: the still path, `--quality fast`. MediaPipe: its selfie model (model_selection=0) as its users
call it, the mask that it returns at picture size (its landscape model, model_selection=1, made for wide pictures, did
better on the wide set: 0.733 against 0.688 person IoU on 2026-11-21). Both thresholded at 0.5.
"""
from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import cv2
import numpy as np

from edge.card import MODELS, model_path
from edge.report import peak_rss_mb
from edge.segment.tflite import open_segmenter
from quantize.evaluate import Case, Cases, figures_of, score, still_cut, validation_cases
from quantize.judge.robust import EVERY, robust_cases
from quantize.judge.wide import wide_cases
from tools.bench.peers import peers_python

TIERS = ("large", "medium", "small")

PEER = "mediapipe"

Figures = dict[str, dict[str, dict[str, float]]]
"""Side (a tier or PEER) → group (`SET.GROUP`) → figure name → value."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data folder with a validation split.")
@click.option("--models", "folder", type=click.Path(path_type=Path), default=MODELS,
              help="Folder with seg-TIER.tflite and cards (default: those that ship).")
@click.option("--all", "all_pictures", is_flag=True, help="Spoil all pictures, not a third.")
@click.option("--peer/--no-peer", default=True, show_default=True, help="Measure MediaPipe beside ours.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def accuracy(data: Path, folder: Path, all_pictures: bool, peer: bool, as_json: bool) -> None:
    """Person IoU and boundary-F of every tier beside MediaPipe's, on the same pictures in the same run."""
    sets = {"val": validation_cases(data), "wide": wide_cases(data),
            "robust": robust_cases(data, 1 if all_pictures else EVERY)}
    sides: Figures = {tier: {} for tier in TIERS if model_path("seg", tier, folder).is_file()}
    for tier, rows in sides.items():
        cut = still_cut(open_segmenter(model_path("seg", tier, folder), tier, mirror=True)[0], tier)
        for name, cases in sets.items():
            rows |= _under(name, score(cut, cases))
    if peer:
        sides[PEER] = {}
        for name, cases in sets.items():
            with tempfile.TemporaryDirectory() as place:
                sides[PEER] |= _under(name, figures_of(_by_mediapipe(cases, Path(place))))
    if as_json:
        click.echo(json.dumps({**sides, "peak_rss_mb": peak_rss_mb()}, indent=2))
        return
    for figure in ("person_iou", "boundary_f"):
        _print_table(sides, figure)


def _under(name: str, figures: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {f"{name}.{group}": row for group, row in figures.items()}


def _by_mediapipe(cases: Cases, place: Path) -> Iterator[tuple[Case, np.ndarray]]:
    """Every case with MediaPipe's alpha; the pictures go to its process as files under `place`."""
    paths = [place / f"{i:04}.png" for i in range(len(cases))]
    for path, make in zip(paths, cases, strict=True):
        cv2.imwrite(str(path), make().pixels[..., ::-1])
    (place / "out").mkdir()
    script = Path(__file__).with_name("peer_mediapipe.py")
    subprocess.run([str(peers_python()), str(script), str(place / "out"), *map(str, paths)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    for path, make in zip(paths, cases, strict=True):
        alpha = cv2.imread(str(place / "out" / f"{path.stem}.alpha.png"), cv2.IMREAD_GRAYSCALE)
        assert alpha is not None, path
        yield make(), alpha


def _print_table(sides: Figures, figure: str) -> None:
    """One line a group: every side's figure, and how far each tier lies above MediaPipe."""
    ours = [side for side in sides if side != PEER]
    beside = PEER in sides
    click.echo(f"{figure:28} pictures" + "".join(f"{side:>11}" for side in sides)
               + "".join(f"{side + ' −' + PEER:>20}" for side in ours if beside))
    for group, first in next(iter(sides.values())).items():
        values = [sides[side][group][figure] for side in sides]
        click.echo(f"{group:28} {first['pictures']:8}" + "".join(f"{value:11.4f}" for value in values)
                   + "".join(f"{value - values[-1]:+20.4f}" for value in values[:-1] if beside))


if __name__ == "__main__":
    accuracy()
