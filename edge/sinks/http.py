"""Live pictures for browsers on this computer: Motion JPEG over HTTP (multipart/x-mixed-replace).

`/` is a page, `/stream.mjpg` what it shows, `/frame.jpg` one picture. Only loopback is served, and only to those who
name it: a page from elsewhere whose name was made to point here (DNS rebinding) sends its own name as Host.
"""
from __future__ import annotations

import errno
import socket
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from urllib.parse import urlsplit

import numpy as np

from edge.errors import OutputError
from edge.sinks import FrameSink
from edge.sinks.jpeg import QUALITY
from edge.sinks.newest import NewestJpeg
from edge.sinks.page import PAGE

LOOPBACK = ("127.0.0.1", "localhost", "::1")

MOST_VIEWERS = 16
"""Each is a thread and a connection; more than these are told to come back."""

REPEAT_S = 5.0
"""A picture that stays is sent again after this time: otherwise nobody would notice that a viewer has gone."""

PATIENCE_S = 10.0
"""A viewer who takes nothing for so long, or asks for nothing, is cut off."""

SEND_BUFFER_BYTES = 1 << 18
"""What the kernel may hold for a viewer: a few frames. More would show a slow one the past."""

PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
           "Cross-Origin-Resource-Policy": "same-origin",
           "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
                                      "frame-ancestors 'none'"}
"""Sent with everything: these are guests' pictures, for our own page and no other."""

BOUNDARY = b"--frame\r\n"


class HttpSink(FrameSink):
    """Serves the newest frame until closed. port: where; address: what to open in a browser."""

    def __init__(self, url: str, height: int, width: int, quality: int = QUALITY) -> None:
        """url: http://127.0.0.1:PORT, port 0 for any free one. Raises OutputError for another host or a taken port."""
        host, port = _loopback(url)
        self.fallbacks: list[str] = []
        self._newest = NewestJpeg(height, width, quality)
        try:
            self._server = _Server(host, port, self._newest)
        except OSError as error:
            raise OutputError(f"{url}: {_why_not(error, port)}") from error
        self.port: int = self._server.server_address[1]
        self.address = f"http://{_spelled(host)}:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="http sink", daemon=True)
        self._thread.start()

    def write(self, picture: np.ndarray, time_ns: int) -> None:
        """See FrameSink. Costs a colour conversion, whoever watches; time_ns is not needed: seen when it comes."""
        self._newest.put(picture)

    def close(self) -> None:
        """See FrameSink. Every viewer's stream ends."""
        if self._newest.closed:
            return
        self._newest.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server.send_home()


class _Server(ThreadingTCPServer):
    """A thread for each viewer; knows them, so that none outlives it."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, host: str, port: int, newest: NewestJpeg) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.newest, self.seats = newest, threading.BoundedSemaphore(MOST_VIEWERS)
        self.viewers: dict[threading.Thread, socket.socket] = {}
        super().__init__((host, port), _Viewer)
        own_port = self.server_address[1]
        self.hosts = {f"{_spelled(name)}:{own_port}" for name in LOOPBACK}
        if own_port == 80:
            self.hosts |= {_spelled(name) for name in LOOPBACK}  # browsers leave the usual port out

    def handle_error(self, request, client_address) -> None:
        """A viewer who leaves is no error; anything else is one of ours and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def send_home(self) -> None:
        """Cuts every connection, so that no thread stays in a send that nobody receives."""
        for thread, connection in list(self.viewers.items()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE_S)


class _Viewer(BaseHTTPRequestHandler):
    """One request of one viewer, in a thread of its own."""

    server: _Server
    timeout, disable_nagle_algorithm = PATIENCE_S, True
    server_version, sys_version = "masque", ""

    def setup(self) -> None:
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        super().setup()
        self.server.viewers[threading.current_thread()] = self.request

    def finish(self) -> None:
        self.server.viewers.pop(threading.current_thread(), None)
        super().finish()

    def do_GET(self) -> None:
        """Answers a path of ANSWERS; anything else is 404, and everything 403 under a foreign name."""
        answer = ANSWERS.get(urlsplit(self.path).path)
        if self.headers.get("Host", "").lower() not in self.server.hosts:
            self._say(HTTPStatus.FORBIDDEN, f"This is {min(self.server.hosts)}; ask for it by that name.")
        elif answer is None:
            self._say(HTTPStatus.NOT_FOUND, f"Here are only {', '.join(ANSWERS)}.")
        elif not self.server.seats.acquire(blocking=False):
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, f"{MOST_VIEWERS} are watching already; close one of them.")
        else:
            try:
                answer(self)
            finally:
                self.server.seats.release()

    def page(self) -> None:
        """The page that shows the stream."""
        self._send(HTTPStatus.OK, "text/html; charset=utf-8", PAGE)

    def frame(self) -> None:
        """One picture: the newest."""
        seen = self.server.newest.take(0, REPEAT_S)
        if seen is None:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, "There is no picture yet.")
        else:
            self._send(HTTPStatus.OK, "image/jpeg", seen[1])

    def stream(self) -> None:
        """Pictures until somebody ends it. The boundary goes out behind a picture, not before the next: browsers
        show a part when they see its end."""
        self._head(HTTPStatus.OK, "multipart/x-mixed-replace; boundary=frame")
        self.wfile.write(BOUNDARY)
        number = 0
        while not self.server.newest.closed:
            seen = self.server.newest.take(number, REPEAT_S)
            if seen is not None:
                number, jpeg = seen
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode("ascii")
                self.wfile.write(head + jpeg + b"\r\n" + BOUNDARY)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: standard error belongs to the command."""

    def _say(self, status: HTTPStatus, line: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{line}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self._head(status, kind, len(content))
        self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **PRIVATE}.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()


ANSWERS = {"/": _Viewer.page, "/stream.mjpg": _Viewer.stream, "/frame.jpg": _Viewer.frame}


def _loopback(url: str) -> tuple[str, int]:
    """http://127.0.0.1:8080 → ("127.0.0.1", 8080). Raises OutputError for a host that others could reach."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise OutputError(f"{url}: is no address ({error}); write http://127.0.0.1:8080") from error
    if port is None or parts.path not in ("", "/") or parts.query or parts.username is not None:
        raise OutputError(f"{url}: an address is a host and a port, such as http://127.0.0.1:8080 (port 0: any)")
    if host not in LOOPBACK:
        raise OutputError(f"{url}: only this computer may watch, and {host or 'no host'} would let others see your "
                          f"guests' pictures; write http://127.0.0.1:{port}")
    return host, port


def _spelled(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def _why_not(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; choose another one, or 0 for any"
    if error.errno == errno.EACCES:
        return f"port {port} is for administrators; choose one above 1023, or 0 for any"
    return f"cannot be served ({error.strerror})"
