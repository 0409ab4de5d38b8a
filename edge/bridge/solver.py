"""Solves a KNN system on a microcontroller: cut into tiles, solved there one by one, joined here.

Two or three passes over all tiles. After each, the host takes the best step in three directions: what the tiles
changed, what the pass before changed, and what brings every tile as a whole to its right level (a coarse grid of one
unknown a tile; Trottenberg 2001, "Multigrid", section 8.2). Every step lowers the energy ½·αᵀMα − bᵀα, so passes cannot
diverge.
"""
from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from edge.board_shapes import SolverBoard
from edge.bridge.cut import cut, tiles_of
from edge.bridge.device import Device
from edge.bridge.graph import ENOUGH, GraphSolution, KnnGraph, solved_here
from edge.errors import BridgeError
from edge.matting.q15 import ONE

PASSES = 3

ALIKE = 1e-9
"""Directions that differ by less than this share count as one: there is no best step along each of them."""


@dataclass
class Figures:
    """What the last solve took. tiles: exchanged, all passes together; sweep_ms: the device's own time; wire_ms: all
    the rest of the exchanges; sent, received: bytes; sweeps: of all tiles together."""

    tiles: int = 0
    passes: int = 0
    sweeps: int = 0
    sweep_ms: float = 0.0
    wire_ms: float = 0.0
    sent: int = 0
    received: int = 0
    fallbacks: list[str] = field(default_factory=list)


class BridgeSolver:
    """The same contract as `solved_here` in graph.py. What was done, and by whom, stands in `figures`."""

    def __init__(self, device: Device, board: SolverBoard, passes: int = PASSES) -> None:
        """Raises BridgeError when the device is not what the board file says."""
        device.check(board)
        self.device, self.board, self.passes = device, board, passes
        self.figures = Figures()

    def solve(self, system: KnnGraph) -> GraphSolution:
        """The alpha of the unknown pixels. When the device stays away, this machine solves and `figures.fallbacks` says
        so."""
        self.figures = Figures()
        counters = self.device.link.counters
        sent, received = counters.sent, counters.received
        try:
            return self._solved(system)
        except BridgeError as error:
            self.figures.fallbacks.append(f"the bridge failed ({error}); this machine solved")
            return solved_here(system)
        finally:
            self.figures.sent, self.figures.received = counters.sent - sent, counters.received - received

    def _solved(self, system: KnnGraph) -> GraphSolution:
        alpha = system.guess.astype(np.float64)
        tiles, step = tiles_of(system, self.board.solve.max_unknowns.value), np.zeros_like(alpha)
        for _ in range(self.passes):
            before = alpha
            passed = self._passed(system, tiles, alpha)
            alpha = joined(system, alpha, [passed - alpha, step, levelled(system, tiles, passed)])
            step = alpha - before
            self.figures.passes += 1
        residual = system.residual(alpha)
        return GraphSolution(alpha.astype(np.float32), self.passes, residual, residual <= ENOUGH)

    def _passed(self, system: KnnGraph, tiles: list[np.ndarray], alpha: np.ndarray) -> np.ndarray:
        """Every tile solved once, each with the newest alphas of the others."""
        alpha = alpha.copy()
        for members in tiles:
            tile = cut(system, members, alpha)
            began = time.perf_counter()
            answer, sweep_ms = self.device.solve(tile, self.board.solve.sweeps.value)
            took_ms = (time.perf_counter() - began) * 1000
            alpha[members] = answer.alpha / ONE
            self.figures.tiles += 1
            self.figures.sweeps += answer.sweeps
            self.figures.sweep_ms += sweep_ms
            self.figures.wire_ms += max(0.0, took_ms - sweep_ms)
        return alpha


def levelled(system: KnnGraph, tiles: list[np.ndarray], alpha: np.ndarray) -> np.ndarray:
    """The direction (n,) that moves each tile as a whole to where the residual inside it sums to zero."""
    owner = np.zeros((alpha.size, len(tiles)))
    for number, members in enumerate(tiles):
        owner[members, number] = 1
    coarse = owner.T @ system.matrix @ owner
    return owner @ np.linalg.solve(coarse, owner.T @ (system.bias - system.matrix @ alpha))


def joined(system: KnnGraph, alpha: np.ndarray, directions: list[np.ndarray]) -> np.ndarray:
    """alpha (n,) after the step in the span of some directions that lowers the energy most, clipped to 0..1."""
    span = np.column_stack(directions)
    energies = span.T @ (system.matrix @ span)
    steps = np.linalg.lstsq(energies, span.T @ (system.bias - system.matrix @ alpha), rcond=ALIKE)[0]
    return np.clip(alpha + span @ steps, 0, 1)
