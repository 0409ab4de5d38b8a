"""The gallery: pictures in a folder, an index beside them, lifetimes, a quota; whole after any kill or power cut.

The order is the promise. A picture's file is written and synced, name included, before its row is committed; a row is
removed before its files are. So no row points nowhere, and a file that no row knows is swept out at the next start.
"""
from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.errors import OutputError
from edge.kiosk.clock import Clock, GalleryTime, SystemClock
from edge.kiosk.durable import sync
from edge.kiosk.index import NAME as INDEX
from edge.kiosk.index import DamagedIndex, Index, Row
from edge.kiosk.picture_files import PictureFiles

KEEP_CLOCK_S = 60.0
"""The clocks are kept this often: so much of a lifetime may be forgotten when the power is cut."""


@dataclass(frozen=True)
class Photo:
    """A picture of the gallery, as it was when somebody asked.

    token: unguessable, the key to everything of it; number: counts from 1 and is never used again; event: whose;
    origin: "booth" or "upload"; taken_s: seconds since 1970 by the wall clock, to show only; left_s: seconds until it
    is removed (None: it stays); background: name of the one it stands before; versions: kind → a word that changes
    whenever the file does (for ETags).
    """

    token: str
    number: int
    event: str
    origin: str
    taken_s: float
    left_s: float | None
    background: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Upload:
    """A picture that a guest has asked to be sent away: how often that was tried, and why it failed last."""

    token: str
    tries: int
    why: str


class Gallery:
    """May be used from any thread, by one process at a time. Everything that returns is on the disk."""

    def __init__(self, folder: Path, clock: Clock | None = None, quota_bytes: int = 0) -> None:
        """Opens a gallery or makes one, and sweeps out what a kill has left. quota_bytes: 0 = no limit.

        notes: what the host should know, for example that a damaged gallery was put aside. Raises OutputError: no such
        place, another booth has it open.
        """
        self.folder, self.quota_bytes, self.notes = folder, quota_bytes, list[str]()
        try:
            self._files = PictureFiles(folder)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be the gallery ({error.strerror}); choose another "
                              "--gallery") from error
        self._claim()
        try:
            self._files.give_up_reserve()  # on a full disk SQLite could not even open
            self._index = self._opened()
            self._clock = clock or SystemClock()
            self.time = GalleryTime(self._clock, self._index.reading())
            self._keep_clock()
            for place in (folder.parent, folder):  # the folder's own name, the index's name
                sync(place)
            self._recover()
            self._files.reserve()
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Keeps the clocks and lets go of the folder."""
        self._keep_clock()
        self._index.close()
        os.close(self._lock)

    def add(self, photograph: bytes, event: str, lifetime_s: float | None = None, background: str = "",
            origin: str = "booth") -> Photo:
        """Takes in a photograph (JPEG) and makes room for it. Raises OutputError with both numbers: disk full."""
        token, now_s, taken_s = secrets.token_urlsafe(16), self.time.now_s(), self._clock.wall_s()
        versions = self._files.written(token, {"photograph": photograph})
        dies_s = None if lifetime_s is None else now_s + lifetime_s
        try:
            with self._index.changing() as changes:
                number = changes.execute("INSERT INTO photos (token, event, origin, taken_s, dies_s, background) "
                                         "VALUES (?, ?, ?, ?, ?, ?)",
                                         (token, event, origin, taken_s, dies_s, background)).lastrowid or 0
                changes.execute("INSERT INTO files VALUES (?, 'photograph', ?, ?)",
                                (token, versions["photograph"], len(photograph)))
        except OutputError:
            self._files.discard(token, versions)
            raise
        self.fit_quota()
        return Photo(token, number, event, origin, taken_s, lifetime_s, background, versions)

    def attach(self, token: str, parts: Mapping[str, bytes], background: str | None = None,
               without: Collection[str] = ()) -> Photo | None:
        """Adds or replaces files of a picture (kind → content), all of them or none; background: its new name; without:
        kinds that are no longer true and leave in the same moment.

        None: the picture has been removed meanwhile, and nothing of parts stays. Raises OutputError as add does.
        """
        if self.photo(token) is None:  # before a file is named after it: a token may be any text that a stranger sent
            return None
        versions = self._files.written(token, parts)
        try:
            with self._index.changing() as changes:
                there = changes.execute("SELECT 1 FROM photos WHERE token = ?", (token,)).fetchone()
                old = dict(changes.execute("SELECT kind, version FROM files WHERE token = ?", (token,)))
                for kind, version in versions.items() if there else ():
                    changes.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                                    (token, kind, version, len(parts[kind])))
                changes.executemany("DELETE FROM files WHERE token = ? AND kind = ?",
                                    [(token, kind) for kind in without])
                if background is not None:
                    changes.execute("UPDATE photos SET background = ? WHERE token = ?", (background, token))
        except OutputError:
            self._files.discard(token, versions)
            raise
        replaced = {kind: old[kind] for kind in (*versions, *without) if kind in old}
        self._files.discard(token, replaced if there else versions)
        return self.photo(token)

    def photo(self, token: str) -> Photo | None:
        """The picture of this token; None: there is none, or its time is over."""
        found = self._index.rows("WHERE token = ?", token)
        return self._shown(found[0]) if found and self._lives(found[0]) else None

    def newest(self, count: int, before: int | None = None, origin: str | None = None) -> list[Photo]:
        """The newest `count` pictures with a number below `before`, newest first; origin: only those."""
        rows = self._index.rows("WHERE number < ? AND (dies_s IS NULL OR dies_s > ?) AND origin = ifnull(?, origin) "
                                "ORDER BY number DESC LIMIT ?",
                                2**62 if before is None else before, self.time.now_s(), origin, count)
        return [self._shown(row) for row in rows]

    def path(self, token: str, kind: str) -> Path | None:
        """Where a picture's file lies now; None: there is none. It may be replaced at any moment: see read."""
        photo = self.photo(token)
        version = photo.versions.get(kind) if photo else None
        return None if version is None else self._files.place(token, kind, version)

    def read(self, token: str, kind: str) -> bytes | None:
        """The content of a picture's file; None: there is none."""
        while (path := self.path(token, kind)) is not None:
            try:
                return path.read_bytes()
            except FileNotFoundError:  # replaced between the two lines: the next turn finds the new one
                if self.path(token, kind) == path:
                    return None  # somebody else's hand was in the folder
        return None

    def remove(self, token: str) -> bool:
        """Removes a picture with all its files and rows; False: there is none."""
        return bool(self._remove([token]))

    def expire(self) -> list[str]:
        """Removes every picture whose time is over → their tokens. Call it every second or so."""
        now_s = self.time.now_s()
        if now_s - self._kept_s >= KEEP_CLOCK_S:
            self._keep_clock()
        return self._remove([token for token, in self._index.asked(
            "SELECT token FROM photos WHERE dies_s <= ?", now_s)])

    def fit_quota(self) -> list[str]:
        """Removes the oldest pictures until the rest fits the quota → their tokens. The newest one always stays."""
        over = self.size_bytes() - self.quota_bytes
        if not self.quota_bytes or over <= 0:
            return []
        leaving = []
        for token, size in self._index.asked(
                "SELECT token, sum(bytes) FROM files JOIN photos USING (token) "
                "WHERE number < (SELECT max(number) FROM photos) GROUP BY number ORDER BY number"):
            if over <= 0:
                break
            leaving.append(token)
            over -= size
        return self._remove(leaving)

    def size_bytes(self) -> int:
        """What all pictures take on the disk, as their files' sizes tell."""
        return self._index.asked("SELECT ifnull(sum(bytes), 0) FROM files")[0][0]

    def count(self) -> int:
        """How many pictures there are."""
        return self._index.asked("SELECT count(*) FROM photos WHERE dies_s IS NULL OR dies_s > ?",
                                 self.time.now_s())[0][0]

    def printed(self, event: str) -> int:
        """Copies that an event has printed so far."""
        found = self._index.asked("SELECT copies FROM printed WHERE event = ?", event)
        return found[0][0] if found else 0

    def take_prints(self, event: str, copies: int, limit: int) -> bool:
        """Counts copies, unless that would go over the event's limit (0: none) → whether they may be printed.

        Negative copies give back what was not printed after all.
        """
        with self._index.changing() as changes:
            done = changes.execute("SELECT ifnull(sum(copies), 0) FROM printed WHERE event = ?", (event,)).fetchone()[0]
            if limit and copies > 0 and done + copies > limit:
                return False
            changes.execute("INSERT OR REPLACE INTO printed VALUES (?, ?)", (event, max(0, done + copies)))
        return True

    def queue_upload(self, token: str) -> bool:
        """Puts a picture on the way out, once; False: there is no such picture."""
        with self._index.changing() as changes:
            done = changes.execute("INSERT OR IGNORE INTO uploads SELECT token, 0, 0, '' FROM photos WHERE token = ?",
                                   (token,))
            return bool(done.rowcount) or self.photo(token) is not None

    def uploads(self) -> list[Upload]:
        """All that wait, the next to be tried first."""
        return [Upload(*found) for found in
                self._index.asked("SELECT token, tries, why FROM uploads ORDER BY due_s, token")]

    def next_upload(self) -> Upload | None:
        """The one to be tried now, if any."""
        found = self._index.asked("SELECT token, tries, why FROM uploads WHERE due_s <= ? ORDER BY due_s, token "
                                  "LIMIT 1", self.time.now_s())
        return Upload(*found[0]) if found else None

    def upload_done(self, token: str) -> None:
        """It has arrived: nothing waits any more."""
        with self._index.changing() as changes:
            changes.execute("DELETE FROM uploads WHERE token = ?", (token,))

    def upload_failed(self, token: str, why: str, again_in_s: float) -> None:
        """It did not arrive; it is tried again in so many seconds."""
        with self._index.changing() as changes:
            changes.execute("UPDATE uploads SET tries = tries + 1, why = ?, due_s = ? WHERE token = ?",
                            (why, self.time.now_s() + again_in_s, token))

    def _remove(self, tokens: list[str]) -> list[str]:
        """Rows first, then files, then what SQLite's log still knows of them → the tokens that were there."""
        if not tokens:
            return []
        try:
            gone = self._struck(tokens)
        except OutputError:  # removing needs a little room too
            self._files.give_up_reserve()
            gone = self._struck(tokens)
        for token, files in gone.items():
            self._files.discard(token, files)
        sync(self._files.folder)
        self._index.forget_the_past()
        self._files.reserve()
        return list(gone)

    def _struck(self, tokens: list[str]) -> dict[str, dict[str, str]]:
        """Removes the rows → the files that they had, by token."""
        gone = {}
        with self._index.changing() as changes:
            for token in tokens:
                files = dict(changes.execute("SELECT kind, version FROM files WHERE token = ?", (token,)))
                if changes.execute("DELETE FROM photos WHERE token = ?", (token,)).rowcount:
                    gone[token] = files
        return gone

    def _opened(self) -> Index:
        try:
            return Index(self.folder)
        except DamagedIndex as error:
            aside = self._files.put_aside(f"{INDEX}*")
            self.notes.append(f"{error}; it and its pictures were put aside in {aside}, a new gallery was begun")
            return Index(self.folder)

    def _recover(self) -> None:
        """Removes files without a row, then rows without a file (somebody tidied up by hand)."""
        known = {self._files.place(token, kind, version).name: (token, kind)
                 for token, kind, version in self._index.asked("SELECT token, kind, version FROM files")}
        there = self._files.names()
        for name in there - known.keys():
            (self._files.folder / name).unlink()
        if there - known.keys():  # a removal may have been cut short after its rows
            self._index.forget_the_past()
        lost = [known[name] for name in known.keys() - there]
        with self._index.changing() as changes:
            changes.executemany("DELETE FROM files WHERE token = ? AND kind = ?", lost)
        self._remove([token for token, kind in lost if kind == "photograph"])
        sync(self._files.folder)

    def _keep_clock(self) -> None:
        self._kept_s = self.time.now_s()
        with suppress(OutputError):  # a full disk must not keep pictures from leaving
            self._index.keep(self.time.reading())

    def _claim(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise OutputError(f"{self.folder}: another booth has this gallery open; end it or choose another "
                              "--gallery") from error

    def _lives(self, row: Row) -> bool:
        return row.dies_s is None or row.dies_s > self.time.now_s()

    def _shown(self, row: Row) -> Photo:
        left_s = None if row.dies_s is None else max(0.0, row.dies_s - self.time.now_s())
        return Photo(row.token, row.number, row.event, row.origin, row.taken_s, left_s, row.background, row.files)
