"""Looks of a pixel → fewer numbers that keep most of their distances: principal components, as one convolution.

The basis is fitted on training samples, around unknown pixels, where the links of a solve begin.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from quantize.matte.network import LEARNED
from quantize.matte.samples import Sample

PATCH = 3
"""Pixels a side of the patches of `features_pca`. Of 5 the error was higher at 2, 3, 5 and 8 dimensions: what an edge
needs is near."""


class Projection(NamedTuple):
    """looks · basis + offset. basis (c, d), offset (d,) float32; kept: share of the variance, 0..1."""

    basis: np.ndarray
    offset: np.ndarray
    kept: float


def fitted(looks: np.ndarray, dimensions: int) -> Projection:
    """The first principal components of looks (n, c); they come out centred, each with its largest weight positive."""
    mean = looks.mean(axis=0)
    variance, basis = np.linalg.eigh(np.cov(looks - mean, rowvar=False))
    basis = basis[:, ::-1][:, :dimensions]
    basis = basis * np.sign(basis[np.abs(basis).argmax(axis=0), range(dimensions)])
    kept = variance[::-1][:dimensions].sum() / variance.sum()
    return Projection(basis.astype(np.float32), (-mean @ basis).astype(np.float32), float(kept))


def patches(sample: Sample) -> np.ndarray:
    """The patches of colours around a sample's unknown pixels, (n, PATCH² · 3) float32, of those that have looks.

    Divided by PATCH: between plain surfaces they are then as far apart as their colours.
    """
    reach = PATCH // 2
    picture = np.pad(sample.pixels, ((reach, reach), (reach, reach), (0, 0)), "edge") / np.float32(255 * PATCH)
    side = sample.pixels.shape[0]
    shifted = [picture[y : y + side, x : x + side][1::2, 1::2] for y in range(PATCH) for x in range(PATCH)]
    return np.concatenate(shifted, axis=-1)[unknown_nodes(sample)]


LEARNED_SHARE = 0.15
"""Weight of what the trunk has learned beside a pixel's own colours. MSE · 1000 of a half-trained large model at 8
dimensions, on the nine alphamatting.com pictures that constants are chosen on, narrow and wide trimaps: 11.40 and 12.47
with 0.15, 11.50 and 12.75 with 0.25."""


def look_projection(trunk: Callable[[np.ndarray], np.ndarray], samples: Iterable[Sample],
                    dimensions: int) -> Projection:
    """Of the looks that a network gives: colours, then what it has learned. trunk: (1, s, s, 3) float32 → looks."""
    share = np.array([1.0] * 3 + [LEARNED_SHARE] * LEARNED, np.float32)
    looks = [np.asarray(trunk(sample.pixels[None] / np.float32(255)))[0][unknown_nodes(sample)] for sample in samples]
    found = fitted(share * np.concatenate(looks), dimensions)
    return found._replace(basis=share[:, None] * found.basis)


def unknown_nodes(sample: Sample) -> np.ndarray:
    """Which of a sample's features (s/2, s/2) are of unknown pixels."""
    return sample.trimap[1::2, 1::2] == 128


def patch_projection(samples: Iterable[Sample], dimensions: int) -> Projection:
    """Of patches of colours; for a convolution over pictures in 0..1."""
    found = fitted(np.concatenate([patches(sample) for sample in samples]), dimensions)
    return found._replace(basis=found.basis / PATCH)
