"""Pictures on their way to guests: QR codes for the booth's own pages, and rclone where host and guest both want it."""
from __future__ import annotations

import io
import os
import subprocess
import tempfile
from pathlib import Path

import segno

from edge.errors import BoothError
from edge.kiosk.event_shapes import Event
from edge.kiosk.gallery import Gallery

TIMEOUT_S = 300
"""A picture that takes longer than this is tried again later."""

WAITS_S = (10, 30, 120, 600, 1800)
"""Pause after the first, second, … failed try; the last one from then on."""

PATIENCE = 3
"""After so many tries the picture on screen goes instead of a fine cut that does not come."""


def qr_svg(url: str, dark: str = "#12151c", light: str = "#ffffff") -> bytes:
    """A QR code as SVG without fixed size, quiet zone included; error correction M: a thumb on it does not matter."""
    made = io.BytesIO()
    segno.make(url, error="m", micro=False).save(made, kind="svg", border=4, dark=dark, light=light, omitsize=True,
                                                 xmldecl=False, svgns=True, nl=False)
    return made.getvalue()


def qr_png(url: str, module_px: int = 8) -> bytes:
    """A QR code as PNG, modules so many pixels wide."""
    made = io.BytesIO()
    segno.make(url, error="m", micro=False).save(made, kind="png", border=4, scale=module_px)
    return made.getvalue()


class Outbox:
    """Pictures that guests have sent away, one after another, tried again after failures and restarts.

    Nothing leaves unless the event names a remote and the guest has asked for this picture.
    """

    def __init__(self, gallery: Gallery, rclone: str = "rclone") -> None:
        """gallery: keeps the queue; rclone: the program, with the host's own configuration."""
        self.gallery, self.rclone = gallery, rclone

    def queue(self, token: str, event: Event) -> bool:
        """A guest asks for a picture to be sent; False: there is no such picture. Raises BoothError: no remote."""
        if not event.sharing.remote:
            raise BoothError("this event sends no pictures away; sharing.remote in event.toml would name a place")
        return self.gallery.queue_upload(token)

    def send_next(self, event: Event) -> str | None:
        """Sends one picture that is due → its token; None: nothing is due, or the event has no remote any more.

        Blocks up to TIMEOUT_S. A failure is kept with the picture and raised as BoothError; it will be tried again.
        """
        waiting = self.gallery.next_upload() if event.sharing.remote else None
        if waiting is None:
            return None
        photo, picture = self.gallery.photo(waiting.token), self.gallery.read(waiting.token, "composite")
        if picture is None and waiting.tries >= PATIENCE:
            picture = self.gallery.read(waiting.token, "screen")
        if photo is None or picture is None:
            self._later(waiting.token, waiting.tries, "not developed yet")
            return None
        try:
            self._copied(picture, f"{event.sharing.remote.rstrip('/')}/{photo.number:05d}-{waiting.token[:6]}.jpg")
        except BoothError as error:
            self._later(waiting.token, waiting.tries, str(error))
            raise
        self.gallery.upload_done(waiting.token)
        return waiting.token

    def _later(self, token: str, tries: int, why: str) -> None:
        self.gallery.upload_failed(token, why, WAITS_S[min(tries, len(WAITS_S) - 1)])

    def _copied(self, picture: bytes, where: str) -> None:
        with tempfile.NamedTemporaryFile(prefix="masque-send-", suffix=".jpg") as file:
            file.write(picture)
            file.flush()
            command = [self.rclone, "copyto", "--retries", "1", "--", file.name, where]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                                      stdin=subprocess.DEVNULL, env={**os.environ, "RCLONE_ASK_PASSWORD": "false"})
            except FileNotFoundError as error:
                raise BoothError(f"{self.rclone} is not installed; sudo apt install rclone") from error
            except (OSError, subprocess.SubprocessError) as error:
                raise BoothError(f"{Path(self.rclone).name} did not finish ({error})") from error
        if done.returncode:
            raise BoothError(f"{Path(self.rclone).name}: {(done.stderr or done.stdout).strip()[-200:]}")
