"""Fits the projection tables that ship to made-up sounds, and writes firmware/common/tables.c and, for MicroPython,
firmware/micropython/tables.py: `python -m tools.tables`.

They stand in for tables that are learned from recordings: three kinds of sound that begin with their first sample, and
principal components of them (Pearson 1901; two of them, SPEC 2.5).
"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.bridge.points import FARTHEST, PROTOTYPES, Point, Tables, projected
from edge.bridge.words import SIGNAL_SAMPLES
from tools.tables_module import MODULE, module_source

SOURCE = Path(__file__).parents[1] / "firmware" / "common" / "tables.c"

LABELS = {1: "clap", 2: "knock", 3: "hum"}

LOUDEST = 512
"""Largest magnitude of a sample."""

EXAMPLES = 60
"""Of each kind of sound, to fit to."""

NOISE = 4
"""Standard deviation of the noise in a made-up sound, in steps of the converter."""


def sound(label: int, rng: np.random.Generator) -> np.ndarray:
    """A made-up sound (800,) int16 in ±511, 8,000 samples a second."""
    t = np.arange(SIGNAL_SAMPLES)
    pitch = {1: 1 / 18, 2: 1 / 200, 3: 1 / 60}[label] * rng.normal(1, 0.02)
    decay = {1: 90, 2: 300, 3: 2000}[label] * rng.normal(1, 0.1)
    clean = rng.uniform(250, 420) * np.exp(-t / decay) * np.cos(2 * np.pi * pitch * t)
    return np.clip(np.round(clean + rng.normal(0, NOISE, t.size)), -511, 511).astype(np.int16)


def principal(signals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """signals (n, 800) → their mean (800,), and the two orthonormal directions (800, 2) of largest variance."""
    mean = signals.mean(axis=0)
    directions = np.linalg.svd(signals - mean, full_matrices=False)[2][:2].T
    return mean, directions * np.sign(directions.sum(axis=0))


def scale_of(directions: np.ndarray) -> float:
    """The largest factor with which no factor leaves 16 bits and no point leaves ±FARTHEST, whatever the signal."""
    most = np.abs(directions).sum(axis=0).max() * LOUDEST
    return float(min(32767 / np.abs(directions).max(), FARTHEST * 65536 / (2 * most)))


def tables() -> Tables:
    """The tables that ship."""
    rng = np.random.default_rng(800)
    labels = np.repeat(list(LABELS), EXAMPLES)
    signals = np.array([sound(int(label), rng) for label in labels])
    mean, directions = principal(signals)
    scale = scale_of(directions)
    vectors = np.round(directions * scale).astype(np.int16)
    begin = np.round(0x8000 - mean @ vectors).astype(int)
    plain = Tables(vectors, (int(begin[0]), int(begin[1])), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    points = np.array([projected(plain, signal) for signal in signals])
    chosen = rng.permutation(labels.size)[:PROTOTYPES]
    reaches = np.array([_reach(points[labels == labels[i]], points[i]) for i in chosen], np.uint16)
    return Tables(vectors, plain.begin, points[chosen].astype(np.int16), labels[chosen].astype(np.uint8), reaches)


def _reach(alike: np.ndarray, point: np.ndarray) -> int:
    """Twice the distance to the tenth nearest of its own kind."""
    return int(2 * np.sort(np.linalg.norm(alike - point, axis=1))[10])


def title() -> str:
    """What the tables were fitted to."""
    return "fitted to made-up sounds (" + ", ".join(f"{label} {name}" for label, name in LABELS.items()) + ")"


def c_source(made: Tables) -> str:
    """The text of tables.c."""
    factors = _wrapped(f"{{{a}, {b}}}" for a, b in made.vectors.tolist())
    prototypes = _wrapped(f"{{{{{Point(*at).x}, {Point(*at).y}}}, {reach}, {label}, 0}}"
                          for at, reach, label in zip(made.prototypes.tolist(), made.reaches.tolist(),
                                                      made.labels.tolist(), strict=True))
    check = int.from_bytes(made.packed()[:2], "little")
    return (f"/* Projection tables, {title()}. Written by `python -m tools.tables`. */\n"
            '#include "project.h"\n\n'
            '__attribute__((section(".tables"), used)) const struct tables tables = {\n'
            f"    .check = {check},\n    .begin = {{{made.begin[0]}, {made.begin[1]}}},\n"
            f"    .vectors = {{\n{factors}    }},\n    .prototypes = {{\n{prototypes}    }},\n}};\n")


def _wrapped(items) -> str:
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) > 108:
            lines.append(line)
            line = ""
        line += item + ", "
    return "".join(f"        {text.rstrip()}\n" for text in [*lines, line])


def main() -> None:
    """Writes the tables anew."""
    made = tables()
    SOURCE.write_text(c_source(made), encoding="ascii")
    MODULE.write_text(module_source(made, title()), encoding="ascii")


if __name__ == "__main__":
    main()
