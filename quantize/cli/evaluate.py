"""`masque-quantize evaluate`."""
from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from edge.cli.options import Voice, voiced
from edge.report import peak_rss_mb
from quantize.cli.options import FOLDER


@click.command("evaluate")
@click.argument("models", metavar="MODEL…", nargs=-1, required=True, type=FOLDER)
@click.option("--data", required=True, type=FOLDER, help="Data folder with a validation split.")
@click.option("--source", "sources", multiple=True, help="Only this source of the manifest; several times.")
@voiced
def command(models: tuple[Path, ...], data: Path, sources: tuple[str, ...], voice: Voice) -> None:
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
