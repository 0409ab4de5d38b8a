"""What a person types as SOURCE → scheme, place and options: `demo`, `clip.mp4`, `v4l2:/dev/video0?size=1280x720`."""
from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from edge.errors import PictureError

SIDES_PX, RATES, COUNTS = (16, 8192), (1, 240), (0, 10**9)
"""What the numbers in `size`, `fps` and `frames` may be, both ends included."""


@dataclass(frozen=True)
class Address:
    """Where frames come from. place: path or number, "" where the scheme needs none.

    size: (height, width) px; frames_per_s; frames: stop after so many, 0 = never before the source's own end. None:
    not said. stamp: the frames show their time (edge.camera.stamp). still: (height, width) px of photographs.
    """

    scheme: str
    place: str
    size: tuple[int, int] | None = None
    frames_per_s: float | None = None
    frames: int | None = None
    stamp: bool = False
    still: tuple[int, int] | None = None


def address_of(text: str, options: Mapping[str, tuple[str, ...]], known: str) -> Address:
    """Reads SCHEME:PLACE?NAME=VALUE&…, or a path, `demo` or `picamera` with or without the options.

    options: scheme → the names that it takes; known: the sources there are, for people. A file or folder that exists
    is meant, whatever signs are in its name. Raises PictureError for an unknown scheme or option or a malformed value.
    """
    scheme, place, query = _split(text, options, known)
    address = Address(scheme, place)
    for name, _, value in (pair.partition("=") for pair in query.split("&") if pair):
        if name not in options[scheme]:
            raise PictureError(f"{text}: {scheme} knows no option {name!r}; it knows {', '.join(options[scheme])}")
        if name in ("size", "still"):
            size = _size(text, name, value)
            address = replace(address, size=size) if name == "size" else replace(address, still=size)
        elif name == "fps":
            address = replace(address, frames_per_s=number(text, "fps", value, RATES))
        elif name == "stamp":
            address = replace(address, stamp=bool(whole_number(text, "stamp", value, (0, 1))))
        else:
            address = replace(address, frames=whole_number(text, "frames", value, COUNTS))
    return address


def _split(text: str, schemes: Mapping[str, object], known: str) -> tuple[str, str, str]:
    """Scheme, place, query. The words come first: `make demo` leaves a folder named demo behind."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme in schemes:
        return scheme, *_without_query(rest)
    place, query = _without_query(text)
    if place in ("demo", "picamera"):
        return place, "", query
    if place.startswith("/dev/"):
        return "v4l2", place, query
    if os.path.isdir(place):
        return "folder", place, query
    if os.path.exists(place):
        return "file", place, query
    if re.match(r"\w[\w+.-]*:", place):
        raise PictureError(f"{text}: unknown kind of source {scheme!r}; known: {known}")
    raise PictureError(f"{text}: no such file, folder or source; known: {known}")


def _without_query(text: str) -> tuple[str, str]:
    place, mark, query = text.rpartition("?")
    return (place, query) if mark and not os.path.exists(text) else (text, "")


def _size(text: str, name: str, value: str) -> tuple[int, int]:
    width, mark, height = value.partition("x")
    if not mark:
        raise PictureError(f"{text}: {name}={value} is not WIDTHxHEIGHT, such as {name}=1280x720")
    return (whole_number(text, f"height in {name}", height, SIDES_PX),
            whole_number(text, f"width in {name}", width, SIDES_PX))


def number(text: str, name: str, value: str, ends: tuple[int, int]) -> float:
    """A decimal number between both ends. Raises PictureError, which shows text and name."""
    try:
        read = float(value)
    except ValueError:
        read = float("nan")
    if not ends[0] <= read <= ends[1]:
        raise PictureError(f"{text}: {name} is {value!r}; it is a number from {ends[0]} to {ends[1]}")
    return read


def whole_number(text: str, name: str, value: str, ends: tuple[int, int]) -> int:
    """As `number`, digits alone."""
    if not re.fullmatch("[0-9]{1,10}", value) or not ends[0] <= int(value) <= ends[1]:
        raise PictureError(f"{text}: {name} is {value!r}; it is a whole number from {ends[0]} to {ends[1]}")
    return int(value)
