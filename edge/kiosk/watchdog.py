"""Signs of life for systemd: Type=notify and WatchdogSec, as sd_notify(3) describes them."""
from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress


class Watchdog:
    """Speaks to the socket that NOTIFY_SOCKET names; does nothing where there is none."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        watched_us = int(os.environ.get("WATCHDOG_USEC", "0") or 0)
        self.every_s = watched_us / 1e6 / 3 if watched_us else 0.0

    def say(self, state: str) -> None:
        """One datagram, such as "READY=1"; lost where systemd has no time to read: the booth waits for nobody."""
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
                out.sendto(state.encode("ascii"), self._address)

    async def run(self) -> None:
        """WATCHDOG=1 three times in the time that systemd allows: from the event loop, so that a booth that hangs stops
        saying it."""
        while self.every_s:
            self.say("WATCHDOG=1")
            await asyncio.sleep(self.every_s)
