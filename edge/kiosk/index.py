"""The gallery's index: one SQLite file that a kill or a power cut finds whole (WAL, every commit synced)."""
from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from edge.errors import OutputError
from edge.kiosk.clock import Reading
from edge.kiosk.durable import sync

NAME = "gallery.sqlite3"

VERSION = 1
"""PRAGMA user_version of this layout."""

LAYOUT = """
CREATE TABLE photos (number INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, event TEXT NOT NULL,
    origin TEXT NOT NULL, taken_s REAL NOT NULL, dies_s REAL, background TEXT NOT NULL);
CREATE TABLE files (token TEXT NOT NULL REFERENCES photos (token) ON DELETE CASCADE, kind TEXT NOT NULL,
    version TEXT NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (token, kind)) WITHOUT ROWID;
CREATE TABLE uploads (token TEXT PRIMARY KEY REFERENCES photos (token) ON DELETE CASCADE, tries INTEGER NOT NULL,
    due_s REAL NOT NULL, why TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE printed (event TEXT PRIMARY KEY, copies INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), age_s REAL, wall_s REAL, steady_s REAL, boot TEXT,
    sure INTEGER);
"""

SETTINGS = ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "foreign_keys = ON",
            "journal_size_limit = 1000000", "temp_store = MEMORY")
"""FULL: in WAL mode the log is synced at every commit. secure_delete: what is removed is overwritten with zeros.
MEMORY: nothing of a guest lies in /tmp."""


class DamagedIndex(OutputError):
    """An index that SQLite cannot read: a failing card, a foreign file."""


COLUMNS = "SELECT number, token, event, origin, taken_s, dies_s, background FROM photos "


@dataclass(frozen=True)
class Row:
    """One picture as the index knows it; files: kind → version. dies_s is in the gallery's own time."""

    number: int
    token: str
    event: str
    origin: str
    taken_s: float
    dies_s: float | None
    background: str
    files: Mapping[str, str]


class Index:
    """Rows in, rows out; may be used from any thread. Writers wait for each other, readers for nobody."""

    def __init__(self, folder: Path) -> None:
        """Opens the index of a folder or makes it. Raises DamagedIndex, or OutputError where it cannot be opened."""
        self.path = folder / NAME
        self._writing, self._reading = RLock(), RLock()
        try:
            self._writer, self._reader = self._opened(), self._opened()
        except sqlite3.OperationalError as error:
            raise OutputError(f"{self.path}: the gallery's index cannot be opened ({error}); is the disk full or "
                              "read-only?") from error
        except sqlite3.DatabaseError as error:
            raise DamagedIndex(f"{self.path}: the gallery's index is damaged ({error})") from error

    def close(self) -> None:
        """Folds the log into the database and lets go of both."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, synced, or nothing. Raises OutputError where the disk is full or broken."""
        with self._writing:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException as error:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise OutputError(f"{self.path}: the gallery's index cannot be written ({error})") from error
                raise

    def forget_the_past(self) -> None:
        """Writes the database anew and folds the log away, so that rows which were removed are in no file any more, not
        even after a power cut. On a full disk only the log is folded; the next time does the rest.

        Anew, because secure_delete zeroes a removed row but not the copies that SQLite leaves between the cells of a
        page when it moves rows from one page to another. A thousand pictures are 0.5 MB.
        """
        with self._writing, self._reading:
            with suppress(sqlite3.OperationalError):
                self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            sync(self.path.with_name(f"{NAME}-wal"))  # SQLite does not sync the truncation; the lock is elsewhere

    def asked(self, question: str, *values: object) -> list[tuple]:
        """The answer to one SELECT."""
        with self._reading:
            try:
                return self._reader.execute(question, values).fetchall()
            except sqlite3.Error as error:
                raise OutputError(f"{self.path}: the gallery's index cannot be read ({error})") from error

    def rows(self, where: str, *asked: object) -> list[Row]:
        """Pictures; where: what follows SELECT … FROM photos."""
        with self._reading:
            self._reader.execute("BEGIN")  # pictures and their files as of one moment
            try:
                found = self.asked(COLUMNS + where, *asked)
                return [_row(values, self._files(values[1])) for values in found]
            finally:
                self._reader.execute("COMMIT")

    def reading(self) -> Reading | None:
        """The clocks as they were kept last."""
        found = self.asked("SELECT age_s, wall_s, steady_s, boot, sure FROM clock")
        for age_s, wall_s, steady_s, boot, sure in found:
            return Reading(age_s, wall_s, steady_s, boot, bool(sure))
        return None

    def keep(self, reading: Reading) -> None:
        """Keeps the clocks for the next run."""
        with self.changing() as changes:
            changes.execute("INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?, ?, ?)",
                            (reading.age_s, reading.wall_s, reading.steady_s, reading.boot, reading.sure))

    def _files(self, token: str) -> dict[str, str]:
        return dict(self.asked("SELECT kind, version FROM files WHERE token = ?", token))

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        for setting in SETTINGS:
            connection.execute(f"PRAGMA {setting}").fetchall()
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            connection.executescript(f"BEGIN; {LAYOUT} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise OutputError(f"{self.path}: was made by another masque (layout {version}, this one reads {VERSION}); "
                              "choose another --gallery")
        if (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)
        return connection


def _row(values: tuple, files: Mapping[str, str]) -> Row:
    number, token, event, origin, taken_s, dies_s, background = values
    return Row(number, token, event, origin, taken_s, dies_s, background, files)
