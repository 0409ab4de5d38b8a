"""Two directions in which labelled signals differ: principal components, or learned together with prototypes.

Learned ones are smooth: a vector is drawn through a few knots, so that a hundred recordings suffice and nothing is
learned of a single signal's samples.
"""
from __future__ import annotations

import numpy as np

from edge.bridge.points import PROTOTYPES, Form
from edge.bridge.words import SIGNAL_SAMPLES

KNOTS = {Form.SAMPLES: (*range(0, 800, 20), 799),
         Form.LOUDNESS: (0, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 640, 799)}
"""Samples at which a vector bends: evenly where a signal is a column, closer at the beginning of a sound."""

STEPS, BATCH, RATE = 3_000, 512, 0.05

SHARPNESS = (3.0, 8.0)
"""γ² of the first and the last step, in units of the points' variance at the start."""


def smooth_basis(form: Form) -> np.ndarray:
    """(800, k): hats between knots, of equal energy; for loudness one row of them for low tones, one for high."""
    time, knots = np.arange(SIGNAL_SAMPLES), KNOTS[form]
    turns = 2 if form == Form.LOUDNESS else 1
    hats = [np.interp(time, knots, np.eye(len(knots))[k]) * (time % turns == turn)
            for turn in range(turns) for k in range(len(knots))]
    return np.stack([hat / np.sqrt(hat.sum()) for hat in hats], axis=1)


def principal(values: np.ndarray) -> np.ndarray:
    """values (n, k), their mean taken away → the two orthonormal directions (k, 2) of largest variance (Pearson
    1901)."""
    return np.linalg.eigh(values.T @ values)[1][:, :-3:-1]


def fisher(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The two orthonormal directions (k, 2) that a ridge regression on the labels uses most (Fisher 1936, for more than
    two classes; with two the second is the largest variance of the rest)."""
    aims = np.eye(int(truth.max()) + 1)[truth]
    aims -= aims.mean(axis=0)
    scatter = values.T @ values
    scatter += np.eye(scatter.shape[0]) * 1e-3 * np.trace(scatter) / scatter.shape[0]
    left, size, _ = np.linalg.svd(np.linalg.solve(scatter, values.T @ aims), full_matrices=False)
    if size[1] > 1e-9 * size[0]:
        return left[:, :2]
    rest = values - values @ left[:, :1] @ left[:, :1].T
    return np.concatenate([left[:, :1], principal(rest)[:, :1]], axis=1)


def learned(values: np.ndarray, truth: np.ndarray, start: np.ndarray, seed: int) -> np.ndarray:
    """Directions (k, 2), learned with prototypes and their labels by gradient descent, after ProtoNN (Gupta et al.
    2017, sections 3 and 3.1): p(c | x) = Σⱼ k(Wx, bⱼ)·zⱼ(c) / Σⱼ k(Wx, bⱼ), k(a, b) = exp(−γ²·‖a − b‖²).

    There y = Σⱼ k·zⱼ fits the labels by squares; here it is a probability and fits by its logarithm, because the chip
    counts votes and zⱼ must end as one label. values (n, k) with mean 0, truth (n,), start (k, 2).
    """
    rng = np.random.default_rng(seed)
    kinds, members = int(truth.max()) + 1, [np.flatnonzero(truth == kind) for kind in np.unique(truth)]
    w = start / (values @ start).std()
    first = np.concatenate([rng.choice(mine, -(-PROTOTYPES // len(members))) for mine in members])[:PROTOTYPES]
    adam = _Adam([w, values[first] @ w, 3.0 * np.eye(kinds)[truth[first]]], [float(np.abs(w).mean()), 1.0, 1.0])
    for step in range(STEPS):
        some = np.concatenate([rng.choice(mine, BATCH // len(members)) for mine in members])
        gamma2 = SHARPNESS[0] + (SHARPNESS[1] - SHARPNESS[0]) * step / STEPS
        w, b, z = adam.parameters
        adam.step(_gradients(w, b, z, values[some], truth[some], gamma2), _rate(step))
    return adam.parameters[0]


def _rate(step: int) -> float:
    """Half a cosine from RATE to 0."""
    return RATE * 0.5 * (1 + float(np.cos(np.pi * step / STEPS)))


def _gradients(w: np.ndarray, b: np.ndarray, z: np.ndarray, x: np.ndarray, y: np.ndarray,
               gamma2: float) -> list[np.ndarray]:
    """Of the mean of −log p(y | x) by w, b and z, whose softmax are the labels' probabilities."""
    apart = (x @ w)[:, None] - b[None]
    share = _softmax(-gamma2 * (apart**2).sum(axis=-1))
    labels = _softmax(z)
    blame = share * labels[:, y].T
    blame /= blame.sum(axis=1, keepdims=True) + 1e-9
    pull = 2 * gamma2 * (blame - share)[..., None] * apart / y.size
    by_labels = (blame.sum(axis=0)[:, None] * labels - blame.T @ np.eye(z.shape[1])[y]) / y.size
    return [x.T @ pull.sum(axis=1), -pull.sum(axis=0), by_labels]


def _softmax(a: np.ndarray) -> np.ndarray:
    e = np.exp(a - a.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class _Adam:
    """Kingma, Ba 2015, algorithm 1, with a rate for each parameter."""

    def __init__(self, parameters: list[np.ndarray], scales: list[float]) -> None:
        self.parameters, self._scales, self._steps = parameters, scales, 0
        self._mean = [np.zeros_like(p) for p in parameters]
        self._square = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: list[np.ndarray], rate: float) -> None:
        """Moves every parameter once."""
        self._steps += 1
        for i, gradient in enumerate(gradients):
            self._mean[i] = 0.9 * self._mean[i] + 0.1 * gradient
            self._square[i] = 0.99 * self._square[i] + 0.01 * gradient**2
            mean = self._mean[i] / (1 - 0.9**self._steps)
            size = np.sqrt(self._square[i] / (1 - 0.99**self._steps)) + 1e-12
            self.parameters[i] = self.parameters[i] - rate * self._scales[i] * mean / size
