"""What lies over a picture: an event's frame, its words; and how a picture lies on paper."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edge.composite import composite, covering, filled
from edge.errors import EventError
from edge.kiosk.event_shapes import Line

MARGIN = 0.035
"""Free space between words and the picture's edge, as a share of its shorter side."""

RIM = 0.06
"""Width of the dark rim around letters, as a share of their height: words are readable on any picture."""

SPACING = 1.25
"""From line to line, in heights of a line."""

FONTS = tuple(Path("/usr/share/fonts/truetype") / name for name in (
    "manrope/Manrope-SemiBold.ttf", "piboto/Piboto-Regular.ttf", "dejavu/DejaVuSans.ttf", "noto/NotoSans-Regular.ttf"))
"""What Debian and Raspberry Pi OS have (fonts-manrope, …); Pillow's own font knows English letters only."""

NO_LETTER = "\uffff"
"""Unicode keeps this for nothing: every font answers with its box."""

ANCHORS = {"left": "l", "": "m", "right": "r"}
"""Pillow's letters for the side of a text that its x is about."""


def framed(picture: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """A frame (h, w, 4) uint8 RGBA, straight alpha, stretched over a picture (H, W, 3) uint8 → (H, W, 3) uint8."""
    if frame.shape[:2] != picture.shape[:2]:
        frame = resized(frame, picture.shape[:2])
    return composite(frame[..., :3], frame[..., 3], picture)


def resized(layer: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A layer (h, w, 4) uint8 RGBA, straight alpha, at (height, width).

    Colours are weighted by alpha meanwhile: what is under a hole does not shine through at its edge.
    """
    size, way = (shape[1], shape[0]), cv2.INTER_AREA if layer.shape[0] > shape[0] else cv2.INTER_LINEAR
    over_black = composite(layer[..., :3], layer[..., 3], filled((0, 0, 0), layer.shape))
    weighted, alpha = (cv2.resize(plane, size, interpolation=way) for plane in (over_black, layer[..., 3]))
    colours = weighted * (np.float32(255) / np.maximum(alpha, 1)[..., None])
    return np.dstack([np.minimum(colours + 0.5, 255).astype(np.uint8), alpha])


def lettered(picture: np.ndarray, lines: tuple[Line, ...], fonts: Path) -> np.ndarray:
    """Words over a picture (H, W, 3) uint8 → a new one. Lines of one place stack; fonts: the folder of font files.

    A line wider than the picture is made smaller until it fits. Raises EventError for a font that is none.
    """
    if not lines:
        return picture
    image = Image.fromarray(picture)
    draw, margin = ImageDraw.Draw(image, "RGBA"), MARGIN * min(image.size)
    used: dict[str, float] = {}
    for line in [*(line for line in lines if line.place.startswith("top")),
                 *(line for line in reversed(lines) if line.place.startswith("bottom"))]:  # from the edge inwards
        letters = _fitting(line, fonts, min(image.size), image.width - 2 * margin)
        away = margin + used.get(line.place, 0.0)
        used[line.place] = away - margin + SPACING * letters.size
        side, across = line.place.partition(" ")[::2]
        x = {"left": margin, "": image.width / 2, "right": image.width - margin}[across]
        draw.text((x, away if side == "top" else image.height - away), line.text, line.colour, letters,
                  ANCHORS[across] + ("a" if side == "top" else "d"), stroke_width=max(1, round(RIM * letters.size)),
                  stroke_fill="#00000080")
    return np.asarray(image)


def printed(picture: np.ndarray, width_mm: int, height_mm: int, dpi: int) -> np.ndarray:
    """A picture as it goes on paper: turned to the paper's way, scaled and cropped until it covers all of it.

    (H, W, 3) uint8 → (height_mm, width_mm at dpi, 3) uint8.
    """
    if (picture.shape[0] > picture.shape[1]) != (height_mm > width_mm):
        picture = np.rot90(picture)
    height, width = (round(side / 25.4 * dpi) for side in (height_mm, width_mm))
    return covering(np.ascontiguousarray(picture), (height, width))


def _fitting(line: Line, fonts: Path, short: int, width: float) -> ImageFont.FreeTypeFont:
    size = line.size * short
    while True:
        letters = font(fonts / line.font if line.font else None, size)
        if size <= 1 or letters.getlength(line.text) <= width:
            return letters
        size = max(1.0, size * 0.98 * width / letters.getlength(line.text))


def font(path: Path | None, size: float) -> ImageFont.FreeTypeFont:
    """A font file (None: the first of FONTS that is there, else Pillow's own) at a height in pixels.

    Raises EventError for a file that is none.
    """
    path = path or next((known for known in FONTS if known.is_file()), None)
    try:
        letters = ImageFont.load_default(size) if path is None else ImageFont.truetype(path, size)
    except (OSError, ValueError) as error:
        raise EventError(f"{path}: cannot be used as a font ({error}); take a TTF or OTF file") from error
    assert isinstance(letters, ImageFont.FreeTypeFont)
    return letters


def missing(letters: ImageFont.FreeTypeFont, text: str) -> str:
    """Those of a text's letters that a font lacks: it would draw the same box for each of them."""
    box = bytes(letters.getmask(NO_LETTER))
    return "".join(dict.fromkeys(one for one in text if not one.isspace() and bytes(letters.getmask(one)) == box))
