"""`masque-quantize`: from labelled pictures to a model worth flashing. Heavy imports happen inside the commands."""
from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from edge.cli import run
from edge.cli.options import Voice, voiced
from edge.report import peak_rss_mb

FOLDER = click.Path(path_type=Path)
TIER = click.Choice(["small", "medium", "large"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="masque", prog_name="masque-quantize")
def quantize() -> None:
    """Makes Masque's models on a workstation: prepare → train → export → evaluate."""


@quantize.command()
@click.argument("data", type=FOLDER)
@click.option("--out", required=True, type=FOLDER, help="Folder for the small, medium and large sets.")
@click.option("--licences", multiple=True, metavar="NAME",
              help="Keep only pictures with exactly this licence; may be given several times.")
@voiced
def prepare(data: Path, out: Path, licences: tuple[str, ...], voice: Voice) -> None:
    """Build the three sets from DATA (manifest.csv, images, masks; backgrounds beside it)."""
    from quantize.prepare import prepare as build

    counts = build(data, out, licences, progress=partial(voice.progress, label="pictures"))
    voice.say(", ".join(f"{name} {count}" for name, count in counts.items()))
    voice.report({**counts, "peak_rss_mb": peak_rss_mb()})


@quantize.command()
@click.option("--tier", required=True, type=TIER)
@click.option("--kind", type=click.Choice(["seg"]), default="seg", show_default=True)
@click.option("--sets", required=True, type=FOLDER, help="As written by prepare.")
@click.option("--out", required=True, type=FOLDER, help="Folder of this run; an unfinished one goes on.")
@click.option("--start", type=FOLDER, help="Begin from this run's averaged weights (of any tier).")
@click.option("--steps", type=click.IntRange(1), default=12000, show_default=True, help="Batches.")
@click.option("--warm-up", type=click.IntRange(0), help="Batches until the peak rate (default: 300, a tenth at most).")
@click.option("--batch", type=click.IntRange(1), default=32, show_default=True)
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=2e-3, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--checkpoint-every", type=click.IntRange(1), default=500, show_default=True, metavar="STEPS")
@voiced
def train(tier: str, kind: str, sets: Path, out: Path, start: Path | None, steps: int, warm_up: int | None,
          batch: int, rate: float, seed: int, checkpoint_every: int, voice: Voice) -> None:
    """Train the float network of one tier; stopped by Ctrl-C it resumes from its last checkpoint."""
    from quantize.dataset import PreparedSet
    from quantize.train import Recipe, Training

    weights = start / "averaged.weights.h5" if start else None
    warm_up = min(300, steps // 10) if warm_up is None else warm_up
    recipe = Recipe(tier, steps=steps, batch=batch, rate=rate, seed=seed, warm_up=warm_up)
    training = Training(recipe, PreparedSet(sets / tier), out, weights)
    lines: list[dict] = []

    def tell(line: dict) -> None:
        lines.append(line)
        voice.say(f"step {line['step']:>6}/{steps}  loss {line['loss']:.4f}  person IoU {line['iou']}  "
                  f"{line['images_per_s']:.0f} pictures/s")

    path = training.run(checkpoint_every, tell)
    voice.say(str(path))
    voice.report({"weights": str(path), "history": lines, "peak_rss_mb": peak_rss_mb()})


@quantize.command()
@click.argument("run_folder", metavar="RUN", type=FOLDER)
@click.option("--sets", required=True, type=FOLDER, help="The sets it was trained on: they fix the int8 ranges.")
@click.option("--data", required=True, type=FOLDER, help="Data whose validation split int8 is compared on.")
@click.option("--out", required=True, type=FOLDER, help="Folder for seg-TIER.tflite and its card.")
@click.option("--licence", default="not stated; no freer than its training pictures: see data.licences",
              show_default=True, help="The model's own licence, for its card.")
@voiced
def export(run_folder: Path, sets: Path, data: Path, out: Path, licence: str, voice: Voice) -> None:
    """Quantise a finished run to int8; refuses when int8 loses more than one point of person IoU."""
    from quantize.export import export as make

    card = make(run_folder, sets, data, out, licence)
    for name, value in card.metrics.items():
        voice.say(f"{name:32} {value}")
    voice.report({"tier": card.tier, "size_bytes": card.size_bytes, "metrics": card.metrics,
                  "peak_rss_mb": peak_rss_mb()})


@quantize.command()
@click.argument("models", metavar="MODEL…", nargs=-1, required=True, type=FOLDER)
@click.option("--data", required=True, type=FOLDER, help="Data folder with a validation split.")
@click.option("--source", "sources", multiple=True, help="Only this source of the manifest; several times.")
@voiced
def evaluate(models: tuple[Path, ...], data: Path, sources: tuple[str, ...], voice: Voice) -> None:
    """Score int8 models on the validation split through the run-time path (`masque matte --quality fast`)."""
    from edge.card import read_card
    from edge.segment.tflite import open_segmenter
    from quantize.evaluate import evaluate as score

    figures: dict[str, dict[str, float]] = {}
    of_card: dict[str, dict[str, float]] = {}
    for model in models:
        card = read_card(model)
        tier = card.tier
        segmenter, _ = open_segmenter(model, tier, mirror=True)
        figures[str(model)] = score(segmenter, tier, data, sources,
                                    progress=partial(voice.progress, label=model.name))
        of_float = {name: card.metrics[f"float.{name}"] for name in figures[str(model)]
                    if f"float.{name}" in card.metrics}
        for name, value in figures[str(model)].items():
            beside = f"float on its card {of_float[name]}" if name in of_float else ""
            voice.say(f"{model.name:24} {name:28} {value:<8} {beside}".rstrip())
        of_card[str(model)] = of_float
    voice.report({"models": figures, "float_on_card": of_card, "peak_rss_mb": peak_rss_mb()})


def main() -> None:
    """The console script `masque-quantize`."""
    run(quantize, "masque-quantize")
