"""The booth's screen: state, changes, preview, and the verbs of a session."""
from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body, Path, Request
from fastapi.responses import Response, StreamingResponse

from edge.kiosk import shapes
from edge.kiosk.booth import Booth
from edge.kiosk.rights import Refused, booth_of, is_booth, need_booth
from edge.kiosk.showing import state
from edge.kiosk.streams import MOST_LISTENERS, MOST_VIEWERS, changes, preview
from edge.kiosk.texts import Texts

routes = APIRouter(prefix="", tags=["session"])

Language = Annotated[str, Path(pattern="^[a-z]{2}$")]


@routes.get("/api/state", response_model=shapes.State)
async def read_state(request: Request, language: str | None = None) -> shapes.State:
    """All that the booth's page shows. language: of the backgrounds' titles, the event's unless said."""
    return state(booth_of(request), is_booth(request), language)


@routes.get("/api/changes", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def read_changes(request: Request) -> Response:
    """Server-sent events: `state` with the state now and on each change, `heartbeat` every five seconds without one."""
    booth = booth_of(request)
    if booth.listeners >= MOST_LISTENERS:
        raise Refused(503, "notice.busy", f"{MOST_LISTENERS} pages are listening already")
    return StreamingResponse(changes(booth, is_booth(request)), media_type="text/event-stream")


@routes.get("/preview.mjpg", response_class=StreamingResponse,
            responses={200: {"content": {"multipart/x-mixed-replace": {}}}})
async def read_preview(request: Request) -> Response:
    """The live picture as Motion JPEG: an <img> shows it. For the booth's screen and the host."""
    booth = need_booth(request)
    if booth.viewers >= MOST_VIEWERS:
        raise Refused(503, "notice.busy", f"{MOST_VIEWERS} pages are watching already")
    return StreamingResponse(preview(booth), media_type="multipart/x-mixed-replace; boundary=frame")


@routes.post("/api/session/start", response_model=shapes.State)
async def start(request: Request) -> shapes.State:
    """A guest touched the screen: attract → live."""
    return _done(request, "start")


@routes.post("/api/session/cancel", response_model=shapes.State)
async def cancel(request: Request) -> shapes.State:
    """Ends a countdown (→ live), or the session (→ attract); a picture that is shown stays in the gallery."""
    return _done(request, "cancel")


@routes.post("/api/session/shoot", response_model=shapes.State)
async def shoot(request: Request, wish: Annotated[shapes.Shoot | None, Body()] = None) -> shapes.State:
    """Counts down and takes a picture; the button and a clap do the same."""
    return _done(request, "shoot", wish.seconds if wish else None)


@routes.post("/api/session/retake", response_model=shapes.State)
async def retake(request: Request) -> shapes.State:
    """Removes the picture that is shown and goes back to the preview."""
    return _done(request, "retake")


@routes.post("/api/session/keep", response_model=shapes.State)
async def keep(request: Request) -> shapes.State:
    """The choices are over: photo.kept, for the screen with the QR code."""
    return _done(request, "keep")


@routes.post("/api/session/background", response_model=shapes.State)
async def choose_background(request: Request, chosen: shapes.Chosen) -> shapes.State:
    """Puts another background behind the preview, and behind the picture that is shown."""
    booth = need_booth(request)
    known_background(booth, chosen.name)
    return _done(request, "dress", chosen.name)


@routes.get("/api/backgrounds/{name}/thumbnail.jpg", response_class=Response,
            responses={200: {"content": {"image/jpeg": {}}}, 404: {"model": shapes.Fault}})
async def read_thumbnail(request: Request, name: str) -> Response:
    """A background, 320 pixels wide."""
    booth = booth_of(request)
    known_background(booth, name)
    jpeg = await asyncio.to_thread(booth.thumbnails.jpeg, name)
    return Response(jpeg, media_type="image/jpeg", headers={"cache-control": "private, max-age=60"})


@routes.get("/api/texts/{language}", response_model=dict[str, str], responses={404: {"model": shapes.Fault}})
async def read_texts(request: Request, language: Language) -> dict[str, str]:
    """Every word of the pages in a language, by key; words in braces are filled in by the page."""
    if language not in booth_of(request).languages:
        raise Refused(404, "notice.problem", f"no words for {language!r}")
    return dict(await asyncio.to_thread(Texts, language))


def known_background(booth: Booth, name: str) -> None:
    """Raises Refused 404 for a background that the event has not."""
    if booth.events.current.background(name) is None:
        raise Refused(404, "notice.problem", "the event has no such background; /api/state lists them")


def _done(request: Request, verb: str, *arguments: object) -> shapes.State:
    booth = need_booth(request)
    booth.do(verb, *arguments)
    return state(booth, True)
