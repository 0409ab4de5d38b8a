"""Fixtures for tests/kiosk/test_page_*.py: one booth, one browser, and pages that complain about what they see."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import edge.kiosk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[1]
STATIC = Path(edge.kiosk.__file__).with_name("static")
CHROMIUM = "/usr/bin/chromium"
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
STARTING_S = 60.0


def missing(what: str) -> None:
    """Skips where make test could not install something; on CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing: make test installs it")
    pytest.skip(f"{what} is missing: make test installs it")


@dataclass
class StartedBooth:
    """A booth that runs. folder: its event, its gallery, and the files that unplug its camera and press its button."""

    url: str
    folder: Path

    def ask(self, path: str, body: dict | None = None) -> Any:
        """GET, or POST with a body; the answer's JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    @property
    def state(self) -> dict:
        """What it shows now."""
        return self.ask("/api/state")

    def until(self, true: Callable[[dict], Any], patience_s: float = 30.0) -> dict:
        """The first state of which that is true; fails when none comes."""
        ends = time.monotonic() + patience_s
        while not true(state := self.state):
            assert time.monotonic() < ends, f"the booth stays as it is: {state}"
            time.sleep(0.05)
        return state

    def rest(self) -> None:
        """Plugs everything in and goes back to the attract screen."""
        (self.folder / "unplugged").unlink(missing_ok=True)
        self.until(lambda state: state["camera"] == "ok")
        for _ in range(3):
            if self.state["screen"] != "attract":
                self.ask("/api/session/cancel", {})
        self.until(lambda state: state["screen"] == "attract")

    def shown(self) -> dict:
        """A photograph, finely cut, as the API tells of it; taken now, or before if there is one."""
        photos = self.ask("/api/gallery?count=1")["photos"]
        if not photos:
            self.ask("/api/session/start", {})
            self.ask("/api/session/shoot", {"seconds": 1})
            self.until(lambda state: state["photo"] and state["photo"]["stage"] == "fine", 60)
            self.rest()
            photos = self.ask("/api/gallery?count=1")["photos"]
        return photos[0]


@pytest.fixture(scope="session")
def started_booth(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[StartedBooth]:
    """One booth for all tests of its page."""
    folder = tmp_path_factory.mktemp("booth")
    (folder / "event").mkdir()
    (folder / "event" / "event.toml").write_text(EVENT)
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    process = subprocess.Popen([sys.executable, "-c", "import page_booth; page_booth.main()", str(folder), str(library)],
                               env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    booth = StartedBooth(process.stdout.readline().strip(), folder)
    assert booth.url, "the booth did not start"
    booth.until(lambda state: state["camera"] == "ok", STARTING_S)
    yield booth
    process.terminate()
    process.wait(20)


@pytest.fixture
def booth(started_booth: StartedBooth) -> StartedBooth:
    """The same, on its attract screen, everything plugged in."""
    started_booth.rest()
    return started_booth


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    pytest.importorskip("playwright", reason="playwright is missing: pip install -e '.[dev]'")
    if not shutil.which(CHROMIUM):
        missing(CHROMIUM)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=[
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"])
        yield started
        started.close()


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

    def screen(self, name: str, patience_s: float = 30.0) -> None:
        """Waits for one of the booth's screens."""
        self.page.wait_for_selector(f'#booth[data-screen="{name}"]', timeout=patience_s * 1000)


@pytest.fixture
def opened(booth: StartedBooth, browser: Browser) -> Iterator[Callable[..., Watched]]:
    """`opened(width=…, …)`: another page, as Playwright's new_context takes it; watched until the test ends."""
    contexts: list[BrowserContext] = []
    pages: list[Watched] = []

    def opens(viewport: dict[str, int] = TOUCH, **options: Any) -> Watched:
        contexts.append(browser.new_context(viewport=viewport, has_touch=True, locale="en-GB", **options))
        contexts[-1].set_default_timeout(15_000)
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
