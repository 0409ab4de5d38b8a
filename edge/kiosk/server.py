"""Runs a booth: uvicorn, the booth, and a clean end within three seconds of SIGTERM or Ctrl-C."""
from __future__ import annotations

import asyncio
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

import uvicorn

from edge.errors import OutputError
from edge.kiosk.app import app_for
from edge.kiosk.booth import Booth, Options
from edge.kiosk.watchdog import Watchdog

GOODBYE_S = 1
"""For so long requests that are under way may go on at the end."""

WAITING, MOST_REQUESTS = 128, 400
"""Connections that may wait to be accepted; requests under way at once, more are answered 503."""


MOST_FILES = 65_536


class Server(uvicorn.Server):
    """uvicorn without its signals: they are the booth's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn: nothing is captured."""
        yield


class Serving:
    """A booth that is served."""

    def __init__(self, booth: Booth) -> None:
        self.booth, self._ended = booth, asyncio.Event()
        self.server = Server(uvicorn.Config(
            app_for(booth), log_config=None, access_log=False, lifespan="off", ws="none", server_header=False,
            proxy_headers=False, timeout_graceful_shutdown=GOODBYE_S, backlog=WAITING, limit_concurrency=MOST_REQUESTS))

    @classmethod
    async def serve(cls, options: Options, started: Callable[[Self], None],
                    make: Callable[[Options], Booth] = Booth) -> None:
        """Serves until `stop`. started: hears when it is served, with the port that was found.

        Raises OutputError: the port is taken, the gallery cannot be used; EventError.
        """
        _allow_many_files()
        with _listening(options.address.host, options.address.port) as listener:
            port = listener.getsockname()[1]
            serving = cls(make(replace(options, address=replace(options.address, port=port))))
            await serving._run(listener, lambda: started(serving))

    def stop(self) -> None:
        """Begins the end. On the event loop."""
        self._ended.set()

    async def _run(self, listener: socket.socket, started: Callable[[], None]) -> None:
        watchdog = Watchdog()
        running = [asyncio.create_task(work) for work in
                   (self.booth.run(), self.server.serve(sockets=[listener]), self._ended.wait())]
        while not self.server.started and not any(task.done() for task in running):
            await asyncio.sleep(0.01)
        started()
        watchdog.say("READY=1")
        petting = asyncio.create_task(watchdog.run())
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        watchdog.say("STOPPING=1")
        petting.cancel()
        running[-1].cancel()
        self.server.should_exit = True
        await self.booth.close()
        for result in await asyncio.gather(*running[:2], return_exceptions=True):
            if isinstance(result, Exception):
                raise result


def serve(options: Options, said: Callable[[str], None]) -> Booth:
    """Serves until SIGTERM or Ctrl-C. said: hears the address once it is served. Raises as Serving.serve does."""
    served: list[Booth] = []

    def started(serving: Serving) -> None:
        served.append(serving.booth)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, serving.stop)
        said(serving.booth.options.address.url())

    asyncio.run(Serving.serve(options, started))
    return served[0]


def _allow_many_files() -> None:
    """Each connection is an open file; the usual 1,024 would let idle phones keep the gallery from opening its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, MOST_FILES)), hard))


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket; port 0: any free one. Raises OutputError."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise OutputError(f"{host} port {port}: cannot be served ({error.strerror}); choose another --port, or 0 "
                              "for any, and a --host of this machine") from error
        yield listener
