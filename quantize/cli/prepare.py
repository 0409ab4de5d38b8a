"""`masque-quantize prepare`."""
from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from edge.cli.options import Voice, voiced
from edge.report import peak_rss_mb
from quantize.cli.options import FOLDER


@click.command("prepare")
@click.argument("data", type=FOLDER)
@click.option("--out", required=True, type=FOLDER, help="Folder for the small, medium and large sets.")
@click.option("--licences", multiple=True, metavar="NAME",
              help="Keep only pictures with exactly this licence; may be given several times.")
@click.option("--taught", type=FOLDER,
              help="Masks of a teacher, as `python -m tools.teacher` writes them: they fill in what labels leave "
                   "open, and label the pictures of unlabelled/.")
@voiced
def command(data: Path, out: Path, licences: tuple[str, ...], taught: Path | None, voice: Voice) -> None:
    """Build the three sets from DATA (manifest.csv, images, masks; backgrounds beside it)."""
    from quantize.prepare import prepare as build

    counts = build(data, out, licences, taught, progress=partial(voice.progress, label="pictures"))
    voice.say(", ".join(f"{name} {count}" for name, count in counts.items()))
    voice.report({**counts, "peak_rss_mb": peak_rss_mb()})
