"""A picture worn on the head or the face: a hat, glasses, a mask."""
from __future__ import annotations

import cv2
import numpy as np

from edge.effects import Effect, Seen, union
from edge.effects.places import PLACES, Settled, Spot
from edge.errors import PictureError

SMALLEST_PX = 16
"""Copies of a worn picture go down to this side."""


class Worn:
    """A picture with alpha over whatever `then` painted, where a face is seen; it follows the person, calmly.

    The picture's own transparent margins do not count. Its soft edges are mixed in sRGB bytes whatever `then` does:
    premultiplied bytes mean that, and straight ones are premultiplied once, here, so that enlarging does not bring in
    the colour of what cannot be seen.
    """

    def __init__(self, picture: np.ndarray, place: str, then: Effect, premultiplied: bool = False) -> None:
        """picture (h, w, 4) uint8 RGBA, straight unless premultiplied is set; place: one of PLACES.

        Raises PictureError for a picture without alpha, one that shows nothing and one that is not premultiplied.
        """
        classes, self._spot = PLACES[place]
        self.then, self.wants = then, union(classes, then.wants)
        self._copies = _copies(_premultiplied(picture, premultiplied))
        self._settled = Settled()
        self._colour, self._through = (np.empty((0, 0, 3), np.uint8) for _ in range(2))

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """See Effect."""
        self.then.paint(seen, into)
        height, width = self._copies[0][0].shape[:2]
        spot = self._settled.next(self._spot(seen, height / width))
        if spot is not None:
            self._draw(spot, into)

    def _draw(self, spot: Spot, into: np.ndarray) -> None:
        """Lays the picture over the frame (H, W, 3) uint8, in place, as far as it is inside."""
        if self._colour.shape != into.shape:
            self._colour, self._through = np.empty_like(into), np.empty_like(into)
        colours, through = next((each for each in reversed(self._copies) if each[0].shape[1] >= spot.width),
                                self._copies[0])
        step = colours.shape[1] / spot.width
        height = colours.shape[0] / step
        left, top = spot.x - spot.width / 2, spot.y - height / 2
        rows, columns = _touched(top, height, into.shape[0]), _touched(left, spot.width, into.shape[1])
        under = into[rows, columns]
        if under.size == 0:
            return
        sample = np.array([[step, 0, (columns.start + 0.5 - left) * step - 0.5],
                           [0, step, (rows.start + 0.5 - top) * step - 0.5]])
        here = np.s_[: under.shape[0], : under.shape[1]]
        cv2.multiply(under, _sampled(through, sample, self._through[here], 255), dst=under, scale=1 / 255)
        cv2.add(under, _sampled(colours, sample, self._colour[here], 0), dst=under)


def _touched(start: float, length: float, side: int) -> slice:
    """The pixels between 0 and side that a stretch touches, and one beside it for its soft edge."""
    first = min(side, max(0, int(np.floor(start)) - 1))
    return slice(first, max(first, min(side, int(np.ceil(start + length)) + 1)))


def _sampled(plane: np.ndarray, sample: np.ndarray, into: np.ndarray, outside: int) -> np.ndarray:
    """Fills and returns `into` (h, w, 3) uint8 with a plane seen through `sample`, into's pixels → the plane's."""
    return cv2.warpAffine(plane, sample, into.shape[1::-1], dst=into, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                          borderMode=cv2.BORDER_CONSTANT, borderValue=(outside,) * 3)


def _premultiplied(picture: np.ndarray, already: bool) -> np.ndarray:
    """What can be seen of a picture (h, w, 4) uint8: colours times alpha, and alpha."""
    if picture.ndim != 3 or picture.shape[2] != 4 or picture.dtype != np.uint8:
        raise PictureError(f"what is worn must be RGBA, (h, w, 4) uint8, not {picture.shape} {picture.dtype}; save it "
                           "with transparency")
    left, top, width, height = cv2.boundingRect(np.ascontiguousarray(picture[..., 3]))
    if width == 0:
        raise PictureError("what is worn is transparent everywhere; nothing would be seen")
    seen = picture[top : top + height, left : left + width]
    colour, alpha = seen[..., :3], seen[..., 3:]
    if not already:
        return np.dstack([((colour.astype(np.uint16) * alpha + 127) // 255).astype(np.uint8), alpha])
    if (colour > alpha).any():
        brightest = int((colour.astype(np.int16) - alpha).max())
        raise PictureError(f"what is worn is not premultiplied: a colour is {brightest} above its alpha; "
                           "take it as straight")
    return seen


def _copies(picture: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Premultiplied (h, w, 4) uint8 → colours and what shines through, 255 − alpha, (h, w, 3) uint8 each; the same at
    half the size, and so on: a small one is drawn without sparkle."""
    copies = []
    while True:
        through = 255 - picture[..., 3]
        copies.append((np.ascontiguousarray(picture[..., :3]), np.dstack([through] * 3)))
        size = picture.shape[1] // 2, picture.shape[0] // 2
        if min(size) < SMALLEST_PX:
            return copies
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
