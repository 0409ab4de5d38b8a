"""Matting in live video: on keyframes, at the guide's size, the band along the outline is solved, not only filtered.

The network's mask has cells of several pixels of the guide; which of these belong to the person is in their colours.
Windows and samples of edge/matting/system.py find that out; links between pixels far apart, which matter in hair of a
photograph's size, change nothing here (demo source: error 0.72/255 with and without) and are left out.

The solve begins with what the samples say. Beginning with the last keyframe's answer, carried along, saved 2 of 17
iterations where people stand still (six clips) and none on the demo source: less than carrying it costs. Before the
solve it lies 0.20 (root mean square over the band) from the answer, the samples' 0.12.
"""
from __future__ import annotations

import numpy as np

from edge.frame import Mask, Trimap
from edge.matting.solve import solve
from edge.matting.system import sampled_system
from edge.matting.trimap import SOFT
from edge.native import matting
from edge.refine import RAMP, Edge, OutlineRoom, outline

FIRST = Edge(cells=1.0, ramp=RAMP, sure=1.0)
"""The filter before the solve, which only finds where to solve: unknown is who has a neighbour beyond the outline, and
whoever is half-transparent. Wider bands by true distances (edge.matting.trimap) cost 0.3 ms more and bring the demo's
error from 0.621 to 0.616/255. With 2 cells the demo's flicker is 0.83 instead of 0.80/255."""

TOLERANCE = 2e-3
"""Residual at which the solve ends: 0.7/255 from an exact one, in the mean over the band, after 10 iterations; with
5e-4 0.2/255 after 16, and nothing to see of it: demo source 0.6202 and 0.6199, ten cut-outs 8.045 and 8.048."""

SOLVED = Edge(cells=1.0, ramp=(0.2, 0.8), sure=1.0)
"""How a solved alpha follows the picture to the next keyframe: its cells are the guide's pixels, and what is
half-transparent may stay so. Demo source, 1280×720, large tier, a keyframe every 2 frames: error 0.61 and flicker 0.81
so, 0.67 and 0.86 with 2 cells; with a ramp from 0.1 to 0.9 the error rises by 0.05. Windows so small leave what is
inside alone: holding it as person, too, changes neither by 0.001."""


def solved(pixels: np.ndarray, luma: np.ndarray, mask: Mask, epsilon: float,
           room: OutlineRoom | None = None) -> Mask | None:
    """pixels (h, w, 3) uint8 and luma (h, w) uint8: the guide; mask: what the network saw in a region of it → the same
    region's alpha, at the guide's size. None: there is no outline in the region, everything or nothing is person.

    epsilon: see guided_coefficients; room: see outline.
    """
    coefficients = outline(luma, mask, epsilon, room, FIRST)
    alpha, trimap = np.empty(coefficients.a.shape, np.float32), np.empty(coefficients.a.shape, np.uint8)
    if not matting.band(mask.region.cut(luma), *coefficients, FIRST.ramp, SOFT, alpha, trimap):
        return None
    system = sampled_system(mask.region.cut(pixels), Trimap(trimap), alpha)
    return Mask(solve(system, tolerance=TOLERANCE).alpha, mask.region)
