"""A bell for any number of listeners on the event loop: each hears that something changed, none has to keep up."""
from __future__ import annotations

import asyncio
from contextlib import suppress


class Changes:
    """Counts; whoever waits for a number that has passed does not wait."""

    def __init__(self) -> None:
        self.number = 0
        self._waiting: set[asyncio.Future] = set()

    def ring(self) -> None:
        """Something changed. On the event loop."""
        self.number += 1
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def after(self, number: int, wait_s: float) -> int:
        """The present number, as soon as it is above `number`, or when the time is over."""
        if self.number <= number:
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            with suppress(TimeoutError):
                await asyncio.wait_for(future, wait_s)
            self._waiting.discard(future)
        return self.number
