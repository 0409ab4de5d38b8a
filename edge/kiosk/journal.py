"""The booth's log: short, bounded, without anything that opens a picture or the admin page."""
from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from dataclasses import dataclass

LINES, LONGEST = 200, 400
"""What the admin page may see: so many lines, so many characters of each."""

REPEAT_S = 60.0
"""The same line is kept once in this time, with how often it came."""

SECRET = re.compile(r"[A-Za-z0-9_-]{22,}")
"""Tokens of pictures and logins are this long; so are long names of files, which nobody misses."""

NAME = "masque.kiosk"


@dataclass
class Line:
    """at_s: seconds since 1970; times: how often it came in REPEAT_S."""

    at_s: float
    level: str
    text: str
    times: int = 1

    def __str__(self) -> str:
        return self.text if self.times == 1 else f"{self.text} (×{self.times})"


class Journal(logging.Handler):
    """Keeps the latest lines and passes them on to standard error, where systemd's journal takes and bounds them."""

    def __init__(self, quiet: bool = False) -> None:
        """quiet: keep only."""
        super().__init__(logging.INFO)
        self.lines: deque[Line] = deque(maxlen=LINES)
        self._guard = threading.Lock()
        self._stream = None if quiet else logging.StreamHandler()

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        text = SECRET.sub("…", record.getMessage())[:LONGEST]
        now = time.time()
        with self._guard:
            for line in reversed(self.lines):
                if now - line.at_s > REPEAT_S:
                    break
                if (line.text, line.level) == (text, record.levelname.lower()):
                    line.times += 1
                    return
            self.lines.append(Line(now, record.levelname.lower(), text))
        if self._stream:
            self._stream.emit(logging.makeLogRecord({"msg": text, "levelno": record.levelno}))

    def recent(self) -> list[Line]:
        """The latest lines, newest first."""
        with self._guard:
            return list(reversed(self.lines))


def journal(quiet: bool = False) -> Journal:
    """The log of this process, with one Journal at its end."""
    log = logging.getLogger(NAME)
    for old in list(log.handlers):
        log.removeHandler(old)
    kept = Journal(quiet)
    log.addHandler(kept)
    log.setLevel(logging.INFO)
    log.propagate = False
    return kept
