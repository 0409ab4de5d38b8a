"""The sides of the matting benchmark: ours and PyMatting's, each a process that is asked one picture after another.

Run as `python -m tools.bench.matting_sides` it is our side.
"""
from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from edge.board_shapes import Features
from edge.frame import Trimap
from edge.matte_model import open_matte_model
from edge.matting.foreground import foreground
from edge.matting.solve import solve
from edge.matting.system import knn_system
from tools.bench.peer_matting import Call, Method, serve
from tools.bench.peers import peers_python


class Took(NamedTuple):
    """One task: what was found (float32), milliseconds of processor time, 10⁶ bytes added at the peak."""

    found: np.ndarray
    ms: float
    added_mb: float


class Side:
    """A process that answers tasks; see tools/bench/peer_matting.py for what crosses."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL)

    def run(self, method: str, pixels: np.ndarray, plane: np.ndarray, rounds: int) -> Took:
        """pixels (h, w, 3) uint8; plane (h, w) uint8: a trimap, or an alpha for `foreground`."""
        files = {name: str(self.folder / f"{name}.npy") for name in ("pixels", "plane", "out")}
        np.save(files["pixels"], pixels)
        np.save(files["plane"], plane)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"method": method, "rounds": rounds, **files}) + "\n")
        self.process.stdin.flush()
        answer = next((line for line in self.process.stdout if line.startswith("{")), None)
        if answer is None:
            sys.exit(f"bench: the {method} side ended without an answer")
        return Took(np.load(files["out"]), **json.loads(answer))


@contextmanager
def sides() -> Iterator[tuple[Side, Side]]:
    """(ours, PyMatting), both started; ended at the close."""
    with tempfile.TemporaryDirectory() as ours_folder, tempfile.TemporaryDirectory() as peer_folder:
        ours = Side([sys.executable, "-m", "tools.bench.matting_sides"], Path(ours_folder))
        peer = Side([str(peers_python()), str(Path(__file__).with_name("peer_matting.py"))], Path(peer_folder))
        try:
            yield ours, peer
        finally:
            for side in (ours, peer):
                side.process.kill()
                side.process.wait()


def main() -> None:
    """Serves our methods, one thread."""
    cv2.setNumThreads(1)

    model = open_matte_model("large")

    def matted(features: Features) -> Method:
        looks = model.looks(features)
        return lambda pixels, trimap: lambda: solve(knn_system(pixels, Trimap(trimap), looks=looks)).alpha

    def colours(pixels: np.ndarray, alpha: np.ndarray) -> Call:
        soft = alpha.astype(np.float32) / 255
        return lambda: foreground(pixels, alpha, pixels, soft)

    serve({"ours": matted("learned"), "raw": matted("raw"), "foreground": colours})


if __name__ == "__main__":
    main()
