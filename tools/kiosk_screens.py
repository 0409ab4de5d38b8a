"""Photographs of the booth's own pages, for a person to look at: every screen, in several sizes, in each language.

Run as `python -m tools.kiosk_screens --out DIR`; needs Debian's chromium and the `dev` extra. The tests use `walk`.
"""
from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

import edge.demo
from edge.cli import run
from edge.errors import OutputError
from edge.kiosk.event import DEFAULT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")
"""Of a browser that talks to nobody but the booth."""

SIZES = {"touch": (800, 480), "larger": (1024, 600), "upright": (600, 1024), "phone": (390, 844), "laptop": (1440, 900)}
"""Name → width and height: 7-inch touch screens lying and standing, a phone, a laptop."""

TITLE = 'title = "Anna & Benedikt"'
PRINTING = "\n[printing]\non = true\nlimit = 200\n"
PIN = "2468"
COUNTDOWN_S = 4
SPEAK = """if (location.pathname === "/") addEventListener("load", () => setTimeout(() => {
  document.querySelector("[data-language=%s]")?.click();
}, 300));"""
"""The booth's own screen speaks the event's language until a guest chooses another."""

PORTRAIT = Path(edge.demo.__file__).with_name("portrait.jpg")

Arrived = Callable[[str], None]


def walk(page: Page, url: str, pin: str, arrived: Arrived) -> None:
    """A guest's and a host's way through every screen of a booth; arrived: told of each by name while it is shown."""
    taken = _at_the_booth(page, url, arrived)
    _on_a_phone(page, url, taken, arrived)
    _upload(page, url, arrived)
    _as_the_host(page, url, pin, arrived)
    _told(page, url, arrived)


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector("html:not([data-waiting])")


def _shown(page: Page, screen: str) -> None:
    page.wait_for_selector(f'#booth[data-screen="{screen}"]')


def _settled(page: Page) -> None:
    """Waits until nothing moves any more that will come to an end."""
    page.wait_for_function("""() => document.getAnimations().every((one) => one.playState !== "running"
      || one.effect.getTiming().iterations === Infinity)""")


def _at_the_booth(page: Page, url: str, arrived: Arrived) -> str:
    """From attract to attract → the token of the picture."""
    _open(page, url + "/")
    _settled(page)
    arrived("attract")
    page.click("#start")
    _shown(page, "live")
    arrived("live")
    _post(page, "/api/session/shoot", {"seconds": COUNTDOWN_S})
    _shown(page, "countdown")
    arrived("countdown")
    _shown(page, "shown")
    page.wait_for_selector("#print img:not(.coming)")
    _settled(page)
    arrived("shown")
    page.click("#redress")
    arrived("dress")
    page.click("#dressed")
    page.click('[data-do="keep"]')
    _shown(page, "kept")
    _settled(page)
    arrived("kept")
    token = page.evaluate("fetch('/api/state').then((answer) => answer.json()).then((state) => state.photo.token)")
    page.click('[data-do="done"]')
    _shown(page, "attract")
    _settled(page)
    arrived("attract-again")
    return token


def _on_a_phone(page: Page, url: str, token: str, arrived: Arrived) -> None:
    _open(page, f"{url}/p/{token}")
    page.wait_for_selector("#print img:not(.coming)")
    _settled(page)
    arrived("photo")
    page.click("#redress")
    arrived("photo-dress")
    page.click("#delete")
    arrived("photo-sure")
    page.click('#sure [value="no"]')
    _open(page, f"{url}/gallery?from=booth")
    page.wait_for_selector("#pictures img")
    arrived("gallery")
    page.click("#pictures button")
    _settled(page)
    arrived("viewer")
    page.click("#close")
    page.click("#bring")
    arrived("bring")
    _open(page, f"{url}/p/a-picture-that-is-gone")
    page.wait_for_selector("#gone:not([hidden])")
    arrived("photo-gone")


def _upload(page: Page, url: str, arrived: Arrived) -> None:
    _open(page, url + "/upload")
    arrived("upload")
    page.set_input_files("#photo", PORTRAIT)
    arrived("upload-chosen")
    page.click("#send")
    page.wait_for_selector("#working:not([hidden])")
    arrived("upload-working")
    page.wait_for_selector("#results:not([hidden])")
    page.wait_for_function("() => [...document.querySelectorAll('#tiles img')].every((image) => image.naturalWidth)")
    arrived("upload-results")


def _as_the_host(page: Page, url: str, pin: str, arrived: Arrived) -> None:
    _open(page, url + "/admin")
    page.wait_for_selector("#pin")
    arrived("admin-door")
    page.fill("#pin", pin)
    page.keyboard.press("Enter")
    page.wait_for_selector("#cards .card")
    arrived("admin")
    page.click("#logout")


def _told(page: Page, url: str, arrived: Arrived) -> None:
    """What a healthy booth does not show: the page is told so in its name."""
    state = page.evaluate("fetch('/api/state').then((answer) => answer.json())")
    away = {**state, "screen": "away", "camera": "away"}
    notice = {**state, "screen": "live", "notice": {"key": "notice.shot_failed", "kind": "trouble"}}
    waiting = {**state, "screen": "developing"}
    for name, told in {"away": away, "notice": notice, "developing": waiting}.items():
        event = f"event: state\ndata: {json.dumps(told)}\n\n"
        page.route("**/api/state", lambda route, _, told=told: route.fulfill(json=told))
        page.route("**/api/changes", lambda route, _, event=event: route.fulfill(
            body=event, content_type="text/event-stream"))
        _open(page, url + "/")
        _shown(page, told["screen"])
        page.wait_for_function("() => document.getElementById('preview').width > 0")
        _settled(page)
        arrived(name)
        page.unroute_all()
    page.route("**/api/gallery*", lambda route: route.fulfill(json={"photos": [], "before": None}))
    _open(page, url + "/gallery")
    page.wait_for_selector("#empty:not([hidden])")
    arrived("gallery-empty")
    page.unroute_all()


def _post(page: Page, path: str, body: dict) -> None:
    page.evaluate("""([path, body]) => fetch(path, { method: "POST", body: JSON.stringify(body),
      headers: { "content-type": "application/json" } }).then((answer) => answer.json())""", [path, body])


def _event() -> str:
    """The event that ships, as some people would have it: a title, a lifetime, a printer."""
    text = (DEFAULT / "event.toml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^title = .*$", TITLE, text, count=1)
    return re.sub(r"(?m)^lifetime_minutes = .*$", "lifetime_minutes = 120", text) + PRINTING


@contextmanager
def booth() -> Iterator[str]:
    """A booth of its own on a free port, with the demo as its camera → its address."""
    with tempfile.TemporaryDirectory(prefix="masque-screens-") as folder:
        event = Path(folder, "event")
        event.mkdir()
        (event / "event.toml").write_text(_event(), encoding="utf-8")
        command = [sys.executable, "-m", "edge", "kiosk", "--port", "0", "--pin", PIN, "--event", str(event),
                   "--gallery", str(Path(folder, "gallery"))]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            if "http" not in (line := process.stdout.readline()):
                raise OutputError("the booth did not start; try `masque kiosk` by hand, it says why")
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window. Raises OutputError where it or playwright is not installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise OutputError("playwright is missing; pip install -e '.[dev]'") from error
    if not Path(CHROMIUM).exists():
        raise OutputError(f"{CHROMIUM} is missing; apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


def _photographed(chromium: Browser, url: str, language: str, sizes: list[str], out: Path) -> None:
    context = chromium.new_context(locale=language, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(SPEAK % language)

    def arrived(screen: str) -> None:
        for name in sizes:
            width, height = SIZES[name]
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(120)
            page.screenshot(path=out / f"{screen}.{name}.{language}.png", full_page=screen == "admin")
        click.echo(f"{language} {screen}")

    walk(page, url, PIN, arrived)
    context.close()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the PNGs.")
@click.option("--language", "languages", multiple=True, default=("en", "de"), show_default=True)
@click.option("--size", "sizes", multiple=True, type=click.Choice(list(SIZES)), default=tuple(SIZES), show_default=True)
def screens(out: Path, languages: tuple[str, ...], sizes: tuple[str, ...]) -> None:
    """Photograph every screen of the photo booth's pages."""
    out.mkdir(parents=True, exist_ok=True)
    with booth() as url, browser() as chromium:
        for language in languages:
            _photographed(chromium, url, language, list(sizes), out)


if __name__ == "__main__":
    run(screens, "tools.kiosk_screens")
