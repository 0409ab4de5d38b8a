"""`masque-quantize projection`."""
from __future__ import annotations

from pathlib import Path

import click

from edge.cli.options import Voice, voiced
from edge.report import peak_rss_mb
from quantize.cli.options import FOLDER


@click.command("projection")
@click.option("--signals", required=True, metavar="microphone|columns|DIR",
              help="Made sounds, columns of labelled pictures, or your own recordings: DIR/LABEL/*.wav.")
@click.option("--out", required=True, type=FOLDER,
              help="Folder for tables.c, tables.py (MicroPython), tables.json (card), points.png.")
@click.option("--data", type=FOLDER, help="columns: data folder with manifest.csv.")
@click.option("--learned/--pca", "learns", default=True, show_default=True,
              help="Vectors learned with the prototypes, or principal components; the card scores both.")
@click.option("--form", type=click.Choice(["samples", "loudness"]),
              help="What the vectors multiply (default: samples of columns, loudness of sounds).")
@click.option("--level", type=click.IntRange(1, 511), default=100, show_default=True,
              help="DIR: how loud a sound has to be for the ear to open.")
@click.option("--licence", metavar="TEXT", default="not stated", show_default=True, help="DIR: of the recordings.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@voiced
def command(signals: str, out: Path, data: Path | None, learns: bool, form: str | None, level: int, licence: str,
            seed: int, voice: Voice) -> None:
    """Learn a microcontroller's tables: two vectors and 32 prototypes that tell signals apart.

    \b
    A folder called `other` in DIR holds what shall be no class. Build the firmware with them:
    make -C firmware/msp430fr2433 TABLES=OUT
    """
    from edge.bridge.points import Form
    from quantize.projection import make

    if signals == "columns" and data is None:
        raise click.UsageError("--signals columns needs --data DATA, a folder with manifest.csv")
    if signals == "microphone":
        material = make.microphone(seed)
    elif signals == "columns" and data is not None:
        material = make.columns(data, seed)
    else:
        material = make.recordings(Path(signals), level, licence)
    chosen = Form[form.upper()] if form else material.form
    card = make.make_tables(material, "learned" if learns else "pca", chosen, seed,
                            lambda names: list(voice.progress(names, label="fitting")))
    paths = make.write_tables(out, card, material.held_out)
    for method, found in card.accuracy.items():
        kept = " <- kept" if method == card.method else ""
        voice.say(f"{method:8} held out: float {found['float']:.4f}  Q15 {found['q15']:.4f}{kept}")
    _tell(card, voice)
    voice.say(f"{card.fram_bytes:,} B of FRAM; wrote {', '.join(map(str, paths))}")
    voice.report({"files": [str(path) for path in paths],
                  **{name: getattr(card, name) for name in card.__struct_fields__ if name != "image"},
                  "peak_rss_mb": peak_rss_mb()})


def _tell(card, voice: Voice) -> None:
    """What is beside what the chip says."""
    words = list(next(iter(card.confusion.values())))
    voice.say("held out      said: " + "".join(f"{word:>12}" for word in words))
    for name, row in card.confusion.items():
        voice.say(f"{name:20}" + "".join(f"{row[word]:12}" for word in words))
    for where, found in card.false_reports.items():
        voice.say(f"an hour of {where}: the ear opens {found['signals_per_hour']:.0f} times, "
                  f"{found['claps_per_hour']:.0f} claps are reported")
    if card.taken_for_claps:
        shares = ", ".join(f"{kind} {share:.0%}" for kind, share in card.taken_for_claps.items())
        voice.say(f"taken for claps: {shares}")
