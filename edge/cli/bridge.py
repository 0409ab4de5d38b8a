"""`masque bridge`: talks to a microcontroller with our firmware, over any serial port or URL of pyserial."""
from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.boards import load_solver_board
from edge.cli.options import BOARD, Voice, voiced
from edge.errors import BoardError, BridgeError
from edge.report import peak_rss_mb

if TYPE_CHECKING:
    from edge.board_shapes import SolverBoard
    from edge.bridge.device import Device
    from edge.bridge.points import Tables
    from edge.bridge.still import Solved
    from edge.bridge.words import Event

DEFAULT = "msp430fr2433"
"""The board whose speed of the line is tried when none is named; what the device then says that it is, counts."""

PINGS = 20

POLL_S = 0.02
"""Between two questions for events: a press is seen within a frame of a camera."""

SAID = {True: "ok      ", False: "FAILED  ", None: "-       "}

LEVEL = 100
"""How loud a sound has to be (of 511) to be listened to, unless said otherwise."""


@click.command()
@click.argument("action", type=click.Choice(["ping", "info", "solve", "classify", "monitor", "self-test"]))
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--port", "url", default="auto", show_default=True, metavar="URL",
              help="A device, a URL of pyserial, serial:NUMBER (of a USB device), or auto.")
@click.option("--baud", type=click.IntRange(1200, 4_000_000), help="Speed of the line (default: the board file's).")
@click.option("--lines", "levels", type=click.Choice(["direct", "inverted", "none"]), default="none", show_default=True,
              help="How DTR and RTS of the cable lead to the chip's RST and TEST, as for masque flash: without it an "
                   "opened port would hold such a chip in reset.")
@click.option("--trimap", metavar="FILE", type=click.Path(path_type=Path), help="solve: the photograph's trimap.")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="solve: write STEM.alpha.png there.")
@click.option("--unknowns", type=click.IntRange(1, 4_000), default=480, show_default=True,
              help="solve: shrink the photograph until so many pixels are unknown.")
@click.option("--passes", type=click.IntRange(1, 50), default=3, show_default=True, help="solve: over all tiles.")
@click.option("--level", type=click.IntRange(0, 511), help="monitor, classify: how loud a sound has to be; monitor "
              f"listens only with it  [classify: {LEVEL}]")
@click.option("--lamps", type=click.IntRange(0, 3), help="monitor: lamps to light first, 0 to 3.")
@click.option("--countdown", type=click.IntRange(1, 60), metavar="N", help="monitor: count down from N first.")
@click.option("--without", multiple=True, type=click.Choice(["microphone", "buttons", "lamps"]),
              help="self-test: what the board does not have.")
@click.option("--events", "most", type=click.IntRange(1), metavar="N", help="monitor: end after N events.")
@click.option("--seconds", type=click.FloatRange(0), help="monitor, classify: end after so long.")
@BOARD
@voiced
def command(action: str, file: Path | None, url: str, board: str | None, voice: Voice, **options: Any) -> None:
    """Talk to a microcontroller.

    \b
    ping                 is it there, and how quick?
    info                 what it is and holds; is it what the board file says?
    solve [PHOTO]        solve a photograph's unknown band there (default: the shipped portrait)
    classify [SOUND.wav] what it hears in a sound (default: in what its microphone hears next)
    monitor              buttons, countdowns and sounds as they happen, until Ctrl-C
    self-test [ELF]      let it test its memory, arithmetic and pins; ELF: the image that it was flashed with
    """
    from edge.bridge.device import Device
    from edge.bridge.link import Link
    from edge.bridge.ports import found, open_lines, open_wire

    if file is not None and action not in ("solve", "classify", "self-test"):
        raise click.UsageError(f"{action} takes no file")
    settings, port = _solver_board(board or DEFAULT), found(url)
    (voice.detail if port.device == url else voice.say)(f"port      {port.device} ({port.why})")
    baud = options["baud"] or settings.wire.baud.value
    levels = options["levels"]
    link = Link(lambda: open_wire(url, baud) if levels == "none" else open_lines(url, baud, levels))
    try:
        device = Device(link)
        settings = settings if board else load_solver_board(device.board_name(DEFAULT))
        figures = ACTIONS[action](device, settings, file, voice, options)
        counters = asdict(link.counters)
    finally:
        link.close()
    voice.detail(", ".join(f"{name} {count}" for name, count in counters.items()))
    voice.report({"action": action, "port": port.device, "why": port.why, "board": settings.name, **figures,
                  "wire": counters, "peak_rss_mb": peak_rss_mb()})
    if figures.get("failed"):
        raise BridgeError(f"the board's self-test failed: {', '.join(figures['failed'])}")


def _solver_board(name: str) -> SolverBoard:
    try:
        return load_solver_board(name)
    except BoardError as error:
        raise click.BadParameter(str(error), param_hint="--board") from error


def _ping(device: Device, _: SolverBoard, __: Path | None, voice: Voice, ___: dict[str, Any]) -> dict[str, Any]:
    times_ms = []
    for _turn in range(PINGS):
        began = time.perf_counter()
        device.ping()
        times_ms.append((time.perf_counter() - began) * 1000)
    ms = {"least": round(min(times_ms), 2), "median": round(statistics.median(times_ms), 2),
          "most": round(max(times_ms), 2)}
    voice.say(f"{PINGS} of {PINGS} answered, {ms['median']:.1f} ms in the median "
              f"({ms['least']:.1f} to {ms['most']:.1f})")
    return {"pings": PINGS, "ms": ms}


def _info(device: Device, board: SolverBoard, _: Path | None, voice: Voice, __: dict[str, Any]) -> dict[str, Any]:
    from edge.bridge.words import Chip

    hello = device.hello
    device.check(board)
    chip = Chip(hello.chip).name.lower()
    voice.say(f"chip      {chip}, words of version {hello.version}")
    voice.say(f"holds     tiles of {hello.unknowns} unknowns with {hello.slots} neighbours, {hello.columns} columns, "
              f"{hello.prototypes} prototypes (tables {hello.tables:#06x})")
    voice.say(f"wire      {hello.damaged} damaged frames since its start")
    voice.say(f"board     as {board.name}.toml says")
    return {**asdict(hello), "chip": chip}


def _solve(device: Device, board: SolverBoard, file: Path | None, voice: Voice,
           options: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    from edge.bridge.solver import BridgeSolver
    from edge.bridge.still import solve_photograph
    from edge.photograph import output_folder, write_together

    photograph, pixels, trimap = _pictures(file, options["trimap"])
    solver = BridgeSolver(device, board, options["passes"])
    solved = solve_photograph(pixels, trimap, solver, options["unknowns"])
    away = np.abs(solved.there.alpha - solved.here.alpha) * 255
    figures = {"image": str(photograph), "unknowns": solved.unknowns, "working_size": list(solved.working_size),
               "residual": solved.there.residual, "from_this_machine": {"mean": round(float(away.mean()), 3),
                                                                        "worst": round(float(away.max()), 3)},
               **asdict(solver.figures)}
    _tell(solved, figures, voice)
    if options["out"]:
        output_folder(options["out"])
        write_together({options["out"] / f"{photograph.stem}.alpha.png": solved.alpha})
    return figures


def _pictures(file: Path | None, given: Path | None) -> tuple[Path, Any, Any]:
    """(path, pixels, trimap) of the photograph, or of the one that ships."""
    import edge.demo
    from edge.matting.trimap import checked_trimap
    from edge.photograph import read_grey, read_photograph

    if (file is None) != (given is None):
        raise click.UsageError("solve needs a photograph and its --trimap, or neither")
    shipped = Path(edge.demo.__file__).parent
    photograph, drawn = file or shipped / "portrait.jpg", given or shipped / "portrait.trimap.png"
    pixels = read_photograph(photograph).pixels
    return photograph, pixels, checked_trimap(read_grey(drawn), pixels.shape[:2], str(drawn))


def _tell(solved: Solved, figures: dict[str, Any], voice: Voice) -> None:
    width, height = solved.working_size
    voice.say(f"{figures['unknowns']} unknowns at {width}×{height}, {figures['tiles']} tiles in {figures['passes']} "
              f"passes: {figures['sweep_ms']:.0f} ms of sweeps, {figures['wire_ms']:.0f} ms on the wire")
    away = figures["from_this_machine"]
    voice.say(f"from this machine's own solution: {away['mean']:.2f}/255 in the mean, {away['worst']:.1f}/255 at worst")
    for fallback in figures["fallbacks"]:
        voice.say(f"fallback  {fallback}")


def _classify(device: Device, _: SolverBoard, file: Path | None, voice: Voice,
              options: dict[str, Any]) -> dict[str, Any]:
    from edge.bridge.sounds import from_first_loud, read_sound
    from edge.bridge.words import What

    level = LEVEL if options["level"] is None else options["level"]
    if file is not None:
        verdict = device.classify(from_first_loud(read_sound(file), level))
        label, distance = verdict.label, verdict.distance
    else:
        device.listen(level)
        voice.say("listening")
        heard = (event for event in _events(device, options["seconds"]) if event.what == What.TRIGGER)
        found = next(heard, None)
        label, distance = (found.which, found.distance) if found else (0, 0)
        device.listen(0)
    voice.say(f"class {label}, {distance} from its nearest prototype" if label else "no class")
    return {"class": label, "distance": distance}


def _monitor(device: Device, _: SolverBoard, __: Path | None, voice: Voice,
             options: dict[str, Any]) -> dict[str, Any]:
    if options["lamps"] is not None:
        device.lamps(options["lamps"])
    if options["countdown"] is not None:
        device.countdown(options["countdown"])
    if options["level"] is not None:
        device.listen(options["level"])
    told = []
    for event in _events(device, options["seconds"]):
        told.append({"what": _name(event), "which": event.which, "distance": event.distance, "ms": event.ms,
                     "lost": event.lost})
        voice.say(f"{event.ms / 1000:7.3f} s  {_name(event):8} {event.which}"
                  + (f"  distance {event.distance}" if event.distance else "")
                  + (f"  ({event.lost} before it were lost)" if event.lost else ""))
        if len(told) == options["most"]:
            break
    return {"events": told}


def _self_test(device: Device, board: SolverBoard, file: Path | None, voice: Voice,
               options: dict[str, Any]) -> dict[str, Any]:
    from edge.bridge.self_test import judged
    from edge.bridge.words import Chip

    device.check(board)
    seed = random.randrange(1, 65536)
    told = device.self_test(seed)
    whole = board.chip.ram_bytes.value if device.hello.chip == Chip.MSP430FR2433 else None
    findings = [finding for finding in judged(told, seed, _tables(file), whole)
                if finding.name not in options["without"]]
    for finding in findings:
        voice.say(f"{SAID[finding.good]}  {finding.name:10} {finding.said}")
    failed = [finding.name for finding in findings if finding.good is False]
    return {"seed": seed, "findings": [asdict(finding) for finding in findings], "failed": failed,
            "device": asdict(told)}


def _tables(image: Path | None) -> Tables | None:
    """The projection tables at the start of an image; None without an image."""
    from edge.bridge.elf import loaded
    from edge.bridge.points import TABLES_BYTES, Tables

    if image is None:
        return None
    memory = loaded(image)
    start = min(memory)
    try:
        return Tables.unpacked(bytes(memory.get(start + i, 0xFF) for i in range(TABLES_BYTES)))
    except ValueError as error:
        raise BridgeError(f"{image}: {error}") from error


def _events(device: Device, seconds: float | None) -> Iterator[Event]:
    end = None if seconds is None else time.monotonic() + seconds
    while end is None or time.monotonic() < end:
        event = device.next_event()
        if event is None:
            time.sleep(POLL_S)
        else:
            yield event


def _name(event: Event) -> str:
    from edge.bridge.words import What

    return What(event.what).name.lower() if event.what in list(What) else f"event {event.what}"


ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "ping": _ping, "info": _info, "solve": _solve, "classify": _classify, "monitor": _monitor, "self-test": _self_test,
}
"""Action → what it does: (device, board, file, voice, options) → figures for the report."""
