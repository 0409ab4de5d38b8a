"""Columns of labelled pictures: is the subject in them? (SPEC 2.5: a signal of 800 samples stands for one column.)"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.bridge.words import SIGNAL_SAMPLES
from edge.errors import DataError
from edge.photograph import read_grey, read_photograph
from quantize.manifest import PERSON_VALUES, Entry, read_manifest
from quantize.projection.signals import Signals

SUBJECT, BACKGROUND = "subject", "background"

PRESENT = 0.05
"""Share of a column's height that is person at least where the subject counts as present."""

A_PICTURE = 8
"""Columns of each kind that are taken from a picture at most."""


def column_signals(data: Path, held_out: bool, seed: int) -> Signals:
    """As many columns with the subject as without, from the training pictures of `data`, or from the validation ones
    held out. Raises DataError where a manifest's pictures give no column of both kinds.

    A column without a single pixel that may be person is background; one with fewer than PRESENT of them, or with any
    pixel that its mask leaves open, is left out.
    """
    rng = np.random.default_rng((seed, held_out))
    found: dict[str, list[np.ndarray]] = {SUBJECT: [], BACKGROUND: []}
    entries = [entry for entry in read_manifest(data) if entry.split == ("val" if held_out else "train")]
    for entry in entries:
        for label, columns in _columns(entry).items():
            found[label] += list(columns[rng.permutation(len(columns))[:A_PICTURE]])
    count = min(map(len, found.values()))
    if not count:
        raise DataError(f"{data}: {len(entries)} pictures to {'judge by' if held_out else 'learn from'} have "
                        f"{len(found[SUBJECT])} columns with the subject and {len(found[BACKGROUND])} without; both "
                        f"are needed")
    rows = [columns[i] for columns in found.values() for i in rng.permutation(len(columns))[:count]]
    return Signals(np.array(rows, np.int16), (SUBJECT,) * count + (BACKGROUND,) * count)


def _columns(entry: Entry) -> dict[str, np.ndarray]:
    """Label → columns (n, 800) of a picture."""
    pixels, mask = read_photograph(entry.image).pixels, read_grey(entry.mask)
    person = np.isin(mask, PERSON_VALUES)
    certain = (person | (mask == 0)).all(axis=0)
    covered = person.mean(axis=0)
    signals = as_signals(pixels)
    return {SUBJECT: signals[certain & (covered >= PRESENT)], BACKGROUND: signals[certain & (covered == 0)]}


def as_signals(pixels: np.ndarray) -> np.ndarray:
    """pixels (h, w, 3) uint8 → its columns (w, 800) int16 in −512..508: grey, from top to bottom, in steps of 4 as they
    cross the wire."""
    grey = pixels.astype(float) @ (0.25, 0.5, 0.25)
    at = np.linspace(0, grey.shape[0] - 1, SIGNAL_SAMPLES)
    low = np.minimum(at.astype(int), grey.shape[0] - 2) if grey.shape[0] > 1 else np.zeros(SIGNAL_SAMPLES, int)
    high = np.minimum(low + 1, grey.shape[0] - 1)
    part = (at - low)[:, None]
    return (np.round(grey[low] * (1 - part) + grey[high] * part).astype(np.int16).T - 128) * 4
