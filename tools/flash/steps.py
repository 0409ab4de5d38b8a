"""What a flashing is made of, and how it says where it stopped."""
from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from edge.errors import FlashError

Told = Callable[[str, int, int], None]
"""told(step, done, total): how far a step is, in bytes."""


class StepError(FlashError):
    """A step that failed. step: its name; the message has it too, and the bytes that show it."""

    def __init__(self, step: str, said: str) -> None:
        super().__init__(f"{step}: {said}")
        self.step = step


@contextmanager
def stating(state: Callable[[], str]) -> Iterator[None]:
    """A step that fails inside says too what is on the board now."""
    try:
        yield
    except StepError as error:
        said = str(error).removeprefix(f"{error.step}: ")
        raise type(error)(error.step, f"{said}; {state()}") from error


class Interrupted(StepError):
    """Stopped by Ctrl-C or SIGTERM between two packets."""


class Brake:
    """Ctrl-C and SIGTERM, kept until somebody looks: a packet is never cut."""

    def __init__(self) -> None:
        self.pulled = False

    def look(self, step: str) -> None:
        """Between two packets. Raises Interrupted when somebody pulled."""
        if self.pulled:
            raise Interrupted(step, "stopped")

    def _pull(self, _: int, __: FrameType | None) -> None:
        if self.pulled:  # twice: whoever is in a hurry shall not wait for a board that is gone
            raise KeyboardInterrupt
        self.pulled = True


@contextmanager
def brake() -> Iterator[Brake]:
    """A brake that holds while the block runs; outside the main thread, where no signals come, it is never pulled."""
    made = Brake()
    if threading.current_thread() is not threading.main_thread():
        yield made
        return
    kept = {number: signal.signal(number, made._pull) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield made
    finally:
        for number, before in kept.items():
            signal.signal(number, before)
