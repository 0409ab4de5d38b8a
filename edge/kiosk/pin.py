"""The PIN of the admin page: a scrypt hash in a state file, and waits that grow with every wrong try."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edge.errors import OutputError
from edge.kiosk.durable import sync, write_synced

COST = {"n": 2**14, "r": 8, "p": 1}
"""scrypt (RFC 7914), 16 MB a try: 50 ms on an x86-64 server."""

DIGITS = 6
"""Of a PIN that the booth draws itself."""

SHORTEST = 4

FREE_TRIES, LONGEST_WAIT_S = 3, 300.0
"""Wrong tries that cost nothing; then 1 s, 2 s, 4 s, …, at most this long."""

REMEMBERED_S = 12 * 3600.0
"""A login lasts so long."""


class PinFile:
    """The PIN's hash in a file that only the booth may read. Safe in threads."""

    def __init__(self, path: Path, steady_s: Callable[[], float] = time.monotonic) -> None:
        """path: of the state file; steady_s: seconds that never jump."""
        self.path, self._steady_s = path, steady_s
        self._wrong, self._free_s = 0, 0.0
        self._lock = threading.Lock()

    @property
    def known(self) -> bool:
        """Whether there is a PIN."""
        return self.path.exists()

    def set(self, pin: str) -> None:
        """Replaces the PIN. Raises OutputError for one that is too short, and where the file cannot be written."""
        if len(pin) < SHORTEST:
            raise OutputError(f"a PIN of {len(pin)} characters is too short; take at least {SHORTEST}")
        salt = os.urandom(16)
        content = {"scrypt": COST, "salt": _text(salt), "hash": _text(_hashed(pin, salt, COST))}
        part = self.path.with_suffix(".part")
        part.unlink(missing_ok=True)  # what a kill has left
        write_synced(part, json.dumps(content).encode("ascii"))
        part.chmod(0o600)
        part.replace(self.path)
        sync(self.path.parent)

    def draw(self) -> str:
        """Sets a PIN of digits that nobody can guess, and gives it: to be printed once."""
        pin = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
        self.set(pin)
        return pin

    def wait_s(self) -> float:
        """How long no try is looked at, whoever makes it."""
        return max(0.0, self._free_s - self._steady_s())

    def matches(self, pin: str) -> bool:
        """Whether this is the PIN; False without a look while `wait_s` is above 0. Takes its time: call in a thread."""
        with self._lock:
            if self.wait_s() > 0:
                return False
            self._wrong += 1
            if self._wrong > FREE_TRIES:  # before the look: tries that come at once do not share one
                self._free_s = self._steady_s() + min(LONGEST_WAIT_S, 2.0 ** (self._wrong - FREE_TRIES - 1))
        if not self._is(pin):
            return False
        with self._lock:
            self._wrong, self._free_s = 0, 0.0
        return True

    def _is(self, pin: str) -> bool:
        try:
            known = json.loads(self.path.read_text(encoding="ascii"))
            salt, wanted = (base64.b64decode(known[name]) for name in ("salt", "hash"))
            return hmac.compare_digest(_hashed(pin, salt, known["scrypt"]), wanted)
        except (OSError, ValueError, KeyError, TypeError):
            return False


class Logins:
    """Who has shown the PIN: random words in cookies, forgotten when the booth ends. Safe in threads."""

    def __init__(self, steady_s: Callable[[], float] = time.monotonic) -> None:
        self._steady_s, self._until_s = steady_s, dict[str, float]()

    def let_in(self) -> str:
        """A new login's word."""
        self._until_s = {word: until for word, until in self._until_s.items() if until > self._steady_s()}
        word = secrets.token_urlsafe(24)
        self._until_s[word] = self._steady_s() + REMEMBERED_S
        return word

    def knows(self, word: str) -> bool:
        """Whether that login is in force."""
        return self._until_s.get(word, 0.0) > self._steady_s()

    def let_out(self, word: str) -> None:
        """Ends a login."""
        self._until_s.pop(word, None)


def _hashed(pin: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return hashlib.scrypt(pin.encode("utf-8"), salt=salt, **cost, maxmem=64 << 20)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
