"""The booth's door: who may come in under which name, from which page, with how much; and what every answer carries.

One ASGI wrapper around the whole app, so that no route can forget it.
"""
from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.kiosk.address import Address

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

SMALL_BODY_BYTES = 16 << 10
"""What any request but an upload may carry."""

UPLOAD_PATH = "/api/uploads"

UPLOAD_BODY_BYTES = 48 << 20
"""A photograph of a phone has 3 to 15 MB, a trimap less."""

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
          "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")

ALWAYS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
          "x-frame-options": "DENY", "cross-origin-resource-policy": "same-origin",
          "cross-origin-opener-policy": "same-origin", "permissions-policy": "camera=(), microphone=(), geolocation=()"}
"""Sent with everything."""


class Door:
    """Refuses foreign hosts, foreign pages and large bodies before the app sees them."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        """address: knows which names are the booth's."""
        self.app, self.address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = _with_headers(send)
        refusal = self._refusal(scope["method"], headers)
        if refusal:
            await JSONResponse({"key": "fault.refused", "detail": refusal[1]}, refusal[0])(scope, receive, send)
            return
        limit = UPLOAD_BODY_BYTES if scope["path"] == UPLOAD_PATH else SMALL_BODY_BYTES
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > limit:
            await _too_large(limit)(scope, receive, send)
            return
        body = _Counted(receive, limit)
        try:
            await self.app(scope, body.receive, body.noting(send))
        except _TooMuch:
            if not body.answered:
                await _too_large(limit)(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> tuple[int, str] | None:
        """(status, why), or None: the request may pass."""
        host = headers.get("host", "").lower()
        if not self.address.admits(host):
            return 421, "this booth is not called that; ask for it by a name that it knows (masque kiosk --name)"
        if method not in CHANGING:
            return None
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return 403, "only the booth's own pages may change something"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host:
            return 403, "only the booth's own pages may change something"
        return None


class _TooMuch(Exception):
    """More came than may come."""


class _Counted:
    """A request's body, counted while it streams in."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._left, self.answered = receive, limit, False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooMuch
        return message

    def noting(self, send: Send) -> Send:
        async def noted(message: Message) -> None:
            self.answered = True
            await send(message)

        return noted


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in ALWAYS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sent


def _too_large(limit: int) -> JSONResponse:
    return JSONResponse({"key": "fault.too_large", "detail": f"at most {limit:,} bytes are taken"}, 413)

