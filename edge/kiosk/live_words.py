"""What the booth and its live process say to each other: small frozen words, one a message."""
from __future__ import annotations

from dataclasses import dataclass

from edge.kiosk.look import Look


@dataclass(frozen=True)
class Setup:
    """What a live process is started with. source: as `masque live` takes it; board: its name; models: a folder, or ""
    for those that ship; threads: at most so many for the network, 0 = the board's."""

    source: str
    board: str
    models: str = ""
    threads: int = 0


@dataclass(frozen=True)
class Dress:
    """To the live process: how the preview looks; None: as the camera sees it."""

    look: Look | None


@dataclass(frozen=True)
class Watched:
    """To the live process: whether somebody looks. A preview that nobody sees is made twice a second."""

    watched: bool


@dataclass(frozen=True)
class Take:
    """To the live process: a photograph, as large as the camera can."""

    shot: int


@dataclass(frozen=True)
class Shown:
    """From the live process: a finished preview frame, a JPEG. time_ns: when its processing ended, monotonic."""

    jpeg: bytes
    time_ns: int


@dataclass(frozen=True)
class Alive:
    """From the live process, five times a second whatever happens. frames: since its start; camera: whether frames
    come; why: what is wrong with camera or background, or ""; fallbacks: lines for the admin page."""

    frames: int
    camera: bool
    why: str = ""
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Busy:
    """From the live process: its next word may take so many seconds; it is not hanging."""

    for_s: float


@dataclass(frozen=True)
class Taken:
    """From the live process: a photograph as JPEG of (height, width)."""

    shot: int
    jpeg: bytes
    height: int
    width: int


@dataclass(frozen=True)
class Missed:
    """From the live process: no photograph came."""

    shot: int
    why: str
