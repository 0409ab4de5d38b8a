"""For tests/kiosk/test_page_*.py: one booth, one browser, and pages that complain about what they see."""
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from host_firmware import HostFirmware, HostWire
from served_booth import here, unpluggable, until

import edge.kiosk
from edge.bridge.device import Device
from edge.bridge.link import Link
from tools import kiosk_screens

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[2]
STATIC = Path(edge.kiosk.__file__).with_name("static")
AXE = ROOT / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"

EVENT = """
title = "Anna & Benedikt"
countdown_s = 1
lifetime_minutes = 60
[printing]
on = true
limit = 50
"""

TOUCH = {"width": 1024, "height": 600}
PATIENCE_S = 90.0
"""For what comes sooner or later; how soon depends on what else this machine does."""

CAMERA = "demo?size=640x360&stamp=1"


def missing(what: str) -> None:
    """Skips where make test could not install something; on CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing: make test installs it")
    pytest.skip(f"{what} is missing: make test installs it")


class ButtonWire(HostWire):
    """A wire to the firmware's core; `press` is a finger that comes, stays a moment, and goes."""

    def __init__(self, firmware: HostFirmware) -> None:
        super().__init__(firmware)
        self.press, self._now_ms = threading.Event(), 0

    def write(self, data: bytes) -> None:
        """Bytes for the device, whose clock goes on by 50 ms with each turn."""
        down = self.press.is_set()
        self.press.clear()
        for buttons in (1, 1, 0, 0) if down else (0,):
            self._now_ms += 50
            self.firmware.turn(self._now_ms, buttons)
        super().write(data)


@dataclass
class StartedBooth:
    """A booth that runs. folder: its event and gallery; plug: its camera is there while this file is."""

    client: httpx.Client
    folder: Path
    plug: Path
    wire: ButtonWire

    @property
    def url(self) -> str:
        """Where it is served."""
        return str(self.client.base_url).rstrip("/")

    @property
    def state(self) -> dict:
        """What it shows now."""
        return self.ask("/api/state")

    def ask(self, path: str, body: dict | None = None) -> Any:
        """GET, or POST with a body; the answer's JSON."""
        answer = self.client.get(path) if body is None else self.client.post(path, json=body)
        return answer.raise_for_status().json()

    def until(self, true: Callable[[dict], Any], patience_s: float = PATIENCE_S) -> dict:
        """The first state of which that is true; fails when none comes."""
        return until(lambda: (state := self.state) and true(state) and state, patience_s)

    def rest(self) -> None:
        """Plugs everything in and goes back to the attract screen."""
        self.plug.touch()
        self.until(lambda state: state["camera"] == "ok")
        while self.state["screen"] != "attract":
            self.ask("/api/session/cancel", {})

    def shown(self) -> dict:
        """A photograph, finely cut, as the API tells of it; taken now, or before if there is one."""
        photos = self.ask("/api/gallery?count=1")["photos"]
        if not photos or photos[0]["stage"] != "fine":
            self.ask("/api/session/shoot", {"seconds": 1})
            self.until(lambda state: state["photo"] and state["photo"]["stage"] == "fine")
            self.rest()
            photos = self.ask("/api/gallery?count=1")["photos"]
        return photos[0]


@pytest.fixture(scope="session")
def started_booth(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[StartedBooth]:
    """One booth for all tests of its page, with a camera to unplug and the firmware's core as its button."""
    folder = tmp_path_factory.mktemp("booth")
    (folder / "event").mkdir()
    (folder / "event" / "event.toml").write_text(EVENT)
    plug = folder / "plug"
    plug.touch()
    wire = ButtonWire(HostFirmware(library))
    with here(folder, folder / "event", bridge="button", source=CAMERA, opened=partial(unpluggable, plug),
              opened_bridge=lambda _: Device(Link(lambda: wire, pause=lambda _: None))) as (client, _):
        yield StartedBooth(client, folder, plug, wire)


@pytest.fixture
def booth(started_booth: StartedBooth) -> StartedBooth:
    """The same, on its attract screen, everything plugged in."""
    started_booth.rest()
    return started_booth


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if find_spec("playwright") is None:
        missing("playwright")
    if not Path(kiosk_screens.CHROMIUM).exists():
        missing(kiosk_screens.CHROMIUM)
    with kiosk_screens.browser() as started:
        yield started


@dataclass
class Watched:
    """A page, what it asked for beyond its origin, and what went wrong in it."""

    page: Page
    origin: str
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Opens a page of the booth and waits until it speaks."""
        self.page.goto(self.origin + path)
        self.page.wait_for_selector("html:not([data-waiting])")
        return self.page

    def replaced(self, selector: str, before: str) -> None:
        """Waits until the last image of those has another address."""
        self.page.wait_for_function(
            "([all, before]) => [...document.querySelectorAll(all)].at(-1).getAttribute('src') !== before",
            arg=[selector, before])

    def screen(self, name: str, patience_s: float = PATIENCE_S) -> None:
        """Waits for one of the booth's screens."""
        self.page.wait_for_selector(f'#booth[data-screen="{name}"]', timeout=patience_s * 1000)


@pytest.fixture
def opened(booth: StartedBooth, browser: Browser) -> Iterator[Callable[..., Watched]]:
    """`opened(width=…, …)`: another page, as Playwright's new_context takes it; watched until the test ends."""
    contexts: list[BrowserContext] = []
    pages: list[Watched] = []

    def opens(viewport: dict[str, int] = TOUCH, **options: Any) -> Watched:
        contexts.append(browser.new_context(viewport=viewport, has_touch=True, locale="en-GB", **options))
        contexts[-1].set_default_timeout(PATIENCE_S * 1000)
        watched = Watched(contexts[-1].new_page(), booth.url)
        watched.page.on("request", lambda request: _note_foreign(watched, request.url))
        watched.page.on("pageerror", lambda error: watched.faults.append(str(error)))
        watched.page.on("console", lambda said: said.type == "error" and "status of 4" not in said.text
                        and watched.faults.append(said.text))
        pages.append(watched)
        return watched

    yield opens
    for context in contexts:
        context.close()
    assert not [url for watched in pages for url in watched.foreign], "a page asked somebody else"
    assert not [fault for watched in pages for fault in watched.faults]


def _note_foreign(watched: Watched, url: str) -> None:
    if not url.startswith((watched.origin + "/", "blob:", "data:")):
        watched.foreign.append(url)
