"""One labelled picture → one training sample: composed, framed, coloured, spoiled as cameras and phones would.

The picture is placed into the network input by edge.preprocess.letterbox, the very function of the run time.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from edge.frame import Region
from edge.preprocess import letterbox, place
from quantize.dataset import HEADWEAR, Picture, PreparedSet, face_of
from quantize.manifest import IGNORE, PERSON_VALUES

COMPOSED, COMPOSED_WIDE, EMPTY, CLUTTERED, FRAMED, TURNED = 0.2, 0.5, 0.08, 0.2, 0.5, 0.5
"""Shares of samples: laid over another background (in upright, in wide batches); without a person; with stripes and
shapes behind the person; cropped; rotated."""

BACKLIT, BEHIND, STEEP, HATTED = 0.06, 0.1, 0.25, 0.25
"""Shares of samples: with the light behind the person; with a desk or a seat's back in front of them; of the turned
ones, those turned by up to STEEPEST degrees (people lie back, and telephones are held askew); and of those with a
labelled face, those that borrow another picture's hat."""

STEEPEST = 40

CLOSEST = 0.45
"""Smallest crop, as a share of the picture: the still path looks through windows of half the person's region."""

COMPANY, COMPANY_WIDE = 0.2, 0.5
"""Shares of the people laid over another background who get a second person beside them."""


class Sample(NamedTuple):
    """pixels (h, w, 3) uint8; person (h, w) float32 in 0..1; known (h, w) float32: 0 where no label says anything;
    parts (h/2, w/2) uint8: mask values, 255 in the bars; clean (H, W, 3) uint8: the picture as a teacher sees it."""

    pixels: np.ndarray
    person: np.ndarray
    known: np.ndarray
    parts: np.ndarray
    clean: np.ndarray | None = None


def sample(pictures: PreparedSet, shape: tuple[int, int], rng: np.random.Generator,
           teacher: tuple[int, int] | None = None) -> Sample:
    """Draws one sample of (height, width) `shape`; teacher: the size in which a teacher wants it, unspoilt."""
    wide = shape[1] > shape[0]
    kind = rng.random()
    drawn = pictures.draw(rng)
    if rng.random() < HATTED and (face := face_of(drawn.mask)) and (lender := pictures.draw_hatted(rng)):
        drawn = hatted(drawn, face, lender, rng)
    backdrop = pictures.draw_backdrop(rng) if kind < EMPTY + (COMPOSED_WIDE if wide else COMPOSED) else None
    if backdrop is not None and kind < EMPTY:
        drawn = deserted(backdrop, rng)
    elif backdrop is not None and _can_be_cut(drawn):
        beside = pictures.draw(rng) if rng.random() < (COMPANY_WIDE if wide else COMPANY) else None
        people = [drawn, beside] if beside is not None and _can_be_cut(beside) else [drawn]
        drawn = composed(people, backdrop, shape, rng)
    if rng.random() < CLUTTERED and _can_be_cut(drawn):
        drawn = cluttered(drawn, rng)
    if rng.random() < BEHIND and _can_be_cut(drawn):
        drawn = behind_furniture(drawn, pictures.draw_backdrop(rng), rng)
    if rng.random() < BACKLIT and _can_be_cut(drawn):
        drawn = backlit(drawn, rng)
    pixels, mask = drawn.pixels, drawn.mask
    if rng.random() < 0.5:
        pixels, mask = np.ascontiguousarray(pixels[:, ::-1]), np.ascontiguousarray(mask[:, ::-1])
    pixels, mask = _framed(pixels, mask, shape, rng)
    person, known = _labels(mask)
    known_small = letterbox(known, shape)
    person_small = letterbox(person * known, shape) / np.maximum(known_small, 1e-3)
    return Sample(spoiled(letterbox(pixels, shape), rng), np.clip(person_small, 0, 1), known_small,
                  _parts(mask, shape), letterbox(pixels, teacher) if teacher else None)


def _parts(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Values cannot be averaged: every second pixel of the nearest ones, where the network's grid of half size lies."""
    spot = place(mask.shape, shape)
    boxed = np.full(shape, IGNORE, np.uint8)
    spot.cut(boxed)[...] = cv2.resize(mask, (spot.width, spot.height), interpolation=cv2.INTER_NEAREST)
    return boxed[::2, ::2]


def _labels(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    person = np.isin(mask, PERSON_VALUES)
    return person.astype(np.float32), (person | (mask == 0)).astype(np.float32)


def _can_be_cut(picture: Picture) -> bool:
    """A whole person of moderate size, labelled everywhere: fit to be laid over another background."""
    person, known = _labels(picture.mask)
    return bool(known.all()) and 0.04 < person.mean() < 0.75


def composed(people: Sequence[Picture], backdrop: Picture, shape: tuple[int, int], rng: np.random.Generator) -> Picture:
    """Lays one or more people side by side over a backdrop cropped to about `shape`'s aspect.

    A person cut by the lower edge of their own picture stays on the lower edge; later ones stand in front.
    """
    height = people[0].pixels.shape[0]
    canvas_h = int(height * rng.uniform(1.0, 1.5))
    canvas_w = max(int(canvas_h * shape[1] / shape[0] * rng.uniform(0.8, 1.25)), 16)
    canvas = _recoloured(_covering(backdrop.pixels, canvas_h, canvas_w, rng), rng, 0.6)
    mask = np.zeros((canvas_h, canvas_w), np.uint8)
    for nth, picture in enumerate(people):
        scale = height / picture.pixels.shape[0] * (rng.uniform(0.65, 1.15) if len(people) > 1 else 1.0)
        size_h, size_w = (side * scale for side in picture.mask.shape)
        person, _ = _labels(picture.mask)
        size = (canvas_w, canvas_h)
        centre_x = canvas_w * ((nth + 0.5) / len(people) + rng.uniform(-0.3, 0.3) / len(people))
        top = canvas_h - size_h if person[-2:].any() else rng.uniform(0, max(1.0, canvas_h - size_h))
        move = np.array([[scale, 0, centre_x - size_w / 2], [0, scale, top]], np.float32)
        moved = cv2.warpAffine(_recoloured(picture.pixels, rng, 0.6), move, size, flags=cv2.INTER_LINEAR)
        moved_mask = cv2.warpAffine(picture.mask, move, size, flags=cv2.INTER_NEAREST)
        alpha = cv2.GaussianBlur(np.isin(moved_mask, PERSON_VALUES).astype(np.float32), (0, 0), rng.uniform(0.5, 1.0))
        canvas = (moved * alpha[..., None] + canvas * (1 - alpha[..., None])).astype(np.uint8)
        np.copyto(mask, moved_mask, where=moved_mask > 0)
    return Picture(canvas, mask, people[0].source)


def deserted(backdrop: Picture, rng: np.random.Generator) -> Picture:
    """Nobody there: a room, often in the dark, or a plain surface, down to a covered lens: black is no person."""
    pixels = backdrop.pixels.astype(np.float32)
    if rng.random() < 0.4:
        start, end = rng.integers(0, 256, (2, 3)) * rng.choice([0.1, 0.3, 1.0])
        across = np.linspace(0, 1, pixels.shape[1])[None, :, None]
        pixels = np.broadcast_to(start + rng.choice([0.0, 1.0]) * (end - start) * across, pixels.shape)
    elif rng.random() < 0.5:
        pixels = pixels * rng.uniform(0.02, 0.6)
    noisy = pixels + rng.normal(0, rng.uniform(0, 8), pixels.shape)
    return Picture(np.clip(noisy, 0, 255).astype(np.uint8), backdrop.mask, backdrop.source)


def cluttered(picture: Picture, rng: np.random.Generator) -> Picture:
    """Flags, curtains, shelves: stripes and shapes behind the person, so that touching them makes nothing clothes."""
    height, width = picture.mask.shape
    behind = picture.pixels.copy()
    for _ in range(rng.integers(1, 5)):
        colours = rng.integers(0, 256, (rng.integers(1, 4), 3))
        centre = (rng.uniform(0, width), rng.uniform(0, height))
        size, turn = (rng.uniform(0.1, 0.6) * width, rng.uniform(0.2, 1.2) * height), rng.normal(0, 25)
        for i in range(stripes := int(rng.integers(1, 9))):
            offset = (i - stripes / 2) * size[0] / stripes
            middle = (centre[0] + offset * np.cos(np.radians(turn)), centre[1] + offset * np.sin(np.radians(turn)))
            corners = cv2.boxPoints((middle, (size[0] / stripes + 1, size[1]), turn))
            cv2.fillPoly(behind, [corners.astype(np.int32)], [int(c) for c in colours[i % len(colours)]])
    behind = cv2.GaussianBlur(behind, (0, 0), rng.uniform(0.4, 3.0))
    person, _ = _labels(picture.mask)
    alpha = cv2.GaussianBlur(person, (0, 0), rng.uniform(0.5, 1.0))[..., None]
    return Picture((picture.pixels * alpha + behind * (1 - alpha)).astype(np.uint8), picture.mask, picture.source)


def hatted(picture: Picture, face: Region, lender: Picture, rng: np.random.Generator) -> Picture:
    """The lender's hat on the picture's head, fitted from face to face, in another colour: hats are rare."""
    theirs = face_of(lender.mask)
    assert theirs is not None
    scale = face.width / theirs.width * rng.uniform(0.9, 1.15)
    rise = face.top - theirs.top * scale + rng.normal(0, 0.04) * face.height
    move = np.array([[scale, 0, face.left + face.width / 2 - (theirs.left + theirs.width / 2) * scale],
                     [0, scale, rise]], np.float32)
    size = picture.mask.shape[::-1]
    hat = cv2.warpAffine((lender.mask == HEADWEAR).astype(np.uint8), move, size, flags=cv2.INTER_NEAREST) > 0
    worn = cv2.warpAffine(_recoloured(lender.pixels, rng, 2.0), move, size, flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REFLECT)
    alpha = cv2.GaussianBlur(hat.astype(np.float32), (0, 0), rng.uniform(0.4, 0.9))[..., None]
    pixels = picture.pixels * (1 - alpha) + worn * alpha
    return Picture(pixels.astype(np.uint8), np.where(hat, HEADWEAR, picture.mask).astype(np.uint8), picture.source)


def behind_furniture(picture: Picture, backdrop: Picture | None, rng: np.random.Generator) -> Picture:
    """A desk's edge across the whole width, or a seat's back before part of it: plain, graded or grained."""
    height, width = picture.mask.shape
    top = height * rng.uniform(0.55, 0.9)
    if rng.random() < 0.5:
        left, right, slant = -0.1 * width, 1.1 * width, rng.normal(0, 0.03) * height
    else:
        left = width * rng.uniform(-0.2, 0.7)
        right, slant = left + width * rng.uniform(0.3, 0.7), rng.normal(0, 0.02) * height
    corners = np.array([(left, top - slant), (right, top + slant), (right + 0.05 * width, height + 1),
                        (left - 0.05 * width, height + 1)], np.int32)
    drawn = np.zeros((height, width), np.uint8)
    cv2.fillPoly(drawn, [corners], 255)
    shape = cv2.GaussianBlur(drawn, (0, 0), rng.uniform(0.4, 1.2)).astype(np.float32)[..., None] / 255
    colour = rng.integers(10, 240, 3) * np.linspace(1, rng.uniform(0.5, 1.0), height)[:, None, None]
    surface = np.broadcast_to(colour, picture.pixels.shape)
    if backdrop is not None and rng.random() < 0.6:
        surface = surface * 0.4 + 0.6 * _covering(backdrop.pixels, height, width, rng)
    pixels = picture.pixels * (1 - shape) + surface * shape
    return Picture(pixels.astype(np.uint8), np.where(shape[..., 0] > 0.5, 0, picture.mask).astype(np.uint8),
                   picture.source)


def backlit(picture: Picture, rng: np.random.Generator) -> Picture:
    """A window behind the person: they are dark, what is behind them bright, and the light creeps over their edge."""
    person, _ = _labels(picture.mask)
    shade = cv2.GaussianBlur(person, (0, 0), max(0.5, rng.uniform(0.005, 0.04) * max(person.shape)))[..., None]
    dark, bright = rng.uniform(0.25, 0.7), rng.uniform(1.1, 1.9)
    lit = picture.pixels * (dark * shade + bright * (1 - shade)) + rng.uniform(0, 40) * (1 - shade)
    return Picture(np.clip(lit, 0, 255).astype(np.uint8), picture.mask, picture.source)


def _covering(pixels: np.ndarray, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    scale = max(height / pixels.shape[0], width / pixels.shape[1]) * rng.uniform(1.0, 1.4)
    size = (max(width, int(pixels.shape[1] * scale)), max(height, int(pixels.shape[0] * scale)))
    large = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    top, left = rng.integers(size[1] - height + 1), rng.integers(size[0] - width + 1)
    return large[top : top + height, left : left + width]


def _framed(pixels: np.ndarray, mask: np.ndarray, shape: tuple[int, int],
            rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rotates, then shows the whole picture, or the region around the person, or a random crop: as run time does."""
    if rng.random() < TURNED:
        centre = (pixels.shape[1] / 2, pixels.shape[0] / 2)
        degrees = rng.uniform(-STEEPEST, STEEPEST) if rng.random() < STEEP else rng.normal(0, 9)
        turn = cv2.getRotationMatrix2D(centre, degrees, rng.uniform(1.0, 1.1))
        size = pixels.shape[1::-1]
        pixels = cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        mask = cv2.warpAffine(mask, turn, size, flags=cv2.INTER_NEAREST, borderValue=IGNORE)
    lies_across = (shape[1] > shape[0]) != (mask.shape[1] > mask.shape[0])
    if lies_across or rng.random() < FRAMED:
        region = _random_region(np.isin(mask, PERSON_VALUES), shape, rng)
        pixels, mask = (np.ascontiguousarray(region.cut(a)) for a in (pixels, mask))
    return pixels, mask


def _random_region(person: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> Region:
    """A crop that keeps about the network's aspect and holds at least part of the person."""
    height, width = person.shape
    aspect = shape[1] / shape[0] * rng.uniform(0.85, 1.2)
    crop_h = min(height, width / aspect) * rng.uniform(CLOSEST, 1.0)
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
