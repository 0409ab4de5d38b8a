"""`python -m tools.bench.looks`: what each look at a photograph brings, on selfies and on small, off-centre people.

The still path of `masque matte --quality fast`, with looks taken away one kind after the other: the corner and window
looks, then the closer looks that follow the person, then the mirror image.
"""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import edge.segment.person
import edge.still
from edge.card import MODELS, model_path
from edge.segment.tflite import open_segmenter
from quantize.evaluate import Cases, score, still_cut, validation_cases
from quantize.judge.wide import wide_cases


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", required=True, type=click.Path(path_type=Path))
@click.option("--models", type=click.Path(path_type=Path), default=MODELS, help="Folder with seg-TIER.tflite.")
@click.option("--tier", "tiers", multiple=True, type=click.Choice(["small", "medium", "large"]), default=("large",),
              show_default=True)
def looks(data: Path, models: Path, tiers: tuple[str, ...]) -> None:
    """Person IoU and boundary-F with fewer and fewer looks."""
    selfies, wide = validation_cases(data, ("picsart",)), wide_cases(data)
    for tier in tiers:
        model = model_path("seg", tier, models)
        click.echo(f"{tier:34} selfies: IoU  boundary-F   wide: IoU  boundary-F")
        _row("everything", model, tier, selfies, wide)
        with _without(detail=True):
            _row("without corners and windows", model, tier, selfies, wide)
            with _without(following=True):
                _row("… and without following the person", model, tier, selfies, wide)
                _row("… and without the mirror image", model, tier, selfies, wide, mirror=False)


@contextmanager
def _without(detail: bool = False, following: bool = False) -> Iterator[None]:
    """Takes looks away for as long as it lasts; only a benchmark wants that, so the run time has no switch for it."""
    kept = edge.still.with_detail, edge.segment.person.LOOKS
    try:
        if detail:
            edge.still.with_detail = lambda segmenter, pixels, mask: mask
        if following:
            edge.segment.person.LOOKS = 0
        yield
    finally:
        edge.still.with_detail, edge.segment.person.LOOKS = kept


def _row(name: str, model: Path, tier: str, selfies: Cases, wide: Cases, mirror: bool = True) -> None:
    cut = still_cut(open_segmenter(model, tier, mirror=mirror)[0], tier)
    of_selfies, of_wide = score(cut, selfies)["picsart"], score(cut, wide)["all"]
    click.echo(f"  {name:38} {of_selfies['person_iou']:.4f}      {of_selfies['boundary_f']:.4f}      "
               f"{of_wide['person_iou']:.4f}      {of_wide['boundary_f']:.4f}")


if __name__ == "__main__":
    looks()
