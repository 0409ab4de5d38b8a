"""Types of the compiled module; arrays are C-contiguous unless said otherwise, ValueError says what is not."""
import numpy as np

def guided(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float, a: np.ndarray, b: np.ndarray) -> None:
    """guide (h, w) uint8, values (h, w) float32 in 0..1 → a, b (h, w) float32, filled: answer = a·guide/255 + b."""

def enlarge(pixels: np.ndarray, a: np.ndarray, b: np.ndarray, seen: np.ndarray, margin: int,
            alpha: np.ndarray) -> None:
    """pixels (H, W, 3) uint8; a, b, seen (h, w) float32 → alpha (H, W) uint8, filled. margin: small pixels around a
    tile that must be free of edges for it to be skipped."""

def blend(pixels: np.ndarray, alpha: np.ndarray, backdrop: np.ndarray, linear: bool, picture: np.ndarray) -> None:
    """pixels, backdrop (H, W, 3) uint8, alpha (H, W) uint8 → picture (H, W, 3) uint8, filled. backdrop may be a
    broadcast view. linear: mix light instead of sRGB bytes."""

def settle(held: np.ndarray, present: np.ndarray, moved: np.ndarray, share: np.ndarray) -> None:
    """held (h, w) float32 += share[0, moved]·(present − held); moved (h, w) uint8, share (1, 256) float32."""
