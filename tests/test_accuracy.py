"""What the released models promise is what a user gets: person IoU of `masque matte --quality fast`, tier by tier."""
from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.card import Card, model_path, read_card
from edge.photograph import read_grey
from edge.segment.tflite import open_segmenter
from quantize.evaluate import board_of_tier, evaluate
from quantize.manifest import COLUMNS, PERSON_VALUES, Entry, read_manifest
from quantize.metrics import iou

BAR = {"large": 0.90, "medium": 0.88, "small": 0.86}
"""Least person IoU on the validation pictures of the main source (selfies and half bodies)."""

MAIN, PICTURES = "picsart", 111

SAME = 0.003
"""How far a figure may lie from its card's: another processor rounds otherwise."""

ALLOWED_LOSS = 0.01
"""Person IoU that int8 may lose against float."""

TIERS = pytest.mark.parametrize("tier", BAR)


@pytest.fixture
def model(tier: str, models_folder: Path) -> Path:
    """The model file of a tier."""
    path = model_path("seg", tier, models_folder)
    if not path.is_file():
        pytest.skip(f"no {path.name} in {models_folder} yet")
    return path


def validation(folder: Path, source: str = MAIN) -> list[Entry]:
    return [entry for entry in read_manifest(folder) if entry.split == "val" and entry.source == source]


@pytest.mark.data
@TIERS
def test_a_tier_reaches_its_bar_and_the_figure_of_its_card(tier: str, model: Path, data_folder: Path) -> None:
    segmenter, _ = open_segmenter(model, tier, mirror=True)
    figures = evaluate(segmenter, tier, data_folder / "portrait", (MAIN,))
    found, promised = figures[f"{MAIN}.person_iou"], segmenter.card.metrics[f"int8.{MAIN}.person_iou"]
    assert figures[f"{MAIN}.pictures"] == PICTURES
    assert found == pytest.approx(promised, abs=SAME)
    assert found >= BAR[tier]


def losses(card: Card) -> dict[str, float]:
    """Source → person IoU in float minus person IoU in int8, as the card states both."""
    of_float = {name.removeprefix("float."): value for name, value in card.metrics.items()
                if name.startswith("float.") and name.endswith(".person_iou")}
    return {name: value - card.metrics[f"int8.{name}"] for name, value in of_float.items()}


@TIERS
def test_int8_loses_little_on_every_source(tier: str, model: Path) -> None:
    found = losses(read_card(model))
    assert {f"{MAIN}.person_iou", "celebamask.person_iou", "ccp.person_iou"} <= set(found)
    assert not {source: loss for source, loss in found.items() if loss > ALLOWED_LOSS}


@pytest.mark.data
@TIERS
def test_the_command_writes_the_alphas_that_were_scored(
        tier: str, model: Path, data_folder: Path, models_folder: Path, tmp_path: Path,
        spawned: Callable) -> None:
    """`masque matte` in a process of its own, its PNG files read back, against `evaluate` on the same pictures."""
    chosen = validation(data_folder / "portrait")[::14]
    board = board_of_tier(tier).name
    process = spawned("matte", *(entry.image for entry in chosen), "--out", tmp_path / "out", "--quality", "fast",
                      "--board", board, "--models", models_folder, "--json")
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    scores = []
    for entry in chosen:
        mask = read_grey(entry.mask)
        seen = read_grey(tmp_path / "out" / f"{entry.image.stem}.alpha.png") >= 128
        scores.append(iou(seen, np.isin(mask, PERSON_VALUES), np.isin(mask, (0, *PERSON_VALUES))))
    segmenter, _ = open_segmenter(model, tier, mirror=True)
    figures = evaluate(segmenter, tier, _only(chosen, tmp_path / "data"))
    assert figures[f"{MAIN}.pictures"] == len(chosen) == 8
    assert figures[f"{MAIN}.person_iou"] == pytest.approx(np.mean(scores), abs=1e-4)


def _only(entries: list[Entry], folder: Path) -> Path:
    """A data folder whose manifest lists these entries where they lie."""
    folder.mkdir()
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows({column: getattr(entry, column) for column in COLUMNS} for entry in entries)
    return folder
