"""The system that a microcontroller solves: KNN matting by colour and place alone (Chen, Li, Tang 2013, eq. 4–12).

Every row is a weighted mean with weights from 0 to 1, which bytes hold; the system of edge/matting/system.py is nearer
to the truth, but its windows have weights below 0. Known pixels are exact (λ → ∞): they are no variables. A weak pull
(`PRIOR`) towards a first guess keeps the system definite, and so settles islands that nothing known is tied to.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from edge.frame import Trimap
from edge.matting.features import colours, placed
from edge.native import matting

PRIOR = 1e-3
"""Weight of the first guess against a row sum of about 10."""

SETS = ((7, 3.0), (3, 0.1))
"""Neighbours and position weight of the two searches, close by and by colour alone. MSE over 6 alphamatting.com
training pictures 0.0080, with ten in one search at 0.5 0.0091 (2026-11-21)."""

NEARBY_BANDS = 2
"""Known pixels farther than this many band widths from any unknown one are left out of the search."""

ENOUGH = 1e-3
"""Residual, relative to the right-hand side, at which passes over tiles count as converged."""


@dataclass(frozen=True)
class KnnGraph:
    """matrix · α = bias, matrix (n, n) float64 symmetric positive definite, bias (n,) float64. where (n,): the unknown
    pixels' indices in the picture; guess (n,) float32."""

    matrix: np.ndarray
    bias: np.ndarray
    where: np.ndarray
    guess: np.ndarray

    def residual(self, alpha: np.ndarray) -> float:
        """‖b − Mα‖ / ‖b‖."""
        return float(np.linalg.norm(self.bias - self.matrix @ alpha) / (np.linalg.norm(self.bias) or 1.0))


class GraphSolution(NamedTuple):
    """alpha (n,) float32 in 0..1; residual: ‖b − Mα‖ / ‖b‖ reached; converged: it is within ENOUGH."""

    alpha: np.ndarray
    iterations: int
    residual: float
    converged: bool


def solved_here(graph: KnnGraph) -> GraphSolution:
    """This machine's own answer, to the last digit: there are a thousand unknowns, not a million."""
    alpha = np.linalg.solve(graph.matrix, graph.bias)
    return GraphSolution(np.clip(alpha, 0, 1).astype(np.float32), 1, graph.residual(alpha), True)


def knn_graph(pixels: np.ndarray, trimap: Trimap, guess: np.ndarray) -> KnnGraph:
    """pixels (h, w, 3) uint8, a trimap of the same size with something unknown and something known; guess (h, w)
    float32 in 0..1: a first alpha."""
    where, known = np.flatnonzero(trimap.unknown), np.flatnonzero(_nearby_known(trimap))
    nodes, count = np.concatenate([where, known]), where.size
    affinity, towards = np.zeros((count, count)), np.zeros(count)
    degree, values = np.zeros(count), trimap.values.reshape(-1)[known] / 255
    for neighbours, position_weight in SETS:
        features = placed(colours(pixels, nodes), pixels.shape, nodes, position_weight)
        rows, columns, weights = _links(features, count, neighbours)
        among = columns < count
        np.add.at(affinity, (rows[among], columns[among]), weights[among] / 2)
        np.add.at(affinity, (columns[among], rows[among]), weights[among] / 2)
        np.add.at(towards, rows[~among], weights[~among] * values[columns[~among] - count])
        np.add.at(degree, rows[~among], weights[~among])
    first = guess.reshape(-1)[where].astype(np.float32)
    matrix = np.diag(degree + affinity.sum(axis=1) + PRIOR) - affinity
    return KnnGraph(matrix, towards + PRIOR * first, where, first)


def _links(features: np.ndarray, unknown: int, neighbours: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and weights (m,) of links from each of the first `unknown` nodes to its nearest: 1 − distance /
    largest distance found."""
    most = min(neighbours, features.shape[0] - 1)
    index, distance = np.empty((unknown, most), np.int32), np.empty((unknown, most), np.float32)
    matting.nearest(features, index, distance)
    weights = 1 - distance.astype(np.float64) / max(float(distance.max()), 1e-12)
    return np.repeat(np.arange(unknown), most), index.ravel(), weights.ravel()


def _nearby_known(trimap: Trimap) -> np.ndarray:
    known = ~trimap.unknown
    distance = cv2.distanceTransform(known.astype(np.uint8), cv2.DIST_L2, 3)
    half_band = float(np.max(cv2.distanceTransform(trimap.unknown.astype(np.uint8), cv2.DIST_L2, 3)))
    return known & (distance <= max(8.0, NEARBY_BANDS * 2 * half_band))
