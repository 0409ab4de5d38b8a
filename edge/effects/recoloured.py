"""A part of the person in another colour: hair, clothes, skin, headwear."""
from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from edge.composite import composite
from edge.effects import Effect, Seen, union

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Of linear red, green and blue (ITU-R BT.709)."""


class Recoloured:
    """One class in shades of a colour, by the class's soft alpha; `then` paints the background.

    Every pixel keeps its L of CIE Lab, so light, folds and strands stay; its chroma becomes that of the wanted colour
    at this L. A pixel darker than the colour is the colour in less light, a brighter one is mixed with white, as glare
    is: chroma goes to zero towards both ends, and no shade leaves sRGB. Dark hair stays dark: nothing is bleached.
    Changes of chroma within the class are lost. Soft edges are mixed in sRGB bytes: a shade is as bright as what it
    replaces, so mixing light would look the same.
    """

    def __init__(self, class_name: str, colour: tuple[int, int, int], then: Effect) -> None:
        """class_name: one of CLASSES; colour (r, g, b), each 0..255."""
        self.class_name, self.then = class_name, then
        self.wants = union((class_name,), then.wants)
        self._shades = shades(colour)
        self._changed, self._tinted = (np.empty((0, 0, 3), np.uint8) for _ in range(2))
        self._lightness = np.empty((0, 0), np.uint8)

    def paint(self, seen: Seen, into: np.ndarray) -> None:
        """See Effect. Colours are made inside the box of the class's alpha only; seen.pixels stay as they are."""
        if self._changed.shape != seen.pixels.shape:
            self._changed, self._tinted = (np.empty_like(seen.pixels) for _ in range(2))
            self._lightness = np.empty(seen.alpha.shape, np.uint8)
        alpha = seen.classes[self.class_name]
        left, top, width, height = cv2.boundingRect(alpha)
        if width == 0:
            self.then.paint(seen, into)
            return
        rows = slice(top, top + height)  # whole rows: they lie together in memory, as the loops in C want it
        self._tint(seen.pixels, (rows, slice(left, left + width)))
        self._changed[:top], self._changed[rows.stop :] = seen.pixels[:top], seen.pixels[rows.stop :]
        composite(self._tinted[rows], alpha[rows], seen.pixels[rows], self._changed[rows])
        self.then.paint(replace(seen, pixels=self._changed), into)

    def _tint(self, pixels: np.ndarray, box: tuple[slice, slice]) -> None:
        tinted, lightness = self._tinted[box], self._lightness[box]
        cv2.cvtColor(pixels[box], cv2.COLOR_RGB2LAB, dst=tinted)
        cv2.extractChannel(tinted, 0, dst=lightness)
        cv2.applyColorMap(lightness, self._shades, dst=tinted)


def shades(colour: tuple[int, int, int]) -> np.ndarray:
    """colour (r, g, b), each 0..255 → its shade for every L of Lab (0..255 for 0..100): (256, 1, 3) uint8."""
    wanted = light_of(np.array(colour))
    own = wanted @ LUMINANCE
    luminance = luminance_of(np.arange(256) * 100 / 255)[:, None]
    less_light = np.minimum(luminance / max(own, 1e-9), 1) * wanted
    glare = np.maximum(luminance - own, 0) / max(1 - own, 1e-9) * (1 - wanted)
    return bytes_of(less_light + glare)[:, None]


def light_of(levels: np.ndarray) -> np.ndarray:
    """sRGB bytes 0..255 → linear light 0..1 (IEC 61966-2-1)."""
    s = levels / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def bytes_of(light: np.ndarray) -> np.ndarray:
    """Linear light 0..1 → sRGB bytes, uint8, rounded to nearest."""
    s = np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)
    return (np.clip(s, 0, 1) * 255 + 0.5).astype(np.uint8)


def luminance_of(lightness: np.ndarray) -> np.ndarray:
    """L of CIE Lab, 0..100 → relative luminance 0..1."""
    return np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / 903.3)
