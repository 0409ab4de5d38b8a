"""`masque-quantize export`."""
from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from edge.cli.options import Voice, voiced
from edge.report import peak_rss_mb
from quantize.cli.options import FOLDER, KIND


@click.command("export")
@click.argument("run_folder", metavar="RUN", type=FOLDER)
@click.option("--sets", required=True, type=FOLDER, help="The sets it was trained on: they fix the int8 ranges.")
@click.option("--data", required=True, type=FOLDER,
              help="Data whose validation split int8 is compared on; for matte a folder with input/, alpha/, trimap…/.")
@click.option("--out", required=True, type=FOLDER, help="Folder for KIND-TIER.tflite and its card.")
@click.option("--kind", type=KIND, help="What the run must be (default: whatever it is).")
@click.option("--dimensions", type=click.IntRange(1, 15), help="Of a matte model's features (default: the tier's).")
@click.option("--licence", default="not stated; no freer than its training pictures: see data.licences",
              show_default=True, help="The model's own licence, for its card.")
@voiced
def command(run_folder: Path, sets: Path, data: Path, out: Path, kind: str | None, dimensions: int | None, licence: str,
            voice: Voice) -> None:
    """Quantise a finished run of `train` or `qat` to int8, with its card.

    Refuses, naming the layer, when int8 loses more than one point of person IoU or two of boundary-F on any source;
    of a matte model, when it makes an error 5 % larger on any trimaps.
    """
    from quantize.export import export, kind_of
    from quantize.matte.export import export_matte

    found = kind_of(run_folder)
    if kind not in (None, found):
        raise click.UsageError(f"{run_folder} is a run of --kind {found}, not {kind}")
    card, layers = (export_matte(run_folder, sets, data, out, licence, dimensions) if found == "matte"
                    else export(run_folder, sets, data, out, licence))
    for name, value in card.metrics.items():
        voice.say(f"{name:32} {value}")
    voice.say("layer                    own SNR  in chain  worst channel")
    for layer in sorted(layers, key=lambda layer: layer.own_db)[: None if voice.verbose else 5]:
        voice.say(f"{layer.layer:24} {layer.own_db:5.1f} dB  {layer.in_chain_db:5.1f} dB  "
                  f"{layer.worst_channel:4} ({layer.worst_channel_db:.1f} dB)")
    voice.report({"tier": card.tier, "size_bytes": card.size_bytes, "metrics": card.metrics,
                  "quantisation": card.quantisation, "layers": [asdict(layer) for layer in layers],
                  "peak_rss_mb": peak_rss_mb()})
