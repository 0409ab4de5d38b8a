"""How often tables are right on signals that they were not learned from: in floats, and in the chip's own integers."""
from __future__ import annotations

import numpy as np

from edge.bridge.points import Tables, classified, projected
from quantize.projection.fit import Fitted
from quantize.projection.signals import Signals


def chip_says(tables: Tables, samples: np.ndarray) -> np.ndarray:
    """samples (n, 800) → the labels (n,) that the chip would report, 0 for none, bit for bit."""
    return np.array([classified(tables, projected(tables, signal)).label for signal in samples], int)


def accuracies(made: Fitted, tables: Tables, held_out: Signals, names: dict[int, str]) -> dict[str, float]:
    """`float`, `q15`: shares of the signals whose label is the right one; `agree`: of those where both say the same."""
    truth = held_out.numbers(names)
    in_floats, on_chip = made.said(held_out.samples), chip_says(tables, held_out.samples)
    return {"float": _share(in_floats == truth), "q15": _share(on_chip == truth), "agree": _share(on_chip == in_floats)}


def confusion(tables: Tables, signals: Signals, names: dict[int, str]) -> dict[str, dict[str, int]]:
    """What is → what the chip says → how often; `none` where it says nothing of signals that are all of a class."""
    truth, said = signals.numbers(names), chip_says(tables, signals.samples)
    spoken = {0: "none", **names}
    return {name: {word: int(((truth == number) & (said == answer)).sum()) for answer, word in spoken.items()}
            for number, name in names.items()}


def _share(right: np.ndarray) -> float:
    return round(float(right.mean()), 4)
