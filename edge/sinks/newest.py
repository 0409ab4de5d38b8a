"""The newest picture as a JPEG, for any number of viewers: the loop never waits for them."""
from __future__ import annotations

import threading

import cv2
import numpy as np

from edge.sinks.jpeg import jpeg_bytes
from edge.sinks.pixels import convert


class NewestJpeg:
    """Holds one picture; `put` replaces it. It is encoded when somebody asks, once, and in the asker's thread.

    Three buffers change places: one being filled, the newest, one being encoded. So `put` costs a colour conversion
    and waits for nobody, and a viewer who is slow meets the newest picture when he comes back.
    """

    def __init__(self, height: int, width: int, quality: int) -> None:
        """height, width: of every picture; quality: edge.sinks.jpeg.QUALITY."""
        self._filling, self._newest, self._encoding = (np.empty((height, width, 3), np.uint8) for _ in range(3))
        self._quality, self._number, self._encoded = quality, 0, (0, b"")
        self._changed, self._encoder = threading.Condition(), threading.Lock()
        self.closed = False

    def put(self, picture: np.ndarray) -> None:
        """picture (H, W, 3) uint8 RGB takes the place of the one before. From one thread only."""
        convert(picture, cv2.COLOR_RGB2BGR, self._filling)
        with self._changed:
            self._filling, self._newest = self._newest, self._filling
            self._number += 1
            self._changed.notify_all()

    def take(self, after: int, wait_s: float) -> tuple[int, bytes] | None:
        """The newest picture's number (from 1) and JPEG, as soon as it is newer than `after`.

        When wait_s have passed: the newest there is, new or not. None: there is none, or the sink was closed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._number > after, wait_s)
            if self.closed or self._number == 0:
                return None
        with self._encoder:
            with self._changed:
                number = self._number
                if number == self._encoded[0]:
                    return self._encoded
                self._encoding, self._newest = self._newest, self._encoding
            self._encoded = number, jpeg_bytes(self._encoding, self._quality)
            return self._encoded

    def close(self) -> None:
        """Sends every waiting viewer home."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
