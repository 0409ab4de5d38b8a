"""`masque boards`: what boards there are, what one of them is set to, and whether every file is sound."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from edge.board_shapes import CameraBoard
from edge.boards import board_names, check_boards, detect, load_board
from edge.card import MODELS
from edge.cli.options import BOARD, MODELS_FOLDER, Voice, voiced
from edge.cli.simulate import FIRMWARE
from edge.fit import misfits
from edge.report import peak_rss_mb


@click.command()
@click.argument("name", required=False)
@click.option("--check", is_flag=True, help="Check every board file, and whether its models and its built image fit; "
              "exit 1 when one does not.")
@BOARD
@MODELS_FOLDER
@voiced
def command(name: str | None, check: bool, board: str | None, models_folder: Path | None, voice: Voice) -> None:
    """List boards, or show one NAME with the unit and source of every figure; --check with NAME checks that one."""
    name = name or board
    if name is not None and name not in board_names():
        raise click.BadParameter(f"no board is called {name!r}; known: {', '.join(board_names())}", param_hint="NAME")
    if check:
        _check(name, models_folder or MODELS, voice)
    elif name is None:
        _list(voice)
    else:
        shown = msgspec.to_builtins(load_board(name))
        _show(shown, voice)
        voice.report({"board": shown, "peak_rss_mb": peak_rss_mb()})


def _check(name: str | None, models: Path, voice: Voice) -> None:
    """All files, or one board's and the tiers that it rests on; then whether models and image fit."""
    about = (f"/{name}.toml", "/tiers.toml")
    problems = [line for line in check_boards() if name is None or any(file in line for file in about)]
    names = board_names() if name is None else (name,)
    problems += [] if problems else misfits(names, models, FIRMWARE)
    for problem in problems:
        click.echo(f"masque: {problem}", err=True)
    voice.say(f"{len(names)} board{'s' if len(names) > 1 else ''}, {len(problems)} problem{'s' * (len(problems) != 1)}")
    voice.report({"boards": list(names), "problems": problems, "peak_rss_mb": peak_rss_mb()})
    if problems:
        click.get_current_context().exit(1)


def _list(voice: Voice) -> None:
    here = detect()
    rows = []
    for name in board_names():
        board = load_board(name)
        tier = board.tier.value if isinstance(board, CameraBoard) else None
        rows.append({"name": name, "title": board.title, "kind": board.kind, "tier": tier, "here": name == here})
        voice.say(f"{'→' if name == here else ' '} {name:16} {tier or board.kind:7} {board.title}")
    voice.say(f"→ this machine runs as {here}; another one with --board NAME")
    voice.report({"boards": rows, "detected": here, "peak_rss_mb": peak_rss_mb()})


def _show(board: dict[str, Any], voice: Voice) -> None:
    voice.say(f"{board['name']}: {board['title']} ({board['kind']})")
    for key, setting in _settings(board):
        voice.say(f"  {key:26} {setting['value']!s:>10} {setting.get('unit', ''):24} {setting['source']}")


def _settings(table: dict[str, Any], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every setting of a board with its dotted key, in the order of the file."""
    found: list[tuple[str, dict[str, Any]]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            dotted = f"{prefix}{key}"
            found += [(dotted, value)] if "source" in value else _settings(value, f"{dotted}.")
    return found
