"""A picture of the gallery on paper, and what a guest hears about it. Blocks; for threads."""
from __future__ import annotations

import cv2
import numpy as np

from edge.errors import BoothError
from edge.kiosk.event import EventFolder
from edge.kiosk.gallery import Gallery
from edge.kiosk.look import Backdrops
from edge.kiosk.overlay import printed
from edge.kiosk.printing import Printer
from edge.kiosk.session import Notice
from edge.photograph import photograph_from
from edge.sinks.jpeg import jpeg_bytes

QUALITY = 95


class Paper:
    """Prints for one event folder."""

    def __init__(self, gallery: Gallery, events: EventFolder, printer: Printer) -> None:
        self.gallery, self.events, self.printer = gallery, events, printer
        self._backdrops = Backdrops()

    def print(self, token: str) -> tuple[Notice, str]:
        """One set of copies of a picture: what the guest hears, and the cause for the host ("" = none)."""
        content = self.gallery.read(token, "composite") or self.gallery.read(token, "screen")
        if content is None:
            return Notice("notice.shot_failed"), "a picture was to be printed that is not developed"
        return self._sent(photograph_from(content, "the picture").pixels)

    def test(self) -> tuple[Notice, str]:
        """A test page: the first background of the event, so that colours and margins can be judged."""
        event = self.events.current
        drawable = next((one for one in event.backgrounds if one.kind not in ("blur", "keep")), None)
        if drawable is None:
            return self._sent(np.full((1200, 1800, 3), 200, np.uint8))
        return self._sent(self._backdrops.picture(self.events.path, drawable, (1200, 1800)))

    def _sent(self, pixels: np.ndarray) -> tuple[Notice, str]:
        event = self.events.current
        paper = event.printing
        if self.printer.prints_left(event) == 0:
            return Notice("notice.print_limit"), ""
        page = printed(pixels, paper.width_mm, paper.height_mm, paper.dpi)
        state = self.printer.state(paper.printer)
        try:
            if state.state == "away":
                raise BoothError(state.reason)
            self.printer.print(jpeg_bytes(cv2.cvtColor(page, cv2.COLOR_RGB2BGR), QUALITY), event, paper.copies)
        except BoothError as error:
            return Notice("notice.printer_away"), str(error)
        if state.paper:
            return Notice("notice.printer_paper"), state.reason
        return Notice("notice.printing", "news"), ""
