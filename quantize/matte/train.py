"""Trains the matting network: looks by which pixels of equal alpha are alike, and the correction of solved alphas.

The loop, its checkpoints and its moving average are those of quantize.train.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edge.board_shapes import Tier
from quantize.matte.network import TILE_PX, matte_network
from quantize.matte.samples import Sample, sample
from quantize.network import keras, tf
from quantize.train import Training
from quantize.warm_start import with_weights

UNKNOWN_NODES, KNOWN_NODES = 256, 192
"""Pixels drawn from each sample for the loss of the looks."""

NEAR_PX = 5
"""Pixels closer than this to each other are no pair in that loss: windows tie them already."""

SHARPNESS = 300.0
"""What squared distances of looks are multiplied with: colours 0.06 apart are then alike by a third."""

VALIDATED, VALIDATION_SEED = 32, 10**6
"""Samples that a run is judged on, and where their random numbers begin: no training sample is among them."""


class MatteTraining(Training):
    """A run of the matting network; see Training. Its measure is the mean squared error of a corrected alpha over the
    unknown pixels of drawn samples, in thousandths."""

    measure, measured = "mse", "MSE · 1000 of corrected alphas"

    def _shape_of(self, tier: Tier) -> dict[str, Any]:
        return {"kind": "matte", "channels": tier.matte_channels.value}

    def _network_from(self, start: Path | None, **shape_of_network) -> keras.Model:
        network = matte_network(shape_of_network["channels"])
        return with_weights(network, start) if start else network

    def batch(self, step: int) -> tuple[np.ndarray, ...]:
        """pixels (n, h, w, 3) uint8; truth, solved, unknown (n, h, w, 1) float32; nodes (n, m, 2) int32, of which the
        first UNKNOWN_NODES are unknown pixels: indices into the looks."""
        rng = np.random.default_rng([self.recipe.seed, step])
        return _stacked([sample(self.pictures, TILE_PX, rng) for _ in range(self.recipe.batch)], rng)

    def validate(self, limit: int = VALIDATED) -> float | None:
        """See MatteTraining; of the averaged weights."""
        rng = np.random.default_rng([self.recipe.seed, VALIDATION_SEED])
        with self._average_in_place():
            errors = [self._error(sample(self.pictures, TILE_PX, rng)) for _ in range(limit)]
        return round(1000 * float(np.mean(errors)), 4)

    def _error(self, one: Sample) -> float:
        picture = one.pixels[None].astype(np.float32) / 255
        mixed = np.concatenate([picture, one.solved[None, ..., None]], axis=-1)
        corrected = np.clip(one.solved + self._predict(picture, mixed).numpy()[0, ..., 0], 0, 1)
        return float(np.mean((corrected - one.truth)[one.trimap == 128] ** 2))

    @tf.function(reduce_retracing=True)
    def _predict(self, picture, mixed):
        return self.network([picture, mixed], training=False)["correction"]

    @tf.function
    def _learn(self, pixels, truth, solved, unknown, nodes):
        picture = tf.cast(pixels, tf.float32) / 255.0
        at_nodes = tf.gather_nd(truth[:, 1::2, 1::2, 0], nodes, batch_dims=1)
        with tf.GradientTape() as tape:
            seen = self.network([picture, tf.concat([picture, solved], axis=-1)], training=True)
            loss = (20.0 * alikeness_loss(tf.gather_nd(seen["looks"], nodes, batch_dims=1), at_nodes, 2 * nodes)
                    + correction_loss(solved + seen["correction"], truth, unknown))
        variables = self.network.trainable_variables
        self._step(tape.gradient(loss, variables), variables)
        return loss


def alikeness_loss(looks, truth, places):
    """How far alpha strays, squared, from an unknown pixel to those that look like it: what links do.

    looks (n, m, d), truth (n, m), places (n, m, 2) in pixels; the first UNKNOWN_NODES are unknown. Neighbourhood
    components analysis for a number instead of a class (Goldberger, Roweis, Hinton, Salakhutdinov 2004, eq. 1).
    """
    away = _squared_distances(looks)[:, :UNKNOWN_NODES]
    near = _squared_distances(tf.cast(places, tf.float32))[:, :UNKNOWN_NODES] < NEAR_PX**2
    alike = tf.nn.softmax(tf.where(near, -1e9, -SHARPNESS * away), axis=-1)
    apart = (truth[:, :UNKNOWN_NODES, None] - truth[:, None, :]) ** 2
    return tf.reduce_mean(tf.reduce_sum(alike * apart, axis=-1))


def correction_loss(alpha, truth, unknown):
    """Squared and absolute error over the unknown pixels; all (n, h, w, 1)."""
    gap = (alpha - truth) * unknown
    return tf.reduce_sum(10.0 * gap**2 + tf.abs(gap)) / (tf.reduce_sum(unknown) + 1.0)


def _squared_distances(points):
    square = tf.reduce_sum(points**2, axis=-1)
    return tf.maximum(square[:, :, None] + square[:, None, :] - 2 * tf.matmul(points, points, transpose_b=True), 0.0)


def _stacked(samples: list[Sample], rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    unknown = np.stack([s.trimap == 128 for s in samples])[..., None]
    planes = (np.stack([getattr(s, name) for s in samples])[..., None] for name in ("truth", "solved"))
    nodes = np.stack([_nodes(s.trimap[1::2, 1::2] == 128, rng) for s in samples])
    return (np.stack([s.pixels for s in samples]), *planes, unknown.astype(np.float32), nodes)


def _nodes(unknown: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Indices (m, 2) of unknown pixels, then of known ones, drawn with repetition where there are too few."""
    drawn = [rng.choice(np.flatnonzero(where if where.any() else ~where), count)
             for where, count in ((unknown, UNKNOWN_NODES), (~unknown, KNOWN_NODES))]
    return np.stack(np.unravel_index(np.concatenate(drawn), unknown.shape), axis=-1).astype(np.int32)
