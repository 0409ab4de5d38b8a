"""Draws the demo's contact sheet: the photograph on its way to a cut-out, the live clip, and the stage times."""
from __future__ import annotations

import platform
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from edge.card import read_card
from edge.photograph import read_photograph
from edge.segment.runtime import open_runtime

if TYPE_CHECKING:
    from tools.demo import Clip

WIDTH, MARGIN, GAP = 1600, 48, 20
INK, SOFT, PAPER, RULE = "#1d2733", "#66727f", "#ffffff", "#d9dee3"


def contact_sheet(photo: Path, out: Path, composites: dict[str, np.ndarray], reports: dict[str, dict], clip: Clip,
                  model: Path) -> Image.Image:
    """One picture of everything under `out` (fast/, fine/, the composites) and the clip's chosen frames."""
    fine = out / "fine"
    stills = [
        ("photograph", _upright(photo)),
        ("trimap: grey is left to decide", Image.open(fine / f"{photo.stem}.trimap.png").convert("RGB")),
        ("alpha, fast", Image.open(out / "fast" / f"{photo.stem}.alpha.png").convert("RGB")),
        ("alpha, fine: KNN matting", Image.open(fine / f"{photo.stem}.alpha.png").convert("RGB")),
        ("cut-out", _over_checks(Image.open(fine / f"{photo.stem}.cutout.png"))),
        ("over a picture", Image.fromarray(composites["room"])),
        ("background blurred", Image.fromarray(composites["blur"])),
        ("over a colour", Image.fromarray(composites["colour"])),
    ]
    cell = (WIDTH - 2 * MARGIN - 3 * GAP) // 4
    height = round(cell * min(1.5, stills[0][1].height / stills[0][1].width))
    small = (WIDTH - 2 * MARGIN - 4 * GAP) // 5
    live_top = 130 + 2 * (height + 52) + 56
    frame = (small, round(small * 9 / 16))
    table_top = live_top + 2 * frame[1] + 70
    sheet = Image.new("RGB", (WIDTH, table_top + 250), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, 34), "Masque", INK, _font(40))
    draw.text((MARGIN, 84), _facts(model, reports), SOFT, _font(19))
    for i, (title, still) in enumerate(stills):
        _put(sheet, still, title, (MARGIN + (i % 4) * (cell + GAP), 130 + (i // 4) * (height + 52)), (cell, height))
    draw.text((MARGIN, live_top - 40), "Live path at 1280 x 720: the portrait sways over a moving scene (above), "
              "its background replaced (below)", INK, _font(22))
    for i, (seen, finished) in enumerate(clip.shown):
        for row, picture in enumerate((seen, finished)):
            corner = (MARGIN + i * (small + GAP), live_top + row * (frame[1] + 6))
            _put(sheet, Image.fromarray(picture), "", corner, frame)
    _table(draw, reports, clip, table_top)
    return sheet


def _facts(model: Path, reports: dict[str, dict]) -> str:
    card, runtime = read_card(model), open_runtime()
    height, width = card.signatures["person_portrait"].picture.shape[1:3]
    first = next(iter(reports.values()))
    return (f"{first['width']} x {first['height']} photograph · {model.name}: int8, {width} x {height}, "
            f"{card.size_bytes / 1000:.0f} kB · {runtime.name} {runtime.version} · {platform.machine()}")


def _upright(photo: Path) -> Image.Image:
    return Image.fromarray(read_photograph(photo).pixels)


def _over_checks(cutout: Image.Image, side: int = 16) -> Image.Image:
    rows, columns = np.indices((cutout.height, cutout.width)) // max(4, side * cutout.width // 512)
    checks = np.where((rows + columns) % 2, 225, 250).astype(np.uint8)
    board = Image.fromarray(checks).convert("RGB")
    board.paste(cutout, mask=cutout.getchannel("A"))
    return board


def _put(sheet: Image.Image, picture: Image.Image, title: str, corner: tuple[int, int], size: tuple[int, int]) -> None:
    """A picture fitted into a frame with its title below."""
    fitted = ImageOps.contain(picture, size, Image.Resampling.LANCZOS)
    left, top = corner[0] + (size[0] - fitted.width) // 2, corner[1] + (size[1] - fitted.height) // 2
    sheet.paste(fitted, (left, top))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((left - 1, top - 1, left + fitted.width, top + fitted.height), outline=RULE)
    draw.text((corner[0], corner[1] + size[1] + 10), title, INK, _font(19))


def _table(draw: ImageDraw.ImageDraw, reports: dict[str, dict], clip: Clip, top: int) -> None:
    """Stage times of both qualities, one column a stage, and of the live path."""
    stages = list(max(reports.values(), key=lambda report: len(report["ms"]))["ms"])
    step = (WIDTH - 2 * MARGIN - 230) // (len(stages) + 1)
    draw.line((MARGIN, top - 12, WIDTH - MARGIN, top - 12), RULE, 2)

    def row(y: int, name: str, cells: list[str], ink: str) -> None:
        draw.text((MARGIN, y), name, ink, _font(19))
        for i, text in enumerate(cells):
            draw.text((MARGIN + 230 + (i + 1) * step - 8, y), text, ink, _font(19), anchor="ra")

    row(top, "milliseconds", [*stages, "peak MB"], SOFT)
    for i, (quality, report) in enumerate(reports.items(), start=1):
        cells = [f"{report['ms'][s]:.1f}" if s in report["ms"] else "-" for s in stages]
        row(top + 34 * i, f"photograph, {quality}", [*cells, f"{report['peak_rss_mb']:.0f}"], INK)
    medians = "   ".join(f"{stage} {statistics.median(ms):.1f} ms" for stage, ms in clip.ms.items())
    draw.text((MARGIN, top + 118), f"live, median   {medians}", INK, _font(19))
    draw.text((MARGIN, top + 152),
              f"{clip.frames_per_s:.0f} frames a second without source and file · person IoU with the known truth "
              f"{statistics.mean(clip.ious):.3f} · {clip.keyframes} keyframes in {len(clip.ious)} frames",
              SOFT, _font(19))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
