"""A run's history as a picture: `curves.png` beside its `history.jsonl`."""
from __future__ import annotations

import json
from pathlib import Path

from quantize.whole_file import write_whole

ORANGE, BLUE = "#d55e00", "#0072b2"
"""Told apart by colour-blind people too (Okabe, Ito)."""

MEASURES = {"iou": "person IoU", "mse": "MSE · 1000 of corrected alphas"}
"""Key of a line of the history → what it is."""


def write_curves(run: Path) -> Path:
    """Draws loss and the run's own measure over the steps of `run/history.jsonl`; returns the picture's path."""
    import io

    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = [json.loads(line) for line in (run / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    steps = [line["step"] for line in lines]
    figure, loss = pyplot.subplots(figsize=(8, 4.5), dpi=110, layout="constrained")
    loss.plot(steps, [line["loss"] for line in lines], color=ORANGE, marker="o", markersize=3)
    loss.set_xlabel("step")
    loss.set_ylabel("training loss", color=ORANGE)
    loss.grid(alpha=0.3)
    measure = "mse" if "mse" in lines[0] else "iou"
    scored = [(line["step"], line[measure]) for line in lines if line[measure] is not None]
    if scored:
        beside = loss.twinx()
        beside.plot(*zip(*scored, strict=True), color=BLUE, marker="o", markersize=3)
        beside.set_ylabel(f"{MEASURES[measure]} of the averaged weights, validation", color=BLUE)
    best = (min if measure == "mse" else max)((value for _, value in scored), default=float("nan"))
    figure.suptitle(f"{run.name}: best {MEASURES[measure]} {best:.4f}")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    pyplot.close(figure)
    path = run / "curves.png"
    write_whole(path, drawn.getvalue())
    return path
