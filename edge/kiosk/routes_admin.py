"""The host's side: PIN, the state of everything, a test print; and what machines ask: health and metrics."""
from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from edge.kiosk import shapes
from edge.kiosk.pin import REMEMBERED_S
from edge.kiosk.rights import COOKIE, booth_of, is_admin, need_admin
from edge.kiosk.showing import admin_state, gauges, notice

routes = APIRouter(tags=["admin"])

LOCKED: dict[int | str, dict[str, Any]] = {401: {"model": shapes.Fault}}


@routes.post("/api/admin/login", response_model=shapes.LoginAnswer, responses={
    401: {"model": shapes.LoginAnswer}, 429: {"model": shapes.LoginAnswer}})
async def log_in(request: Request, pin: shapes.Pin) -> Response:
    """Trades the PIN for a cookie. 401: wrong; 429: too many tries, wait_s says how long none is looked at."""
    booth = booth_of(request)
    wait_s = booth.pin.wait_s()
    if wait_s > 0:
        return _login_answer(429, wait_s)
    if not await asyncio.to_thread(booth.pin.matches, pin.pin):
        return _login_answer(401, booth.pin.wait_s())
    answer = _login_answer(200, 0.0)
    answer.set_cookie(COOKIE, booth.logins.let_in(), max_age=int(REMEMBERED_S), httponly=True, samesite="strict",
                      path="/")
    return answer


@routes.post("/api/admin/logout", response_model=shapes.LoginAnswer)
async def log_out(request: Request) -> Response:
    """Forgets the cookie."""
    booth_of(request).logins.let_out(request.cookies.get(COOKIE, ""))
    answer = JSONResponse({"admin": False, "wait_s": 0.0})
    answer.delete_cookie(COOKIE, path="/")
    return answer


@routes.get("/api/admin/state", response_model=shapes.AdminState, responses=LOCKED)
def read_admin_state(request: Request) -> shapes.AdminState:
    """Camera, bridge, queue, printer, machine, gallery, event, causes, log."""
    return admin_state(need_admin(request))


@routes.post("/api/admin/test-print", response_model=shapes.Done, responses=LOCKED)
async def test_print(request: Request) -> shapes.Done:
    """Prints a test page; it does not count."""
    return shapes.Done(notice=notice(await need_admin(request).errands.test_print()))


@routes.get("/health", response_model=shapes.Health, responses={503: {"model": shapes.Health}})
def read_health(request: Request) -> Response:
    """200: pictures can be taken; 503: causes says what keeps them from it. The causes are for this computer and the
    host."""
    booth = booth_of(request)
    found = booth.unhealthy()
    told = found if is_admin(request) or booth.options.address.local else []
    return JSONResponse({"healthy": not found, "causes": told}, 503 if found else 200)


@routes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def read_metrics(request: Request) -> Response:
    """For Prometheus."""
    booth = booth_of(request)
    return Response(booth.figures.text(gauges(booth)), media_type="text/plain; version=0.0.4; charset=utf-8")


def _login_answer(status: int, wait_s: float) -> JSONResponse:
    return JSONResponse({"admin": status == 200, "wait_s": round(wait_s, 1)}, status)
