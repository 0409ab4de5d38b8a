"""The event folder: `event.toml` and the files that it names, checked, and read again whenever they change."""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import msgspec

from edge.errors import EventError, MasqueError
from edge.kiosk.event_files import wrong_files
from edge.kiosk.event_shapes import KINDS, Event
from edge.settings import located, problems, read_toml, shown

DEFAULT = Path(__file__).with_name("default_event")
"""The event that ships: drawn backgrounds, no names."""

NAME = "event.toml"


class EventFolder:
    """The event that runs. May be asked from any thread; `refresh` is cheap while nothing changes."""

    def __init__(self, path: Path = DEFAULT) -> None:
        """Raises EventError where there is nothing good to begin with."""
        self.path, self._lock = path, Lock()
        self._seen = _fingerprint(path)
        self._event = read_event(path)
        self._fault: str | None = None

    @property
    def current(self) -> Event:
        """The last good event."""
        return self._event

    @property
    def fault(self) -> str | None:
        """Why the folder as it is now cannot be used: file, line, key, what to do; None while all is well."""
        return self._fault

    def refresh(self) -> bool:
        """Reads again whatever has changed since → whether `current` or `fault` is new. Raises nothing."""
        with self._lock:
            seen = _fingerprint(self.path)
            if seen == self._seen:
                return False
            self._seen, before = seen, (self._event, self._fault)
            try:
                self._event, self._fault = read_event(self.path), None
            except (MasqueError, OSError) as error:
                self._fault = f"{error}; the last good event goes on"
            return (self._event, self._fault) != before

    def file(self, name: str) -> Path:
        """Where a file lies that the event names."""
        return self.path / name


def read_event(folder: Path) -> Event:
    """The event of a folder. Raises EventError with the first problem: file, line, key, value, what is allowed."""
    path = folder / NAME
    raw, found = read_toml(path)
    if found:
        raise EventError(found[0])
    try:
        event = msgspec.convert(raw, Event)
    except msgspec.ValidationError:
        _refuse(path, problems(raw, Event))
        raise
    _refuse(path, _contradictions(event, folder))
    return event


def _refuse(path: Path, found: Iterator[str]) -> None:
    lines = list(found)
    if lines:
        where = _line_of(path.read_text(encoding="utf-8", errors="replace"), re.split(r" = |: ", lines[0])[0])
        more = f" (and {len(lines) - 1} more)" if lines[1:] else ""
        raise EventError(f"{located(path)}{where}: {lines[0]}{more}")


def _contradictions(event: Event, folder: Path) -> Iterator[str]:
    """Values that are fine one by one and cannot all be true."""
    for place, background in enumerate(event.backgrounds):
        given = [kind for kind in KINDS if getattr(background, kind)]
        if len(given) != 1:
            yield (f"backgrounds[{place}].name = {shown(background.name)}: has {len(given)} of {', '.join(KINDS)}; "
                   "give exactly one")
    for kind, named in (("backgrounds", event.backgrounds), ("frames", event.frames)):
        for name, times in Counter(one.name for one in named).items():
            if times > 1:
                yield f"{kind}: the name {shown(name)} is there {times} times; names must differ"
    if event.frame and event.frame not in [frame.name for frame in event.frames]:
        known = ", ".join(frame.name for frame in event.frames) or "none"
        yield f"frame = {shown(event.frame)}: must be the name of a frame; known: {known}"
    yield from wrong_files(event, folder)


def _line_of(text: str, key: str) -> str:
    """The line on which a dotted key stands in TOML as people write it, as `, line 12`; "" where it is not found."""
    *tables, last = re.sub(r"\[\d+\]", "", key).split(".")
    wanted = [int(place) for place in re.findall(r"\[(\d+)\]", key)][:1] or [0]
    table, seen = "", -1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([\w.-]+)\s*\]+", line):
            table = header[1]
            seen += line.lstrip().startswith("[[") and table == ".".join(tables)
            if not last.strip() or table == last:
                return f", line {number}"
        elif re.match(rf"\s*\"?{re.escape(last)}\"?\s*=", line) and table == ".".join(tables) and (
                not re.search(r"\[\d+\]", key) or seen == wanted[0]):
            return f", line {number}"
    return ""


def _fingerprint(folder: Path) -> tuple:
    """Changes whenever a file of the folder is replaced, edited, added or removed."""
    try:
        stats = [(entry.name, entry.stat()) for entry in sorted(folder.iterdir())]
    except OSError as error:
        return (error.errno,)
    return tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in stats)
