"""Solves a KnnSystem by conjugate gradients, in overlapping pieces where a board has no memory for the whole."""
from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from edge.matting.system import KnnSystem, Links
from edge.native import matting

TOLERANCE = 5e-5
"""Residual at which the solve ends. On nine alphamatting.com pictures, narrow trimaps, alpha was then 0.1 to 0.4 grey
levels off a solve to the last digit, in the mean over the band (one of them 1.2)."""

MAX_ITERATIONS = 500

EPSILON = 1e-6
"""Colour variance (of 0..1) of a 3×3 window that counts as noise (Levin, Lischinski, Weiss 2008, eq. 12)."""

OVERLAP_PX = 12
"""How far a piece reaches into its neighbours."""

SETTLED = 0.5 / 255
"""The pieces have been joined when the next round over them would change no alpha by more than this."""

MAX_ROUNDS = 12


class Solution(NamedTuple):
    """alpha (h, w) float32 in 0..1, known pixels as they are.

    iterations: over all pieces and rounds; residual: root mean square over the unknown pixels of b − Aα, each over the
    square root of its diagonal, so about in alpha; converged: it is within the tolerance, and pieces have settled.
    """

    alpha: np.ndarray
    iterations: int
    residual: float
    converged: bool
    pieces: int


def solve(system: KnnSystem, start: np.ndarray | None = None, most_unknowns: int | None = None,
          tolerance: float = TOLERANCE) -> Solution:
    """The alpha of a system, the best answer so far when it does not converge.

    start (h, w) float32: an alpha to begin from, such as the last frame's; without one what the samples say.
    most_unknowns: how many pixels may be variables at once, at least 625; more are solved piece by piece, each round
    over the pieces taking the others' last answers for granted (Schwarz 1870), until none changes any more. tolerance:
    residual at which it ends.
    """
    alpha = system.towards.copy()
    if start is not None:
        np.copyto(alpha, start, where=system.unknown.view(bool), casting="same_kind")
    pieces = [system.unknown]
    if most_unknowns is not None and int(system.unknown.sum(dtype=np.int64)) > most_unknowns:
        pieces = list(_pieces(system.unknown, most_unknowns))
    iterations, residual, change, rounds = 0, 0.0, np.inf, 0
    while change > SETTLED and rounds < (MAX_ROUNDS if len(pieces) > 1 else 1):
        before, residual, rounds = alpha.copy() if len(pieces) > 1 else alpha, 0.0, rounds + 1
        for piece in pieces:
            steps, left = _solve_piece(system, piece, alpha, tolerance)
            iterations, residual = iterations + steps, max(residual, left)
        change = float(np.abs(alpha - before).max()) if before is not alpha else 0.0
    converged = residual <= tolerance and change <= SETTLED
    return Solution(np.clip(alpha, 0, 1, out=alpha), iterations, residual, converged, len(pieces))


def _solve_piece(system: KnnSystem, unknown: np.ndarray, alpha: np.ndarray, tolerance: float) -> tuple[int, float]:
    """Solves in the unknown pixels given, all others as they are in alpha; alpha is changed in place."""
    blocks = matting.count_blocks(unknown)
    at, weights = np.empty((blocks, 1), np.int32), np.empty((blocks, 24 * 8), np.float32)
    matting.laplacian(system.pixels, unknown, EPSILON, at, weights)
    links = system.links if unknown is system.unknown else _felt_in(system.links, unknown)
    return matting.solve(unknown, at, weights, links.begin, links.end, links.weight, system.pull, system.towards,
                         MAX_ITERATIONS, tolerance, alpha)


def _felt_in(links: Links, unknown: np.ndarray) -> Links:
    """The links that begin or end in the unknown pixels given."""
    inside = unknown.reshape(-1)
    felt = (inside[links.begin[:, 0]] | inside[links.end].any(axis=1)).astype(bool)
    return Links(links.begin[felt], links.end[felt], links.weight[felt])


def _pieces(unknown: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Masks (h, w) uint8 of at most `most` unknown pixels that cover all of them and overlap by OVERLAP_PX a side."""
    if most < (2 * OVERLAP_PX + 1) ** 2:
        raise ValueError(f"a piece may hold {most} unknown pixels; it must hold {(2 * OVERLAP_PX + 1) ** 2} or more")
    boxes = [(0, unknown.shape[0], 0, unknown.shape[1])]
    while boxes:
        top, bottom, left, right = boxes.pop()
        if not unknown[top:bottom, left:right].any():
            continue
        rows = slice(max(0, top - OVERLAP_PX), bottom + OVERLAP_PX)
        columns = slice(max(0, left - OVERLAP_PX), right + OVERLAP_PX)
        if int(unknown[rows, columns].sum(dtype=np.int64)) <= most:
            piece = np.zeros_like(unknown)
            piece[rows, columns] = unknown[rows, columns]
            yield piece
        elif bottom - top >= right - left:
            boxes += [((top + bottom) // 2, bottom, left, right), (top, (top + bottom) // 2, left, right)]
        else:
            boxes += [(top, bottom, (left + right) // 2, right), (top, bottom, left, (left + right) // 2)]
