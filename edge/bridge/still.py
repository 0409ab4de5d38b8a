"""One photograph with its trimap, its unknown band solved on a microcontroller and here, to compare the two."""
from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from edge.bridge.graph import GraphSolution, knn_graph, solved_here
from edge.bridge.solver import BridgeSolver
from edge.errors import PictureError
from edge.frame import Trimap
from edge.matting.tiles import cubic_alpha
from edge.matting.trimap import ramp_across, shrunk_trimap

SHRINK = 0.97
"""How much smaller the picture gets at a time until its band has few enough unknowns."""


class Solved(NamedTuple):
    """alpha (H, W) uint8 at the photograph's size; unknowns: at the working size (width, height); the device's and this
    machine's solution of the same system."""

    alpha: np.ndarray
    unknowns: int
    working_size: tuple[int, int]
    there: GraphSolution
    here: GraphSolution


def solve_photograph(pixels: np.ndarray, trimap: Trimap, solver: BridgeSolver, most_unknowns: int) -> Solved:
    """pixels (H, W, 3) uint8, trimap of the same size; shrunk until at most `most_unknowns` are unknown. Raises
    PictureError when the trimap loses its foreground or background on the way."""
    small, known = _shrunk(pixels, trimap, most_unknowns)
    system = knn_graph(small, known, ramp_across(known))
    there, here = solver.solve(system), solved_here(system)
    alpha = known.values.astype(np.float32) / 255
    alpha.reshape(-1)[system.where] = there.alpha
    large = cubic_alpha(alpha, pixels.shape)
    np.copyto(large, trimap.values, where=~trimap.unknown)
    return Solved(large, system.where.size, (known.values.shape[1], known.values.shape[0]), there, here)


def _shrunk(pixels: np.ndarray, trimap: Trimap, most_unknowns: int) -> tuple[np.ndarray, Trimap]:
    scale, known = 1.0, trimap
    while int(known.unknown.sum()) > most_unknowns:
        scale *= SHRINK
        height, width = (max(2, int(side * scale)) for side in trimap.values.shape)
        known = shrunk_trimap(trimap, (height, width))
        if not (known.values == 0).any() or not (known.values == 255).any():
            raise PictureError(f"with {most_unknowns:,} unknowns at most, nothing known is left of the trimap at "
                               f"{width}×{height}; allow more unknowns or draw a narrower band")
    if not known.unknown.any():
        raise PictureError("the trimap leaves nothing unknown; there is nothing to solve")
    height, width = known.values.shape
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), known

