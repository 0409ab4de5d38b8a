"""The record of many boards: a CSV file that grows by whole lines, whatever happens."""
from __future__ import annotations

import csv
import fcntl
import io
import os
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from edge.errors import OutputError


@dataclass(frozen=True)
class Row:
    """A board. time: UTC; serial: as its USB or whoever sits there said; die: the chip's own record, hex; sha256: of
    the image; result: ok or failed; step: where it failed; self_test: ok, or the tests that failed; said: why."""

    time: str
    board: str
    serial: str
    die: str
    port: str
    sha256: str
    result: str
    step: str
    seconds: float
    self_test: str
    said: str


def now() -> str:
    """The time as the log has it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def begin(path: Path) -> None:
    """Makes sure that lines can be added, before the first board: a new file gets its heading. Raises OutputError."""
    _add(path, "")


def append(path: Path, row: Row) -> None:
    """Adds a line in one write and waits until it is on the disk; a line that was torn off before is ended first.
    Raises OutputError where that cannot be, or the file is something else."""
    _add(path, _line(list(asdict(row).values())))


def _add(path: Path, text: str) -> None:
    heading = _line([field.name for field in fields(Row)])
    try:
        with open(path, "ab+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            first = file.readline()
            if first and first.decode("utf-8", "replace") != heading:
                raise OutputError(f"{path}: begins with another line than {heading.strip()!r}; name another file")
            file.seek(-1 if first else 0, os.SEEK_END)
            torn = b"\n" if first and file.read(1) != b"\n" else b""
            line = b"" if first else heading.encode()
            file.write(torn + line + text.encode())
            os.fsync(file.fileno())
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}; --serial-log needs a place that can be written to") from error


def _line(values: list[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([" ".join(str(value).split()) for value in values])
    return text.getvalue()
