"""Buttons, lamps, countdown and microphone. What happens is numbered and kept until the host says that it has seen it,
so a lost frame loses nothing; when the host stays away, the oldest go and are counted. Agrees with
firmware/common/events.c."""

from array import array

import board
from project import Projection, classify
from words import SIGNAL_SAMPLES, WHAT_COUNTED, WHAT_PRESS, WHAT_RELEASE, WHAT_TRIGGER

KEPT, BUTTONS, SETTLED_MS, DEAF_MS, BOTH_LAMPS = 8, 2, 15, 250, 3

HEARD_SAMPLES = 64
"""How many samples are taken from the port at a time."""


class _Queue:
    """kept: (number, ms, distance, what, which), the oldest first; now: the turn's time in ms, modulo 65,536."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, int, int, int, int]] = []
        self.lost = self.last_number = self.now = 0

    def add(self, what: int, which: int, distance: int) -> None:
        """Books an event; when there is no room, for the oldest."""
        if len(self.kept) == KEPT:
            self.kept.pop(0)
            self.lost = min(self.lost + 1, 255)
        self.last_number = self.last_number % 0xFFFF + 1
        self.kept.append((self.last_number, self.now, distance, what, which))

    def forget(self, seen: int) -> None:
        """The event of that number and those before it, if it is here."""
        for i in range(len(self.kept)):
            if self.kept[i][0] == seen:
                self.kept = self.kept[i + 1 :]
                self.lost = 0
                return


class _Button:
    """down: as the host knows it; changing: different since `since`."""

    def __init__(self, which: int) -> None:
        self._which, self._down, self._changing, self._since = which, False, False, 0

    def turn(self, down: bool) -> None:
        """A button has to stay where it is for a while before it counts: contacts bounce."""
        if down == self._down:
            self._changing = False
        elif not self._changing:
            self._changing, self._since = True, _queue.now
        elif (_queue.now - self._since) & 0xFFFF >= SETTLED_MS:
            self._down = down
            _queue.add(WHAT_PRESS if down else WHAT_RELEASE, self._which, 0)


class _Countdown:
    """Blinks `steps` times, half of each step lit; then COUNTED."""

    def __init__(self, steps: int, step_ms: int, since: int) -> None:
        self.steps, self._step_ms, self._since, self._lit = steps, step_ms, since, True

    def turn(self) -> None:
        """Lamps go dark after half a step and light up for the next."""
        passed = (_queue.now - self._since) & 0xFFFF
        if self._lit and passed >= self._step_ms >> 1:
            self._lit = False
            board.lamps(0)
        if passed < self._step_ms:
            return
        self._since = (self._since + self._step_ms) & 0xFFFF
        self._lit = True
        self.steps -= 1
        board.lamps(BOTH_LAMPS if self.steps else 0)
        if not self.steps:
            _queue.add(WHAT_COUNTED, 0, 0)


class _Ear:
    """Waits for a sample as loud as `level`; 0: does not listen."""

    def __init__(self, level: int) -> None:
        self.level, self._since, self._hearing, self._deaf = level, 0, False, False

    def hear(self, samples: array[int], count: int) -> None:
        """A signal begins with its first loud sample; a class of its own is an event. Then the ear rests: an echo is no
        clap."""
        at = 0
        while at < count:
            if not self._hearing:
                at = self._first_loud(samples, at, count)
                continue
            at = _signal.take(samples, at, count)
            if _signal.next == SIGNAL_SAMPLES:
                self._judge()

    def _first_loud(self, samples: array[int], at: int, count: int) -> int:
        if self._deaf and (_queue.now - self._since) & 0xFFFF < DEAF_MS:
            return count
        self._deaf, level = False, self.level
        for place in range(at, count):
            if samples[place] >= level or -samples[place] >= level:
                self._hearing = True
                _signal.start()
                return place
        return count

    def _judge(self) -> None:
        x, y = _signal.point()
        label, distance = classify(x, y)
        if label:
            _queue.add(WHAT_TRIGGER, label, distance)
        self._hearing, self._deaf, self._since = False, True, _queue.now


_heard = array("h", bytes(2 * HEARD_SAMPLES))
_signal = Projection()
_queue, _buttons, _countdown, _ear = _Queue(), [_Button(0), _Button(1)], _Countdown(0, 0, 0), _Ear(0)


def start() -> None:
    """Forgets everything, as after a reset."""
    global _queue, _buttons, _countdown, _ear
    _queue, _buttons, _countdown, _ear = _Queue(), [_Button(0), _Button(1)], _Countdown(0, 0, 0), _Ear(0)


def turn() -> None:
    """What is due: to be called every few milliseconds, in the middle of a solve too."""
    before = _queue.now
    _queue.now = board.ms()
    while _ear.level and (count := board.samples(_heard)):
        _ear.hear(_heard, count)
    if _queue.now == before:
        return
    down = board.buttons()
    for button in range(BUTTONS):
        _buttons[button].turn(bool(down & 1 << button))
    if _countdown.steps:
        _countdown.turn()


def tell(seen: int) -> tuple[int, int, int, int, int, int, int]:
    """Forgets the event numbered `seen` and those before it; tells of the next (number, ms, distance, what, which,
    waiting, lost), or of nothing (number 0)."""
    _queue.forget(seen)
    if not _queue.kept:
        return 0, 0, 0, 0, 0, 0, 0
    number, ms, distance, what, which = _queue.kept[0]
    return number, ms, distance, what, which, len(_queue.kept) - 1, _queue.lost


def set_lamps(lamps: int) -> None:
    """Switches lamps and ends a countdown."""
    _countdown.steps = 0
    board.lamps(lamps & BOTH_LAMPS)


def count_down(steps: int, step_ms: int) -> None:
    """Begins a countdown; of 0 steps it ends one."""
    global _countdown
    _countdown = _Countdown(steps, step_ms, board.ms())
    board.lamps(BOTH_LAMPS if steps else 0)


def listen(level: int) -> None:
    """Waits for a sample as loud as `level`; 0 ends that."""
    global _ear
    _ear = _Ear(level)
    board.listen(level != 0)
