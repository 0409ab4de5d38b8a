"""`masque kiosk`: the photo booth, until Ctrl-C or SIGTERM."""
from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.cli.options import BOARD, MODELS_FOLDER, Voice, chosen_board, voiced
from edge.errors import OutputError
from edge.report import peak_rss_mb

if TYPE_CHECKING:
    from edge.kiosk.booth import Options
    from edge.kiosk.pin import PinFile

FOLDER = click.Path(path_type=Path)

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "segno")
"""What only the booth needs: the extra `kiosk`."""


def default_gallery() -> Path:
    """Where pictures go when nobody says: under systemd the service's state folder, else the user's."""
    import os

    state = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(state) / "gallery" if state else Path.home() / ".local" / "share" / "masque" / "gallery"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve; 0.0.0.0: the whole network.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free one.")
@click.option("--source", default="demo", show_default=True, help="picamera, /dev/video0, demo, …: see masque live.")
@click.option("--event", type=FOLDER, metavar="DIR", help="Folder with event.toml (default: the one that ships).")
@click.option("--gallery", type=FOLDER, metavar="DIR", help="Folder for pictures (default: the service's, or yours).")
@click.option("--bridge", default="", metavar="PORT", help="Microcontroller with shutter and lamps: a port, or auto.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="A name under which phones reach this machine.")
@click.option("--pin", help="Set the PIN of the host's page, then serve; -: read it from standard input.")
@BOARD
@MODELS_FOLDER
@voiced
def command(host: str, port: int, source: str, event: Path | None, gallery: Path | None, bridge: str,
            names: tuple[str, ...], pin: str | None, board: str | None, models_folder: Path | None,
            voice: Voice) -> None:
    """Run the photo booth: live preview, countdown, picture, fine cut, QR code, print.

    Pages: / (the booth), /gallery, /upload, /p/TOKEN (a guest's phone), /admin (the host, with the PIN). Runs until
    Ctrl-C or SIGTERM; --json prints its figures then.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise OutputError(f"the booth needs {', '.join(missing)}; pip install 'masque[kiosk]'")

    from edge.camera.open_source import checked_address
    from edge.card import MODELS, model_path, read_verified
    from edge.kiosk.address import Address
    from edge.kiosk.booth import Options
    from edge.kiosk.live_words import Setup
    from edge.kiosk.server import serve

    chosen, _ = chosen_board(board)
    checked_address(source)
    read_verified(model_path("seg", chosen.tier.value, models_folder or MODELS), "seg", chosen.tier.value)
    setup = Setup(source, chosen.name, str(models_folder.resolve()) if models_folder else "")
    options = Options(Address(host, port, names), setup, (gallery or default_gallery()).absolute(),
                      event.absolute() if event else None, bridge, voice.quiet)
    pin_file = _pin_file(options, pin)

    def started(url: str) -> None:
        voice.say(f"the booth is at {url}")
        if not pin_file.known:  # told with -q too: nobody could learn it later
            click.echo(f"the PIN of the host's page is {pin_file.draw()} (told once; --pin sets another)", err=True)

    booth = serve(options, started)
    voice.report({"address": booth.options.address.url(), "shots": booth.session.shot,
                  "live_restarts": max(0, booth.viewfinder.restarts), "peak_rss_mb": peak_rss_mb()})


def _pin_file(options: Options, pin: str | None) -> PinFile:
    """Where the PIN's hash lies; a PIN that was given is in force from now on."""
    from edge.kiosk.pin import PinFile

    options.gallery.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = PinFile(options.gallery / "pin.json")
    if pin is not None:
        file.set(sys.stdin.readline().strip() if pin == "-" else pin)
    return file
