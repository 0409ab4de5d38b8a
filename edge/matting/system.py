"""The linear system of KNN matting over the unknown pixels only (Chen, Li, Tang 2013, eq. 4–12).

The paper solves (L + λ·D_known)·α = λ·v over every pixel. Known pixels here are exact (λ → ∞): their columns move to
the right-hand side and only unknown pixels stay variables. A weak pull (`PRIOR`) towards a first guess keeps the
system definite, and so settles islands of unknown pixels that have no path to a known one.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from edge.frame import Trimap
from edge.matting.features import colour_and_place

PRIOR = 1e-3
"""Weight of the first guess against a row sum of about K."""

NEARBY_BANDS = 2
"""Known pixels farther than this many band widths from any unknown one are left out of the search."""


@dataclass(frozen=True)
class KnnSystem:
    """matrix · α = bias, symmetric positive definite. where (n,): flat indices of the unknown pixels; guess (n,)."""

    matrix: sparse.csr_matrix
    bias: np.ndarray
    where: np.ndarray
    guess: np.ndarray


NEAR_SHARE = 0.7
"""Share of the K neighbours that is sought close by; the others may lie anywhere. See two_sets."""


def two_sets(neighbours: int, near_weight: float, far_weight: float) -> tuple[tuple[int, float], ...]:
    """K neighbours as two searches (count, position weight): most close by, some by colour alone.

    With one search (K = 10 at 0.5) speckles stay where colours overlap: MSE over 6 alphamatting.com training pictures
    0.0091, with 7 + 3 at 3 and 0.1 0.0080 (two sets are PyMatting's idea, with 20 + 10).
    """
    near = max(1, round(NEAR_SHARE * neighbours))
    return tuple(s for s in ((near, near_weight), (neighbours - near, far_weight)) if s[0])


def knn_system(pixels: np.ndarray, trimap: Trimap, guess: np.ndarray,
               sets: Sequence[tuple[int, float]]) -> KnnSystem:
    """pixels (h, w, 3) uint8, trimap of the same size, guess (h, w) float32 in 0..1: a first alpha.

    sets: (neighbours, position weight) of each search; their affinities add up.
    """
    where = np.flatnonzero(trimap.unknown)
    known = np.flatnonzero(_nearby_known(trimap))
    nodes = np.concatenate([where, known])
    links = sum(_links(colour_and_place(pixels, nodes, weight), where.size, min(count, nodes.size - 1))
                for count, weight in sets)
    among_unknown, to_known = links[:, : where.size], links[:, where.size :]
    affinity = (among_unknown + among_unknown.T) * 0.5
    degree = np.asarray(affinity.sum(axis=1) + to_known.sum(axis=1)).ravel()
    first = guess.reshape(-1)[where]
    bias = to_known @ (trimap.values.reshape(-1)[known] / 255.0) + PRIOR * first
    matrix = sparse.diags(degree + PRIOR) - affinity
    return KnnSystem(matrix.tocsr(), bias, where, first)


def _links(features: np.ndarray, unknown: int, count: int) -> sparse.csr_matrix:
    """Affinities (unknown, nodes) of each unknown pixel to its nearest: 1 − distance / largest distance found."""
    distance, index = _nearest(features, unknown, count)
    weights = 1 - distance / max(float(np.max(distance)), 1e-12)
    rows = np.repeat(np.arange(unknown), count)
    return sparse.csr_matrix((weights.ravel(), (rows, index.ravel())), shape=(unknown, features.shape[0]))


def _nearest(features: np.ndarray, unknown: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances and indices (unknown, count) of each unknown pixel's nearest others among all nodes."""
    tree = cKDTree(features, balanced_tree=False, compact_nodes=False)
    distance, index = tree.query(features[:unknown], k=count + 1)
    itself = index == np.arange(unknown)[:, None]
    itself[~itself.any(axis=1), -1] = True  # among many equal pixels the pixel itself may not be listed
    keep = ~itself
    return distance[keep].reshape(unknown, count), index[keep].reshape(unknown, count)


def _nearby_known(trimap: Trimap) -> np.ndarray:
    known = ~trimap.unknown
    distance = cv2.distanceTransform(known.astype(np.uint8), cv2.DIST_L2, 3)
    half_band = float(np.max(cv2.distanceTransform(trimap.unknown.astype(np.uint8), cv2.DIST_L2, 3)))
    return known & (distance <= max(8.0, NEARBY_BANDS * 2 * half_band))
