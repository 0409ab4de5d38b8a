"""Strangers' files: opened in a process of their own that may take little, and made anew before anybody sees them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.errors import BoothError, PictureError
from edge.kiosk.worker import Limits, Worker

MAX_BYTES = 30_000_000
"""A larger file is refused before it is looked at."""

MAX_PIXELS = 50_000_000
"""A larger picture is refused before a pixel is decoded."""

FORMATS = ("JPEG", "PNG", "WEBP")
"""What phones and laptops have; fewer decoders, fewer doors. MAGIC tells them by their first bytes, never by a name."""

MAGIC = {"JPEG": (0, b"\xff\xd8\xff"), "PNG": (0, b"\x89PNG\r\n\x1a\n"), "WEBP": (8, b"WEBP")}

MEMORY_BYTES, CPU_S, WALL_S = 1_200_000_000, 30, 60.0

QUALITY = 95


@dataclass(frozen=True)
class Taken:
    """photograph: a JPEG of our own making, upright, sRGB, without any metadata; trimap: a PNG of ours, or None; notes:
    what had to be done."""

    photograph: bytes
    trimap: bytes | None
    width: int
    height: int
    notes: tuple[str, ...]


def take_in(photograph: bytes, trimap: bytes | None = None) -> Taken:
    """A stranger's picture (and trimap), made anew. Blocks; one process a call, which is gone afterwards.

    Raises PictureError in one line: refused, or the process died of it.
    """
    for content in (photograph, *([trimap] if trimap is not None else [])):
        _check(content)
    worker = Worker("edge.kiosk.intake:Decoder", Limits(MEMORY_BYTES, CPU_S))
    try:
        answer = worker.call("renewed", photograph, trimap, timeout_s=WALL_S)
    except BoothError as error:
        raise PictureError(f"the picture could not be opened ({error}); save it anew or take another one") from error
    finally:
        worker.close()
    figures = answer.figures
    return Taken(answer.parts["photograph"], answer.parts.get("trimap"), int(figures["width"]),
                 int(figures["height"]), tuple(str(note) for note in figures["notes"]))


def _check(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise PictureError(f"the picture has {len(content) / 1e6:.1f} MB, at most {MAX_BYTES / 1e6:.0f} are taken; "
                           "make it smaller first")
    if not any(content[start : start + len(magic)] == magic for start, magic in MAGIC.values()):
        raise PictureError(f"this is no picture in {', '.join(FORMATS)}; save it in one of them first")


class Decoder:
    """Runs in the process."""

    def renewed(self, photograph: bytes, trimap: bytes | None, told) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Decodes with limits, encodes again."""
        import cv2

        from edge.matting.trimap import checked_trimap
        from edge.photograph import photograph_from, png_bytes
        from edge.sinks.jpeg import jpeg_bytes

        taken = photograph_from(photograph, "the picture", most_pixels=MAX_PIXELS, formats=FORMATS)
        height, width = taken.pixels.shape[:2]
        parts = {"photograph": jpeg_bytes(cv2.cvtColor(taken.pixels, cv2.COLOR_RGB2BGR), QUALITY)}
        if trimap is not None:
            drawn = photograph_from(trimap, "the trimap", most_pixels=MAX_PIXELS, formats=FORMATS).pixels
            grey = cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY)
            parts["trimap"] = png_bytes(checked_trimap(grey, (height, width), "the trimap").values)
        return {"width": width, "height": height, "notes": taken.notes}, parts
