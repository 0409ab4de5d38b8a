"""Labelled signals → two vectors and 32 prototypes in floats → the integers of the chip's tables."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.bridge.points import FARTHEST, Form, Tables, formed
from edge.bridge.words import SIGNAL_SAMPLES
from quantize.projection.prototypes import elected, even_shares, exchanged, reaches, squares, worth_of
from quantize.projection.signals import Signals
from quantize.projection.vectors import fisher, learned, principal, smooth_basis

METHODS = ("pca", "learned")

RANGE = {Form.SAMPLES: (-512, 511), Form.LOUDNESS: (0, 176)}
"""What the vectors are multiplied with lies between these."""


@dataclass(frozen=True)
class Fitted:
    """mean (800,), directions (800, 2), prototypes (32, 2), labels (32,) int, reaches (32,): all floats but the
    labels, in the units of formed samples."""

    form: Form
    mean: np.ndarray
    directions: np.ndarray
    prototypes: np.ndarray
    labels: np.ndarray
    reaches: np.ndarray

    def points(self, samples: np.ndarray) -> np.ndarray:
        """samples (n, 800) → where they lie (n, 2)."""
        return (formed(samples, self.form) - self.mean) @ self.directions

    def said(self, samples: np.ndarray) -> np.ndarray:
        """samples (n, 800) → labels (n,), 0 for none: the chip's rule in floats."""
        between = squares(self.points(samples), self.prototypes)
        winner, nearest = elected(between, self.labels)
        distance = np.sqrt(np.take_along_axis(between, nearest[:, None], axis=1)[:, 0])
        return np.where(distance > self.reaches[nearest], 0, winner)


def fitted(signals: Signals, names: dict[int, str], method: str, form: Form, seed: int) -> Fitted:
    """Tables in floats for the signals. method: `pca`, directions of largest variance, or `learned`, the better by the
    training signals of two descents that begin with these and with Fisher's."""
    truth, values = signals.numbers(names), formed(signals.samples, form).astype(float)
    mean, basis = values.mean(axis=0), np.eye(SIGNAL_SAMPLES) if method == "pca" else smooth_basis(form)
    inner = (values - mean) @ basis
    starts = [principal(inner)] if method == "pca" else [
        learned(inner, truth, start, seed) for start in (principal(inner), fisher(inner, truth))]
    return max((_with_prototypes(form, mean, basis, start, inner, truth, seed) for start in starts),
               key=lambda made: worth_of(made.said(signals.samples), truth, even_shares(truth)))


def _with_prototypes(form: Form, mean: np.ndarray, basis: np.ndarray, inner_directions: np.ndarray, inner: np.ndarray,
                     truth: np.ndarray, seed: int) -> Fitted:
    points = inner @ inner_directions
    prototypes, labels = exchanged(points, truth, seed)
    return Fitted(form, mean, basis @ inner_directions, prototypes, labels, reaches(points, truth, prototypes, labels))


def as_tables(made: Fitted) -> Tables:
    """The same in the chip's integers: vectors of 16 bits, as large as they may be without any signal's point leaving
    ±FARTHEST."""
    scale = scale_of(made.directions, made.mean, made.form)
    vectors = np.round(made.directions * scale).astype(np.int16)
    begin = np.round(0x8000 - made.mean @ vectors).astype(int)
    step = scale / 65536
    return Tables(vectors, (int(begin[0]), int(begin[1])), np.round(made.prototypes * step).astype(np.int16),
                  made.labels.astype(np.uint8), np.ceil(made.reaches * step).clip(1, 65535).astype(np.uint16),
                  made.form)


def scale_of(directions: np.ndarray, mean: np.ndarray, form: Form) -> float:
    """The largest factor with which no number of directions (800, 2) leaves 16 bits and no point ±FARTHEST, whatever
    the signal; a thousandth is left for rounding."""
    least, most = RANGE[form]
    ends = [np.where(directions > 0, high, low) - mean[:, None] for high, low in ((most, least), (least, most))]
    farthest = max(float(np.abs((end * directions).sum(axis=0)).max()) for end in ends)
    return 0.999 * min(32767 / float(np.abs(directions).max()), FARTHEST * 65536 / farthest)
