"""`python -m tools.profile.starting`: one start of the live path in a fresh process, from its first instruction to the
first mask, as one line of JSON. `tools/profile/starts.py` calls it."""
import time

UP = time.monotonic_ns()

import json  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402


class Noted:
    """A signature's runner that notes how long its first call takes, in seconds."""

    def __init__(self, runner: Any, calls: list[float]) -> None:
        self._runner, self._calls, self._first = runner, calls, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)

    def __call__(self, **inputs: Any) -> Any:
        """Calls it."""
        if not self._first:
            return self._runner(**inputs)
        began, self._first = time.perf_counter(), False
        try:
            return self._runner(**inputs)
        finally:
            self._calls.append(time.perf_counter() - began)


def noted(runtime: Any, calls: list[float]) -> Any:
    """The same runtime, whose runners note their first calls."""
    from dataclasses import replace
    from types import ModuleType

    module = ModuleType(runtime.module.__name__)

    def interpreter(**options: Any) -> Any:
        made = runtime.module.Interpreter(**options)
        plain = made.get_signature_runner
        made.get_signature_runner = lambda name: Noted(plain(name), calls)
        return made

    module.Interpreter = interpreter  # type: ignore[attr-defined]
    return replace(runtime, module=module)


def started(spawned_ns: int, board_name: str, source_name: str, models: str) -> dict[str, Any]:
    """ms of each step since the process was asked for (monotonic clock), and what the disk had to give."""
    marks = [("interpreter", UP)]

    def mark(name: str) -> None:
        marks.append((name, time.monotonic_ns()))

    from edge.boards import load_camera_board
    from edge.camera.open_source import open_source
    from edge.card import MODELS, model_path, read_verified
    from edge.live import LivePath
    from edge.report import StageTimes
    from edge.segment.runtime import open_runtime
    from edge.segment.tflite import TfliteSegmenter
    from tools.profile.run import wish_for
    mark("import")
    runtime = open_runtime()
    mark("runtime")
    board = load_camera_board(board_name)
    camera, calls = board.camera, list[float]()
    source = open_source(source_name, height=camera.height.value, width=camera.width.value,
                         frames_per_s=camera.frames_per_s.value, downscale=board.refine.guide_downscale.value)
    frame = source.read()
    if frame is None:
        raise SystemExit(f"{source_name}: not one frame came")
    mark("source")
    content, card = read_verified(model_path("seg", board.tier.value, Path(models) if models else MODELS), "seg",
                                  board.tier.value)
    segmenter = TfliteSegmenter(content, card, noted(runtime, calls), board.network.threads.value)
    mark("model")
    path = LivePath(board, segmenter, wish_for(board, "null", None).effect_for(frame.shape))
    path.frame(frame, StageTimes())
    mark("first_mask")
    source.close()
    return {"ms": _steps(spawned_ns, marks, sum(calls)), "calls": len(calls), **_disk()}


def _steps(spawned_ns: int, marks: list[tuple[str, int]], first_calls_s: float) -> dict[str, float]:
    """Step → ms; first_invoke is taken out of model, where it happens."""
    ms, last = {}, spawned_ns
    for name, at in marks:
        ms[name], last = (at - last) / 1e6, at
    ms["first_invoke"] = first_calls_s * 1000
    ms["model"] -= ms["first_invoke"]
    return {**{name: round(value, 3) for name, value in ms.items()}, "total": round((last - spawned_ns) / 1e6, 3)}


def _disk() -> dict[str, int]:
    import resource

    said = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return {"read_bytes": int(said["read_bytes"]),
            "major_faults": resource.getrusage(resource.RUSAGE_SELF).ru_majflt}


def _files() -> list[str]:
    """Files that this process has loaded: libraries, modules and their compiled forms."""
    mapped = {line.split(maxsplit=5)[5] for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
              if line.count("/") and len(line.split(maxsplit=5)) == 6}
    modules = [module for module in sys.modules.values() if module is not None]
    named = {str(path) for module in modules for path in (getattr(module, "__file__", None),
                                                           getattr(module, "__cached__", None)) if path}
    return sorted(path for path in mapped | named if path.startswith("/") and Path(path).is_file())


if __name__ == "__main__":
    from edge.errors import MasqueError

    try:
        figures = started(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4])
    except MasqueError as error:
        raise SystemExit(str(error)) from error
    if sys.argv[5:] == ["files"]:
        figures["files"] = _files()
    print(json.dumps(figures))
