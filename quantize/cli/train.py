"""`masque-quantize train`."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.options import Voice, voiced
from edge.report import peak_rss_mb
from quantize.cli.options import FOLDER, KIND, TIER

if TYPE_CHECKING:
    from quantize.train import Training


@click.command("train")
@click.option("--tier", required=True, type=TIER)
@click.option("--kind", type=KIND, default="seg", show_default=True,
              help="seg finds the person; matte serves the solver: what pixels are matched by, and a correction.")
@click.option("--sets", required=True, type=FOLDER, help="As written by prepare.")
@click.option("--out", required=True, type=FOLDER, help="Folder of this run; an unfinished one goes on.")
@click.option("--start", type=FOLDER,
              help="Begin from this run's averaged weights, or from a model file (.tflite); of any tier.")
@click.option("--steps", type=click.IntRange(1), help="Batches (default: 12,000; matte 1,600).")
@click.option("--warm-up", type=click.IntRange(0), help="Batches until the peak rate (default: 300, a tenth at most).")
@click.option("--batch", type=click.IntRange(1), help="Samples a batch (default: 32; matte 8).")
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=2e-3, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--only", type=click.Choice(["parts"]), help="Train this head alone; the rest of --start stays as it is.")
@click.option("--size", "sizes", multiple=True, type=TIER, metavar="TIER",
              help="Train at this tier's input size; several times: every batch has one of them, drawn (default: the "
                   "own size).")
@click.option("--teacher", type=FOLDER, help="A finished run, of a larger tier as a rule, to learn from beside labels.")
@click.option("--set", "set_name", help="The prepared set to train on (default: the tier's; matte large); a larger one "
                                        "keeps close crops sharp.")
@click.option("--checkpoint-every", type=click.IntRange(1), default=500, show_default=True, metavar="STEPS")
@voiced
def command(tier: str, kind: str, sets: Path, out: Path, start: Path | None, steps: int | None,
            warm_up: int | None, batch: int | None, rate: float, seed: int, only: str | None, sizes: tuple[str, ...],
          teacher: Path | None, set_name: str | None, checkpoint_every: int, voice: Voice) -> None:
    """Train the float network of one tier; stopped by Ctrl-C it resumes from its last checkpoint."""
    from quantize.dataset import PreparedSet
    from quantize.train import AVERAGED, Recipe, Training

    steps, batch, set_name = ((steps or 1600, batch or 8, set_name or "large") if kind == "matte"
                              else (steps or 12000, batch or 32, set_name or ""))
    warm_up = min(300, steps // 10) if warm_up is None else warm_up
    recipe = Recipe(tier, steps=steps, batch=batch, rate=rate, seed=seed, warm_up=warm_up, only=only or "", sizes=sizes,
                    set=set_name)
    pictures = PreparedSet(sets / (set_name or tier))
    weights = start / AVERAGED if start and start.suffix != ".tflite" else start
    if kind == "matte":
        from quantize.matte.train import MatteTraining

        if only or sizes or teacher or (start and start.suffix == ".tflite"):
            raise click.UsageError("--only, --size, --teacher and a --start from a .tflite are for --kind seg")
        trained(MatteTraining(recipe, pictures, out, weights), checkpoint_every, voice)
        return
    trained(Training(recipe, pictures, out, weights, teacher and teacher / AVERAGED), checkpoint_every, voice)


def trained(training: Training, checkpoint_every: int, voice: Voice) -> None:
    """Runs a training to its end, telling each validation and drawing the curves so far."""
    from quantize.curves import write_curves

    lines: list[dict] = []

    def tell(line: dict) -> None:
        lines.append(line)
        write_curves(training.out)
        voice.say(f"step {line['step']:>6}/{training.recipe.steps}  loss {line['loss']:.4f}  "
                  f"{training.measured} {line[training.measure]}  {line['images_per_s']:.0f} pictures/s")

    path = training.run(checkpoint_every, tell)
    voice.say(str(path))
    voice.report({"weights": str(path), "history": lines, "peak_rss_mb": peak_rss_mb()})
