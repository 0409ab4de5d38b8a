"""The booth's session: what a guest sees and what comes next, as a machine without clocks, files or processes.

attract → live → countdown → developing → shown → live (again) or attract. Each verb takes the time, changes the state
and returns Orders: what the booth has to do. Nothing here waits for a camera or a network: the countdown is arithmetic
on the time that is passed in.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

COUNTDOWN_S = (1, 10)
"""What a countdown may last, both ends included."""

STILL_S = 4.0
"""How long a photograph may take to come from the camera: a live process that died at zero is back within two."""

DEVELOP_S = 20.0
"""How long the fast cut may take before the guest is asked to try again."""

NOTICE_S = 8.0
"""How long a notice stays."""


class Screen(StrEnum):
    """What the page shows."""

    ATTRACT = "attract"
    LIVE = "live"
    COUNTDOWN = "countdown"
    DEVELOPING = "developing"
    SHOWN = "shown"
    AWAY = "away"


class Stage(StrEnum):
    """How far a photograph is."""

    NONE = "none"
    FAST = "fast"
    FINE = "fine"


class Order(StrEnum):
    """What the booth has to do."""

    TAKE = "take"
    """Take a photograph now, numbered `shot`."""
    DISCARD = "discard"
    """Remove the photograph `discarded`."""
    DRESS = "dress"
    """Put another background behind the photograph that is shown."""
    COUNT = "count"
    """The countdown began: light the lamps."""
    REST = "rest"
    """The countdown ended early: put the lamps out."""


@dataclass(frozen=True)
class Notice:
    """One friendly sentence for the guest. key: of the texts; kind: trouble or news."""

    key: str
    kind: Literal["trouble", "news"] = "trouble"


@dataclass
class Session:
    """State of the one guest (or group) in front of the booth. Times are seconds of one monotonic clock.

    idle_s: without a touch for so long the booth goes back to its attract loop.
    """

    background: str
    countdown_s: int = 3
    idle_s: float = 60.0
    state: Screen = Screen.ATTRACT
    since_s: float = 0.0
    touched_s: float = 0.0
    ends_s: float = 0.0
    zero_s: float = 0.0
    of_s: int = 0
    shot: int = 0
    waiting: bool = False
    token: str = ""
    stage: Stage = Stage.NONE
    kept: bool = False
    discarded: str = ""
    camera: bool = True
    notice: Notice | None = None
    noticed_s: float = 0.0
    version: int = field(default=0, compare=False)

    @property
    def screen(self) -> Screen:
        """What is to be seen; without a camera nobody is invited to pose."""
        if not self.camera and self.state in (Screen.ATTRACT, Screen.LIVE):
            return Screen.AWAY
        return self.state

    def start(self, now: float) -> list[Order]:
        """A guest came."""
        self._touch(now)
        if self.state in (Screen.ATTRACT, Screen.LIVE):
            self._go(Screen.LIVE, now)
        return []

    def cancel(self, now: float) -> list[Order]:
        """The guest leaves: the countdown ends, a shown photograph stays in the gallery."""
        orders = [Order.REST] if self.state is Screen.COUNTDOWN else []
        self._forget()
        self._go(Screen.LIVE if orders else Screen.ATTRACT, now)
        return orders

    def shoot(self, now: float, seconds: int | None = None) -> list[Order]:
        """Counts down, from the event's number of seconds or another one (kept within COUNTDOWN_S).

        A photograph that is shown stays in the gallery; while one is counted down or developed, nothing happens.
        """
        self._touch(now)
        if self.state in (Screen.COUNTDOWN, Screen.DEVELOPING):
            return []
        if not self.camera:
            self._say(Notice("notice.camera_away"), now)
            return []
        self._forget()
        self.of_s = min(max(seconds or self.countdown_s, COUNTDOWN_S[0]), COUNTDOWN_S[1])
        self.ends_s = self.zero_s = now + self.of_s
        self.notice = None
        self._go(Screen.COUNTDOWN, now)
        return [Order.COUNT]

    def retake(self, now: float) -> list[Order]:
        """The guest does not like what is shown: it is removed, the preview comes back."""
        self._touch(now)
        if self.state is not Screen.SHOWN:
            return []
        self.discarded = self.token
        self._forget()
        self._go(Screen.LIVE, now)
        return [Order.DISCARD]

    def keep(self, now: float) -> list[Order]:
        """The guest likes it: the choices are over, sharing begins."""
        self._touch(now)
        if self.state is Screen.SHOWN and not self.kept:
            self.kept = True
            self._changed()
        return []

    def dress(self, now: float, background: str) -> list[Order]:
        """Another background: behind the preview, and behind the photograph where one is shown."""
        self._touch(now)
        self.background = background
        self._changed()
        if self.state is Screen.SHOWN:
            self.stage = Stage.NONE if self.stage is Stage.NONE else Stage.FAST
            return [Order.DRESS]
        return []

    def camera_is(self, now: float, there: bool) -> list[Order]:
        """The camera came or went. A countdown goes on: it may be back at zero."""
        if there != self.camera:
            self.camera = there
            if there and self.notice and self.notice.key == "notice.camera_away":
                self.notice = None
            self._go(self.state, now)
        return []

    def awaits(self, shot: int) -> bool:
        """Whether the photograph of that number is still wanted."""
        return self.state is Screen.DEVELOPING and shot == self.shot and self.waiting

    def taken(self, now: float, shot: int, token: str) -> list[Order]:
        """The photograph of that number lies in the gallery."""
        if self.awaits(shot):
            self.waiting, self.token, self.ends_s = False, token, now + DEVELOP_S
            self._changed()
        return []

    def missed(self, now: float, shot: int, notice: str) -> list[Order]:
        """The photograph of that number will not come. notice: the sentence's key."""
        if self.state is Screen.DEVELOPING and shot == self.shot:
            self._give_up(now, notice)
        return []

    def developed(self, now: float, token: str, stage: Stage) -> list[Order]:
        """A cut of that photograph is ready."""
        if token != self.token or not token:
            return []
        self.stage = stage
        if self.state is Screen.DEVELOPING:
            self._touch(now)
            self._go(Screen.SHOWN, now)
        self._changed()
        return []

    def spoiled(self, now: float, token: str, notice: str) -> list[Order]:
        """A cut of that photograph failed; what is shown already stays."""
        if token != self.token or not token:
            return []
        if self.state is Screen.DEVELOPING:
            self._give_up(now, notice)
        else:
            self.say(now, notice)
        return []

    def gone(self, now: float, token: str) -> list[Order]:
        """A photograph was removed: deleted by its owner, or its time was over."""
        if token == self.token and token:
            self._forget()
            self._go(Screen.ATTRACT, now)
        return []

    def say(self, now: float, key: str) -> None:
        """Something went wrong: a sentence for the guest."""
        self._say(Notice(key), now)

    def tick(self, now: float) -> list[Order]:
        """Time passed: the countdown's zero, patience, idleness, the notice's end."""
        if self.notice and now - self.noticed_s >= NOTICE_S:
            self.notice = None
            self._changed()
        if self.state is Screen.COUNTDOWN and now >= self.ends_s:
            self.shot, self.waiting, self.ends_s = self.shot + 1, True, now + STILL_S
            self._go(Screen.DEVELOPING, now)
            return [Order.TAKE]
        if self.state is Screen.DEVELOPING and now >= self.ends_s:
            self._give_up(now, self._why_late())
            return []
        if self.state in (Screen.LIVE, Screen.SHOWN) and now - self.touched_s >= self.idle_s:
            self._forget()
            self._go(Screen.ATTRACT, now)
        return []

    def due_s(self, now: float) -> float:
        """How long nothing can happen by time alone: when to tick next, in seconds from now."""
        dues = [self.noticed_s + NOTICE_S] if self.notice else []
        if self.state in (Screen.COUNTDOWN, Screen.DEVELOPING):
            dues.append(self.ends_s)
        elif self.state in (Screen.LIVE, Screen.SHOWN):
            dues.append(self.touched_s + self.idle_s)
        return max(0.0, min(dues, default=now + 3600) - now)

    def left_s(self, now: float) -> float | None:
        """Of the countdown; None when there is none."""
        return max(0.0, self.ends_s - now) if self.state is Screen.COUNTDOWN else None

    def _give_up(self, now: float, notice: str) -> None:
        self._forget()
        self._say(Notice(notice), now)
        self._go(Screen.LIVE, now)

    def _why_late(self) -> str:
        return "notice.camera_away" if self.waiting and not self.camera else "notice.shot_failed"

    def _touch(self, now: float) -> None:
        self.touched_s = now

    def _go(self, state: Screen, now: float) -> None:
        if state is not self.state:
            self.state, self.since_s, self.touched_s = state, now, now
        self._changed()

    def _forget(self) -> None:
        self.token, self.stage, self.kept, self.waiting = "", Stage.NONE, False, False

    def _say(self, notice: Notice, now: float) -> None:
        self.notice, self.noticed_s = notice, now
        self._changed()

    def _changed(self) -> None:
        self.version += 1
