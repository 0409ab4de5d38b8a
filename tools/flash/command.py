"""`masque flash`: programs a board, reads back what it wrote, and lets the board test itself."""
from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli.options import Voice, voiced
from edge.errors import FlashError, MasqueError
from edge.report import peak_rss_mb

if TYPE_CHECKING:
    from tools.flash.job import Job, Outcome
    from tools.flash.many import Next
    from tools.flash.steps import Brake

BOARDS = ("msp430fr2433", "pico")

RULES = Path(__file__).with_name("60-masque.rules")

TESTS = ("ram", "program", "tables", "tile", "projection", "microphone", "buttons", "lamps")


@click.command(short_help="Program a microcontroller, read it back, and let it test itself.")
@click.argument("board", type=click.Choice(BOARDS))
@click.option("--through", type=click.Choice(["mspdebug", "bootloader"]),
              help="msp430fr2433: the way to the chip  [bootloader with --port, else mspdebug]")
@click.option("--port", "url", metavar="URL", help="The board's port: a device, serial:NUMBER, or auto.")
@click.option("--image", metavar="PATH", type=click.Path(path_type=Path),
              help="What to write: an ELF file, or for the Pico a folder  [what this checkout or wheel has]")
@click.option("--erase", is_flag=True, help="Erase the whole chip first. All of its program and information memory is "
              "lost.")
@click.option("--old-image", "old", metavar="ELF", multiple=True, type=click.Path(path_type=Path),
              help="An image that the board may run now: its vectors are the bootloader's password.")
@click.option("--lines", "levels", type=click.Choice(["direct", "inverted", "none"]), default="direct",
              show_default=True,
              help="How DTR and RTS lead to RST and TEST; none: the chip is in its bootloader already.")
@click.option("--baud", type=click.Choice(["9600", "115200"]), default="115200", show_default=True,
              help="Rate to ask the bootloader for.")
@click.option("--driver", default="tilib", show_default=True, help="mspdebug: what drives the probe.")
@click.option("--without", multiple=True, type=click.Choice([*TESTS, "all"]),
              help="Leave a test out of the self-test: microphone, where there is none.")
@click.option("--dry-run", is_flag=True, help="Look at the image and the board, and say what would be done.")
@click.option("--serial-log", metavar="CSV", type=click.Path(path_type=Path),
              help="Many boards in a row, a line each: the next one is flashed when it is plugged in or, with --port, "
                   "when its number is typed. Ends with Ctrl-C.")
@click.option("--count", type=click.IntRange(1), help="With --serial-log: end after so many boards.")
@click.option("--udev-rules", is_flag=True, is_eager=True, expose_value=False,
              callback=lambda context, _, wanted: _print_rules(context, wanted),
              help="Print udev rules for these boards, for /etc/udev/rules.d/60-masque.rules, and end.")
@voiced
def command(board: str, voice: Voice, **options: Any) -> None:
    """Program BOARD, read every byte back, start it, and let it test itself.

    \b
    msp430fr2433  through a debug probe with mspdebug (the LaunchPad's own), or with --port through the bootloader in
                  the chip's ROM, over a serial cable: TXD to P1.5, RXD to P1.4, DTR to RST, RTS to TEST.
    pico          through mpremote; MicroPython has to be on it.
    A wrong password makes the chip's bootloader erase everything. So none is sent unless the board says that it runs an
    image that is known here, or --erase was given.
    """
    job = _job(board, voice, options)
    if options["dry_run"]:
        voice.report({**_plan(job, voice), "dry_run": True, "peak_rss_mb": peak_rss_mb()})
    elif options["serial_log"] is not None:
        _row(job, options["serial_log"], options["count"], voice)
    else:
        _one(job, voice)


def _print_rules(context: click.Context, wanted: bool) -> None:
    if wanted:
        click.echo(RULES.read_text(encoding="ascii"), nl=False)
        context.exit()


def _job(board: str, voice: Voice, options: dict[str, Any]) -> Job:
    """What the options ask for. Raises click.UsageError for what does not go together, FlashError for an image that
    must not be flashed."""
    from edge.boards import load_solver_board
    from tools.flash.by_mpremote import read_program
    from tools.flash.image import read_image
    from tools.flash.images import image_for
    from tools.flash.job import Job
    from tools.flash.keys import EraseAsked

    if board == "pico" and (options["erase"] or options["through"] or options["old"]):
        raise click.UsageError("--erase, --through and --old-image are for msp430fr2433: on a Pico files are replaced")
    if options["count"] and options["serial_log"] is None:
        raise click.UsageError("--count goes with --serial-log")
    way = "mpremote" if board == "pico" else options["through"] or ("bootloader" if options["url"] else "mspdebug")
    if way == "bootloader" and not options["url"]:
        raise click.UsageError("--through bootloader needs --port")
    settings, file = load_solver_board(board), options["image"] or image_for(board)
    content = read_program(file, settings) if board == "pico" else read_image(file, settings)
    without = None if "all" in options["without"] else frozenset(options["without"])
    erase = None
    if options["erase"]:
        lost = f"all {settings.chip.program_bytes.value:,} B of program and 512 B of information memory of the {board}"
        erase = EraseAsked(lost)
        click.echo(f"masque: --erase: {lost} will be lost", err=True)
    return Job(settings, way, content, file, options["url"], erase,
               tuple(read_image(path, settings) for path in options["old"]), options["levels"], int(options["baud"]),
               options["driver"], without)


def _plan(job: Job, voice: Voice) -> dict[str, Any]:
    """Says what would be done; asks the board what it runs where the bootloader would want its password."""
    from edge.bridge.ports import found, open_lines
    from tools.flash.by_mpremote import Remote
    from tools.flash.by_mspdebug import Probe
    from tools.flash.conversation import OnLines, asked
    from tools.flash.job import candidates
    from tools.flash.keys import key_of_running

    plan: dict[str, Any] = {"board": job.board.name, "through": job.way, "image": str(job.file),
                            "sha256": job.content.sha256, "erase": job.erase is not None}
    voice.say(f"image     {job.file}, SHA-256 {job.content.sha256[:16]}")
    voice.say(f"through   {job.way}" + (f" at {job.url}" if job.url else ""))
    if job.way == "bootloader" and job.erase is None:
        lines = open_lines(found(job.url or "auto").device, job.board.wire.baud.value, job.levels)
        try:
            key = key_of_running(asked(lambda: OnLines(lines)), candidates(job))
        finally:
            lines.close()
        plan["password"] = key.why if key else "not known"
        voice.say(f"password  {plan['password']}" + ("" if key else ": without --erase nothing would be sent"))
    elif job.way == "mspdebug":
        Probe(job.driver)
    elif job.way == "mpremote":
        Remote(found(job.url or "auto").device)
    voice.say("dry run   nothing was changed")
    return plan


def _one(job: Job, voice: Voice) -> None:
    from tools.flash.steps import brake

    began = time.monotonic()
    with brake() as held:
        outcome = _flashed(job, voice, held)
    _tell(job, outcome, voice)
    voice.report({"board": job.board.name, "through": job.way, "image": str(job.file), "sha256": job.content.sha256,
                  "seconds": round(time.monotonic() - began, 2), **outcome.figures(), "peak_rss_mb": peak_rss_mb()})
    if outcome.failed:
        raise FlashError(f"{job.board.name}: written and read back, but its self-test failed: "
                         f"{', '.join(outcome.failed)}")


def _flashed(job: Job, voice: Voice, held: Brake) -> Outcome:
    """Flashes, with its steps on a terminal. An interruption says what is on the board, then ends the command."""
    from tools.flash.job import flash
    from tools.flash.steps import Interrupted

    shown = sys.stderr.isatty() and not voice.as_json and not voice.quiet

    def told(step: str, done: int, total: int) -> None:
        if shown:
            click.echo(f"\r\x1b[K{step}: {done:,} of {total:,}", err=True, nl=False)

    try:
        return flash(job, told, held)
    except Interrupted as error:
        click.echo(f"masque: {error}", err=True)
        raise KeyboardInterrupt from error
    finally:
        if shown:
            click.echo("\r\x1b[K", err=True, nl=False)


def _tell(job: Job, outcome: Outcome, voice: Voice) -> None:
    written = outcome.written
    voice.say(f"verified  {written.bytes:,} B read back from the {job.board.name}, written in {written.write_s:.1f} s, "
              f"read in {written.verify_s:.1f} s" + (f", {written.resent} packets again" if written.resent else ""))
    voice.detail(f"die {written.die}, {written.baud:,} Bd" if written.baud else f"die {written.die}")
    for finding in outcome.findings:
        said = {True: "ok      ", False: "FAILED  ", None: "-       "}[finding.good]
        voice.say(f"{said}  {finding.name:10} {finding.said}")
    for note in outcome.notes:
        voice.say(f"fallback  {note}")


def _row(job: Job, log: Path, count: int | None, voice: Voice) -> None:
    """Board after board until Ctrl-C, the end of the input, or the last one that was wanted."""
    from tools.flash.serial_log import begin
    from tools.flash.steps import brake

    begin(log)
    results: list[dict[str, Any]] = []
    with suppress(KeyboardInterrupt):  # between two boards; while one is flashed the brake keeps it
        for board in _boards(job, voice):
            with brake() as held:
                results.append(_logged(job, board, log, voice, held))
            if held.pulled or len(results) == count:
                break
    good = sum(result["result"] == "ok" for result in results)
    voice.say(f"{len(results)} boards, {good} good, {len(results) - good} failed: {log}")
    voice.report({"boards": results, "log": str(log), "peak_rss_mb": peak_rss_mb()})
    if good < len(results):
        click.get_current_context().exit(1)


def _boards(job: Job, voice: Voice) -> Iterator[Next]:
    from tools.flash.many import called_in, plugged_in, vendors

    typed = job.url not in (None, "auto")
    voice.say("type or scan the next board's number, Enter; Ctrl-C ends" if typed else "plug in a board; Ctrl-C ends")
    yield from called_in(job.url, sys.stdin) if typed else plugged_in(vendors(job.board.name, job.way))


def _logged(job: Job, board: Next, log: Path, voice: Voice, held: Brake) -> dict[str, Any]:
    """Flashes a board and writes its line; a board that fails ends nothing."""
    from dataclasses import asdict

    from tools.flash.serial_log import Row, append, now
    from tools.flash.steps import StepError

    began, step, said, die, port, tested = time.monotonic(), "", "", "", board.url or "", "not asked"
    try:
        outcome = _flashed(replace(job, url=board.url), voice, held)
        die, port = outcome.written.die, outcome.port
        tested = ", ".join(outcome.failed) or ("ok" if outcome.findings else tested)
        if outcome.failed:
            step, said = "self-test", "; ".join(test.said for test in outcome.findings if test.good is False)
    except KeyboardInterrupt as stop:
        step, said = "stopped", str(stop.__cause__ or "in the middle of a packet")
    except (MasqueError, OSError) as error:
        step = error.step if isinstance(error, StepError) else "start"
        said = str(error).removeprefix(f"{step}: ")
    row = Row(now(), job.board.name, board.serial, die, port, job.content.sha256, "failed" if step else "ok", step,
              round(time.monotonic() - began, 2), tested, said)
    append(log, row)
    voice.say(click.style(f"FAILED  {board.serial}: {step}: {said}", fg="red") if step else
              click.style(f"ok      {board.serial}", fg="green") + f" in {row.seconds:.1f} s")
    return asdict(row)
