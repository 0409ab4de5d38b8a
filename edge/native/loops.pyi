"""Types of the compiled module; arrays are C-contiguous unless said otherwise, ValueError says what is not."""
import numpy as np

TILE_HIGH: int
TILE_WIDE: int
"""Pixels of a tile. `kinds` and `shown` below are (⌈H / TILE_HIGH⌉, ⌈W / TILE_WIDE⌉) uint8, what a tile's alpha holds:
0 background alone, 1 person alone, 2 an edge."""

def guided(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float, a: np.ndarray, b: np.ndarray) -> None:
    """guide (h, w) uint8, values (h, w) float32 in 0..1 → a, b (h, w) float32, filled: answer = a·guide/255 + b."""

def shrink(pixels: np.ndarray, small: np.ndarray, luma: np.ndarray) -> None:
    """pixels (H, W, 3) uint8 → small (h, w, 3) and luma (h, w) uint8, filled: means of cells, 1 to 16 pixels a side."""

def enlarge(pixels: np.ndarray, luma: np.ndarray, a: np.ndarray, b: np.ndarray, ramp: tuple[float, float],
            kinds: np.ndarray, alpha: np.ndarray) -> None:
    """pixels (H, W, 3) uint8; luma (h, w) uint8; a, b (h, w) float32 → alpha (H, W) uint8, filled: a·luma/255 + b, that
    is background up to ramp[0] and person from ramp[1] on. luma says which tiles hold an edge. kinds: of alpha as it
    comes, then as it is: both zeros at first."""

def outline(guide: np.ndarray, mask: np.ndarray, radius: int, epsilon: float, surely: tuple[float, float],
            a: np.ndarray, b: np.ndarray) -> None:
    """guide (h, w) uint8, rows may lie apart; mask (n, m) float32 over all of it → a, b (h, w) float32, filled, as by
    guided for the enlarged mask. surely: values nearer than the first to 0 and 1 count as those; where the mask, eroded
    by a cell, is above the second, a is 0 and b 1."""

def blend(pixels: np.ndarray, alpha: np.ndarray, kinds: np.ndarray | None, backdrop: np.ndarray, linear: bool,
          picture: np.ndarray, shown: np.ndarray | None) -> None:
    """pixels, backdrop (H, W, 3) uint8, alpha (H, W) uint8 → picture (H, W, 3) uint8, filled. kinds: alpha's, if they
    are known. backdrop may be a broadcast view. linear: mix light instead of sRGB bytes. shown: kinds at the last call
    with this backdrop and this picture, which nobody has touched since, then kinds: background that was background is
    there already. None: picture may hold anything."""

def settle(held: np.ndarray, present: np.ndarray, place: tuple[int, int], moved: np.ndarray,
           calm: tuple[float, float, float]) -> None:
    """held (h, w) float32 += share·(present − held); present (h', w') float32 lies at place (top, left) amid 0.
    calm: the share where moved (h, w) uint8 is up to calm[1]; it rises to 1 at calm[2]."""

Axis = tuple[float, float, float, float, float]
"""step, first, scale, from, gain: along one axis the centre of cell i lies at i·step + first among the flow's steps; it
came from i·scale + from + gain·flow among the cells of the mask."""

def carry(values: np.ndarray, flow: np.ndarray, down: Axis, across: Axis, share: np.ndarray | None,
          fresh: np.ndarray | None, out: np.ndarray) -> None:
    """values (h, w) float32, flow (n, 2·m) float32, x and y of every step → out (h', w') float32, filled: values where
    the flow has taken them, all linear in between. share (n, m), fresh (h', w') float32: out is then the average in
    which fresh counts by its share, 1 where values never reached; both or none."""
