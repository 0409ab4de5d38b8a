"""The linear system of matting over the unknown pixels only: what ties them to each other and to what is known.

Three terms, each chosen by what it brings per millisecond (README, "Matting"):

- windows: neighbours in a 3×3 window lie on a line in colour space (Levin, Lischinski, Weiss 2008, "A Closed-Form
  Solution to Natural Image Matting", eq. 12; edge/native/laplacian.c);
- links: pixels that look alike are alike wherever they lie (Chen, Li, Tang 2013, "KNN Matting", eq. 4–6), from every
  second pixel in every second row, for the windows carry what they say to the others (neighbours.c);
- samples: how a pixel mixes from known colours nearby, believed as far as the samples agree (samples.c).

The KNN paper solves (L + λ·D_known)·α = λ·v over every pixel. Known pixels here are exact (λ → ∞) and no variables.
Every unknown pixel is pulled a little, to the guess where no sample explains its colour. So the system is definite
whatever the picture, and an island that nothing ties to a known pixel is settled before the solve begins: the solve
starts there with the guess, and the guess is its answer.
"""
from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.errors import PictureError
from edge.frame import Trimap
from edge.matting.features import Looks, colours, placed
from edge.native import matting

NEIGHBOURS, POSITION_WEIGHT, PRIOR_WEIGHT = 3, 0.1, 0.01
"""What board_configs/tiers.toml says too; for callers without a board."""

STEP_PX = 2
"""Links begin at every second pixel in every second row. From every pixel the error was the same at four times the
cost."""

LINK_WEIGHT = 0.03
"""Weight of the links' affinities, beside window weights of which a pixel's sum to about 8."""

MOST_LOOKS = 30
"""Numbers a pixel may look by: the search takes 32, two of them are its place."""

NEARBY_PX = 20
"""Known pixels farther than this from any unknown one are left out of the search."""


@dataclass(frozen=True)
class Links:
    """Affinities between pixels named by their index in the picture: begin (m, 1), end (m, k) int32, weight (m, k)."""

    begin: np.ndarray
    end: np.ndarray
    weight: np.ndarray


NO_LINKS = Links(np.empty((0, 1), np.int32), np.empty((0, 1), np.int32), np.empty((0, 1), np.float32))

@dataclass(frozen=True)
class KnnSystem:
    """(L + diag(pull))·α = pull·towards in the unknown pixels, L the Laplacian of windows and links.

    pixels (h, w, 3) uint8; unknown (h, w) uint8 of 0 and 1; pull, towards (h, w) float32, in known pixels 0 and their
    alpha.
    """

    pixels: np.ndarray
    unknown: np.ndarray
    links: Links
    pull: np.ndarray
    towards: np.ndarray


def knn_system(pixels: np.ndarray, trimap: Trimap, guess: np.ndarray | None = None, neighbours: int = NEIGHBOURS,
               position_weight: float = POSITION_WEIGHT, prior_weight: float = PRIOR_WEIGHT,
               looks: Looks = colours) -> KnnSystem:
    """pixels (h, w, 3) uint8 and a trimap of the same size.

    guess (h, w) float32 in 0..1: where a colour belongs that no known pixel explains; without one to the foreground,
    whose colours are seen through less of its outline than the background's. neighbours: K; 0 for no links.
    prior_weight: pull of what all samples agree on, > 0. looks: what makes two pixels alike beside their place. Raises
    PictureError when shapes or types do not fit.
    """
    _check(pixels, trimap, guess)
    towards = trimap.values * np.float32(1 / 255)
    unseen = np.float32(1) if guess is None else np.clip(guess, 0, 1)
    np.copyto(towards, unseen, where=trimap.unknown, casting="same_kind")
    system = sampled_system(pixels, trimap, towards, prior_weight)
    if not neighbours:
        return system
    return replace(system, links=_links(system.pixels, _nodes(trimap.unknown), neighbours, position_weight, looks))


def sampled_system(pixels: np.ndarray, trimap: Trimap, towards: np.ndarray,
                   prior_weight: float = PRIOR_WEIGHT) -> KnnSystem:
    """Windows and samples without links, and nothing checked: knn_system's first half, and all of a live frame's.

    towards (h, w) float32: known pixels' alpha, and where unseen colours belong; it becomes the system's.
    """
    pixels, pull = np.ascontiguousarray(pixels), np.zeros(trimap.values.shape, np.float32)
    matting.sampled(pixels, trimap.values, prior_weight, pull, towards)
    return KnnSystem(pixels, trimap.unknown.view(np.uint8), NO_LINKS, pull, towards)


@dataclass(frozen=True)
class _Nodes:
    """Pixels between which links may run: indices (n,) int32, the first `unknown` of them unknown."""

    indices: np.ndarray
    unknown: int


def _nodes(unknown: np.ndarray) -> _Nodes:
    """Every second pixel of every second row: first the unknown ones, then the known ones near any of them."""
    size = (2 * NEARBY_PX // STEP_PX + 1,) * 2
    coarse = np.ascontiguousarray(unknown[::STEP_PX, ::STEP_PX]).view(np.uint8)
    near = cv2.dilate(coarse, np.ones(size, np.uint8)) > coarse
    rows, columns = ([*found] for found in zip(np.nonzero(coarse), np.nonzero(near), strict=True))
    indices = np.concatenate(rows) * (STEP_PX * unknown.shape[1]) + np.concatenate(columns) * STEP_PX
    return _Nodes(indices.astype(np.int32), rows[0].size)


def _links(pixels: np.ndarray, nodes: _Nodes, neighbours: int, position_weight: float, looks: Looks) -> Links:
    """Each unknown node's nearest others, weighted 1 − distance / largest distance found (Chen, Li, Tang 2013, eq. 4).

    Half the weight: a link is felt at both its ends.
    """
    count = min(neighbours, nodes.indices.size - 1) if nodes.unknown else 0
    if count < 1:
        return NO_LINKS
    features = placed(_checked(looks(pixels, nodes.indices), nodes), pixels.shape, nodes.indices, position_weight)
    index = np.empty((nodes.unknown, count), np.int32)
    distance = np.empty((nodes.unknown, count), np.float32)
    matting.nearest(features, index, distance)
    weight = LINK_WEIGHT * STEP_PX ** 2 / 2 * (1 - distance / max(float(distance.max()), 1e-12))
    return Links(nodes.indices[: nodes.unknown, None].copy(), nodes.indices[index], weight.astype(np.float32))


def _checked(looks: np.ndarray, nodes: _Nodes) -> np.ndarray:
    if looks.ndim != 2 or looks.shape[0] != nodes.indices.size or looks.shape[1] > MOST_LOOKS:
        raise PictureError(f"looks are {looks.shape}, not {(nodes.indices.size, 'd')} with d at most {MOST_LOOKS}")
    if not np.isfinite(looks).all():
        raise PictureError(f"looks: {np.count_nonzero(~np.isfinite(looks)):,} of {looks.size:,} values are not "
                           "numbers; fill them in first")
    return looks


def _check(pixels: np.ndarray, trimap: Trimap, guess: np.ndarray | None) -> None:
    shape = trimap.values.shape
    if pixels.dtype != np.uint8 or pixels.shape != (*shape, 3):
        raise PictureError(f"matting wants a picture of {(*shape, 3)} uint8, as its trimap, not {pixels.shape} "
                           f"{pixels.dtype}; convert it to 8-bit RGB of the trimap's size")
    if guess is not None and guess.shape != shape:
        raise PictureError(f"the first alpha is {guess.shape}, its trimap {shape}; they must be of one size")
    if guess is not None and not np.isfinite(guess).all():
        raise PictureError(f"the first alpha: {np.count_nonzero(~np.isfinite(guess)):,} of {guess.size:,} values are "
                           "not numbers; fill them in first")
