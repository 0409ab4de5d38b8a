"""Four errors of an alpha over the unknown pixels, as alphamatting.com counts them (Rhemann, Rother, Wang, Gelautz,
Kohli, Rott 2009, "A Perceptually Motivated Online Benchmark for Image Matting", section 3). The Gaussian's width, the
thresholds' step and the slack are those that its authors give; the code was not compared with theirs.
"""
from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from quantize.metrics import alpha_errors

SIGMA = 1.4
"""Pixels; of the Gaussian whose derivative is the gradient."""

STEP, SLACK = 0.1, 0.15
"""Of connectivity: how fine the thresholds are, and how far a pixel may stray before it counts."""


class Errors(NamedTuple):
    """mse: mean of squares; sad, gradient, connectivity: sums over the unknown pixels, in thousands."""

    mse: float
    sad: float
    gradient: float
    connectivity: float


def errors(alpha: np.ndarray, truth: np.ndarray, unknown: np.ndarray) -> Errors:
    """alpha, truth (h, w) float in 0..1, unknown (h, w) bool with at least one pixel."""
    alpha, truth = np.clip(alpha, 0, 1).astype(np.float32), truth.astype(np.float32)
    mse, sad = alpha_errors(alpha, truth, unknown)
    slope = (steepness(alpha) - steepness(truth))[unknown].astype(float)
    apart = np.abs(connectedness(alpha, truth) - connectedness(truth, alpha))[unknown]
    return Errors(mse, sad, float((slope**2).sum() / 1000), float(apart.sum() / 1000))


def steepness(alpha: np.ndarray) -> np.ndarray:
    """Length of the gradient by first derivatives of a Gaussian; their kernels have the length 1 (section 3.2)."""
    reach = int(np.ceil(SIGMA * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * SIGMA * 0.01))))
    x = np.arange(-reach, reach + 1)
    bell = np.exp(-x**2 / (2 * SIGMA**2)) / (SIGMA * np.sqrt(2 * np.pi))
    kernel = np.outer(bell, -x * bell / SIGMA**2)
    kernel /= np.linalg.norm(kernel)
    across, down = (cv2.filter2D(alpha, cv2.CV_32F, k, borderType=cv2.BORDER_REPLICATE) for k in (kernel, kernel.T))
    return np.hypot(across, down)


def connectedness(alpha: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How well each pixel hangs on to what is surely foreground in both: 1 − its distance to the threshold at which it
    still does, distances under SLACK not counted (section 3.2, θ = 0.15, p = 1)."""
    held = np.full(alpha.shape, -1.0)
    for level in np.arange(STEP, 1 + STEP / 2, STEP):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            ((alpha >= level) & (other >= level)).astype(np.uint8), connectivity=4)
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 1 else -1
        held[(held == -1) & (labels != largest)] = level - STEP
    held[held == -1] = 1
    away = alpha - held
    return 1 - away * (away >= SLACK)
