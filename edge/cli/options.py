"""Options and habits that every command shares."""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from edge.board_shapes import CameraBoard, Tier
from edge.boards import board_names, detect, load_board, load_camera_board, load_tiers

T = TypeVar("T")


@dataclass(frozen=True)
class Voice:
    """How much a command says. as_json: one JSON document on standard output and nothing else there."""

    as_json: bool
    quiet: bool
    verbose: bool

    def say(self, text: str) -> None:
        """A line for people; silent with --json or -q."""
        if not self.as_json and not self.quiet:
            click.echo(text)

    def detail(self, text: str) -> None:
        """A line that only -v shows, on standard error."""
        if self.verbose:
            click.echo(text, err=True)

    def progress(self, items: Sequence[T], label: str) -> Iterator[T]:
        """The items, with a progress bar on a terminal when there are several; silent in a pipe, with --json or -q."""
        if len(items) < 2 or self.quiet or self.as_json or not sys.stderr.isatty():
            yield from items
            return
        with click.progressbar(items, label=label, file=sys.stderr) as bar:
            yield from bar

    def report(self, figures: Any) -> None:
        """The JSON document, when it was asked for."""
        if self.as_json:
            click.echo(json.dumps(figures, indent=2, ensure_ascii=False))


def voiced(function: Callable) -> Callable:
    """Adds --json, -q and -v; the command gets them as one `voice`."""
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
    @click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
    @click.option("-v", "--verbose", is_flag=True, help="Say more.")
    @wraps(function)
    def wrapped(*, as_json: bool, quiet: bool, verbose: bool, **rest: Any) -> Any:
        return function(voice=Voice(as_json, quiet, verbose), **rest)

    return wrapped


BOARD = click.option("--board", metavar="NAME",
                     help="Board to act for (default: MASQUE_BOARD, else this machine's, else desk).")

MODELS_FOLDER = click.option("--models", "models_folder", metavar="DIR", type=click.Path(path_type=Path),
                             help="Folder with seg-TIER.tflite and cards (default: those that ship).")


def board_named(name: str | None) -> str:
    """The named board, else MASQUE_BOARD's, else the detected one. An unknown name is a usage error."""
    name = name or os.environ.get("MASQUE_BOARD") or detect()
    if name not in board_names():
        raise click.BadParameter(f"no board is called {name!r}; known: {', '.join(board_names())}",
                                 param_hint="--board")
    return name


def chosen_board(name: str | None) -> tuple[CameraBoard, Tier]:
    """As board_named, with its tier. A board without a camera is a usage error too."""
    name = board_named(name)
    if not isinstance(load_board(name), CameraBoard):
        raise click.BadParameter(f"{name} solves tiles for another board; name the one with the camera",
                                 param_hint="--board")
    board = load_camera_board(name)
    return board, load_tiers()[board.tier.value]
