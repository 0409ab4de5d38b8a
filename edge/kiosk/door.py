"""The booth's door: under which name and from which page a request may come, and what every answer carries.

One ASGI wrapper around the whole app, so that no route can forget it. How much a request may carry is FastAPI's
max_body_size, counted while it streams in.
"""
from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.kiosk.address import Address

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
          "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
"""No inline script, no inline style, nothing from anywhere else."""

ALWAYS = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
          "x-frame-options": "DENY", "cross-origin-resource-policy": "same-origin",
          "cross-origin-opener-policy": "same-origin", "permissions-policy": "camera=(), microphone=(), geolocation=()"}
"""Sent with everything."""


class Door:
    """Refuses foreign names and foreign pages before the app sees them."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        """address: knows which names are the booth's."""
        self.app, self.address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = _with_headers(send, "no-cache" if scope["path"].startswith("/static/") else "no-store")
        refusal = self._refusal(scope["method"], Headers(scope=scope))
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        """What to answer in place of the app; None: the request may pass."""
        host = headers.get("host", "").lower()
        if not self.address.admits(host):
            return _no(421, "this booth has no such name; masque kiosk --name HOST gives it one")
        if method not in CHANGING:
            return None
        origin = headers.get("origin")
        if (headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
                or (origin is not None and urlsplit(origin).netloc.lower() != host)):
            return _no(403, "only the booth's own pages may change something")
        return None


def _no(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"key": "notice.forbidden", "detail": detail}, status)


def _with_headers(send: Send, caching: str) -> Send:
    """caching: where the app says nothing of it."""
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in ALWAYS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", caching)
        await send(message)

    return sent
