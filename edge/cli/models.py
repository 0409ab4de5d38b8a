"""`masque models`: which models are installed, what their cards say, and whether the files are whole."""
from __future__ import annotations

from pathlib import Path

import click

from edge.card import MODELS, read_card, read_verified
from edge.cli.options import BOARD, MODELS_FOLDER, Voice, chosen_board, voiced
from edge.errors import ModelError
from edge.report import peak_rss_mb


@click.command()
@click.option("--verify", is_flag=True, help="Check every file against its card; exit 1 when one differs.")
@BOARD
@MODELS_FOLDER
@voiced
def command(verify: bool, board: str | None, models_folder: Path | None, voice: Voice) -> None:
    """List models with their cards; with --board only those of the board's tier."""
    folder = models_folder or MODELS
    tier_only = chosen_board(board)[0].tier.value if board else "*"
    files = sorted(folder.glob(f"*-{tier_only}.tflite"))
    if not files:
        raise ModelError(f"{folder}: holds no model (*.tflite)")
    rows, failed = [], False
    for file in files:
        try:
            kind, _, tier = file.stem.partition("-")
            card = read_verified(file, kind, tier)[1] if verify else read_card(file)
        except ModelError as error:
            click.echo(f"masque: {error}", err=True)
            failed = True
            continue
        iou = card.metrics.get("int8.picsart.person_iou")
        height, width = card.signatures["person_portrait"].picture.shape[1:3]
        rows.append({"file": file.name, "kind": card.kind, "tier": card.tier, "width": width, "height": height,
                     "size_bytes": card.size_bytes, "parameters": card.parameters, "metrics": card.metrics,
                     "verified": verify, "licence": card.licence})
        score = f"person IoU {iou:.3f}" if iou is not None else "not scored on picsart"
        voice.say(f"{file.name:20} {width}×{height}  {card.size_bytes / 1000:6.0f} kB  {score}  "
                  f"{'whole, hash as on its card' if verify else ''}".rstrip())
    voice.report({"models": rows, "peak_rss_mb": peak_rss_mb()})
    if failed:
        click.get_current_context().exit(1)
