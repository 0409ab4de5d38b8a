"""How steady an alpha is in a film, without a truth (`Flicker`) and beside one (`AgainstTruth`).

Everything is in 1/255, as alphas are, but for lag (frames) and IoU (0..1). No figure stands alone: a frozen alpha does
not flicker, so error and lag are read beside flicker, and how much is seen beside a flicker without truth.
"""
from __future__ import annotations

import cv2
import numpy as np

STILL = 3
"""A pixel stands still while no channel's mean over 5×5 pixels changes by more than this, in 1/255."""

LEAST = 0.1
"""Pairs of frames of which less than this share stands still say nothing: the camera moved."""

SOFT_SIDE_PX, SOFT_PX = 160, 4.0
"""Lag is looked for in alphas of this longer side, blurred with this standard deviation: see AgainstTruth.lag."""


class Mean:
    """A running mean: a run of a day takes no more memory than one of a second."""

    def __init__(self) -> None:
        self.sum, self.count = 0.0, 0

    def add(self, value: float) -> None:
        """One more value."""
        self.sum, self.count = self.sum + value, self.count + 1

    @property
    def value(self) -> float | None:
        """None: nothing was added."""
        return self.sum / self.count if self.count else None


class Flicker:
    """Takes the frames of a clip one after the other and remembers a copy of the last one alone."""

    def __init__(self) -> None:
        self._changes = Mean()
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def add(self, pixels: np.ndarray, alpha: np.ndarray) -> None:
        """The next frame: pixels (H, W, 3) uint8, alpha (H, W) uint8, of the same size as the frame before."""
        smooth = cv2.blur(pixels, (5, 5))
        if self._last is not None:
            before, alpha_before = self._last
            still = cv2.absdiff(smooth, before).max(axis=2) <= STILL
            if still.mean() >= LEAST:
                self._changes.add(float(cv2.absdiff(alpha, alpha_before)[still].mean()))
        self._last = smooth, alpha.copy()  # a live path fills its alpha anew

    @property
    def mean(self) -> float | None:
        """Mean |change of alpha| over still pixels, then over pairs of frames, in 1/255; None: nothing stood still.

        A path that sees nobody does not flicker: read it beside a figure that says how much it sees.
        """
        return self._changes.value


class AgainstTruth:
    """Takes alphas and true alphas of a film frame by frame; of the past it keeps sums and the frame before."""

    def __init__(self) -> None:
        self._errors = Mean()
        self._flickers = Mean()
        self._ious = Mean()
        self._behind = self._moved = 0.0
        self._last: tuple[np.ndarray, np.ndarray] | None = None

    def add(self, alpha: np.ndarray, truth: np.ndarray) -> None:
        """The next frame: alpha and truth (H, W) uint8, of the same size as the frame before."""
        wrong, soft = cv2.subtract(alpha, truth, dtype=cv2.CV_16S), _soft(truth)
        self._errors.add(cv2.norm(wrong, cv2.NORM_L1) / alpha.size)
        self._ious.add(_iou(alpha >= 128, truth >= 128))
        if self._last is not None:
            wrong_before, soft_before = self._last
            self._flickers.add(cv2.norm(wrong, wrong_before, cv2.NORM_L1) / alpha.size)
            change = soft - soft_before
            self._behind += abs(float((change * (soft - _soft(alpha))).sum()))
            self._moved += float((change * change).sum())
        self._last = wrong, soft

    @property
    def error(self) -> float | None:
        """Mean |α − α_true| over all pixels and frames, in 1/255; None before the first frame."""
        return self._errors.value

    @property
    def flicker(self) -> float | None:
        """Mean |Δα − Δα_true| over all pixels and pairs of frames, in 1/255; None before the second frame."""
        return self._flickers.value

    @property
    def lag(self) -> float | None:
        """How far the alpha is from the truth where edges move, in frames of their movement; None: nothing moved.

        An alpha that is L frames late is α(t) = α_true(t − L), so α_true − α ≈ L·Δα_true. The L that leaves the least
        squares is Σ Δα_true·(α_true − α) / Σ Δα_true². In each frame it is taken without its sign, and their mean is
        weighted with Σ Δα_true²: else a frozen alpha would be late while the person leaves it and early while they
        return, and come out even.

        The approximation holds while edges are wider than they move, which hard ones are not (they would never be later
        than about 1): both alphas are blurred, by 1/40 of the longer side. Of the demo's truth, 1, 2 and 4 frames
        late, it makes 1.0, 2.0 and 3.8; a fringe 4 pixels wide all around adds 0.04.
        """
        return self._behind / self._moved if self._moved else None

    @property
    def iou(self) -> float | None:
        """Mean person IoU at 128, 0..1; 1 for a frame in which neither shows anybody; None before the first frame."""
        return self._ious.value


def _soft(alpha: np.ndarray) -> np.ndarray:
    """(H, W) uint8 → small and blurred, float32 0..255; the sides keep their proportion."""
    scale = min(1.0, SOFT_SIDE_PX / max(alpha.shape))
    size = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    small = cv2.resize(alpha.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small, (0, 0), SOFT_PX)


def _iou(seen: np.ndarray, person: np.ndarray) -> float:
    either = np.count_nonzero(seen | person)
    return np.count_nonzero(seen & person) / either if either else 1.0
