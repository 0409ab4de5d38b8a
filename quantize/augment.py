"""One labelled picture → one training sample: composed, framed, coloured, spoiled as cameras and phones would.

The picture is placed into the network input by edge.preprocess.letterbox, the very function of the run time.
"""
from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from edge.frame import Region
from edge.preprocess import letterbox
from quantize.dataset import Picture, PreparedSet
from quantize.manifest import PERSON_VALUES

COMPOSED, COMPOSED_WIDE, EMPTY, FRAMED, TURNED = 0.2, 0.5, 0.02, 0.5, 0.5
"""Shares of samples: laid over another background (in upright, in wide batches); without a person; cropped; rotated."""


class Sample(NamedTuple):
    """pixels (h, w, 3) uint8; person (h, w) float32 in 0..1; known (h, w) float32: 0 where no label says anything."""

    pixels: np.ndarray
    person: np.ndarray
    known: np.ndarray


def sample(pictures: PreparedSet, shape: tuple[int, int], rng: np.random.Generator) -> Sample:
    """Draws one sample of (height, width) `shape`."""
    wide = shape[1] > shape[0]
    kind = rng.random()
    drawn = pictures.draw(rng)
    backdrop = pictures.draw_backdrop(rng) if kind < EMPTY + (COMPOSED_WIDE if wide else COMPOSED) else None
    if backdrop is not None and kind < EMPTY:
        drawn = backdrop
    elif backdrop is not None and _can_be_cut(drawn):
        drawn = composed(drawn, backdrop, shape, rng)
    pixels, person, known = drawn.pixels, *_labels(drawn.mask)
    if rng.random() < 0.5:
        pixels, person, known = (np.ascontiguousarray(a[:, ::-1]) for a in (pixels, person, known))
    pixels, person, known = _framed(pixels, person, known, shape, rng)
    known_small = letterbox(known, shape)
    person_small = letterbox(person * known, shape) / np.maximum(known_small, 1e-3)
    return Sample(spoiled(letterbox(pixels, shape), rng), np.clip(person_small, 0, 1), known_small)


def _labels(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    person = np.isin(mask, PERSON_VALUES)
    return person.astype(np.float32), (person | (mask == 0)).astype(np.float32)


def _can_be_cut(picture: Picture) -> bool:
    """A whole person of moderate size, labelled everywhere: fit to be laid over another background."""
    person, known = _labels(picture.mask)
    return bool(known.all()) and 0.04 < person.mean() < 0.75


def composed(picture: Picture, backdrop: Picture, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Lays the person over a backdrop cropped to about `shape`'s aspect; a person cut by the lower edge stays on it."""
    height = picture.pixels.shape[0]
    aspect = shape[1] / shape[0] * rng.uniform(0.8, 1.25)
    canvas_h = int(height * rng.uniform(1.0, 1.5))
    canvas_w = max(int(canvas_h * aspect), 16)
    canvas = _recoloured(_covering(backdrop.pixels, canvas_h, canvas_w, rng), rng, 0.6)
    canvas_mask = np.zeros((canvas_h, canvas_w), np.uint8)
    person, _ = _labels(picture.mask)
    stands_on_edge = person[-2:].any()
    shift_x = rng.uniform(-0.3, 0.3) * canvas_w + (canvas_w - picture.pixels.shape[1]) / 2
    shift_y = canvas_h - height if stands_on_edge else rng.uniform(0, canvas_h - height + 1)
    move = np.array([[1, 0, shift_x], [0, 1, shift_y]], np.float32)
    size = (canvas_w, canvas_h)
    moved = cv2.warpAffine(_recoloured(picture.pixels, rng, 0.6), move, size, flags=cv2.INTER_LINEAR)
    moved_mask = cv2.warpAffine(picture.mask, move, size, flags=cv2.INTER_NEAREST)
    soft = cv2.GaussianBlur(np.isin(moved_mask, PERSON_VALUES).astype(np.float32), (0, 0), rng.uniform(0.5, 1.0))
    alpha = soft[..., None]
    np.copyto(canvas_mask, moved_mask, where=moved_mask > 0)
    return Picture((moved * alpha + canvas * (1 - alpha)).astype(np.uint8), canvas_mask, picture.source)


def _covering(pixels: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    scale = max(height / pixels.shape[0], width / pixels.shape[1]) * rng.uniform(1.0, 1.4)
    size = (max(width, int(pixels.shape[1] * scale)), max(height, int(pixels.shape[0] * scale)))
    large = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    top, left = rng.integers(size[1] - height + 1), rng.integers(size[0] - width + 1)
    return large[top : top + height, left : left + width]


def _framed(pixels: np.ndarray, person: np.ndarray, known: np.ndarray, shape: tuple[int, int],
            rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotates, then shows the whole picture, or the region around the person, or a random crop: as run time does."""
    if rng.random() < TURNED:
        centre = (pixels.shape[1] / 2, pixels.shape[0] / 2)
        turn = cv2.getRotationMatrix2D(centre, rng.normal(0, 9), rng.uniform(1.0, 1.1))
        size = pixels.shape[1::-1]
        pixels = cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        person = cv2.warpAffine(person, turn, size, flags=cv2.INTER_NEAREST)
        known = cv2.warpAffine(known, turn, size, flags=cv2.INTER_NEAREST)
    lies_across = (shape[1] > shape[0]) != (person.shape[1] > person.shape[0])
    if lies_across or rng.random() < FRAMED:
        region = _random_region(person, shape, rng)
        pixels, person, known = (np.ascontiguousarray(region.cut(a)) for a in (pixels, person, known))
    return pixels, person, known


def _random_region(person: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> Region:
    """A crop that keeps about the network's aspect and holds at least part of the person."""
    height, width = person.shape
    aspect = shape[1] / shape[0] * rng.uniform(0.85, 1.2)
    crop_h = min(height, width / aspect) * rng.uniform(0.6, 1.0)
    crop_w = min(width, crop_h * aspect)
    around = Region.around(person, 0.0) or Region.whole(person.shape)
    centre_y = around.top + around.height * rng.uniform(0.1, 0.6)
    centre_x = around.left + around.width * rng.uniform(0.2, 0.8)
    top = int(np.clip(centre_y - crop_h / 2, 0, height - crop_h))
    left = int(np.clip(centre_x - crop_w / 2, 0, width - crop_w))
    return Region(top, left, max(8, int(crop_h)), max(8, int(crop_w)))


def spoiled(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What light, lens, sensor and codec do, on the small picture; black bars stay black."""
    bars = ~pixels.any(axis=2)
    pixels = _recoloured(pixels, rng, 1.0)
    if rng.random() < 0.12:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(1, 12), pixels.shape)
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        quality = int(rng.integers(25, 90))
        coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        pixels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    pixels[bars] = 0
    return pixels


def _recoloured(pixels: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Exposure, contrast, gamma, white balance, saturation; one lookup table a channel."""
    if rng.random() < 0.15:
        return pixels.copy()
    level = np.arange(256, dtype=np.float32) / 255
    gamma = np.exp(rng.normal(0, 0.25 * strength))
    contrast, light = np.exp(rng.normal(0, 0.18 * strength)), rng.normal(0, 0.06 * strength)
    tables = [((level**gamma - 0.5) * contrast + 0.5 + light) * np.exp(rng.normal(0, 0.06 * strength))
              for _ in range(3)]
    lookup = (np.clip(np.stack(tables, axis=-1), 0, 1) * 255).astype(np.uint8)[None]
    pixels = cv2.LUT(pixels, lookup)
    saturation = 0.0 if rng.random() < 0.05 * strength else np.exp(rng.normal(0, 0.25 * strength))
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.addWeighted(pixels, saturation, grey, 1 - saturation, 0)
