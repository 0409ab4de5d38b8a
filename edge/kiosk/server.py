"""Runs a booth: uvicorn, the booth, and a clean end within three seconds of SIGTERM or Ctrl-C."""
from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace

import uvicorn

from edge.errors import OutputError
from edge.kiosk.app import app_for
from edge.kiosk.booth import Booth, Options
from edge.kiosk.watchdog import Watchdog

GOODBYE_S = 1
"""For so long requests that are under way may go on at the end."""


class Server(uvicorn.Server):
    """uvicorn without its signals: they are the booth's."""

    @contextmanager
    def capture_signals(self):
        """See uvicorn: nothing is captured."""
        yield


def serve(options: Options, said: Callable[[str], None], make: Callable[[Options], Booth] = Booth) -> None:
    """Serves until a signal. said: hears the address once it is served. Raises OutputError: the port is taken, …"""
    asyncio.run(_serve(options, said, make))


async def _serve(options: Options, said: Callable[[str], None], make: Callable[[Options], Booth]) -> None:
    listener = _listening(options.address.host, options.address.port)
    options = replace(options, address=replace(options.address, port=listener.getsockname()[1]))
    booth = make(options)
    server = Server(uvicorn.Config(app_for(booth), log_config=None, access_log=False, lifespan="off", ws="none",
                                   server_header=False, timeout_graceful_shutdown=GOODBYE_S, backlog=128))
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    running = [asyncio.create_task(booth.run()), asyncio.create_task(server.serve(sockets=[listener])),
               asyncio.create_task(ended.wait())]
    watchdog = Watchdog()
    petting = asyncio.create_task(watchdog.run())
    while not server.started and not any(task.done() for task in running):
        await asyncio.sleep(0.01)
    said(options.address.url())
    watchdog.say("READY=1")
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    watchdog.say("STOPPING=1")
    petting.cancel()
    server.should_exit = True
    await booth.close()
    failures = [result for result in await asyncio.gather(*running[:2], return_exceptions=True)
                if isinstance(result, Exception)]
    running[2].cancel()
    if failures:
        raise failures[0]


def _listening(host: str, port: int) -> socket.socket:
    """A bound socket; port 0: any free one. Raises OutputError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OutputError(f"{host} port {port}: cannot be served ({error.strerror}); choose another --port, or 0 for "
                          "any, and a --host of this machine") from error
    return listener
