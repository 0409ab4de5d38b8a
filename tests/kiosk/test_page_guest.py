"""The pages beside the booth in a real browser: a guest's picture, the gallery, the upload, the host's page."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from page_stage import StartedBooth, Watched
from served_booth import PIN

import edge.demo

if TYPE_CHECKING:
    from playwright.sync_api import Page

Opened = Callable[..., Watched]
PHONE = {"width": 390, "height": 844}
PORTRAIT = Path(edge.demo.__file__).with_name("portrait.jpg")


def own_page(booth: StartedBooth) -> str:
    return "/p/" + booth.shown()["token"]


def test_a_guest_sees_and_saves_the_picture_on_a_phone(booth: StartedBooth, opened: Opened) -> None:
    page = opened(PHONE).go(own_page(booth))
    page.wait_for_selector("#print img:not(.coming)")
    assert page.locator("#stage").inner_text() == "The fine version is here"
    assert page.locator("#lifetime").inner_text().startswith("Deleted in ")
    with page.expect_download() as saved:
        page.tap("#save")
    assert saved.value.suggested_filename.startswith("Anna & Benedikt ")
    assert Path(saved.value.path()).read_bytes()[:3] == b"\xff\xd8\xff"


def test_a_guest_changes_the_background_and_then_deletes_the_picture(booth: StartedBooth, opened: Opened) -> None:
    photo = booth.shown()
    token, other = photo["token"], "dusk" if photo["background"] == "blur" else "blur"
    watched = opened(PHONE)
    page = watched.go(f"/p/{token}")
    page.wait_for_selector("#print img:not(.coming)")
    before = page.locator("#print img").last.get_attribute("src")
    page.tap("#redress")
    page.tap(f'#choices [data-name="{other}"]')
    watched.replaced("#print img", before)
    page.tap("#delete")
    page.tap('#sure [value="no"]')
    assert booth.ask(f"/api/photos/{token}")["background"] == other
    page.tap("#delete")
    page.tap('#sure [value="yes"]')
    page.wait_for_selector("#gone:not([hidden])")
    assert page.locator("#gone-text").inner_text() == "Your picture has been deleted."
    assert page.evaluate("document.activeElement.id") == "gone-text"
    assert token not in [photo["token"] for photo in booth.ask("/api/gallery")["photos"]]


def test_a_picture_whose_time_is_over_is_one_friendly_sentence(opened: Opened) -> None:
    page = opened(PHONE).go("/p/nobody-knows-this-token")
    page.wait_for_selector("#gone:not([hidden])")
    assert page.locator("#gone-text").inner_text() == "This picture is no longer here."


def test_the_gallery_shows_pictures_and_leads_back_to_the_booth(booth: StartedBooth, opened: Opened) -> None:
    number = booth.shown()["number"]
    page = opened().go("/gallery?from=booth")
    page.tap("#pictures button")
    assert page.locator("#viewer-title").inner_text() == f"Picture {number}"
    page.wait_for_function("() => document.querySelector('#code').naturalWidth > 0")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.closest('#pictures') !== null")
    page.tap("#back")
    page.wait_for_selector("#booth")


def test_a_phone_sees_the_gallery_in_its_own_language_and_without_codes(booth: StartedBooth, opened: Opened) -> None:
    booth.shown()
    page = opened(PHONE).go("/gallery")
    page.tap("[data-language=de]")
    page.wait_for_selector("html[lang=de]")
    assert page.locator("h1").inner_text() == "Galerie"
    page.tap("#pictures button")
    assert not page.locator("#scan").is_visible()
    page.reload()
    page.wait_for_selector("html[lang=de]")


def test_a_portrait_is_cut_out_and_put_before_another_background(booth: StartedBooth, opened: Opened) -> None:
    watched = opened(PHONE)
    page = watched.go("/upload")
    page.set_input_files("#photo", PORTRAIT)
    page.tap('#choices [data-name="dusk"]')
    page.tap("#send")
    page.wait_for_selector("#working:not([hidden])")
    page.wait_for_selector("#results:not([hidden])")
    loaded = "() => [...document.querySelectorAll('#tiles img')].filter((image) => image.naturalWidth > 0).length === 4"
    page.wait_for_function(loaded)
    composite = page.locator("#tiles img").last.get_attribute("src")
    page.tap('#choices-after [data-name="blur"]')
    watched.replaced("#tiles img", composite)
    assert page.locator("#tiles .name").all_inner_texts() == ["Trimap", "Alpha", "Cut-out", "Composite"]


def test_a_file_that_is_no_picture_is_one_friendly_sentence(opened: Opened) -> None:
    page = opened(PHONE).go("/upload")
    page.set_input_files("#photo", {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": b"<svg/>"})
    page.tap("#send")
    page.wait_for_selector("#notice:not([hidden])")
    assert page.locator("#notice").inner_text() == "This file cannot be used. Please take a JPEG, PNG or WebP picture."
    assert page.locator("#form").is_visible()


def come_in(page: Page) -> None:
    """The right PIN, until it is looked at: after a wrong one none is for a while."""
    while not page.locator("#desk").is_visible():
        page.fill("#pin", PIN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#desk:not([hidden]), #wrong:not(:empty)", state="attached")
    page.wait_for_selector("#cards .card")


def test_the_host_comes_in_with_the_pin_alone_and_sees_every_part(booth: StartedBooth, opened: Opened) -> None:
    booth.shown()
    page = opened().go("/admin")
    page.fill("#pin", "1111")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#wrong').textContent !== ''")
    assert not page.locator("#desk").is_visible()
    come_in(page)
    titles = page.locator("#cards h3").all_inner_texts()
    assert titles == ["Camera", "Shutter and lamps", "Printer", "Waiting to be developed", "Disk", "Temperature",
                      "Memory", "Event"]
    assert page.locator("#log li").count() > 0
    assert page.locator("#pictures li").count() > 0
    page.tap("#logout")
    page.wait_for_selector("#door:not([hidden])")


def test_a_broken_event_folder_is_named_to_the_host_and_the_booth_goes_on(booth: StartedBooth, opened: Opened) -> None:
    file = booth.folder / "event" / "event.toml"
    good = file.read_text()
    file.write_text(good + "\ncolour = 7\n")
    try:
        page = opened().go("/admin")
        come_in(page)
        page.wait_for_selector("#causes li:not(.all-well)")
        assert "event.toml" in page.locator("#causes").inner_text()
        assert booth.state["event"]["title"] == "Anna & Benedikt"
    finally:
        file.write_text(good)
    page.wait_for_function("() => !document.querySelector('#causes').textContent.includes('event.toml')")
