"""Models and images against the budgets of board files: what cannot fit is said, with both numbers, before a flash."""
from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.boards import FOLDER, board_names, load_camera_board
from edge.card import MODELS
from edge.fit import misfits

Command = Callable[..., Any]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The shipped models and cards, to be changed."""
    return Path(shutil.copytree(MODELS, tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped board files, to be changed."""
    return Path(shutil.copytree(FOLDER, tmp_path / "board_configs", ignore=shutil.ignore_patterns("__pycache__")))


def change(models: Path, tier: str, signature: str | None, key: str, value: int) -> None:
    """Sets a figure of a card, or of one of its signatures."""
    path = models / f"seg-{tier}.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    (card["signatures"][signature] if signature else card)[key] = value
    path.write_text(json.dumps(card), encoding="utf-8")


def test_whatever_ships_fits() -> None:
    assert misfits() == []


@pytest.mark.parametrize(("tier", "signature", "key", "value", "said"), [
    ("medium", "all_portrait", "macs", 90_000_001,
     ["board_configs/pi4b.toml: budget.macs = 90000000: seg-medium.tflite, which all_portrait does 90,000,001 "
      "multiply-adds a call; take a smaller tier"]),
    ("small", "person_landscape", "arena_bytes", 524_289,
     [f"board_configs/{board}.toml: budget.arena_bytes = 524288: seg-small.tflite, which person_landscape needs "
      f"524,289 B for its activations; take a smaller tier" for board in ("pi_zero2w", "pi3b")]),
    ("large", None, "size_bytes", 6_500_001,
     [f"board_configs/{board}.toml: budget.model_bytes = 6500000: seg-large.tflite, which is 6,500,001 B; take a "
      f"smaller tier" for board in ("coral_usb_pi4b", "coral_dev_board")]),
])
def test_a_model_over_a_budget_is_named_with_both_numbers(models: Path, tier: str, signature: str | None, key: str,
                                                          value: int, said: list[str]) -> None:
    change(models, tier, signature, key, value - 1)
    assert misfits(models=models) == []
    change(models, tier, signature, key, value)
    assert misfits(models=models) == said


def test_models_that_leave_no_memory_for_the_live_path_are_refused(models: Path) -> None:
    change(models, "small", None, "size_bytes", 40_000_000)
    assert misfits(("pi_zero2w",), models) == [
        "board_configs/pi_zero2w.toml: budget.memory_mb = 120: the libraries and the models of the small tier take at "
        "least 136; take a smaller tier"]


def test_a_folder_without_the_tier_s_model_is_named(models: Path) -> None:
    (models / "seg-medium.tflite").unlink()
    assert misfits(models=models) == [f"board_configs/pi4b.toml: tier = medium: {models} holds no seg-medium.tflite; "
                                      "`masque models` lists what there is"]


def test_the_wide_look_is_held_to_memory_and_not_to_the_cache(models: Path) -> None:
    change(models, "large", "person_wide", "arena_bytes", 10_000_000)
    assert misfits(models=models) == []
    change(models, "small", "person_wide", "arena_bytes", 80_000_000)
    assert {line.split(" = ")[0] for line in misfits(("pi_zero2w",), models)} == {
        "board_configs/pi_zero2w.toml: budget.memory_mb"}


def test_a_budget_that_is_left_out_holds_nothing_back(models: Path) -> None:
    for signature in ("person_portrait", "all_portrait"):
        change(models, "large", signature, "macs", 10**10)
    lines = misfits(models=models)
    assert lines and all(line.startswith("board_configs/coral_usb_pi4b.toml") for line in lines)


def test_a_damaged_card_is_a_line_of_its_own(models: Path) -> None:
    (models / "seg-small.json").write_text("{}", encoding="utf-8")
    assert all("seg-small.json: not a model card" in line for line in misfits(("pi3b",), models))
    assert len(misfits(("pi3b",), models)) == 1


@pytest.mark.parametrize(("key", "limit", "said"), [
    ("program_bytes", 11_000, r"budget\.program_bytes = 11000: masque\.elf, which takes 1\d,\d{3} B; make it smaller"),
    ("ram_bytes", 1_300, r"budget\.ram_bytes = 1300: masque\.elf, which has 2,\d{3} B of data, before any stack"),
])
def test_an_image_over_its_budget_is_named(images: Path, folder: Path, key: str, limit: int, said: str) -> None:
    assert misfits(("msp430fr2433",), images=images) == []
    path = folder / "msp430fr2433.toml"
    head, budget = path.read_text(encoding="utf-8").split("[budget]")
    budget = re.sub(rf"^{key} = {{ value = \d+", f"{key} = {{ value = {limit}", budget, flags=re.MULTILINE)
    path.write_text(f"{head}[budget]{budget}", encoding="utf-8")
    lines = misfits(("msp430fr2433",), images=images, folder=folder)
    assert len(lines) == 1 and re.search(said, lines[0]), lines


def test_an_image_that_was_not_built_is_nobodys_error(tmp_path: Path) -> None:
    assert misfits(("msp430fr2433",), images=tmp_path) == []


def test_every_camera_board_but_the_desk_says_what_its_cache_holds() -> None:
    from msgspec import UNSET

    said = {name for name in board_names()[:7] if load_camera_board(name).budget.arena_bytes is not UNSET}
    assert said == set(board_names()[:7]) - {"desk"}


def test_boards_check_refuses_a_model_that_cannot_fit(masque: Command, models: Path) -> None:
    assert masque("boards", "--check", "--models", models).code == 0
    change(models, "medium", "all_portrait", "macs", 10**9)
    done = masque("boards", "--check", "--models", models)
    assert done.code == 1 and "pi4b.toml: budget.macs = 90000000" in done.err and "1,000,000,000" in done.err
    assert masque("boards", "pi5", "--check", "--models", models).code == 0
    assert masque("boards", "pi4b", "--check", "--json", "--models", models).json["problems"]
