"""Finds the person of a photograph: a look at the whole, then a closer look at the region around what was seen."""
from __future__ import annotations

import cv2
import numpy as np

from edge.frame import Mask, Region
from edge.preprocess import grown_to_aspect, upright
from edge.segment.tflite import Segmenter

MARGIN = 0.15
"""Free space kept around the person on the closer look, as a share of its longer side."""

CLOSER = 0.85
"""A region of more than this share of the picture is not worth a second look."""

SLENDER = 2.0
"""Pictures this many times longer than the network input are looked at in overlapping windows."""

MOST_WINDOWS = 24
"""Longer pictures (above about 21:1) get one look at the whole: a strip of 1×3,000 pixels took 5 s and 300 MB."""

SEEN = 0.001
"""Share of the picture that must be person before anybody is said to be there."""


def find_person(segmenter: Segmenter, pixels: np.ndarray) -> Mask | None:
    """pixels (H, W, 3) uint8 → mask over the region that holds every person, at network size; None: nobody is there."""
    first = _first_look(segmenter, pixels)
    if (first.values > 0.5).mean() < SEEN:
        return None
    around = Region.around(first.values, MARGIN)
    assert around is not None
    scale = pixels.shape[0] / first.values.shape[0], pixels.shape[1] / first.values.shape[1]
    region = around.scaled(*scale, pixels.shape)
    shape = upright((region.height, region.width), segmenter.portrait)
    region = grown_to_aspect(region, shape[1] / shape[0], pixels.shape)
    if region.height * region.width > CLOSER * pixels.shape[0] * pixels.shape[1]:
        return first
    closer = segmenter.segment(pixels, region)
    return closer if (closer.values > 0.5).any() else first


def _first_look(segmenter: Segmenter, pixels: np.ndarray) -> Mask:
    """The mask of the whole picture; a very slender one is pieced together from windows that overlap by half."""
    whole = Region.whole(pixels.shape)
    windows = _windows(whole, segmenter.portrait)
    if len(windows) == 1:
        return segmenter.segment(pixels, whole)
    looks = [segmenter.segment(pixels, window) for window in windows]
    short = min(looks[0].values.shape)
    scale = short / min(whole.height, whole.width)
    merged = np.zeros((max(1, round(whole.height * scale)), max(1, round(whole.width * scale))), np.float32)
    for window, look in zip(windows, looks, strict=True):
        spot = window.scaled(scale, scale, merged.shape)
        seen = cv2.resize(look.values, (spot.width, spot.height), interpolation=cv2.INTER_LINEAR)
        spot.paste(merged, np.maximum(spot.cut(merged), seen))
    return Mask(merged, whole)


def _windows(whole: Region, portrait: tuple[int, int]) -> list[Region]:
    aspect = max(portrait) / min(portrait)
    short, long = sorted((whole.height, whole.width))
    length = round(aspect * short)
    count = int(np.ceil((long - length) / (length / 2))) + 1
    if long <= SLENDER * aspect * short or count > MOST_WINDOWS:
        return [whole]
    starts = np.linspace(0, long - length, count).astype(int)
    return [Region(0, int(s), short, length) if whole.width > whole.height else Region(int(s), 0, length, short)
            for s in starts]
