"""Time that a booth can trust: how long a picture has been there, whatever happens to the clock on the wall."""
from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

TIME_ERROR = 5
"""What adjtimex(2) answers while the clock has not been set by any time server."""


class Clock(Protocol):
    """What the booth asks about time; tests bring their own and let it jump."""

    def wall_s(self) -> float:
        """Seconds since 1970 as this machine believes it: may jump either way."""
        ...

    def steady_s(self) -> float:
        """Seconds since this machine was started, sleep included: never jumps."""
        ...

    def boot(self) -> str:
        """Another word after every start of the machine."""
        ...

    def sure(self) -> bool:
        """Whether a time server stands behind wall_s."""
        ...


class SystemClock:
    """The clocks of Linux."""

    def wall_s(self) -> float:
        """See Clock."""
        return time.time()

    def steady_s(self) -> float:
        """See Clock."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        """See Clock."""
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return "unknown"

    def sure(self) -> bool:
        """See Clock. Reading takes no permission: modes = 0 at the start of struct timex."""
        try:
            return ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)) not in (-1, TIME_ERROR)
        except (AttributeError, OSError):
            return False


@dataclass(frozen=True)
class Reading:
    """All clocks at one moment, as the gallery keeps it from run to run. age_s: the gallery's own time."""

    age_s: float
    wall_s: float
    steady_s: float
    boot: str
    sure: bool


class GalleryTime:
    """Seconds that only go forward, from the first picture on: what lifetimes are counted in.

    While the machine runs they follow its steady clock, so that no jump of the wall clock shortens or lengthens a
    picture's life. Across a restart of the machine the wall clock counts, if a time server stood behind it before and
    after; else the time switched off is not counted at all, and pictures live longer rather than not at all.
    """

    def __init__(self, clock: Clock, last: Reading | None) -> None:
        """last: what `reading` gave before; None: a new gallery."""
        self.clock = clock
        self._start_s = 0.0 if last is None else last.age_s + self._away_s(last)
        self._steady_s = clock.steady_s()

    def now_s(self) -> float:
        """The present moment."""
        return self._start_s + max(0.0, self.clock.steady_s() - self._steady_s)

    def reading(self) -> Reading:
        """What must be kept so that the next run goes on from here."""
        clock = self.clock
        return Reading(self.now_s(), clock.wall_s(), clock.steady_s(), clock.boot(), clock.sure())

    def _away_s(self, last: Reading) -> float:
        """Seconds from the last reading to now, as far as anybody can know."""
        if self.clock.boot() == last.boot:
            return max(0.0, self.clock.steady_s() - last.steady_s)
        return max(0.0, self.clock.wall_s() - last.wall_s) if last.sure and self.clock.sure() else 0.0
