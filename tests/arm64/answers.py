"""`python answers.py QUESTIONS.npz ANSWERS.npz`: what this machine makes of fixed numbers; run here and on arm64.

Questions are arrays alone, so that no picture is decoded or resized on the way. Answers: `q15/…` integers of the tile
solver, `int8/MODEL/SIGNATURE/PORT` the network's own bytes, `float/…` what the C loops give.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from edge.card import MODELS, read_verified
from edge.frame import Trimap
from edge.matting.foreground import two_sides
from edge.matting.guided import guided_coefficients
from edge.matting.q15 import KnnTile, quantised, solve_tile
from edge.matting.solve import solve
from edge.matting.system import knn_system
from edge.segment.runtime import open_runtime
from edge.segment.tflite import checked_runners


def tiles(asked: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Alphas, sweeps and last change of every tile: as it was given, and quantised here from floats."""
    for i in range(len(asked["tile/bias"])):
        parts = [asked[f"tile/{name}"][i] for name in ("neighbours", "weights", "bias", "guess")]
        for way, tile in (("floats", quantised(*parts)), ("bytes", KnnTile(*(asked[f"tile/{name}"][i] for name in (
                "q_bias", "q_neighbours", "q_weights", "q_guess"))))):
            answer = solve_tile(tile, 64)
            yield f"q15/{way}/{i}", np.append(answer.alpha, [answer.sweeps, answer.change])


def networks(asked: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Every signature of every model that ships, on one thread."""
    for model in sorted(MODELS.glob("*.tflite")):
        content, card = read_verified(model, *model.stem.split("-"))
        for name, run in checked_runners(content, card, open_runtime(), 1).items():
            for port, values in run(picture=asked[f"picture/{model.stem}/{name}"]).items():
                yield f"int8/{model.stem}/{name}/{port}", values.copy()


def loops(asked: dict[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """Guided filter, matting solve, foreground."""
    coefficients = guided_coefficients(asked["luma"], asked["mask"], 4, 1e-4)
    yield "float/guided", coefficients.answer(asked["luma"])
    alpha = solve(knn_system(asked["pixels"], Trimap(asked["trimap"]))).alpha
    yield "float/solve", alpha
    yield "float/foreground", two_sides(asked["pixels"], asked["alpha"])[0] / 255


if __name__ == "__main__":
    with np.load(sys.argv[1]) as file:
        questions = dict(file)
    np.savez(sys.argv[2], **dict([*tiles(questions), *networks(questions), *loops(questions)]))
