"""Every screen of every page, as a guest, a phone and the host come to it: nothing overflows, nothing covers a control,
controls are large enough, and axe-core finds no serious fault."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from page_stage import AXE, StartedBooth, Watched, missing
from served_booth import PIN

from edge.kiosk.texts import languages
from tools.kiosk_screens import SIZES, walk

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOOKED_AT = ("touch", "phone", "laptop")

LEAST_PX, LEAST_AT_BOOTH_PX = 48, 72
"""Of a control: on a phone; on the booth's own screen, where people stand and are in a hurry."""

CHECKED = """async ([language, least]) => {
  const { speak } = await import("/static/js/texts.js");
  await speak(language);
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const faults = [], open = document.querySelector("dialog[open]");
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`the page is ${wide} px wider than the screen`);
  const visible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const spilt = (control, box) => {
    const walker = document.createTreeWalker(control, NodeFilter.SHOW_TEXT), words = document.createRange();
    while (walker.nextNode()) {
      words.selectNodeContents(walker.currentNode);
      const inner = words.getBoundingClientRect();
      if (walker.currentNode.parentElement.matches(".unseen") || !inner.width) continue;
      if (inner.left < box.left - 1 || inner.right > box.right + 1 || inner.bottom > box.bottom + 1) return true;
    }
    return false;
  };
  const controls = [...(open ?? document).querySelectorAll("button, a, label.drop")].filter(visible);
  for (const control of controls) {
    const name = control.id || control.dataset.name || control.textContent || control.ariaLabel;
    const box = control.getBoundingClientRect();
    if (spilt(control, box)) faults.push(`${name}: its words do not fit`);
    if (Math.min(box.width, box.height) < least) faults.push(`${name}: ${box.width} x ${box.height} px`);
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) {
      if (document.body.querySelector("#booth") && !control.closest(".choices")) faults.push(`${name}: off the screen`);
      continue;
    }
    if (control.closest(".choices") && x > innerWidth - least * 2) continue;
    const hit = document.elementFromPoint(Math.floor(x), Math.floor(y));  // it rounds 843.9 to 844, beyond the edge
    if (!control.contains(hit)) faults.push(`${name}: covered by ${hit?.id || hit?.className || hit?.tagName}`);
  }
  for (const text of document.querySelectorAll("h1, h2, p, .button span")) {
    const box = text.getBoundingClientRect();
    if (visible(text) && !text.closest(".unseen") && (box.left < -1 || box.right > innerWidth + 1)) {
      faults.push(`"${text.textContent}" leaves the screen`);
    }
  }
  return faults;
}"""

AXED = """() => axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`))"""


def faults_on(page: Page, screen: str, sizes: tuple[str, ...] = LOOKED_AT) -> list[str]:
    """What is wrong with what is shown, in each size and language."""
    at_booth = page.evaluate("document.querySelector('#booth, .of-booth') !== null")
    found = []
    for size in sizes:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        for language in languages():
            faults = page.evaluate(CHECKED, [language, LEAST_AT_BOOTH_PX if at_booth else LEAST_PX])
            found += [f"{screen} ({size}, {language}): {fault}" for fault in faults]
    return found


def serious(page: Page, screen: str) -> list[str]:
    """axe-core's serious and critical violations."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return [f"{screen}: {fault}" for fault in page.evaluate(AXED)]


def test_every_screen_is_whole_in_three_sizes_and_two_languages_and_for_everybody(
        booth: StartedBooth, opened: Callable[..., Watched]) -> None:
    if not AXE.is_file():
        missing("axe-core (npm ci --prefix tests/node)")
    page = opened(reduced_motion="reduce").page
    seen, faults = [], []

    def arrived(screen: str) -> None:
        seen.append(screen)
        faults.extend(faults_on(page, screen) + serious(page, screen))

    walk(page, booth.url, PIN, arrived)
    assert len(seen) > 20
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("options", [{"forced_colors": "active"}, {"contrast": "more"}], ids=["forced", "contrast"])
def test_high_contrast_keeps_every_control(booth: StartedBooth, opened: Callable[..., Watched], options: dict) -> None:
    watched = opened(reduced_motion="reduce", **options)
    page = watched.go("/")
    assert not faults_on(page, "attract", ("touch",))
    page.tap("#start")
    watched.screen("live")
    assert not faults_on(page, "live", ("touch",))
    if "contrast" in options:
        assert not serious(page, "live")
        assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--ground').trim()") == "#000"


def test_who_wants_less_motion_gets_none(booth: StartedBooth, opened: Callable[..., Watched]) -> None:
    watched = opened(reduced_motion="reduce")
    page = watched.go("/")
    page.tap("#start")
    watched.screen("live")
    running = "() => document.getAnimations().filter((one) => one.effect.getTiming().duration > 1).length"
    assert page.evaluate(running) == 0
