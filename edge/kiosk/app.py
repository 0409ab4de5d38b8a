"""The app: every route, the pages, and one way to say no."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from edge.kiosk import routes_admin, routes_photos, routes_session, routes_uploads, shapes
from edge.kiosk.booth import Booth
from edge.kiosk.door import Door
from edge.kiosk.rights import Refused

STATIC = Path(__file__).with_name("static")

PAGES = {"/": "booth.html", "/p/{token}": "photo.html", "/gallery": "gallery.html", "/upload": "upload.html",
         "/admin": "admin.html"}
"""Path → file of STATIC."""

SMALL_BODY_BYTES = 16 << 10
"""What any request but an upload may carry."""

TOO_LARGE = 413

REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": shapes.Fault}
                                            for status in (400, 403, 404, 413, 421, 422, 503)}


def app_for(booth: Booth) -> ASGIApp:
    """The web side of a booth."""
    app = FastAPI(title="Masque photo booth", version="1", docs_url=None, redoc_url=None, responses=REFUSED,
                  max_body_size=SMALL_BODY_BYTES)
    app.state.booth = booth
    for module in (routes_session, routes_photos, routes_uploads, routes_admin):
        app.include_router(module.routes)
    for path, name in PAGES.items():
        app.add_api_route(path, _page(name), include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _unknown)
    return Door(app, booth.options.address)


def _page(name: str):
    async def page() -> FileResponse:
        if not (STATIC / name).is_file():
            raise HTTPException(404)
        return FileResponse(STATIC / name, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})

    return page


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    return JSONResponse({"key": error.key, "detail": error.detail}, error.status)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    lines = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:3]]
    return JSONResponse({"key": "notice.problem", "detail": "; ".join(lines)[:400]}, 422)


async def _unknown(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    key = "notice.upload_large" if error.status_code == TOO_LARGE else "notice.problem"
    return JSONResponse({"key": key, "detail": error.detail}, error.status_code, error.headers)
