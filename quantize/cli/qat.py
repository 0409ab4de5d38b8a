"""`masque-quantize qat`."""
from __future__ import annotations

import json
from pathlib import Path

import click

from edge.cli.options import Voice, voiced
from quantize.cli.options import FOLDER, KIND
from quantize.cli.train import trained


@click.command("qat")
@click.argument("run_folder", metavar="RUN", type=FOLDER)
@click.option("--sets", required=True, type=FOLDER, help="The sets to go on with.")
@click.option("--out", required=True, type=FOLDER, help="Folder of the new run; an unfinished one goes on.")
@click.option("--kind", type=KIND, help="What the run must be (default: whatever it is).")
@click.option("--steps", type=click.IntRange(1), default=600, show_default=True, help="Batches.")
@click.option("--batch", type=click.IntRange(1), default=32, show_default=True)
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=1e-4, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--checkpoint-every", type=click.IntRange(1), default=200, show_default=True, metavar="STEPS")
@voiced
def command(run_folder: Path, sets: Path, out: Path, kind: str | None, steps: int, batch: int, rate: float, seed: int,
            checkpoint_every: int, voice: Voice) -> None:
    """Go on with a finished float run with int8's rounding in every layer; export takes either run."""
    from quantize.dataset import PreparedSet
    from quantize.export import kind_of
    from quantize.matte.qat import AwareMatteTraining
    from quantize.qat import AwareTraining
    from quantize.train import Recipe

    found = kind_of(run_folder)
    if kind not in (None, found):
        raise click.UsageError(f"{run_folder} is a run of --kind {found}, not {kind}")
    told = json.loads((run_folder / "recipe.json").read_text(encoding="utf-8"))
    tier, set_name = told["tier"], told.get("set", "")
    recipe = Recipe(tier, steps=steps, batch=batch, rate=rate, seed=seed, warm_up=steps // 10, set=set_name)
    aware_training = AwareMatteTraining if found == "matte" else AwareTraining
    trained(aware_training(recipe, PreparedSet(sets / (set_name or tier)), out, run_folder), checkpoint_every, voice)
