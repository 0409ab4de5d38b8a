"""What cannot fit its board, found from cards and images before anything is flashed or bundled."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import UNSET

from edge.board_shapes import CameraBoard, SolverBoard
from edge.boards import board_names, load_board
from edge.bridge.elf import loaded, symbols
from edge.card import MODELS, WIDE, Card, model_path, read_card
from edge.errors import MasqueError

LIBRARIES_MB = 55
"""Resident memory of numpy, OpenCV and LiteRT (x86-64, Debian 12, Python 3.11, 2026-11-21)."""

KINDS = ("seg", "matte")

IMAGES = {"msp430fr2433": "masque.elf"}
"""Solver board → its image's name; the Pico's program is text, and its size nobody's concern."""


def misfits(names: tuple[str, ...] | None = None, models: Path = MODELS, images: Path | None = None,
            folder: Path | None = None) -> list[str]:
    """A line for each model or image that is over a budget of its board's file, with both numbers; [] where all fit.

    names: boards to look at (default: all); models: a folder of models with cards; images: where built images lie, and
    None or a folder without one looks at none; folder: of board files. A board file or card that cannot be read is a
    line too.
    """
    lines: list[str] = []
    for name in board_names(folder) if names is None else names:
        try:
            board = load_board(name, folder)
            found = _of_camera(board, models) if isinstance(board, CameraBoard) else _of_solver(board, images)
            lines += [f"board_configs/{name}.toml: {line}" for line in found]
        except MasqueError as error:
            lines.append(str(error))
    return lines


def _of_camera(board: CameraBoard, models: Path) -> Iterator[str]:
    if not (wanted := model_path("seg", board.tier.value, models)).is_file():
        yield f"tier = {board.tier.value}: {models} holds no {wanted.name}; `masque models` lists what there is"
    cards = [(path, read_card(path)) for kind in KINDS
             if (path := model_path(kind, board.tier.value, models)).is_file()]
    for path, card in cards:
        yield from _of_model(board, path.name, card)
    needed = LIBRARIES_MB + sum(_resident_mb(card) for _, card in cards)
    if needed > board.budget.memory_mb.value:
        yield (f"budget.memory_mb = {board.budget.memory_mb.value}: the libraries and the models of the "
               f"{board.tier.value} tier take at least {needed:.0f}; take a smaller tier")


def _of_model(board: CameraBoard, file: str, card: Card) -> Iterator[str]:
    """File, activations and multiply-adds; a budget that a board does not have holds nothing back.

    The wide look, four times the work, is held to the file's budget and to memory_mb alone: it is for people who fill
    the width, on whom `--keyframe-interval auto` looks less often. `masque profile` times it.
    """
    figures: list[tuple[str, int, str]] = [("model_bytes", card.size_bytes, "is {} B")]
    for signature, works in card.signatures.items():
        if signature == WIDE:
            continue
        figures += [("arena_bytes", works.arena_bytes, f"{signature} needs {{}} B for its activations"),
                    ("macs", works.macs, f"{signature} does {{}} multiply-adds a call")]
    for key, asked, said in figures:
        budget: Any = getattr(board.budget, key)
        if budget is not UNSET and asked > budget.value:
            yield f"budget.{key} = {budget.value}: {file}, which {said.format(f'{asked:,}')}; take a smaller tier"


def _resident_mb(card: Card) -> float:
    """File, the weights that XNNPACK packs for itself, and the largest arena."""
    arena = max((works.arena_bytes for works in card.signatures.values()), default=0)
    return (2 * card.size_bytes + arena) / 1e6


def _of_solver(board: SolverBoard, images: Path | None) -> Iterator[str]:
    """Program and static data of an image that has been built; its stack is proven by `python -m tools.sizes`."""
    if images is None or board.name not in IMAGES or not (image := images / IMAGES[board.name]).is_file():
        return
    table = symbols(image)
    static = table.get("__bss_end", 0) - table.get("__bss_start", 0)
    for key, taken, said in (("program_bytes", len(loaded(image)), "takes {} B"),
                             ("ram_bytes", static, "has {} B of data, before any stack")):
        limit = getattr(board.budget, key).value
        if taken > limit:
            yield f"budget.{key} = {limit}: {image.name}, which {said.format(f'{taken:,}')}; make it smaller"
