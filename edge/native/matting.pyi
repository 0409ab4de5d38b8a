"""Types of the compiled module; arrays are C-contiguous, ValueError says what is not. b: blocks of eight pixels in a
row, the first at a column that 8 divides, at least one of them unknown. Pixels are named by their index in the (h, w)
picture.
"""
import numpy as np

def band(guide: np.ndarray, a: np.ndarray, b: np.ndarray, ramp: tuple[float, float], soft: float, alpha: np.ndarray,
         trimap: np.ndarray) -> bool:
    """guide (h, w) uint8, rows may lie apart; a, b (h, w) float32 → alpha (h, w) float32 and trimap (h, w) uint8 of 0,
    128, 255, filled. Unknown is where the ramp of a·guide/255 + b is more than `soft` from 0 and 1, or crosses 0.5 to
    one of eight neighbours; alpha is the ramp there and 0 or 1 elsewhere. Whether both sides are known somewhere."""

def count_blocks(unknown: np.ndarray) -> int:
    """unknown (h, w) uint8 of 0 and 1 → b."""

def laplacian(pixels: np.ndarray, unknown: np.ndarray, epsilon: float, at: np.ndarray, weights: np.ndarray) -> None:
    """pixels (h, w, 3) uint8, unknown (h, w) uint8, epsilon > 0 → at (b, 1) int32, each block's first pixel, and
    weights (b, 24·8) float32, filled: of the 24 neighbours in 5×5, row by row, each for eight pixels; 0 in known
    ones."""

def nearest(features: np.ndarray, index: np.ndarray, distance: np.ndarray) -> None:
    """features (n, d) float32 → index (m, k) int32 and distance (m, k) float32 of the first m points' nearest others,
    nearest first, exact. k < n, k ≤ 32, d ≤ 32."""

def sampled(pixels: np.ndarray, trimap: np.ndarray, weight: float, pull: np.ndarray, towards: np.ndarray) -> None:
    """pixels (h, w, 3), trimap (h, w) uint8 of 0, 128, 255 → pull and towards (h, w) float32 written in unknown pixels;
    towards holds before where colours that no sample explains belong. weight > 0: pull where all samples agree."""

def solve(unknown: np.ndarray, at: np.ndarray, weights: np.ndarray, link_from: np.ndarray, link_to: np.ndarray,
          link_weight: np.ndarray, pull: np.ndarray, towards: np.ndarray, most_iterations: int, tolerance: float,
          alpha: np.ndarray) -> tuple[int, float]:
    """at, weights as from `laplacian`; link_from (m, 1), link_to (m, k) int32, link_weight (m, k) float32; pull,
    towards (h, w) float32; alpha (h, w) float32: known values and a first answer in, the solution out → (iterations,
    residual)."""

def multilevel(pixels: np.ndarray, alpha: np.ndarray, front: np.ndarray, back: np.ndarray) -> None:
    """pixels (h, w, 3) uint8, alpha (h, w) float32 in 0..1 → front, back (h, w, 3) float32 in 0..255, filled."""
