"""How well a mask or an alpha fits, with pixels that nobody asks about left out."""
from __future__ import annotations

import cv2
import numpy as np

BOUNDARY_SHARE = 0.008
"""Contours match within this share of the longer side, at least one pixel."""


def iou(seen: np.ndarray, truth: np.ndarray, known: np.ndarray) -> float:
    """Intersection over union of two (h, w) bool masks inside `known`; 1.0 when both are empty."""
    union = ((seen | truth) & known).sum()
    return float((seen & truth & known).sum() / union) if union else 1.0


def alpha_errors(alpha: np.ndarray, truth: np.ndarray, unknown: np.ndarray) -> tuple[float, float]:
    """Mean of the squared errors of an alpha (h, w) in 0..1 over the unknown pixels (h, w) bool, and the sum of the
    absolute ones in thousands (MSE and SAD of Rhemann et al. 2009)."""
    gap = (alpha - truth)[unknown].astype(float)
    return float(np.mean(gap**2)), float(np.abs(gap).sum() / 1000)


def mean_iou(seen: np.ndarray, truth: np.ndarray, known: np.ndarray) -> float:
    """Mean of the person's and the background's IoU."""
    return (iou(seen, truth, known) + iou(~seen, ~truth, known)) / 2


def boundary_f(seen: np.ndarray, truth: np.ndarray, known: np.ndarray) -> float:
    """F-measure of the two contours, each within BOUNDARY_SHARE of the other (Csurka et al. 2013, "What is a good
    evaluation measure for semantic segmentation?"); 1.0 when neither has a contour."""
    radius = max(1, round(BOUNDARY_SHARE * max(seen.shape)))
    judged = cv2.erode(known.astype(np.uint8), np.ones((3, 3)), borderType=cv2.BORDER_REPLICATE) > 0
    contours = [contour(mask) & judged for mask in (seen, truth)]  # where knowledge ends, nobody's outline ends
    counts = [contour.sum() for contour in contours]
    if not any(counts):
        return 1.0
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    near = [cv2.dilate(contour.astype(np.uint8), disc) > 0 for contour in contours]
    precision = (contours[0] & near[1]).sum() / max(1, counts[0])
    recall = (contours[1] & near[0]).sum() / max(1, counts[1])
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def contour(mask: np.ndarray) -> np.ndarray:
    """Pixels of the mask that touch its outside; the picture's own edge is no contour."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3)), borderType=cv2.BORDER_REPLICATE)
    return mask & (inner == 0)
