"""The booth's own screen in a real browser: by touch, by the button on the wire, by keyboard; when things go wrong."""
from __future__ import annotations

from collections.abc import Callable

from page_stage import StartedBooth, Watched

from edge.camera.stamp import BITS
from edge.kiosk.texts import Texts
from tools.bench.kiosk_screen import sampled

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
    watched.replaced("#print img", first)
    page.tap('[data-do="keep"]')
    watched.screen("kept")
    assert page.locator("#code").bounding_box()["width"] >= 180
    assert page.locator("#lifetime").inner_text().startswith("Deleted in 59:")
    page.wait_for_function("() => document.querySelector('#code').naturalWidth > 0")
    page.tap("#print-it")
    page.wait_for_selector("#notice:not([hidden])")
    sentences = {text for key, text in Texts("en").items() if key.startswith("notice.print")}
    assert page.locator("#notice").inner_text() in sentences
    page.tap('[data-do="done"]')
    watched.screen("attract")
    page.wait_for_selector("#latest img")
    assert len(booth.ask("/api/gallery")["photos"]) >= 1


def test_the_button_on_the_wire_takes_a_picture(booth: StartedBooth, opened: Opened) -> None:
    watched = opened()
    watched.go("/")
    watched.screen("attract")
    booth.wire.press.set()
    watched.screen("countdown")
    watched.screen("shown")
    picture_shown(watched)


def test_the_keyboard_alone_does_everything(booth: StartedBooth, opened: Opened) -> None:
    watched = opened()
    page = watched.go("/")
    press = page.keyboard.press
    press("Space")
    watched.screen("live")
    assert page.evaluate("document.activeElement.id") == "shoot"
    chosen = booth.state["background"]
    press("ArrowRight")
    booth.until(lambda state: state["background"] != chosen)
    press("Space")
    watched.screen("countdown")
    press("Escape")
    watched.screen("live")
    press("Space")
    watched.screen("shown")
    picture_shown(watched)
    assert page.evaluate("document.activeElement.dataset.do") == "keep"
    press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "redress"
    press("Enter")
    assert page.evaluate("document.activeElement.role") == "radio"
    press("Escape")
    assert page.evaluate("document.activeElement.id") == "redress"
    press("ArrowLeft")
    press("Enter")
    watched.screen("live")
    press("Escape")
    watched.screen("attract")


def test_a_screen_reader_hears_the_countdown_and_the_language(booth: StartedBooth, opened: Opened) -> None:
    watched = opened()
    page = watched.go("/")
    page.evaluate("""() => {
      window.heard = [];
      const called = document.getElementById("called");
      new MutationObserver(() => window.heard.push(called.textContent)).observe(called, { childList: true });
    }""")
    page.tap("[data-language=de]")
    page.wait_for_selector("html[lang=de]")
    page.tap("#start")
    watched.screen("live")
    assert page.locator("#shoot").get_attribute("aria-label") == "Foto machen"
    booth.ask("/api/session/shoot", {"seconds": 3})
    watched.screen("shown")
    assert page.evaluate("window.heard") == ["3", "2", "1"]
    booth.rest()
    page.wait_for_selector("html[lang=en]")


def test_a_camera_that_goes_away_in_the_countdown_is_one_sentence_and_comes_back(
        booth: StartedBooth, opened: Opened) -> None:
    watched = opened()
    page = watched.go("/")
    page.tap("#start")
    watched.screen("live")
    booth.ask("/api/session/shoot", {"seconds": 3})
    watched.screen("countdown")
    booth.plug.unlink()
    seen = page.wait_for_selector("#numerals use[href$='numeral-1']", state="attached")
    assert seen, "the countdown stands still without a camera"
    watched.screen("away")
    assert page.locator("#away-title").inner_text() == "The camera is taking a little rest"
    assert page.locator("#notice").inner_text() == "The camera is taking a short break. Please wait a moment."
    assert page.evaluate("document.activeElement.id") == "away-title"
    booth.plug.touch()
    watched.screen("live")


def test_the_page_finds_the_booth_again_when_the_line_was_broken(booth: StartedBooth, opened: Opened) -> None:
    watched = opened()
    watched.page.route("**/api/changes", lambda route: route.abort())
    page = watched.go("/")
    page.wait_for_selector("#notice:not([hidden])")
    assert page.locator("#notice").inner_text() == "The booth does not answer. It will be back in a moment."
    page.unroute("**/api/changes")
    page.wait_for_selector("#notice", state="hidden")
    booth.ask("/api/session/start", {})
    watched.screen("live")
    watched.faults.clear()


def test_the_booth_needs_no_gallery(opened: Opened) -> None:
    watched = opened()
    watched.page.route("**/api/gallery*", lambda route: route.abort())
    page = watched.go("/")
    page.tap("#start")
    watched.screen("live")
    page.tap('.live [data-do="cancel"]')
    watched.screen("attract")
    assert page.locator("#latest li").count() == 0
    watched.faults.clear()


def test_a_phone_that_comes_to_the_booth_s_own_page_is_led_to_the_gallery(opened: Opened) -> None:
    watched = opened({"width": 390, "height": 844})
    watched.page.route("**/preview.mjpg", lambda route: route.fulfill(status=403, json={"key": "notice.forbidden"}))
    watched.page.goto(watched.origin + "/")
    watched.page.wait_for_url("**/gallery")


def test_the_preview_shows_frames_as_they_come_and_their_delay_can_be_read(booth: StartedBooth, opened: Opened) -> None:
    page = opened().go("/")
    page.tap("#start")
    seen = sampled(page, 3)
    stamps, delays_ms = [stamp for stamp, _ in seen], sorted(delay_ms for _, delay_ms in seen)
    print(f"\nsource to screen: median {delays_ms[len(delays_ms) // 2]:.0f} ms, "
          f"at most {delays_ms[-1]:.0f} ms, {len(seen)} frames in 3 s")
    assert len(stamps) >= 3
    assert stamps == sorted(stamps) or max(stamps) - min(stamps) > 1 << (BITS - 1)  # it begins again after 4.6 hours
    assert delays_ms[0] >= 0
    assert delays_ms[-1] < 60_000
