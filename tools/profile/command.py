"""`masque profile`: where time, memory and energy go on this board, what moved since, does it hold its budget?"""
from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.boards import load_board
from edge.cli.options import BOARD, MODELS_FOLDER, Voice, board_named, voiced
from edge.errors import OutputError

if TYPE_CHECKING:
    from edge.board_shapes import Board, CameraBoard
    from edge.machine import Clockwork

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(short_help="Say where time, memory and energy go; compare with before; hold the budget.")
@click.option("--source", default="demo", show_default=True, help="Where frames come from, as for masque live.")
@click.option("--out", default="null", show_default=True, help="Where they go, as for masque live.")
@click.option("--frames", type=click.IntRange(20), default=300, show_default=True, help="Frames that are counted.")
@click.option("--quality", type=click.Choice(["fast", "fine"]), help="fine: matting on keyframes  [the board's]")
@click.option("--starts", type=click.IntRange(0), default=3, show_default=True,
              help="Warm starts in fresh processes, after a cold one; 0: none.")
@click.option("--operators/--no-operators", default=True, show_default=True,
              help="Time every operator of the board's models, and what the machine can do at most.")
@click.option("--still", is_flag=True, help="Time photographs of 1200×1600 too, fast and fine.")
@click.option("--html", "page", metavar="FILE", type=FILE, help="Also write one page with plots, nothing else needed.")
@click.option("--from", "given", metavar="JSON", multiple=True, type=FILE,
              help="A report that exists, in place of measuring; several, when they were made in turns.")
@click.option("--against", "old", metavar="JSON", multiple=True, type=FILE,
              help="Say what moved since that report beyond noise; several, as many as --from.")
@click.option("--gate", is_flag=True, help="Exit 1 when the board's budget is not held.")
@BOARD
@MODELS_FOLDER
@voiced
def command(page: Path | None, given: tuple[Path, ...], old: tuple[Path, ...], gate: bool, board: str | None,
            voice: Voice, **options: Any) -> None:
    """Profile this board end to end, from the start to every stage of a frame.

    \b
    masque profile --json > before.json
    masque profile --against before.json --gate --html profile.html
    masque profile --board msp430fr2433            (the firmware in its simulator, in cycles)

    On a machine that does other work, measure in turns and compare what was measured: --from new1.json --from new2.json
    --against old1.json --against old2.json.
    """
    from tools.profile.compare import check_same, compared
    from tools.profile.report import over_budget, read_report, whole_peak_rss_mb
    from tools.profile.table import in_words

    if len(given) > 1 and not old:
        raise click.UsageError(f"{len(given)} times --from without --against: several are compared with as many others")
    _check_page(page)
    before, reports = [read_report(path) for path in old], [read_report(path) for path in given]
    if not given:
        asked, settings = Asked(**options), load_board(board_named(board))
        thing = asked.thing(settings)
        if before:
            check_same(before, [thing])  # at the door: what is asked for takes a minute
        reports = [thing | _measured(settings, asked, voice)]
    report = reports[0]
    if before:
        report["comparison"] = compared(before, reports)
    over = over_budget(report)
    report["over_budget"] = over
    if not given:
        report["peak_rss_mb"] = whole_peak_rss_mb()
    if page:
        _write(page, report)
    voice.say(in_words(report))
    voice.report(report)
    for line in over if gate else ():
        click.echo(f"masque: {line}", err=True)
    if gate and over:
        click.get_current_context().exit(1)


@dataclass(frozen=True)
class Asked:
    """What the command line asks to have measured."""

    source: str
    out: str
    frames: int
    quality: str | None
    starts: int
    operators: bool
    still: bool
    models_folder: Path | None

    def thing(self, board: Board) -> dict[str, Any]:
        """How a report begins: what is measured, where, with what."""
        from edge.board_shapes import SolverBoard
        from edge.cli.live import with_live_matting
        from tools.profile.report import SCHEMA, conditions

        if isinstance(board, SolverBoard):
            return {"schema": SCHEMA, "kind": "solver", "board": board.name, "source": "simulator",
                    "conditions": conditions(board)}
        matting = with_live_matting(board, self.quality).matting.live.value
        return {"schema": SCHEMA, "kind": "camera", "board": board.name, "tier": board.tier.value,
                "quality": "fine" if matting == "keyframes" else "fast", "source": self.source, "sink": self.out,
                "conditions": conditions(board, board.network.threads.value)}


def _measured(board: Board, asked: Asked, voice: Voice) -> dict[str, Any]:
    """The rest of it, from this machine or from the chip in its simulator."""
    from edge.board_shapes import SolverBoard

    if not isinstance(board, SolverBoard):
        return _camera(board, asked, voice)
    from tools.profile.chip import chip_figures  # not in the live path's memory

    return chip_figures(board)


def _camera(board: CameraBoard, asked: Asked, voice: Voice) -> dict[str, Any]:
    from edge.cli.live import with_live_matting
    from edge.machine import clockwork
    from tools.profile.report import arenas, live_figures
    from tools.profile.run import live_run, wish_for
    from tools.profile.starts import starts

    board, before, tier = with_live_matting(board, asked.quality), clockwork(), board.tier.value
    voice.detail(f"{asked.frames} frames …")
    figures = live_figures(board, live_run(asked.source, wish_for(board, asked.out, asked.models_folder),
                                           asked.frames))
    figures["memory"]["arena_bytes"] = arenas(tier, asked.models_folder)
    voice.detail("starts in fresh processes …")
    start = starts(board.name, tier, asked.source, asked.models_folder, asked.starts) if asked.starts else None
    voice.detail("what else was asked for …")
    if asked.operators:
        from tools.profile.network import measured_network

        network = measured_network(tier, asked.models_folder)
        figures |= {"models": network["models"], "ceiling": network["ceiling"]}
        figures["fallbacks"] += [network["why"]] if network["why"] else []
    if asked.still:
        from tools.profile.photographs import still_figures

        photographs = still_figures(board, asked.models_folder)
        figures["still"], figures["budget"] = photographs["still"], figures["budget"] | photographs["budget"]
    figures["fallbacks"] += busy(before)
    figures["machine"] |= {"before": before.figures(), "after": clockwork().figures()}
    return {"start": start, "time_to_first_mask_ms": _first_mask(start), **figures}


def busy(before: Clockwork) -> list[str]:
    """A line where others worked on the machine when the profile began."""
    cores = os.cpu_count() or 1
    return [f"the machine was busy: load {before.load} on {cores} cores before the profile began; the clock on the "
            f"wall measured others too, processor time less so"] if before.load > cores else []


def _first_mask(start: dict[str, Any] | None) -> dict[str, float | None]:
    """From the process's beginning; cold is null where the start was not really cold."""
    if start is None:
        return {"cold": None, "warm": None}
    cold = start["cold"]
    return {"cold": cold["ms"]["total"] if cold["cold"] else None, "warm": start["warm"]["ms"]["total"]}


def _check_page(page: Path | None) -> None:
    """Raises OutputError before anything is measured for a page that has no folder to lie in."""
    if page and not page.parent.is_dir():
        raise OutputError(f"{page}: there is no folder {page.parent}; make it first or choose another --html")


def _write(page: Path, report: dict[str, Any]) -> None:
    from tools.profile.page import page_of

    try:
        page.write_text(page_of(report), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{page}: cannot be written to ({error.strerror}); choose another --html") from error
