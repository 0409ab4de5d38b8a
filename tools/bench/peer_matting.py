"""Runs inside the peers' environment: PyMatting's matting and foreground, as its users call them, one thread.

Reads one JSON line a task, {"method", "pixels", "plane", "out", "rounds"}: .npy files of (h, w, 3) uint8 RGB and of a
trimap or alpha (h, w) uint8; writes what it finds to `out` (.npy) and answers one JSON line: milliseconds of processor
time (median of the rounds) and the memory that a call before them added at its peak. Imports nothing of Masque; the
other side of the benchmark speaks the same (`serve`).
"""
from __future__ import annotations

import ctypes
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Call = Callable[[], Any]
Method = Callable[[Any, Any], Call]
"""(pixels, plane) → the call that is measured; what it needs is prepared outside the clock."""


def memory_mb(field: str) -> float:
    """VmRSS or VmHWM of this process, in 10⁶ bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(field)) * 1024 / 1e6


def added_mb(call: Call) -> tuple[Any, float]:
    """What a call returns and how far it drove the process's memory above what it held before."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = memory_mb("VmRSS")
    return call(), memory_mb("VmHWM") - before


def serve(methods: Mapping[str, Method]) -> None:
    """Answers the tasks on standard input until it ends."""
    import numpy as np

    for line in sys.stdin:
        task = json.loads(line)
        call = methods[task["method"]](np.load(task["pixels"]), np.load(task["plane"]))
        found, memory = added_mb(call)
        times = [_cpu_ms(call) for _ in range(task["rounds"])]
        np.save(task["out"], np.asarray(found, np.float32))
        print(json.dumps({"ms": statistics.median(times), "added_mb": memory}), flush=True)


def _cpu_ms(call: Call) -> float:
    started = time.process_time()
    call()
    return (time.process_time() - started) * 1000


def main() -> None:
    """Compiles what PyMatting compiles at its first call, then serves."""
    import numpy as np
    from pymatting import estimate_alpha_cf, estimate_alpha_knn, estimate_foreground_ml

    def with_trimap(estimate: Callable[..., Any]) -> Method:
        def prepared(pixels: Any, trimap: Any) -> Call:
            picture, known = pixels / 255.0, trimap / 255.0
            return lambda: estimate(picture, known)
        return prepared

    def foreground(pixels: Any, alpha: Any) -> Call:
        picture, opacity = pixels / 255.0, alpha / 255.0
        return lambda: estimate_foreground_ml(picture, opacity) * 255

    methods = {"knn": with_trimap(estimate_alpha_knn), "cf": with_trimap(estimate_alpha_cf), "foreground": foreground}
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    plane = np.array([[0, 128, 255]], np.uint8).repeat(20, axis=1).repeat(40, axis=0)
    for method in methods.values():
        method(pixels, plane)()
    serve(methods)


if __name__ == "__main__":
    os.environ.update(dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    main()
