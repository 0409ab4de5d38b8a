"""A file layer that loses what was not synced, for real programs: recorded by recorder.c, cut off at any instant here.

What is on the disk after a power cut: of every file what its last fsync saw, and of later writes any part in any order,
sector by sector; of a folder's names those at its own last fsync, and of later changes any part. That is less than ext4
with its defaults keeps (POSIX promises no more).
"""
from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ENTRY = struct.Struct("<IIIIQ")

SECTOR = 512


@dataclass(frozen=True)
class Change:
    """One call: what: c create or open, o open, w write, t truncate, s sync, r rename, u unlink, d make a folder."""

    what: str
    fd: int
    path: str
    data: bytes
    offset: int


@dataclass
class File:
    """synced: content that the disk holds for sure; later: (offset, bytes) writes and (length, None) truncations."""

    synced: bytes = b""
    later: list[tuple[int, bytes | None]] = field(default_factory=list)


@dataclass
class Disk:
    """names: path → file for sure; None is a folder. later: changes of names, each of which is done whole or not."""

    names: dict[str, File | None] = field(default_factory=dict)
    live: dict[str, File | None] = field(default_factory=dict)
    later: list[dict[str, File | str | None]] = field(default_factory=list)
    open: dict[int, str | File] = field(default_factory=dict)


def recorded(library: Path, watched: Path, record: Path, *command: object) -> None:
    """Runs a Python script with every change under `watched` written down."""
    environment = {**os.environ, "LD_PRELOAD": str(library), "MASQUE_WATCHED": str(watched),
                   "MASQUE_RECORD": str(record)}
    subprocess.run([sys.executable, *map(str, command)], env=environment, check=True)


def changes(record: bytes) -> list[Change]:
    found, place = [], 0
    while place < len(record):
        what, fd, first, second, offset = ENTRY.unpack_from(record, place)
        place += ENTRY.size
        path, data = record[place : place + first], record[place + first : place + first + second]
        found.append(Change(chr(what), fd, path.decode(), data, offset))
        place += first + second
    return found


REMOVED = "removed"


def disk_after(done: list[Change], syncs: Callable[[str], bool] = lambda path: True) -> Disk:
    """The disk after these changes; syncs: of which paths a sync is heeded (a test of the test)."""
    disk, paths = Disk(), dict[int, str]()
    for change in done:
        if change.what in "co":
            _open(disk, change)
            paths[change.fd] = change.path
        elif change.what == "s" and syncs(paths[change.fd]):
            _sync(disk, disk.open[change.fd])
        elif change.what in "wt":
            file = disk.open[change.fd]
            assert isinstance(file, File)
            file.later.append((change.offset, change.data if change.what == "w" else None))
        elif change.what == "r":
            file = disk.live.pop(change.path)
            _name(disk, {change.path: REMOVED, change.data.decode(): file})
        elif change.what == "u":
            _name(disk, {change.path: REMOVED})
        elif change.what == "d":
            _name(disk, {change.path: None})
    return disk


def _open(disk: Disk, change: Change) -> None:
    if change.what == "c" and change.path not in disk.live:
        _name(disk, {change.path: File()})
    file = disk.live.get(change.path)
    disk.open[change.fd] = change.path if file is None else file
    if change.offset and file is not None:
        file.later.append((0, None))


def _name(disk: Disk, names: dict[str, File | str | None]) -> None:
    disk.later.append(names)
    _rename(disk.live, names)


def _rename(into: dict[str, File | None], names: dict[str, File | str | None]) -> None:
    for path, file in names.items():
        if isinstance(file, str):
            into.pop(path, None)
        else:
            into[path] = file


def _sync(disk: Disk, what: str | File) -> None:
    if isinstance(what, File):
        what.synced, what.later = _written(what.synced, what.later), []
        return
    inside = [names for names in disk.later if all(os.path.dirname(path) == what for path in names)]
    for names in inside:
        _rename(disk.names, names)
    disk.later = [names for names in disk.later if names not in inside]


def _written(content: bytes, later: list[tuple[int, bytes | None]]) -> bytes:
    now = bytearray(content)
    for offset, data in later:
        if data is None:
            now[:] = now[:offset].ljust(offset, b"\0")
        else:
            now[:] = now.ljust(offset, b"\0")
            now[offset : offset + len(data)] = data
    return bytes(now)


def everything(disk: Disk) -> dict[str, bytes]:
    """What the running machine sees: every file with all its changes."""
    return {path: _written(file.synced, file.later) for path, file in disk.live.items() if file is not None}


def cut(disk: Disk, chance: random.Random, root: Path, into: Path) -> None:
    """One of the states in which the disk may be found, laid out as files in `into`."""
    names, share = dict(disk.names), chance.choice((0.0, 0.5, 0.9, 1.0))
    for later in disk.later:
        if chance.random() < share:
            _rename(names, later)
    into.mkdir()
    for path, file in sorted(names.items()):
        place = into / Path(path).relative_to(root)
        if path.endswith("-shm") or not place.parent.is_dir():  # shared memory is made anew; a lost folder's files
            continue
        if file is None:
            place.mkdir()
        else:
            place.write_bytes(_written(file.synced, list(_kept(file.later, share, chance))))


def _kept(later: list[tuple[int, bytes | None]], share: float, chance: random.Random,
          ) -> Iterator[tuple[int, bytes | None]]:
    for offset, data in later:
        if data is None:
            if chance.random() < share:
                yield offset, None
            continue
        for start in range(0, len(data), SECTOR):
            if chance.random() < share:
                yield offset + start, data[start : start + SECTOR]
