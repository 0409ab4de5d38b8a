"""The page's modules one by one, in the browser that they run in."""
from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from page_stage import StartedBooth

from edge.kiosk.streams import BOUNDARY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SEED = 7

CONTRAST = """async (colours) => {
  const { palette, contrast } = await import("/static/js/look.js");
  return colours.map((one) => {
    const rgb = palette(one);
    const pairs = [["ink", "ground"], ["ink", "raised"], ["quiet", "ground"], ["quiet", "raised"], ["signal", "ground"],
      ["signal", "raised"], ["danger", "surface"], ["good", "surface"], ["on-accent", "accent"]];
    return Math.min(...pairs.map(([text, ground]) => contrast(rgb[text], rgb[ground])));
  });
}"""

CUT = """async ([stream, cuts]) => {
  const { Parts } = await import("/static/js/preview.js");
  const bytes = Uint8Array.from(stream), parts = new Parts(), bodies = [];
  for (let at = 0, turn = 0; at < bytes.length; at += cuts[turn++ % cuts.length]) {
    bodies.push(...parts.take(bytes.slice(at, at + cuts[turn % cuts.length])));
  }
  return bodies.map((body) => [...body]);
}"""

COUNT = """async () => {
  const { Countdown } = await import("/static/js/countdown.js");
  const called = [], numerals = document.createElement("div");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  const countdown = new Countdown(svg, numerals, (number) => called.push(number));
  countdown.show(2000, 2);
  const first = countdown.ends;
  await new Promise((resolve) => setTimeout(resolve, 300));
  countdown.show(2000, 2);
  const late = countdown.ends;
  countdown.show(1500, 2);
  const early = countdown.ends;
  await new Promise((resolve) => setTimeout(resolve, 1400));
  countdown.stop();
  return { called, late: late - first, early: early - first, left: numerals.childElementCount };
}"""


@pytest.fixture(scope="module")
def page(started_booth: StartedBooth, browser: Browser) -> Iterator[Page]:
    """A quiet page of the booth's origin, to import modules in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(started_booth.url + "/gallery")
    yield page
    context.close()


def test_text_can_be_read_in_whatever_colours_an_event_has(page: Page) -> None:
    draw = random.Random(SEED)
    colours = [{name: f"#{draw.randrange(1 << 24):06x}" for name in ("ground", "ink", "accent")} for _ in range(300)]
    greys = ("#ffffff", "#000000", "#757575", "#808080")
    colours += [dict.fromkeys(("ground", "ink", "accent"), grey) for grey in greys]
    assert min(page.evaluate(CONTRAST, colours)) >= 4.5


@pytest.mark.parametrize("cuts", [[1], [2, 3, 5], [7, 1000], [100_000]])
def test_the_preview_s_stream_may_arrive_in_any_pieces(page: Page, cuts: list[int]) -> None:
    draw = random.Random(SEED)
    bodies = [draw.randbytes(size) for size in (400, 0, 1, 250)] + [b"\r\n\r\n--frame\r\n"]
    parts = [b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(body) + body + b"\r\n" for body in bodies]
    stream = BOUNDARY + BOUNDARY.join(parts) + BOUNDARY
    assert [bytes(body) for body in page.evaluate(CUT, [list(stream), cuts])] == bodies


def test_the_countdown_believes_the_earliest_end_and_counts_by_its_own_clock(page: Page) -> None:
    seen = page.evaluate(COUNT)
    assert seen["called"] == [2, 1]
    assert seen["late"] == 0
    assert seen["early"] < 0
    assert seen["left"] == 0


@pytest.mark.parametrize(("seconds", "shown"), [
    (0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3909, "1:05:09"), (-3, "0:00")])
def test_a_lifetime_is_told_as_a_clock(page: Page, seconds: float, shown: str) -> None:
    assert page.evaluate('async (s) => (await import("/static/js/lifetime.js")).clock(s)', seconds) == shown
