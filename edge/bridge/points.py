"""Signals of 800 samples as points in a plane, in the integers of the chip: what firmware/common/project.c, nearest.c
and columns.c must agree with (SPEC 2.5).

A signal is projected on two vectors while it arrives and never stored; its nearest prototypes say what it is. Or it
stands for a column of an image: then KNN matting links the points of all columns (Chen, Li, Tang 2013, section 3,
affinity 1 − distance / largest distance) and the result is a tile for `solve_tile`.
"""
from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple, Self

import numpy as np

from edge.bridge.framing import crc16
from edge.bridge.words import SIGNAL_SAMPLES
from edge.matting.q15 import ONE, SLOTS, WHOLE, KnnTile

PROTOTYPES, NEIGHBOURS, CLASSES = 32, 5, 8

TABLES_BYTES = 12 + 4 * SIGNAL_SAMPLES + 8 * PROTOTYPES
"""Of `Tables.packed`."""

UNDECIDED = 128

FARTHEST = 16383
"""Coordinates of a point stay within ± this, so that a squared distance has 32 bits."""


class Form(IntEnum):
    """What of a signal is projected: its samples, or how loud it is, in low and in high tones by turns."""

    SAMPLES = 0
    LOUDNESS = 1


class Point(NamedTuple):
    """A signal's place, each coordinate in ±FARTHEST."""

    x: int
    y: int


class Verdict(NamedTuple):
    """label: 0 for none; distance: to the nearest prototype of the class that won."""

    label: int
    distance: int


@dataclass(frozen=True)
class Tables:
    """vectors (800, 2) int16; begin (2,): what each sum begins with; prototypes (32, 2) int16; labels (32,) uint8 in
    0..7, 0 for what is no class; reaches (32,) uint16: who is farther from a prototype is not of its class; form: what
    the vectors are multiplied with. `packed` is the image in the chip's FRAM."""

    vectors: np.ndarray
    begin: tuple[int, int]
    prototypes: np.ndarray
    labels: np.ndarray
    reaches: np.ndarray
    form: Form = Form.SAMPLES

    def packed(self) -> bytes:
        """`struct tables` of firmware/common/project.h: CRC, form, begin, vectors, prototypes."""
        rows = zip(self.prototypes.tolist(), self.reaches.tolist(), self.labels.tolist(), strict=True)
        body = (struct.pack("<Hii", self.form, *self.begin) + self.vectors.astype("<i2").tobytes()
                + b"".join(struct.pack("<hhHBx", x, y, reach, label) for (x, y), reach, label in rows))
        return crc16(body).to_bytes(2, "little") + body

    @classmethod
    def unpacked(cls, image: bytes) -> Self:
        """The tables from their image. Raises ValueError when its CRC is wrong."""
        if crc16(image[2:]) != int.from_bytes(image[:2], "little"):
            raise ValueError(f"projection tables of {len(image)} bytes have another CRC than they say")
        form, *begin = struct.unpack_from("<Hii", image, 2)
        vectors = np.frombuffer(image, "<i2", 2 * SIGNAL_SAMPLES, 12).reshape(-1, 2)
        rows = list(struct.iter_unpack("<hhHBx", image[12 + vectors.nbytes :]))
        return cls(vectors, (begin[0], begin[1]), np.array([row[:2] for row in rows], np.int16),
                   np.array([row[3] for row in rows], np.uint8), np.array([row[2] for row in rows], np.uint16),
                   Form(form))


def projected(tables: Tables, samples: np.ndarray) -> Point:
    """samples (800,) int in −512..511 → its point."""
    sums = formed(samples, tables.form) @ tables.vectors.astype(np.int64) + np.array(tables.begin)
    return Point(*(int(value) for value in sums >> 16))


def formed(samples: np.ndarray, form: Form) -> np.ndarray:
    """samples (…, 800) int in −512..511 → what the vectors are multiplied with, int64: the samples; or, 0..176, the
    loudness of s[t] + s[t − 1] at even t and of s[t] − s[t − 1] at odd t, beginning with s[−1] = 0.

    A sum is loud where tones are low, a difference where they are high; loudness is 16·(1 + log₂ of the magnitude),
    straight lines between powers of two, and 0 for 0. So a signal's phase is forgotten and its envelope stays.
    """
    values = samples.astype(np.int64)
    if form != Form.LOUDNESS:
        return values
    before = np.concatenate([np.zeros_like(values[..., :1]), values[..., :-1]], axis=-1)
    magnitude = np.abs(np.where(np.arange(values.shape[-1]) % 2 == 0, values + before, values - before))
    octave = np.frexp(magnitude)[1].astype(np.int64)
    mantissa = magnitude * 16 >> np.maximum(octave - 1, 0)
    return np.where(magnitude > 0, octave * 16 + mantissa - 16, 0)


def classified(tables: Tables, point: Point) -> Verdict:
    """The class with the most votes among the five nearest prototypes; of equals the one with the nearer prototype."""
    squares = [_square(point, Point(*other)) for other in tables.prototypes.tolist()]
    nearest = sorted(range(len(squares)), key=squares.__getitem__)[:NEIGHBOURS]
    votes = [int(tables.labels[i]) for i in nearest]
    label = max(votes, key=lambda vote: (votes.count(vote), -votes.index(vote)))
    prototype = nearest[votes.index(label)]
    distance = math.isqrt(squares[prototype])
    return Verdict(0 if distance > int(tables.reaches[prototype]) else label, distance)


def columns_tile(points: list[Point], labels: list[int]) -> KnnTile:
    """points of 2 to 96 columns, labels 0 background, 255 foreground, 128 unknown → the tile that the chip makes of
    them.

    A known column is a row without links, all bias; so an unknown one may lean on it like on any other.
    """
    linked = {i: _nearest(points, i) for i, label in enumerate(labels) if label == UNDECIDED}
    largest = math.isqrt(max((_square(points[i], points[row[-1]]) for i, row in linked.items()), default=0))
    bias = [0 if label in (0, UNDECIDED) else ONE for label in labels]
    neighbours, weights = [[i] * SLOTS for i in range(len(points))], [[0] * SLOTS for _ in points]
    for i, row in linked.items():
        neighbours[i][: len(row)] = row
        affinities = [largest - math.isqrt(_square(points[i], points[j])) for j in row]
        _weigh(neighbours[i], weights[i], affinities + [0] * (SLOTS - len(row)))
    return KnnTile(np.array(bias, np.uint16), np.array(neighbours, np.uint8), np.array(weights, np.uint8),
                   np.array(labels, np.uint8))


def _square(a: Point, b: Point) -> int:
    return (a.x - b.x) ** 2 + (a.y - b.y) ** 2


def _nearest(points: list[Point], i: int) -> list[int]:
    """The four nearest others, of equals the first."""
    others = (j for j in range(len(points)) if j != i)
    return sorted(others, key=lambda j: _square(points[i], points[j]))[:SLOTS]


def _weigh(neighbours: list[int], weights: list[int], affinities: list[int]) -> None:
    """Affinities → weights that sum to 256, by largest remainder; a lone one is split over two slots."""
    total = sum(affinities)
    if total == 0:
        weights[:] = [WHOLE // SLOTS] * SLOTS
    elif total in affinities:
        slot = affinities.index(total)
        other = (slot + 1) % SLOTS
        neighbours[other] = neighbours[slot]
        weights[slot] = weights[other] = WHOLE // 2
    else:
        shares = [divmod(affinity * WHOLE, total) for affinity in affinities]
        weights[:] = [quotient for quotient, _ in shares]
        for k in sorted(range(SLOTS), key=lambda k: -shares[k][1])[: WHOLE - sum(weights)]:
            weights[k] += 1
