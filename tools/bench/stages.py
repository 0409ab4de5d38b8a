"""`python -m tools.bench.stages --data DATA`: what the still path's stages bring on validation pictures, one table.

DeepMasque's slides report 95.9 % IoU after KNN matting, 97.1 % after their residual refinement: +1.2 points. Here the
same two steps of ours: network and guided filter, then KNN matting, then the correction of `--residual`. Person IoU and
boundary-F at threshold 0.5, per source of the pictures.
"""
from __future__ import annotations

import json
from pathlib import Path

import click

from edge.board_shapes import FEATURES, Features
from edge.boards import load_tiers
from edge.card import MODELS, model_path
from edge.cli import run
from edge.matte_model import open_matte_model
from edge.report import StageTimes, peak_rss_mb
from edge.segment.tflite import open_segmenter
from edge.still import StillPath
from quantize.evaluate import Cut, board_of_tier, score, validation_cases

STAGES = ("filtered", "matted", "corrected")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Data folder with a validation split.")
@click.option("--tier", type=click.Choice(["small", "medium", "large"]), default="large", show_default=True)
@click.option("--features", type=click.Choice(FEATURES), default="learned", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def stages(data: Path, tier: str, features: Features, as_json: bool) -> None:
    """Person IoU and boundary-F after the filter, after matting and after the correction."""
    cases = validation_cases(data)
    figures = {stage: score(_cut(stage, tier, features), cases) for stage in STAGES}
    if as_json:
        click.echo(json.dumps({**figures, "peak_rss_mb": peak_rss_mb()}, indent=2))
        return
    for figure in ("person_iou", "boundary_f"):
        click.echo(f"{figure:20} pictures" + "".join(f"{stage:>12}" for stage in STAGES))
        for source, row in figures[STAGES[0]].items():
            click.echo(f"{source:20} {row['pictures']:8}"
                       + "".join(f"{figures[stage][source][figure]:12.4f}" for stage in STAGES))


def _cut(stage: str, tier: str, features: Features) -> Cut:
    """Pictures → alphas as they are after a stage."""
    segmenter, model = open_segmenter(model_path("seg", tier, MODELS), tier, mirror=True)[0], open_matte_model(tier)
    path = StillPath(board_of_tier(tier), load_tiers()[tier], segmenter, stage != "filtered", features,
                     model.looks(features), model.corrected if stage == "corrected" else None)
    return lambda pixels: path.matte(pixels, StageTimes()).matte.alpha


if __name__ == "__main__":
    run(stages, "tools.bench.stages")
