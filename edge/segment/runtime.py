"""Which TFLite runtime this machine has: LiteRT (`ai-edge-litert`) first, `tflite-runtime` where a board is pinned."""
from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from edge.errors import ModelError

RUNTIMES = {"ai-edge-litert": "ai_edge_litert.interpreter", "tflite-runtime": "tflite_runtime.interpreter"}
"""Distribution → module, in order of preference: the same file ran 8 times faster on the first (README, runtimes)."""

EDGE_TPU_LIBRARY = "libedgetpu.so.1"


@dataclass(frozen=True)
class Runtime:
    """An installed TFLite runtime; module has Interpreter and load_delegate."""

    name: str
    version: str
    module: ModuleType


def installed_runtimes() -> tuple[str, ...]:
    """Distribution names of the runtimes that can be imported here, best first; imports none of them."""
    return tuple(name for name, module in RUNTIMES.items() if importlib.util.find_spec(module.split(".")[0]))


@cache
def open_runtime(name: str | None = None) -> Runtime:
    """Imports a runtime, the best one when none is named. Raises ModelError when there is none."""
    candidates = (name,) if name else installed_runtimes()
    if not candidates:
        raise ModelError("no TFLite runtime is installed; `pip install ai-edge-litert` (or tflite-runtime, "
                         "Python 3.11 and numpy 1 only)")
    problem: Exception | None = None
    for candidate in candidates:
        try:
            module = importlib.import_module(RUNTIMES[candidate])
            return Runtime(candidate, importlib.metadata.version(candidate), module)
        except (ImportError, SystemError, AttributeError) as error:  # PackageNotFoundError is an ImportError
            problem = problem or error
    raise ModelError(f"{candidates[0]} is installed but does not load here ({problem}); "
                     "`masque doctor` says what fits together") from problem


def edge_tpu_delegate(runtime: Runtime):
    """The Edge TPU as a delegate, or None when its library or device is absent."""
    try:
        ctypes.CDLL(EDGE_TPU_LIBRARY)  # a runtime prints a traceback of its own when the library is missing
        return runtime.module.load_delegate(EDGE_TPU_LIBRARY)
    except (OSError, ValueError):
        return None
