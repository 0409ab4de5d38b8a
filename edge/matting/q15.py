"""One tile of a KNN system in integers: what a microcontroller solves, and what firmware/common/knn_tile.c must agree
with.

Every row says that an unknown's alpha is a weighted mean of up to four others and of what is known:

    256 · alpha[i] = 256 · bias[i] + Σ weight[i, k] · alpha[neighbour[i, k]]

Alphas and bias are Q15 (1.0 is 32,767), weights UQ0.8 (units of 1/256). Weights and known share of a row sum to exactly
256, and its bias is at most its known share, so no alpha can leave 0..1: no overflow, no clipping, no division.
Gauss–Seidel (Saad 2003, "Iterative Methods for Sparse Linear Systems", section 4.1, eq. 4.6), odd sweeps backwards.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.errors import TileError

ONE = 32767
"""Alpha 1.0 in Q15."""

WHOLE = 256
"""What the weights and the known share of a row sum to."""

SLOTS = 4
"""Neighbours of a row. A slot that is not needed has weight 0 and names its own row. A lone weight of 256, which a byte
cannot hold, is stored as 128 in two slots with the same neighbour."""

STEP = 4
"""Sweeps end when no alpha moved by more than this in Q15 (1/8,192)."""


@dataclass(frozen=True)
class KnnTile:
    """bias (n,) uint16, neighbours (n, 4) uint8 < n, weights (n, 4) uint8, guess (n,) uint8: alpha · 255 to begin with.

    Raises TileError when an array has another shape, a neighbour does not exist, or a row could leave 0..1.
    """

    bias: np.ndarray
    neighbours: np.ndarray
    weights: np.ndarray
    guess: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.bias)
        if not 1 <= n <= 255:
            raise TileError(f"a tile of {n} unknowns; it must have 1 to 255")
        shapes = [(self.bias, (n,)), (self.neighbours, (n, SLOTS)), (self.weights, (n, SLOTS)), (self.guess, (n,))]
        for array, shape in shapes:
            if array.shape != shape:
                raise TileError(f"a tile of {n} unknowns has an array of shape {array.shape}; it must be {shape}")
        if int(self.neighbours.max()) >= n:
            raise TileError(f"a row names neighbour {int(self.neighbours.max())}; there are {n}, counted from 0")
        share = WHOLE - self.weights.sum(axis=1, dtype=np.int64)
        too_much = (share < 0) | (self.bias.astype(np.int64) * WHOLE > share * ONE)
        if too_much.any():
            row = int(np.flatnonzero(too_much)[0])
            raise TileError(f"row {row} of a tile has bias {int(self.bias[row])} and a known share of "
                            f"{int(share[row])}/256; its alpha could leave 0..1")


@dataclass(frozen=True)
class TileAnswer:
    """alpha (n,) uint16 in Q15; sweeps done; change: the largest of the last sweep, in Q15."""

    alpha: np.ndarray
    sweeps: int
    change: int


def solve_tile(tile: KnnTile, sweeps: int, step: int = STEP) -> TileAnswer:
    """Sweeps over the tile until no alpha moves by more than `step` (Q15), at most `sweeps` (1 to 255) times."""
    alpha = [(g << 7) | (g >> 1) for g in tile.guess.tolist()]
    rows = list(zip(tile.bias.tolist(), tile.neighbours.tolist(), tile.weights.tolist(), strict=True))
    change = done = 0
    for done in range(1, sweeps + 1):
        change = 0
        for i in range(len(rows)) if done % 2 else reversed(range(len(rows))):
            bias, neighbours, weights = rows[i]
            new = ((bias << 8) + 128 + sum(w * alpha[j] for j, w in zip(neighbours, weights, strict=True))) >> 8
            change, alpha[i] = max(change, abs(new - alpha[i])), new
        if change <= step:
            break
    return TileAnswer(np.array(alpha, np.uint16), done, change)


def quantised(neighbours: np.ndarray, weights: np.ndarray, bias: np.ndarray, guess: np.ndarray) -> KnnTile:
    """A tile from floats: neighbours (n, 4) int < n, weights (n, 4) ≥ 0 with row sums ≤ 1, bias (n,) from 0 to what the
    weights leave of 1, guess (n,) in 0..1.

    Weights and known share are rounded together by largest remainder (each row sums to exactly 256). What rounding
    moved is put right through the bias as far as it can: at the guess, every row says what it said in floats.
    """
    shares = np.column_stack([weights, 1 - weights.sum(axis=1)]).clip(0, 1)
    parts = largest_remainder(shares)
    rounded, known = parts[:, :SLOTS], parts[:, SLOTS]
    moved = ((weights - rounded / WHOLE) * guess[neighbours]).sum(axis=1)
    exact = np.floor((bias + moved) * ONE + 0.5)
    whole = np.clip(exact, 0, known * ONE // WHOLE).astype(np.uint16)
    named = np.where(rounded > 0, neighbours, np.arange(len(bias))[:, None])
    lone = np.flatnonzero(rounded.max(axis=1) == WHOLE)
    slot = rounded[lone].argmax(axis=1)
    other = (slot + 1) % SLOTS
    named[lone, other] = named[lone, slot]
    rounded[lone, slot] = rounded[lone, other] = WHOLE // 2
    return KnnTile(whole, named.astype(np.uint8), rounded.astype(np.uint8),
                   (np.clip(guess, 0, 1) * 255 + 0.5).astype(np.uint8))


def largest_remainder(shares: np.ndarray) -> np.ndarray:
    """(n, m) shares ≥ 0 that sum to 1 in every row → (n, m) int64 that sum to exactly 256 (Hamilton's method)."""
    ideal = shares / shares.sum(axis=1, keepdims=True) * WHOLE
    parts = np.floor(ideal).astype(np.int64)
    missing = WHOLE - parts.sum(axis=1)
    order = np.argsort(parts - ideal, axis=1, kind="stable")  # the largest remainder comes first
    rank = np.argsort(order, axis=1, kind="stable")
    return parts + (rank < missing[:, None])
