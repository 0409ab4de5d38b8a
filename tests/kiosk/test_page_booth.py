"""The booth's own screen in a real browser: by touch, by the button on the wire, by keyboard; and when things go wrong."""
from __future__ import annotations

from collections.abc import Callable

from page_stage import StartedBooth, Watched

Opened = Callable[..., Watched]


def picture_shown(watched: Watched) -> str:
    """The address of the picture on screen, once it is drawn."""
    watched.page.wait_for_selector("#print img:not(.coming)")
    watched.page.wait_for_function("() => [...document.querySelectorAll('#print img')].at(-1).naturalWidth > 0")
    return watched.page.locator("#print img").last.get_attribute("src")


def test_a_guest_takes_a_picture_home_by_touch(booth: StartedBooth, opened: Opened) -> None:
    watched = opened()
    page = watched.go("/")
    page.tap("#start")
    watched.screen("live")
    page.tap('#live-choices [data-name="blur"]')
    assert booth.until(lambda state: state["background"] == "blur")
    page.tap("#shoot")
    watched.screen("countdown")
    watched.screen("developing")
    watched.screen("shown")
    first = picture_shown(watched)
    page.tap("#redress")
    page.tap('#shown-choices [data-name="dusk"]')
    page.tap("#dressed")
    page.wait_for_function("before => [...document.querySelectorAll('#print img')].at(-1).getAttribute('src') !== before", arg=first)
    page.tap('[data-do="keep"]')
    watched.screen("kept")
    assert page.locator("#code").bounding_box()["width"] >= 180
    assert page.locator("#lifetime").inner_text().startswith("Deleted in 59:")
    page.wait_for_function("() => document.querySelector('#code').naturalWidth > 0")
    page.tap('[data-do="done"]')
    watched.screen("attract")
    page.wait_for_selector("#latest img")
    assert len(booth.ask("/api/gallery")["photos"]) >= 1


def test_the_button_on_the_wire_takes_a_picture(booth: StartedBooth, opened: Opened) -> None:
    watched = opened()
    watched.go("/")
    watched.screen("attract")
    (booth.folder / "press").touch()
    watched.screen("countdown")
    watched.screen("shown")
    picture_shown(watched)
