"""What never ends: the preview and the changes of state. A slow viewer misses frames, nobody waits for him."""
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import contextmanager

from edge.kiosk.booth import Booth
from edge.kiosk.showing import state

BOUNDARY = b"--frame\r\n"

REPEAT_S = 5.0
"""The same picture or state is sent again after this time: otherwise nobody would notice that a viewer has gone."""

MOST_VIEWERS, MOST_LISTENERS = 16, 64
"""Each holds a connection; more are told to come back."""


async def preview(booth: Booth) -> AsyncIterator[bytes]:
    """multipart/x-mixed-replace; boundary=frame. The boundary goes out behind a picture, not before the next: browsers
    show a part when they see its end."""
    number = booth.framed.number
    with _counted(booth, "viewers"):
        yield BOUNDARY + (_part(booth.jpeg) if booth.jpeg else b"")
        while not booth.closing:
            number = await booth.framed.after(number, REPEAT_S)
            if booth.jpeg and not booth.closing:
                yield _part(booth.jpeg)


async def changes(booth: Booth, owner: bool) -> AsyncIterator[bytes]:
    """text/event-stream: `state` now and on each change, `heartbeat` while nothing changes."""
    number = -1
    with _counted(booth, "listeners"):
        while not booth.closing:
            now = await booth.changed.after(number, REPEAT_S)
            if now == number:
                yield b"event: heartbeat\ndata: {}\n\n"
            else:
                number = now
                yield b"event: state\ndata: " + state(booth, owner).model_dump_json().encode() + b"\n\n"


def _part(jpeg: bytes) -> bytes:
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode("ascii")
    return head + jpeg + b"\r\n" + BOUNDARY


@contextmanager
def _counted(booth: Booth, what: str):
    """Who looks at the preview is worth its making."""
    setattr(booth, what, getattr(booth, what) + 1)
    booth.viewfinder.watch(booth.viewers > 0)
    try:
        yield
    finally:
        setattr(booth, what, getattr(booth, what) - 1)
        booth.viewfinder.watch(booth.viewers > 0)
