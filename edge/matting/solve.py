"""Solves a KnnSystem with conjugate gradients, Jacobi-preconditioned (Hestenes, Stiefel 1952)."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import cg

from edge.matting.system import KnnSystem

TOLERANCE = 1e-4
"""Residual relative to the right-hand side at which alpha no longer changes by a grey level."""

MAX_ITERATIONS = 500


class Solution(NamedTuple):
    """alpha (n,) float32 in 0..1; residual: ‖b − Mα‖ / ‖b‖ reached; converged: it is within TOLERANCE."""

    alpha: np.ndarray
    iterations: int
    residual: float
    converged: bool


def solve(system: KnnSystem) -> Solution:
    """The alpha of the unknown pixels, the best iterate when it does not converge."""
    count = 0

    def tick(_) -> None:
        nonlocal count
        count += 1

    jacobi = sparse.diags(1 / system.matrix.diagonal())
    alpha, failed = cg(system.matrix, system.bias, x0=system.guess.astype(np.float64), rtol=TOLERANCE,
                       maxiter=MAX_ITERATIONS, M=jacobi, callback=tick)
    norm = float(np.linalg.norm(system.bias)) or 1.0
    residual = float(np.linalg.norm(system.bias - system.matrix @ alpha)) / norm
    return Solution(np.clip(alpha, 0, 1).astype(np.float32), count, residual, not failed)
