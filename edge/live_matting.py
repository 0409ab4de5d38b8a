"""Matting in live video: on keyframes, at the guide's size, the band along the outline is solved, not only filtered.

The network's mask has cells of several pixels of the guide; which of these belong to the person is in their colours.
Windows and samples of edge/matting/system.py find that out; links between pixels far apart, which matter in hair of a
photograph's size, change nothing here (demo source: error 0.72/255 with and without) and are left out.

The solve begins with what the samples say. Beginning with the last keyframe's answer, carried along, saves 2 of 16
iterations where people stand still (14 clips) and none on the demo source: less than carrying it costs. Before the
solve it lies 0.20 (root mean square over the band) from the answer, the samples' 0.12.
"""
from __future__ import annotations

import numpy as np

from edge.frame import Mask, Region
from edge.matting.solve import solve
from edge.matting.system import knn_system
from edge.matting.trimap import trimap_from
from edge.refine import Edge, refine

BAND_PX = 5.0
"""Unknown to either side of the outline, at 800 px long side; half-transparent pixels are unknown anyway. 3 and 10 gave
the same error on the demo source within 0.01/255."""

FIRST_CELLS = 1.0
"""Radius, in cells of the mask, of the filter before the solve, which only finds where to solve. With 2 the demo's
flicker is 0.83 instead of 0.80/255."""

TOLERANCE = 5e-4
"""Residual at which the solve ends: 0.2/255 from an exact one, in the mean over the band, after 16 instead of 24
iterations."""

SOLVED = Edge(cells=1.0, ramp=(0.2, 0.8))
"""How a solved alpha follows the picture to the next keyframe: its cells are the guide's pixels, and what is
half-transparent may stay so. Demo source, 1280×720, large tier, a keyframe every 2 frames: error 0.61 and flicker 0.81
so, 0.67 and 0.86 with 2 cells; with a ramp from 0.1 to 0.9 the error rises by 0.05."""


def solved(pixels: np.ndarray, mask: Mask, epsilon: float) -> Mask | None:
    """pixels (h, w, 3) uint8: the guide; mask: what the network saw in a region of it → the same region's alpha, at
    the guide's size. None: there is no outline in the region, everything or nothing is person.

    epsilon: see guided_coefficients.
    """
    crop = np.ascontiguousarray(mask.region.cut(pixels))
    alpha = refine(crop, Mask(mask.values, Region.whole(crop.shape)), epsilon, FIRST_CELLS)
    trimap = trimap_from(alpha, BAND_PX)
    if not ((trimap.values == 0).any() and (trimap.values == 255).any()):
        return None
    system = knn_system(crop, trimap, alpha, neighbours=0)
    return Mask(solve(system, tolerance=TOLERANCE).alpha, mask.region)
