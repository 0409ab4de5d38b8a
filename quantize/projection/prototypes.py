"""The 32 prototypes that a vote of the five nearest is right with most often, by exchange."""
from __future__ import annotations

import numpy as np

from edge.bridge.points import NEIGHBOURS, PROTOTYPES

TRIES = 2_500
"""Exchanges that are tried; the gain of the last five hundred is under a tenth of a point."""

LOOKED_AT = 4_000
"""Signals that an exchange is judged by, at most."""

WRONG = 0.5
"""What a wrong class costs beyond what it does not earn: it moves something, where silence is only asked again."""

STRAY = 0.99
"""Share of a prototype's own signals that lie within its reach."""

ROOM = 1.2
"""A reach is so many times that distance."""


def squares(points: np.ndarray, prototypes: np.ndarray) -> np.ndarray:
    """Squared distances (n, 32) of points (n, 2) to prototypes (32, 2)."""
    return ((points[:, None] - prototypes[None]) ** 2).sum(axis=-1)


def elected(between: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared distances (n, 32), labels (32,) → the labels (n,) with the most votes among the five nearest, and the
    nearest prototype (n,) of each; of equals the one with the nearer prototype, as in `edge.bridge.points`."""
    some = np.argpartition(between, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
    order = np.argsort(np.take_along_axis(between, some, axis=1), axis=1, kind="stable")
    nearest = np.take_along_axis(some, order, axis=1)
    voters = labels[nearest]
    worth = 1 + 0.5 ** np.arange(4, 4 + NEIGHBOURS)  # the first of a label outweighs all later ones: ties
    votes = np.stack([(voters == label) @ worth for label in range(int(labels.max()) + 1)], axis=1)
    winner = votes.argmax(axis=1)
    first = (voters == winner[:, None]).argmax(axis=1)
    return winner, nearest[np.arange(first.size), first]


def worth_of(said: np.ndarray, truth: np.ndarray, shares: np.ndarray) -> float:
    """How good answers are, at most 1: right counts 1, silence (0) about a class nothing, a wrong class −WRONG;
    `shares` (n,) weigh the signals."""
    return float(np.where(said == truth, shares, np.where(said == 0, 0, -WRONG * shares)).sum())


def even_shares(truth: np.ndarray) -> np.ndarray:
    """Weights (n,) that sum to 1, with the same sum for each label."""
    counts = np.bincount(truth)
    return 1 / (counts[truth] * np.count_nonzero(counts))


def exchanged(points: np.ndarray, truth: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """points (n, 2), truth (n,) → prototypes (32, 2) and their labels (32,): one at a time is moved, or replaced by a
    signal's point, and stays so when the vote is no worse for it (as in Fedorov's exchange, 1972)."""
    rng = np.random.default_rng(seed)
    seen = rng.permutation(truth.size)[:LOOKED_AT]
    points, truth = points[seen], truth[seen]
    shares, spread = even_shares(truth), points.std(axis=0)
    first = _first(truth, rng)
    prototypes, labels = points[first].copy(), truth[first].copy()
    between = squares(points, prototypes)
    best = worth_of(elected(between, labels)[0], truth, shares)
    for _ in range(TRIES):
        j, i = rng.integers(PROTOTYPES), rng.integers(truth.size)
        moved = rng.random() < 0.5
        place = prototypes[j] + rng.normal(0, 0.2, 2) * spread if moved else points[i]
        kept, label = between[:, j].copy(), labels[j]
        between[:, j], labels[j] = ((points - place) ** 2).sum(axis=1), label if moved else truth[i]
        worth = worth_of(elected(between, labels)[0], truth, shares)
        if worth >= best:
            best, prototypes[j] = worth, place
        else:
            between[:, j], labels[j] = kept, label
    return prototypes, labels


def _first(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Indices (32,) of signals to begin with, as many of each label."""
    kinds = np.unique(truth)
    counts = [PROTOTYPES // kinds.size + (k < PROTOTYPES % kinds.size) for k in range(kinds.size)]
    return np.concatenate([rng.choice(np.flatnonzero(truth == kind), count, replace=True)
                           for kind, count in zip(kinds, counts, strict=True)])


def reaches(points: np.ndarray, truth: np.ndarray, prototypes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How far (32,) each prototype reaches: ROOM times the distance within which STRAY of the signals lie that it
    rightly won; of one that won too few, the median of the others'."""
    between = squares(points, prototypes)
    said, nearest = elected(between, labels)
    distance = np.sqrt(np.take_along_axis(between, nearest[:, None], axis=1)[:, 0])
    won = [distance[(nearest == j) & (said == truth)] for j in range(PROTOTYPES)]
    found = np.array([np.quantile(mine, STRAY) if mine.size >= 10 else np.nan for mine in won])
    usual = float(np.nanmedian(found)) if np.isfinite(found).any() else float(np.sqrt(between.max()))
    return ROOM * np.where(np.isfinite(found), found, usual)
