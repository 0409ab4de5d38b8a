"""`python -m tools.bench.matting --data DATA`: matting of the unknown band beside PyMatting's, same trimaps, one run.

DATA holds matting/ with input/, alpha/, trimap1/, trimap2/ (alphamatting.com's training set), and, if there are any,
matting_people/ with input/, alpha/, trimap/. Each picture is solved by every method in turn, each in a process of its
own that has compiled and imported what it needs; time is processor time, memory what the solve adds at its peak.
Constants were chosen on every second picture; the others are told apart. Colours: pictures laid over others by a true
alpha; theirs are known.
"""
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click
import cv2
import numpy as np

from edge.cli import run
from quantize.matte.cases import Case, cases
from tools.bench.matting_errors import Errors, errors
from tools.bench.matting_sides import Side, Took, sides

METHODS = ("ours", "raw", "knn", "cf")
NAMES = {"ours": "masque", "raw": "masque by colour", "knn": "PyMatting KNN", "cf": "PyMatting closed form"}


class Row(NamedTuple):
    """What one method did with one case."""

    method: str
    errors: Errors
    took: Took


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Of ours; the peer solves once.")
@click.option("--first", type=click.IntRange(1), default=None, help="Only so many pictures of each set.")
@click.option("-v", "--verbose", is_flag=True, help="Every picture.")
def matting(data: Path, rounds: int, first: int | None, verbose: bool) -> None:
    """Time, memory and errors of matting, beside PyMatting's."""
    things, people = data / "matting", data / "matting_people"
    sets = [(things, "trimap1"), (things, "trimap2"), *([(people, "trimap")] if people.is_dir() else [])]
    with sides() as (ours, peer):
        for folder, trimaps in sets:
            rows = [_solved(case, ours, peer, rounds, verbose) for case in cases(folder, trimaps, first)]
            click.echo(f"\n{folder.name}/{trimaps}, {len(rows)} pictures, one thread")
            _tell(rows)
            if folder is things:
                _tell_halves(rows)
        _small(ours, things, rounds)
        _colours(ours, peer, things, rounds, first)


def _solved(case: Case, ours: Side, peer: Side, rounds: int, verbose: bool) -> list[Row]:
    rows = []
    for method in METHODS:
        side, times = (ours, rounds) if method in ("ours", "raw") else (peer, 1)
        took = side.run(method, case.pixels, case.trimap, times)
        rows.append(Row(method, errors(took.found, case.truth, case.trimap == 128), took))
    if verbose:
        told = "  ".join(f"{row.took.ms:6.0f} ms {row.took.added_mb:5.0f} MB mse {1000 * row.errors.mse:6.2f}"
                         for row in rows)
        click.echo(f"{case.name:6} {(case.trimap == 128).sum():7,} unknown  {told}")
    return rows


def _tell(pictures: list[list[Row]]) -> None:
    titles = "".join(f"{title:>8}" for title in ("ms", "times", "least", "MB", "times", "MSE", "SAD", "grad", "conn"))
    click.echo(f"  {'':22}{titles}")
    own = [rows[0].took for rows in pictures]
    for i, method in enumerate(METHODS):
        took = [rows[i].took for rows in pictures]
        mean = np.mean([rows[i].errors for rows in pictures], axis=0)
        times, memory = (sum(getattr(t, k) for t in took) / sum(getattr(t, k) for t in own) for k in ("ms", "added_mb"))
        least = min(t.ms / o.ms for t, o in zip(took, own, strict=True))
        ms, mb = np.mean([t.ms for t in took]), np.mean([t.added_mb for t in took])
        click.echo(f"  {NAMES[method]:22}{ms:8.0f}{times:8.1f}{least:8.1f}{mb:8.0f}{memory:8.1f}{1000 * mean[0]:8.2f}"
                   f"{mean[1]:8.2f}{mean[2]:8.2f}{mean[3]:8.2f}")


def _tell_halves(pictures: list[list[Row]]) -> None:
    for name, half in (("chosen on", pictures[::2]), ("the others", pictures[1::2])):
        told = ", ".join(f"{NAMES[method]} {1000 * np.mean([rows[i].errors.mse for rows in half]):.2f} "
                         f"(median {1000 * np.median([rows[i].errors.mse for rows in half]):.2f})"
                         for i, method in enumerate(METHODS) if half)
        click.echo(f"  MSE, {name}: {told}")


def _small(ours: Side, data: Path, rounds: int) -> None:
    """The working size of the large tier: a picture shrunk to 96×160, the 2,500 pixels nearest its outline unknown."""
    case = next(cases(data, "trimap1"))
    pixels, truth = (cv2.resize(plane, (96, 160), interpolation=cv2.INTER_AREA) for plane in (case.pixels, case.truth))
    person = (truth > 0.5).astype(np.uint8)
    away = cv2.distanceTransform(person, cv2.DIST_L2, 3) + cv2.distanceTransform(1 - person, cv2.DIST_L2, 3)
    trimap = 255 * person
    trimap.reshape(-1)[np.argsort(away, axis=None, kind="stable")[:2500]] = 128
    took = ours.run("ours", pixels, trimap, max(rounds, 30))
    click.echo(f"\n96×160, {(trimap == 128).sum():,} unknown: {took.ms:.2f} ms, {took.added_mb:.1f} MB")


def _colours(ours: Side, peer: Side, data: Path, rounds: int, first: int | None) -> None:
    """Foreground colours: every picture over the next one by the true alpha; its own colours are the truth."""
    every = list(cases(data, "trimap1", first))
    told: dict[str, list[tuple[float, float, float]]] = {"masque": [], "PyMatting": []}
    for case, behind in zip(every, every[1:] + every[:1], strict=True):
        alpha = np.round(case.truth * 255).astype(np.uint8)
        soft, back = alpha[..., None] / 255, cv2.resize(behind.pixels, alpha.shape[::-1])
        mixed = np.round(soft * case.pixels + (1 - soft) * back).astype(np.uint8)
        for name, side in (("masque", ours), ("PyMatting", peer)):
            took = side.run("foreground", mixed, alpha, rounds)
            gap = (np.abs(took.found - case.pixels) * soft)[(alpha > 0) & (alpha < 255)].mean()
            told[name].append((took.ms, took.added_mb, float(gap)))
    click.echo(f"\nforeground colours, {len(every)} pictures; error: mean of alpha·|colour − truth| in the band")
    for name, figures in told.items():
        ms, memory, gap = np.mean(figures, axis=0)
        ratio = np.mean([f[0] for f in told["PyMatting"]]) / ms
        click.echo(f"  {name:22} {ms:7.1f} ms {ratio:5.1f}  {memory:5.1f} MB  error {gap:.2f}")


if __name__ == "__main__":
    run(matting, "tools.bench.matting")
