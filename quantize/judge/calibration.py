"""Whether a probability of 0.8 is right four times in five: Brier score, reliability and expected calibration error.

After Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2, for the one probability "person".
"""
from __future__ import annotations

from collections import defaultdict

import cv2
import numpy as np

from edge.frame import Region
from edge.segment.tflite import Segmenter
from quantize.evaluate import Cases, Progress

BINS = 15
"""Equally wide bins of probability (ibid.)."""

KNOWN = 0.999
"""Share of a network pixel that the label must speak of for it to count."""


class Reliability:
    """Sums over network pixels, by bin of probability: how many, their probabilities, and how often it was a person."""

    def __init__(self) -> None:
        self.pixels, self.probability, self.person = (np.zeros(BINS) for _ in range(3))
        self.squared_error = 0.0

    def add(self, probability: np.ndarray, person: np.ndarray) -> None:
        """Both (n,) float in 0..1; person is the share of the network pixel that a person covers."""
        which = np.minimum((probability * BINS).astype(int), BINS - 1)
        for total, weights in ((self.pixels, None), (self.probability, probability), (self.person, person)):
            total += np.bincount(which, weights, BINS)
        self.squared_error += float(np.square(probability - person).sum())

    def figures(self) -> dict:
        """`ece`, `brier`, `pixels`, and `bins`: [{from, to, pixels, probability, person}] of those that hold any."""
        count = max(1.0, self.pixels.sum())
        held = np.flatnonzero(self.pixels)
        table = [{"from": round(i / BINS, 4), "to": round((i + 1) / BINS, 4), "pixels": int(self.pixels[i]),
                  "probability": round(float(self.probability[i] / self.pixels[i]), 4),
                  "person": round(float(self.person[i] / self.pixels[i]), 4)} for i in held]
        return {"ece": round(float(np.abs(self.probability - self.person).sum() / count), 4),
                "brier": round(self.squared_error / count, 4), "pixels": int(self.pixels.sum()), "bins": table}


def calibration(segmenter: Segmenter, cases: Cases, progress: Progress = iter) -> dict[str, dict]:
    """Group → Reliability.figures, and `all`: what the network says of the whole picture, at network size.

    Before refining, before closer looks. Unknown pixels are left out.
    """
    groups: dict[str, Reliability] = defaultdict(Reliability)
    for make in progress(cases):
        case = make()
        values = segmenter.segment(case.pixels, Region.whole(case.pixels.shape)).values
        size = values.shape[1::-1]
        known, person = (cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
                         for mask in (case.known, case.person))
        counts = known > KNOWN
        for group in ("all", *case.groups):
            groups[group].add(values[counts].astype(np.float64), person[counts].astype(np.float64))
    return {group: reliability.figures() for group, reliability in groups.items()}
