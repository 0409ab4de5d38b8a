"""Held-out signals in the plane of two vectors, with the prototypes, as a picture."""
from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from edge.bridge.points import Tables, projected
from quantize.projection.signals import Signals
from quantize.whole_file import write_whole

COLOURS = ("#999999", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Of label 0 to 7; told apart by colour-blind people too (Okabe, Ito)."""


def write_points(path: Path, tables: Tables, signals: Signals, names: dict[int, str]) -> None:
    """Draws the points of the signals, in the chip's integers, and the prototypes over them."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    points = np.array([projected(tables, signal) for signal in signals.samples])
    truth = signals.numbers(names)
    figure, plane = pyplot.subplots(figsize=(7, 6), dpi=110, layout="constrained")
    for number, name in names.items():
        there = points[truth == number]
        plane.scatter(there[:, 0], there[:, 1], s=4, alpha=0.4, color=COLOURS[number], label=name)
    plane.scatter(tables.prototypes[:, 0], tables.prototypes[:, 1], s=45, marker="D", edgecolors="black",
                  color=[COLOURS[label] for label in tables.labels])
    plane.set_xlabel("first vector")
    plane.set_ylabel("second vector")
    plane.legend()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    pyplot.close(figure)
    write_whole(path, drawn.getvalue())
