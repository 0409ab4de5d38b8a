"""`masque models`: which models are installed, what their cards say, and whether the files are whole."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from edge.board_shapes import FEATURES
from edge.card import MODELS, Card, read_card, read_verified
from edge.cli.options import BOARD, MODELS_FOLDER, Voice, chosen_board, voiced
from edge.errors import ModelError
from edge.report import peak_rss_mb

PERSON_IOU, PARTS_IOU = "int8.picsart.person_iou", "int8.celebamask.parts_mean_iou"
"""The figures of a card that are shown: person against background, and the mean over the six classes."""


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
        rows.append({"file": file.name, **_row(card), "verified": verify})
        voice.say("  ".join([f"{file.name:20}", *_facts(card), *(["whole, hash as on its card"] if verify else [])]))
    voice.report({"models": rows, "peak_rss_mb": peak_rss_mb()})
    if failed:
        click.get_current_context().exit(1)


FIRST = {"seg": "person_portrait", "matte": "features_learned"}
"""Kind → the signature by whose size and work a model is told."""


def _row(card: Card) -> dict[str, Any]:
    """A card for machines. macs and arena_bytes are those of one call of the kind's first signature."""
    look = card.signatures[FIRST[card.kind]]
    height, width = look.picture.shape[1:3]
    return {"kind": card.kind, "tier": card.tier, "width": width, "height": height, "size_bytes": card.size_bytes,
            "parameters": card.parameters, "signatures": list(card.signatures), "macs": look.macs,
            "arena_bytes": look.arena_bytes, "quantisation": card.quantisation, "metrics": card.metrics,
            "commit": card.commit, "licence": card.licence}


def _facts(card: Card) -> list[str]:
    """A card for people; what it does not tell (0 macs: not counted) is left out."""
    look = card.signatures[FIRST[card.kind]]
    height, width = look.picture.shape[1:3]
    facts = [f"{width}×{height}".ljust(7), f"{card.size_bytes / 1000:6.0f} kB"]
    if look.macs:
        facts.append(f"{look.macs / 1e6:5.1f} M multiply-adds")
    if look.arena_bytes:
        facts.append(f"{look.arena_bytes / 1000:4.0f} kB arena")
    if card.kind == "matte":
        errors = (card.metrics.get(f"int8.trimap1.{way}.mse") for way in FEATURES)
        told = ", ".join(f"{way} {error}" for way, error in zip(FEATURES, errors, strict=True))
        return [*facts, f"MSE · 1000 {told}"]
    iou, parts_iou = (card.metrics.get(name) for name in (PERSON_IOU, PARTS_IOU))
    facts.append(f"person IoU {iou:.3f}" if iou is not None else "not scored on picsart")
    if "all" in card.asked:
        facts.append(f"parts, mean IoU {parts_iou:.3f}" if parts_iou is not None else "parts")
    return facts
