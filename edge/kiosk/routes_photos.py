"""Pictures: the gallery, one picture and its files, another background, paper, away, gone."""
from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from edge.kiosk import shapes
from edge.kiosk.booth import Booth
from edge.kiosk.gallery import Photo
from edge.kiosk.rights import Refused, booth_of, found, is_booth
from edge.kiosk.routes_session import known_background
from edge.kiosk.sharing import qr_svg
from edge.kiosk.showing import OWNERS_KINDS, PICTURE_KINDS, can, looked_up, notice

routes = APIRouter(prefix="/api", tags=["photos"])

Key = Annotated[str, Path(min_length=1, max_length=64, description="a token (the owner's), or a viewing key")]

GONE: dict[int | str, dict[str, Any]] = {404: {"model": shapes.Fault}, 403: {"model": shapes.Fault}}


@routes.get("/gallery", response_model=shapes.Gallery)
def read_gallery(request: Request, before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
                 count: Annotated[int, Query(ge=1, le=100)] = 24) -> shapes.Gallery:
    """Pictures of the booth, newest first. before: the number to go on from."""
    booth, owner = booth_of(request), is_booth(request)
    photos = booth.gallery.newest(count + 1, before, origin="booth")
    page = photos[:count]
    return shapes.Gallery(photos=[looked_up(booth, photo, owner) for photo in page],
                          before=page[-1].number if len(photos) > count else None)


@routes.get("/photos/{token}", response_model=shapes.PhotoShown, responses=GONE)
def read_photo(request: Request, token: Key) -> shapes.PhotoShown:
    """A picture, with how it was made for its owner."""
    booth = booth_of(request)
    photo, owned = found(booth, token)
    return looked_up(booth, photo, owned or is_booth(request), report=True)


@routes.get("/photos/{token}/{kind}", response_class=Response, responses={
    200: {"content": {name: {} for name in ("image/jpeg", "image/png", "image/svg+xml")}}, 304: {}, **GONE})
def read_file(request: Request, token: Key, kind: str) -> Response:
    """picture.jpg (the best there is), thumbnail.jpg; for the owner photograph.jpg, cutout.png, alpha.png, trimap.png,
    qr.svg too. With an ETag; caches are private and ask again."""
    booth = booth_of(request)
    photo, owned = found(booth, token)
    if kind in OWNERS_KINDS and not (owned or is_booth(request)):
        raise Refused(403, "notice.forbidden", "only the picture's owner sees that")
    if kind == "qr.svg":
        return Response(qr_svg(f"{booth.options.address.url()}/p/{photo.token}"), media_type="image/svg+xml")
    stored = next((name for name in PICTURE_KINDS.get(kind, ()) if name in photo.versions), None)
    if stored is None:
        raise Refused(404, "photo.gone", "the picture has no such file, or not yet")
    tag = f'"{photo.versions[stored]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = booth.gallery.read(photo.token, stored)
    if content is None:
        raise Refused(404, "photo.gone", "the picture's time is over")
    return Response(content, media_type="image/png" if kind.endswith("png") else "image/jpeg", headers=headers)


@routes.post("/photos/{token}/background", response_model=shapes.Done, responses=GONE)
async def choose_background(request: Request, token: Key, chosen: shapes.Chosen) -> shapes.Done:
    """Puts the picture before another background; `stage` and `picture_url` change when it is done."""
    booth, photo = await _own(request, token)
    known_background(booth, chosen.name)
    booth.errands.dress(photo.token, chosen.name)
    return shapes.Done()


@routes.post("/photos/{token}/print", response_model=shapes.Done, responses={**GONE, 409: {"model": shapes.Fault}})
async def print_photo(request: Request, token: Key) -> shapes.Done:
    """One print, within the event's limit. notice: printing, or why not."""
    booth, photo = await _own(request, token)
    if not can(booth).print:
        raise Refused(409, "notice.printer_away", "printing is off in event.toml")
    return shapes.Done(notice=notice(await booth.errands.print(photo.token)))


@routes.post("/photos/{token}/share", response_model=shapes.Done, responses={**GONE, 409: {"model": shapes.Fault}})
async def share_photo(request: Request, token: Key) -> shapes.Done:
    """Puts the picture on its way to the host's album."""
    booth, photo = await _own(request, token)
    if not can(booth).share:
        raise Refused(409, "notice.share_failed", "sharing is off in event.toml")
    await asyncio.to_thread(booth.gallery.queue_upload, photo.token)
    return shapes.Done(notice=shapes.NoticeShown(key="photo.sent", kind="news"))


@routes.delete("/photos/{token}", response_model=shapes.Done, responses=GONE)
async def remove_photo(request: Request, token: Key) -> shapes.Done:
    """Removes the picture with everything of it."""
    booth, photo = await _own(request, token)
    await booth.errands.remove(photo.token)
    return shapes.Done(notice=shapes.NoticeShown(key="photo.removed", kind="news"))


async def _own(request: Request, token: str) -> tuple[Booth, Photo]:
    """For what only the owner, the booth's screen and the host may do."""
    booth = booth_of(request)
    photo, owned = await asyncio.to_thread(found, booth, token)
    if not owned and not is_booth(request):
        raise Refused(403, "notice.forbidden", "only the picture's owner may do that")
    return booth, photo


