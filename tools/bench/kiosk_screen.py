"""`python -m tools.bench.kiosk_screen`: from the camera to the pixels of the booth's page, in Debian's Chromium.

The demo draws the time into each frame (edge.camera.stamp); the page's own canvas is read on every animation frame. The
The demo draws the time into each frame (edge.camera.stamp); the page's own canvas is read on each animation frame. The
loopback, the page's reading and decoding are in it, the display is not. tools.bench.kiosk measures as far as the wire.
"""
from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.camera.stamp import BITS, BLOCK_PX, HEAD
from edge.cli import run
from tools.bench.kiosk import booth
from tools.kiosk_screens import SIZES, browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

SAMPLED = """([block, head, bits, seconds]) => new Promise((resolve) => {
  const from = document.getElementById("preview"), seen = [];
  const paper = new OffscreenCanvas(block * (head + bits), block).getContext("2d", { willReadFrequently: true });
  const began = performance.now();
  const look = () => {
    paper.drawImage(from, 0, 0);
    const pixels = paper.getImageData(0, block / 2, block * (head + bits), 1).data;
    let stamp = 0;
    for (let bit = head; bit < head + bits; bit += 1) stamp = stamp * 2 + (pixels[4 * (bit * block + block / 2)] > 127);
    if (stamp && stamp !== seen.at(-1)?.[0]) seen.push([stamp, Date.now()]);
    if (performance.now() - began < 1000 * seconds) requestAnimationFrame(look);
    else resolve(seen.slice(1));
  };
  look();
})"""


def sampled(page: Page, seconds: float) -> list[tuple[int, int]]:
    """(stamp, delay in ms) of each new frame on the page's canvas, over so many seconds; stamps as read."""
    seen = page.evaluate(SAMPLED, [BLOCK_PX, len(HEAD), BITS, seconds])
    return [(stamp, (now_ms - stamp) % (1 << BITS)) for stamp, now_ms in seen]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seconds", type=click.FloatRange(1), default=10.0, show_default=True)
@click.option("--size", type=click.Choice(list(SIZES)), default="larger", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def kiosk_screen(seconds: float, size: str, as_json: bool) -> None:
    """Frame rate and source-to-screen delay of the booth's page at 1280×720."""
    with tempfile.TemporaryDirectory() as folder, booth(Path(folder)) as (client, _), browser() as chromium:
        width, height = SIZES[size]
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.goto(f"{client.base_url}")
        page.wait_for_selector("#start")
        page.click("#start")
        page.wait_for_timeout(2000)
        delays_ms = sorted(delay_ms for _, delay_ms in sampled(page, seconds))
    figures = {"frames_per_s": round(len(delays_ms) / seconds, 1), "delay_ms": {
        "p50": statistics.median(delays_ms), "p95": delays_ms[int(0.95 * len(delays_ms))], "max": delays_ms[-1]}}
    click.echo(json.dumps(figures, indent=2) if as_json else f"on screen at {width}×{height}: {figures}")


if __name__ == "__main__":
    run(kiosk_screen, "tools.bench.kiosk_screen")
