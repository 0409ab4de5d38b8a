"""One training sample of the matting model: strands and soft edges drawn over a background, so that alpha is exact.

Colours come from the prepared pictures, shapes are drawn: no alpha of a benchmark picture is ever seen. The alpha that
`refine` learns to correct is solved by the run time's own solver.
"""
from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from edge.frame import Trimap
from edge.matting.solve import solve
from edge.matting.system import knn_system
from quantize.dataset import PreparedSet
from quantize.manifest import PERSON_VALUES

FINE = 3
"""Shapes are drawn this many times larger and averaged: a strand may be a third of a pixel wide."""

CUT_OUT, HAIRY, PLAIN = 0.3, 0.75, 0.35
"""Shares of samples: shaped like a labelled person rather than a drawn blob; with strands; and with one side in
colours that hardly vary, as walls and hair have them."""


class Sample(NamedTuple):
    """pixels (h, w, 3) uint8; truth, solved (h, w) float32 in 0..1; trimap (h, w) uint8 of 0, 128, 255."""

    pixels: np.ndarray
    truth: np.ndarray
    solved: np.ndarray
    trimap: np.ndarray


def sample(pictures: PreparedSet, side: int, rng: np.random.Generator) -> Sample:
    """Draws one sample of side × side pixels, with both sides known somewhere."""
    while True:
        truth = np.clip(drawn_alpha(pictures, side, rng), 0, 1)
        trimap = _trimap(truth, rng)
        if (trimap == 0).any() and (trimap == 255).any():
            break
    front, back = (_colours(pictures, side, rng) for _ in range(2))
    mixed = truth[..., None] * front + (1 - truth[..., None]) * back
    pixels = np.clip(mixed + rng.normal(0, rng.uniform(0.2, 4), mixed.shape), 0, 255).astype(np.uint8)
    return Sample(pixels, truth, solve(knn_system(pixels, Trimap(trimap))).alpha, trimap)


def drawn_alpha(pictures: PreparedSet, side: int, rng: np.random.Generator) -> np.ndarray:
    """(side, side) float32: a body with an edge of some softness, and mostly strands that leave it."""
    large = side * FINE
    body = _person(pictures, large, rng) if rng.random() < CUT_OUT else _blob(large, rng)
    soft = cv2.GaussianBlur(body.astype(np.float32), (0, 0), FINE * np.exp(rng.uniform(np.log(0.4), np.log(5))))
    if rng.random() < HAIRY:
        soft = 1 - (1 - soft) * (1 - _strands(body, rng) * rng.uniform(0.5, 1))
    return cv2.resize(soft, (side, side), interpolation=cv2.INTER_AREA)


def _blob(size: int, rng: np.random.Generator) -> np.ndarray:
    """(size, size) uint8 of 0 and 1: smooth noise cut at a level that leaves a third to two thirds inside."""
    coarse = rng.normal(0, 1, (rng.integers(3, 9),) * 2).astype(np.float32)
    field = np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), np.float32)
    return (field > np.quantile(field, rng.uniform(0.35, 0.65))).astype(np.uint8)


def _person(pictures: PreparedSet, size: int, rng: np.random.Generator) -> np.ndarray:
    """(size, size) uint8: a window of a labelled person's mask."""
    mask = np.isin(pictures.draw(rng).mask, PERSON_VALUES).astype(np.uint8)
    return (_window(mask * 255, size, rng, closest=0.4) > 127).astype(np.uint8)


def _strands(body: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(size, size) float32 in 0..1: curved lines from the body's outline outwards, alone and in tufts."""
    drawn = np.zeros_like(body)
    found = cv2.findContours(body, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    outlines = [np.reshape(outline, (-1, 2)) for outline in found if len(outline) > 20]
    if not outlines:
        return drawn.astype(np.float32)
    points, way = np.concatenate(outlines), rng.normal(0, 1, 2)
    for root in points[rng.integers(len(points), size=rng.integers(5, 160))]:
        length, turn = body.shape[0] * rng.uniform(0.03, 0.25), rng.normal(0, 1.2)
        heading = np.arctan2(way[1], way[0]) + rng.normal(0, 0.6) + turn * np.linspace(0, 1, 12)
        steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * length / 12
        line = np.round(root + np.cumsum(steps, axis=0)).astype(np.int32)
        cv2.polylines(drawn, [line], False, 255, int(rng.choice([1, 1, 2, 3])), cv2.LINE_AA)
    return drawn.astype(np.float32) / 255


def _colours(pictures: PreparedSet, side: int, rng: np.random.Generator) -> np.ndarray:
    """(side, side, 3) float32 in 0..255: a window of some picture, in other light, sometimes nearly of one colour."""
    backdrop = pictures.draw_backdrop(rng) if rng.random() < 0.5 else None
    window = _window((backdrop or pictures.draw(rng)).pixels, side, rng, closest=0.25).astype(np.float32)
    if rng.random() < PLAIN:
        mean = window.mean((0, 1))
        window = mean + (window - mean) * rng.uniform(0.05, 0.4)
    light = np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.08, 3))
    return np.clip(window * light + rng.normal(0, 15), 0, 255)


def _window(plane: np.ndarray, size: int, rng: np.random.Generator, closest: float) -> np.ndarray:
    """A square part of an (H, W, …) uint8 plane, brought to size × size; closest: the smallest, as a share of it."""
    most = min(plane.shape[:2])
    side = int(most * rng.uniform(closest, 1))
    top, left = (rng.integers(whole - side + 1) for whole in plane.shape[:2])
    cut = plane[top : top + side, left : left + side]
    turned = cut[:, ::-1] if rng.random() < 0.5 else cut
    return cv2.resize(turned, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC)


def _trimap(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What is half-transparent, and some pixels more, is unknown."""
    soft = ((truth > 0.01) & (truth < 0.99)).astype(np.uint8)
    reach = 2 * int(rng.integers(1, 13)) + 1
    grown = cv2.dilate(soft, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.where(grown > 0, 128, np.where(truth > 0.5, 255, 0)).astype(np.uint8)
