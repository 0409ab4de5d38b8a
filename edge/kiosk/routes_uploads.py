"""Pictures that guests bring: from phone or laptop, with or without a trimap of their own."""
from __future__ import annotations

import asyncio
import hmac
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from edge.errors import BoothError, OutputError, PictureError
from edge.kiosk import shapes
from edge.kiosk.booth import Booth
from edge.kiosk.intake import MAX_BYTES
from edge.kiosk.rights import Refused, booth_of, is_booth, need_booth
from edge.kiosk.routes_photos import GONE, Key
from edge.kiosk.routes_session import known_background
from edge.kiosk.sharing import qr_svg
from edge.kiosk.showing import looked_up, notice, upload_url
from edge.kiosk.uploads import MOST_WAITING

routes = APIRouter(prefix="/api", tags=["uploads"])

BODY_BYTES = 2 * MAX_BYTES + (64 << 10)
"""A photograph, a trimap, and what multipart puts around them."""

FORM: dict[str, Any] = {"parameters": [
    {"name": "x-upload-key", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 64},
     "description": "stands in the QR code that the booth shows; the booth's own screen needs none"}],
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {
        "type": "object", "required": ["photo"], "properties": {
            "photo": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP"},
            "trimap": {"type": "string", "format": "binary", "description": "of the same size: black, grey, white"},
            "background": {"type": "string", "maxLength": 60, "description": "a name that /api/state lists"}}}}}}}
"""The body is read by hand, after the key: a stranger's megabytes are not even taken in."""


@routes.post("/uploads", response_model=shapes.UploadAccepted, status_code=202, openapi_extra=FORM,
             max_body_size=BODY_BYTES, responses={
                 **GONE, **{status: {"model": shapes.Fault} for status in (409, 413, 422, 503)}})
async def upload(request: Request) -> shapes.UploadAccepted:
    """Takes a portrait in; cutting it out goes on behind. The photograph is opened by a process with limits, and made
    anew: nothing of the file itself is kept."""
    booth = _welcoming(request)
    async with request.form(max_files=2, max_fields=2, max_part_size=4096) as form:
        photo, trimap = await _content(form, "photo"), await _content(form, "trimap")
        name = str(form.get("background") or "") or booth.session.background
    known_background(booth, name)
    if not photo:
        raise Refused(422, "notice.upload_refused", "the form has no file called photo")
    try:
        token = await booth.errands.take_in(photo, trimap, name)
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
        photo=await asyncio.to_thread(looked_up, booth, photo, True, True) if photo else None)


@routes.get("/upload-qr.svg", response_class=Response, responses={200: {"content": {"image/svg+xml": {}}}})
def read_upload_qr(request: Request) -> Response:
    """The way to the upload page, with the event's key; for the booth's screen."""
    return Response(qr_svg(upload_url(need_booth(request))), media_type="image/svg+xml")


def _welcoming(request: Request) -> Booth:
    """The booth, if it takes a picture from this guest now."""
    booth = booth_of(request)
    if not booth.events.current.upload:
        raise Refused(409, "notice.upload_refused", "uploads are off in event.toml")
    key = request.headers.get("x-upload-key", "")
    if not is_booth(request) and not hmac.compare_digest(key.encode(), booth.upload_key.encode()):
        raise Refused(403, "notice.forbidden", "scan the booth's QR code first")
    if booth.uploads.waiting >= MOST_WAITING:
        raise Refused(503, "notice.busy", f"{MOST_WAITING} pictures are being cut out already")
    return booth


async def _content(form: FormData, name: str) -> bytes | None:
    """A file of the form; None: there is none, or it is empty."""
    file = form.get(name)
    return await file.read() or None if isinstance(file, UploadFile) else None
