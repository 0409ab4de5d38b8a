"""Paper, through CUPS: `lp` takes a picture, `lpstat` says how it is. Both are programs of Debian's cups-client."""
from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from edge.errors import BoothError
from edge.kiosk.event_shapes import Event
from edge.kiosk.gallery import Gallery

TIMEOUT_S = 15
"""CUPS answers at once or is in trouble."""


@dataclass(frozen=True)
class PrinterState:
    """state: "ready", "printing", "stopped" or "away"; reason: CUPS's own words where something is wrong; paper:
    whether it is about paper, ink or an open door, which a guest may tell the host; queue: jobs that wait."""

    state: str
    reason: str = ""
    paper: bool = False
    queue: int = 0


PAPER = re.compile(r"paper|media|door|cover|toner|ink|ribbon|marker", re.IGNORECASE)


class Printer:
    """An event's printer. Its methods block up to TIMEOUT_S; may be called from any thread."""

    def __init__(self, gallery: Gallery, lp: str = "lp", lpstat: str = "lpstat") -> None:
        """gallery: counts the copies; lp, lpstat: the programs."""
        self.gallery, self.lp, self.lpstat = gallery, lp, lpstat

    def print(self, picture: bytes, event: Event, copies: int = 1) -> str:
        """Sends a JPEG of the paper's size to the printer → CUPS's name of the job.

        Raises BoothError: the event's limit is reached (both numbers), or CUPS refuses (its words).
        """
        paper = event.printing
        if not self.gallery.take_prints(event.title, copies, paper.limit):
            raise BoothError(f"{self.gallery.printed(event.title)} of {paper.limit} prints of this event are used; "
                             "raise printing.limit in event.toml")
        try:
            return self._sent(picture, event, copies)
        except BoothError:
            self.gallery.take_prints(event.title, -copies, 0)
            raise

    def prints_left(self, event: Event) -> int | None:
        """Copies that may still be printed; None: as many as there is paper."""
        limit = event.printing.limit
        return max(0, limit - self.gallery.printed(event.title)) if limit else None

    def state(self, printer: str = "") -> PrinterState:
        """How a printer is ("" = the default one). Raises nothing."""
        try:
            name = printer or self._default()
            said = self._asked(self.lpstat, "-l", "-p", name)
            jobs = self._asked(self.lpstat, "-o", name)
        except BoothError as error:
            return PrinterState("away", str(error))
        return _read(said, len(jobs.splitlines()))

    def _sent(self, picture: bytes, event: Event, copies: int) -> str:
        paper = event.printing
        options = [*(["-d", paper.printer] if paper.printer else []), "-n", str(copies), "-t", "photo booth",
                   "-o", "fit-to-page", *(["-o", f"media={paper.media}"] if paper.media else [])]
        with tempfile.NamedTemporaryFile(prefix="masque-print-", suffix=".jpg") as file:  # lp copies it before it ends
            file.write(picture)
            file.flush()
            said = self._asked(self.lp, *options, "--", file.name)
        job = re.search(r"request id is (\S+)", said)
        return job[1] if job else said.strip()

    def _default(self) -> str:
        said = self._asked(self.lpstat, "-d")
        name = re.search(r":\s*(\S+)\s*$", said)
        if name is None:
            raise BoothError(f"CUPS has no default printer ({said.strip()[:80]}); name one as printing.printer")
        return name[1]

    def _asked(self, program: str, *arguments: str) -> str:
        try:
            done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                                  stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
        except FileNotFoundError as error:
            raise BoothError(f"{program} is not installed; sudo apt install cups-client") from error
        except (OSError, subprocess.SubprocessError) as error:
            raise BoothError(f"{program} does not answer ({error}); is CUPS running?") from error
        if done.returncode:
            raise BoothError(f"{Path(program).name}: {(done.stderr or done.stdout).strip()[:200]}")
        return done.stdout


def _read(said: str, queue: int) -> PrinterState:
    """What `lpstat -l -p NAME` says in English: a line with the state, the printer's own words, then "Form mounted:",
    and among what follows "Alerts:" with the keywords of IPP's printer-state-reasons (RFC 8011, 5.4.12)."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    words = list(takewhile(lambda line: not line.startswith("Form mounted:"), lines))
    alerts = [alert for line in lines if line.startswith("Alerts:") for alert in line.partition(":")[2].split()
              if alert != "none" and not alert.endswith("-report")]
    state = "stopped" if "disabled" in words[0] else "printing" if "now printing" in words[0] else "ready"
    reason = " ".join([*words[1:], *(f"({alert})" for alert in alerts)])
    trouble = state == "stopped" or bool(alerts)
    return PrinterState(state, reason if trouble else "", trouble and bool(PAPER.search(reason)), queue)
