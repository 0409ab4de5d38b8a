"""A large KNN system cut into tiles that a microcontroller can hold.

A tile's rows keep their four strongest links inside the tile; all others are held at the alphas of the moment and
become part of what is known. Where nothing changes any more, every row of the large system holds: so passes over all
tiles end at its solution (Saad 2003, section 4.1.1, block relaxation).
"""
from __future__ import annotations

import heapq

import numpy as np

from edge.bridge.graph import KnnGraph
from edge.matting.q15 import SLOTS, KnnTile, quantised


def tiles_of(system: KnnGraph, most: int) -> list[np.ndarray]:
    """Every unknown in exactly one tile: index arrays of at most `most`, each grown along the strongest links."""
    free, tiles = np.ones(system.where.size, bool), []
    for seed in range(free.size):
        if free[seed]:
            tiles.append(_grown(system.matrix, seed, free, most))
    return _filled(tiles, most)


def _grown(matrix: np.ndarray, seed: int, free: np.ndarray, most: int) -> np.ndarray:
    """Takes the unknown with the strongest links into the tile until it is full or nothing free is linked to it."""
    strength: dict[int, float] = {seed: 0.0}
    waiting, members = [(0.0, seed)], list[int]()
    while waiting and len(members) < most:
        _, node = heapq.heappop(waiting)
        if not free[node]:
            continue
        free[node] = False
        members.append(node)
        for other in np.flatnonzero((matrix[node] < 0) & free).tolist():
            strength[other] = strength.get(other, 0.0) - matrix[node, other]
            heapq.heappush(waiting, (-strength[other], other))
    return np.array(sorted(members))


def _filled(tiles: list[np.ndarray], most: int) -> list[np.ndarray]:
    """Small tiles put together, so that no exchange carries a handful of unknowns."""
    filled: list[np.ndarray] = []
    for tile in sorted(tiles, key=len, reverse=True):
        place = next((i for i, other in enumerate(filled) if other.size + tile.size <= most), None)
        if place is None:
            filled.append(tile)
        else:
            filled[place] = np.concatenate([filled[place], tile])
    return filled


def cut(system: KnnGraph, members: np.ndarray, alpha: np.ndarray) -> KnnTile:
    """The tile of some unknowns, all others held. members (n,) indices; alpha (unknowns,) in 0..1, of the moment."""
    return quantised(*float_tile(system, members, alpha), alpha[members])


def float_tile(system: KnnGraph, members: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same before rounding: neighbours (n, 4) int, weights (n, 4) float64, bias (n,) float64 in 0..1."""
    rows = system.matrix[members]
    diagonal = system.matrix.diagonal()[members]
    within = -rows[:, members] / diagonal[:, None]
    np.fill_diagonal(within, 0)
    order = np.argsort(-within, axis=1, kind="stable")[:, :SLOTS]
    if order.shape[1] < SLOTS:
        order = np.pad(order, ((0, 0), (0, SLOTS - order.shape[1])), mode="edge")
        kept = np.take_along_axis(within, order, axis=1)
        kept[:, members.size:] = 0
    else:
        kept = np.take_along_axis(within, order, axis=1)
    everything = (system.bias[members] - rows @ alpha) / diagonal + alpha[members]
    bias = np.clip(everything - (kept * alpha[members][order]).sum(axis=1), 0, 1 - kept.sum(axis=1))
    return order, kept, bias
