"""Pictures that guests bring: from phone or laptop, with or without a trimap of their own."""
from __future__ import annotations

import asyncio
import hmac
from typing import Annotated

from fastapi import APIRouter, File, Form, Header, Request, UploadFile
from fastapi.responses import Response

from edge.errors import BoothError, OutputError, PictureError
from edge.kiosk import shapes
from edge.kiosk.rights import Refused, booth_of, is_booth, need_booth
from edge.kiosk.routes_photos import GONE, Key
from edge.kiosk.routes_session import known_background
from edge.kiosk.sharing import qr_svg
from edge.kiosk.showing import notice, photo_shown, upload_url
from edge.kiosk.uploads import MOST_WAITING

routes = APIRouter(prefix="/api", tags=["uploads"])


@routes.post("/uploads", response_model=shapes.UploadAccepted, status_code=202, responses={
    **GONE, 409: {"model": shapes.Fault}, 413: {"model": shapes.Fault}})
async def upload(request: Request, photo: Annotated[UploadFile, File()],
                 trimap: Annotated[UploadFile | None, File()] = None,
                 background: Annotated[str | None, Form(max_length=60)] = None,
                 key: Annotated[str, Header(alias="x-upload-key", max_length=64)] = "") -> shapes.UploadAccepted:
    """Takes a portrait in; cutting it out goes on behind. The key stands in the QR code that the booth shows."""
    booth = booth_of(request)
    event = booth.events.current
    if not event.upload:
        raise Refused(409, "notice.upload_refused", "uploads are off in event.toml")
    if not is_booth(request) and not hmac.compare_digest(key.encode(), booth.upload_key.encode()):
        raise Refused(403, "notice.forbidden", "scan the booth's QR code first")
    name = background or booth.session.background
    known_background(booth, name)
    if booth.uploads.waiting >= MOST_WAITING:
        raise Refused(503, "notice.busy", f"{MOST_WAITING} pictures are being cut out already")
    try:
        token = await booth.taken_in(await photo.read(), await trimap.read() if trimap else None, name)
    except OutputError as error:
        booth.trouble("gallery", str(error))
        raise Refused(503, "notice.disk_full", "the booth has no room for another picture") from error
    except (PictureError, BoothError) as error:
        booth.figures.refused.inc()
        raise Refused(422, "notice.upload_refused", str(error)) from error
    return shapes.UploadAccepted(token=token, progress_url=f"/api/uploads/{token}")


@routes.get("/uploads/{token}", response_model=shapes.UploadProgress, responses=GONE)
async def read_progress(request: Request, token: Key) -> shapes.UploadProgress:
    """How far it is; results are files of the photograph with the same token."""
    booth = booth_of(request)
    progress = booth.uploads.of(token)
    if progress is None:
        raise Refused(404, "photo.gone", "no such upload")
    photo = await asyncio.to_thread(booth.gallery.photo, token)
    return shapes.UploadProgress(
        token=token, stage=progress.stage, share=progress.share, done=progress.done, notice=notice(progress.notice),
        photo=await asyncio.to_thread(photo_shown, booth, photo, True, True) if photo else None)


@routes.get("/upload-qr.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
def read_upload_qr(request: Request) -> Response:
    """The way to the upload page, with the event's key; for the booth's screen."""
    return Response(qr_svg(upload_url(need_booth(request))), media_type="image/svg+xml")
