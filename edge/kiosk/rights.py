"""Who asks, and what they may: the booth's own screen, the host with the PIN, a picture's owner, anybody."""
from __future__ import annotations

import base64
import hashlib
import hmac

from starlette.requests import Request

from edge.kiosk.address import is_loopback_peer
from edge.kiosk.booth import Booth
from edge.kiosk.gallery import Photo

COOKIE = "masque_admin"

PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
"""What a proxy on this computer adds to requests of others."""

DOT = "."
"""Stands in viewing keys and never in tokens."""


class Refused(Exception):
    """What may not be. key: of the texts; status: HTTP's."""

    def __init__(self, status: int, key: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.key, self.detail = status, key, detail


def booth_of(request: Request) -> Booth:
    """The booth that serves this request."""
    return request.app.state.booth


def is_admin(request: Request) -> bool:
    """Whether the host's login came along."""
    return booth_of(request).logins.knows(request.cookies.get(COOKIE, ""))


def is_booth(request: Request) -> bool:
    """Whether the booth's own screen asks (this computer, by its own name, through nobody), or the host."""
    peer = request.client.host if request.client else None
    passed_on = any(name in request.headers for name in PASSED_ON)
    return (not passed_on and is_loopback_peer(peer, request.headers.get("host", ""))) or is_admin(request)


def need_booth(request: Request) -> Booth:
    """For what only the booth's screen and the host may do."""
    if not is_booth(request):
        raise Refused(403, "notice.forbidden", "only the booth's own screen or the host may do that")
    return booth_of(request)


def need_admin(request: Request) -> Booth:
    """For what only the host may do and see."""
    if not is_admin(request):
        raise Refused(401, "notice.forbidden", "log in with the PIN first: POST /api/admin/login")
    return booth_of(request)


def viewing_key(photo: Photo) -> str:
    """What shows a picture and changes nothing: the gallery gives this to everybody, the token to its owner alone.

    number, a dot, and half of a hash of the token: nobody comes from here to the token or to another picture.
    """
    digest = hashlib.sha256(b"view:" + photo.token.encode()).digest()[:15]
    return f"{photo.number}{DOT}{base64.urlsafe_b64encode(digest).decode()}"


def found(booth: Booth, key: str) -> tuple[Photo, bool]:
    """(the photograph of a token or a viewing key, whether it was the token). Reads the disk. Raises Refused 404."""
    number, dot, _ = key.partition(DOT)
    photo, owned = booth.gallery.photo(key), True
    if photo is None and dot and number.isascii() and number.isdecimal() and len(number) < 12:
        near = booth.gallery.newest(1, int(number) + 1)
        if near and hmac.compare_digest(viewing_key(near[0]).encode(), key.encode()):
            photo, owned = near[0], False
    if photo is None:
        raise Refused(404, "photo.gone", "no such picture, or its time is over")
    return photo, owned
