"""Work that blocks, beside the event loop: in threads that the booth's end does not wait for."""
from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def aside(function: Callable[..., Answer], *arguments: Any) -> Answer:
    """function(*arguments) in a thread of its own: what it gives or raises.

    asyncio.to_thread would share a handful of threads among all, and a printer that does not answer would keep the
    next photograph waiting, and the booth from ending.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()

    def settle(answer: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(answer)
        else:
            future.set_exception(error)

    def work() -> None:
        answer, problem = None, None
        try:
            answer = function(*arguments)
        except Exception as error:
            problem = error
        with suppress(RuntimeError):  # the loop has ended: nobody wants to know
            loop.call_soon_threadsafe(settle, answer, problem)

    threading.Thread(target=work, name=getattr(function, "__name__", "aside"), daemon=True).start()
    return await future
