"""The same report for a microcontroller: its firmware, instruction by instruction, in `masque simulate`'s simulator.

Stages are requests, in the simulator's cycles from a request's last byte to its answer's first. What a chip would do is
counted, not timed: no chip was asked, and the simulator has neither wire nor interrupts.
"""
from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edge.board_shapes import SolverBoard
from edge.bridge.device import Device
from edge.bridge.elf import loaded, symbols
from edge.bridge.link import Link
from edge.bridge.ports import open_wire
from edge.bridge.simulator import Request, Simulator
from edge.bridge.words import SIGNAL_SAMPLES, Kind
from edge.cli.simulate import FIRMWARE, FLASHED, SIMULATED
from edge.errors import BridgeError, ReportError
from edge.matting.q15 import SLOTS, KnnTile, quantised
from tools.profile.report import statistics_of
from tools.sizes import sizes_of

SIMULATED_BOARD = "msp430fr2433"

TASKS = {"ping": 20, "solve": 5, "classify": 3}
"""Task → how often it is done. solve: a full tile; classify: a signal of 800 samples and its class."""

WIRE_BITS = 10
"""A byte on a UART: start, eight, stop."""

UNTOUCHED = 0xFF
"""What the simulator's RAM holds before anybody writes to it."""

RAM_END = 0x3000
"""Of the MSP430FR2433 (TI SLASE59F, memory organization); the stack begins there and grows down."""


def chip_figures(board: SolverBoard, folder: Path = FIRMWARE) -> dict[str, Any]:
    """stages, wire, memory, fram, budget and samples. Raises ReportError for a board without a simulator that counts,
    BridgeError where the image or mspdebug is missing."""
    if board.name != SIMULATED_BOARD:
        raise ReportError(f"{board.name}: no simulator counts its cycles; {SIMULATED_BOARD} is the one that can be "
                          f"profiled")
    session = Session(folder / SIMULATED, board)
    try:
        wire = {task: session.done(task, times) for task, times in TASKS.items()}
        seen = session.stack_seen()
    finally:
        session.close()
    cycles = {name: [float(count) for count in counts] for name, counts in sorted(session.cycles.items())}
    memory, fram = ram_of(folder / FLASHED, seen), fram_of(folder / FLASHED)
    return {"stages": {name: {**statistics_of(counts), "unit": "cycles"} for name, counts in cycles.items()},
            "wire": wire, "memory": memory, "fram": fram, "samples": {"cycles": cycles},
            "budget": {"solve_ms": {"limit": board.budget.solve_ms.value,
                                    "max": round(max(cycles["solve"]) / board.chip.clock_hz.value * 1000, 2)},
                       "program_bytes": {"limit": board.budget.program_bytes.value, "taken": fram["bytes"]},
                       "ram_bytes": {"limit": board.budget.ram_bytes.value, "taken": memory["ram_bytes"]}},
            "energy": {"joules": None, "why": "a simulator draws no current"}, "fallbacks": []}


class Session:
    """A simulated chip that works through tasks; every request's cycles are noted under its name."""

    def __init__(self, image: Path, board: SolverBoard) -> None:
        """Raises BridgeError when the image is missing or does not answer."""
        self.board = board
        self.cycles: dict[str, list[int]] = defaultdict(list)
        self._last: tuple[int, int] | None = None
        self._static_end = symbols(image)["__bss_end"]
        self._simulator = Simulator(image, self._told)
        self._running = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._device = Device(Link(lambda: open_wire(self._simulator.path, board.wire.baud.value)))

    def done(self, task: str, times: int) -> dict[str, float]:
        """Does a task so often; bytes and time on the wire, and the chip's own time, of the leanest: a busy machine's
        simulator answers late, and what is asked again then costs bytes that a chip would not."""
        work, counters, spent = self._tasks()[task], self._device.link.counters, []
        for _ in range(times):
            before = counters.sent + counters.received, sum(map(sum, self.cycles.values()))
            work()
            spent.append((counters.sent + counters.received - before[0],
                          sum(map(sum, self.cycles.values())) - before[1]))
        wire, chip = (min(values) for values in zip(*spent, strict=True))
        return {"times": times, "bytes": wire,
                "wire_ms": round(wire * WIRE_BITS / self.board.wire.baud.value * 1000, 2),
                "chip_ms": round(chip / self.board.chip.clock_hz.value * 1000, 2)}

    def stack_seen(self) -> int:
        """Bytes from the lowest place of the stack that was ever written to its start. Ends the session's tasks."""
        self._stop()
        ram = self._simulator.debugger.read(self._static_end, RAM_END - self._static_end)
        written = [place for place, byte in enumerate(ram) if byte != UNTOUCHED]
        return len(ram) - written[0] if written else 0

    def close(self) -> None:
        """Ends the simulator."""
        self._stop()
        self._device.link.close()
        self._simulator.close()

    def _tasks(self) -> dict[str, Callable[[], object]]:
        tile, solve = full_tile(self.board), self.board.solve
        sound = np.round(300 * np.sin(np.arange(SIGNAL_SAMPLES) / 7)).astype(np.int64)
        return {"ping": self._device.ping, "solve": lambda: self._device.solve(tile, solve.sweeps.value, step=0),
                "classify": lambda: self._device.classify(sound)}

    def _told(self, request: Request) -> None:
        """Notes a request; one that was sent again is answered from memory and costs next to nothing: left out."""
        if (request.kind, request.sequence) == self._last:
            return
        self._last = (request.kind, request.sequence)
        name = Kind(request.kind).name.lower() if request.kind in list(Kind) else f"{request.kind:#04x}"
        self.cycles[name].append(request.cycles)

    def _run(self) -> None:
        while self._running:
            self._simulator.turn()

    def _stop(self) -> None:
        self._running = False
        self._thread.join(timeout=60)


def full_tile(board: SolverBoard) -> KnnTile:
    """A made-up tile with all unknowns and neighbours that the board takes, the same every time; step 0 lets it sweep
    to the board's limit unless it comes to a standstill."""
    rng, count = np.random.default_rng(0), board.solve.max_unknowns.value
    weights = rng.random((count, SLOTS)) + 0.1
    weights *= (1 - rng.uniform(0.0, 0.05, count) * (rng.random(count) < 0.2))[:, None] / weights.sum(1, keepdims=True)
    bias = (1 - weights.sum(axis=1)).clip(0) * rng.random(count)
    return quantised(rng.integers(0, count, (count, SLOTS)), weights, bias, rng.random(count))


def ram_of(image: Path, seen: int) -> dict[str, Any]:
    """Static data from the image, the deepest stack as proven from its machine code (tools.sizes) and as seen in the
    simulator; ram_bytes: data and the proven stack, or the seen one where nothing can be proven here."""
    table = symbols(image)
    static, proven, why = table["__bss_end"] - table["__bss_start"], None, ""
    try:
        proven = sizes_of(image).stack
    except BridgeError as error:
        why = str(error)
    return {"static_bytes": static, "stack_proven_bytes": proven, "stack_seen_bytes": seen, "why": why,
            "ram_bytes": static + (proven if proven is not None else seen)}


def fram_of(image: Path) -> dict[str, Any]:
    """bytes that the image loads, by section, and by symbol, the largest first, from llvm-readelf and llvm-nm; both
    lists are empty, with a reason, where they are not installed."""
    figures: dict[str, Any] = {"bytes": len(loaded(image)), "sections": {}, "symbols": [], "why": ""}
    if shutil.which("llvm-nm") is None or shutil.which("llvm-readelf") is None:
        return figures | {"why": "llvm-nm or llvm-readelf is missing; on Debian: sudo apt install llvm"}
    sections = re.findall(r"^\s+\[ *\d+\] (\.\S+)\s+PROGBITS\s+([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) \S+\s+(\w*A\w*)",
                          _said("llvm-readelf", "-S", image), re.MULTILINE)
    figures["sections"] = {name: int(size, 16) for name, _, size, _ in sections if int(size, 16)}
    named = re.findall(r"^([0-9a-f]+) ([0-9a-f]+) ([a-zA-Z]) (\S+)$",
                       _said("llvm-nm", "--print-size", "--size-sort", "--reverse-sort", image), re.MULTILINE)
    figures["symbols"] = [{"name": name, "bytes": int(size, 16), "address": int(address, 16)}
                          for address, size, kind, name in named if kind in "tTrRdD"]
    return figures


def _said(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
