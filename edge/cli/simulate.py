"""`masque simulate`: the firmware that would be flashed, in a simulator, as a serial port on this machine."""
from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.cli.options import Voice, voiced
from edge.errors import BridgeError, OutputError
from edge.report import peak_rss_mb

if TYPE_CHECKING:
    from edge.bridge.surroundings import Pins, SimulatedBoard

FIRMWARE = Path(__file__).parents[2] / "firmware" / "msp430fr2433" / "build"

FLASHED, SIMULATED = "masque.elf", "masque-sim.elf"

SHOWN = 40
"""Differing bytes that -v lists."""

BOARDS = ("msp430fr2433", "pico")

Answered = Callable[[int, str, float], None]
"""Called with each request that was answered: its kind, "cycles" or "ms", and how many."""


@click.command()
@click.argument("board", type=click.Choice(BOARDS))
@click.option("--image", metavar="ELF", type=click.Path(path_type=Path),
              help="An image of msp430fr2433, linked for the simulator (default: what make -C firmware/msp430fr2433 "
                   "built).")
@click.option("--link", metavar="PATH", type=click.Path(path_type=Path), help="Also offer the port under this name.")
@voiced
def command(board: str, image: Path | None, link: Path | None, voice: Voice) -> None:
    """Run the real firmware of BOARD in a simulator and offer it as a serial port.

    \b
    msp430fr2433: the image in mspdebug, instruction by instruction; costs in the simulator's cycles.
    pico: firmware/micropython in MicroPython as WebAssembly; costs in ms of this machine.
    The first line is the port's path; then a line for each request, with what it cost. Ends with Ctrl-C.
    On standard input: press 0|1, release 0|1 (buttons), hear SOUND.wav (microphone).
    """
    if image is not None and board != "msp430fr2433":
        raise click.UsageError(f"{board} has no image: its firmware is the files of firmware/micropython")
    requests: list[dict[str, Any]] = []

    def answered(kind: int, unit: str, cost: float) -> None:
        requests.append({"request": _name(kind), unit: cost})
        said = f"{cost:>9,} simulator cycles" if unit == "cycles" else f"{cost:>9.1f} ms in MicroPython on this machine"
        voice.say(f"{_name(kind):10} {said}")

    simulator = _started(board, image, answered)
    offered = False
    try:
        offered = _offered(link, simulator.path)
        if not voice.as_json:
            click.echo(simulator.path)  # with -q too: without it nobody could open the port
        if board == "msp430fr2433" and image is None:
            _differences(voice)
        threading.Thread(target=_obey, args=(simulator.pins,), daemon=True).start()
        while True:
            simulator.turn()
    finally:
        simulator.close()
        if link is not None and offered:
            link.unlink(missing_ok=True)
        voice.report({"board": board, "port": simulator.path, "requests": requests, "peak_rss_mb": peak_rss_mb()})


def _started(board: str, image: Path | None, answered: Answered) -> SimulatedBoard:
    """The board's firmware, before its first instruction."""
    if board == "pico":
        from edge.bridge.pico import PicoSimulator

        return PicoSimulator(lambda request: answered(request.kind, "ms", round(request.ms, 2)))
    from edge.bridge.simulator import Simulator

    return Simulator(image or FIRMWARE / SIMULATED, lambda request: answered(request.kind, "cycles", request.cycles))


def _name(kind: int) -> str:
    from edge.bridge.words import Kind

    return Kind(kind).name.lower() if kind in list(Kind) else f"{kind:#04x}"


def _offered(link: Path | None, path: str) -> bool:
    """Makes a symbolic link to the port, if one is wanted. Raises OutputError where something else than an old link is
    in the way."""
    if link is None:
        return False
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(path)
    except OSError as error:
        raise OutputError(f"{link}: {error.strerror}; --link needs a free name in a folder that can be written "
                          f"to") from error
    return True


def _differences(voice: Voice) -> None:
    """What the simulator's image has otherwise than the chip's: the addresses of the multiplier, and so its mark's
    CRC."""
    from edge.bridge.elf import differing

    places = differing(FIRMWARE / FLASHED, FIRMWARE / SIMULATED)
    voice.detail(f"{len(places)} bytes differ from {FLASHED}: the multiplier is at 0130h here, at 04C0h on the chip, "
                 f"and the mark's CRC covers that")
    for address, chip, here in places[:SHOWN]:
        voice.detail(f"  {address:#06x}: {_shown(chip)} on the chip, {_shown(here)} here")
    if len(places) > SHOWN:
        voice.detail(f"  and {len(places) - SHOWN} more of the same kind")


def _shown(byte: int | None) -> str:
    return "nothing" if byte is None else f"{byte:02x}"


def _obey(pins: Pins) -> None:
    """Does what standard input says, line by line, until it ends."""
    for line in sys.stdin:
        try:
            obey(pins, line)
        except (BridgeError, ValueError) as error:
            click.echo(f"masque: {error}", err=True)


def obey(pins: Pins, line: str) -> None:
    """press N, release N, hear FILE. Raises ValueError for anything else, BridgeError for a file that is no sound."""
    from edge.bridge.sounds import read_sound

    verb, _, rest = line.strip().partition(" ")
    if verb in ("press", "release") and rest in ("0", "1"):
        bit = 1 << int(rest)
        pins.buttons = pins.buttons | bit if verb == "press" else pins.buttons & ~bit
    elif verb == "hear" and rest:
        pins.samples.extend(int(sample) for sample in read_sound(Path(rest)))
    elif verb:
        raise ValueError(f"{line.strip()!r}: say press 0|1, release 0|1 or hear FILE.wav")
