"""`masque doctor`: what is installed here, what is missing, how to go on without it; `--prove` runs the models."""
from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.board_shapes import CameraBoard
from edge.cli.options import BOARD, MODELS_FOLDER, Voice, chosen_board, voiced
from edge.errors import MasqueError, ModelError
from edge.report import peak_rss_mb

if TYPE_CHECKING:
    from edge.segment.tflite import TfliteSegmenter

NEEDED_FOR = {
    "numpy": "everything", "opencv-python-headless": "everything", "pillow": "photographs",
    "av": "video files (without it: photographs only); pip install '.[video]' in the checkout",
    **dict.fromkeys(("fastapi", "uvicorn", "segno", "prometheus-client", "python-multipart"),
                    "the photo booth (without it: all else works); pip install '.[kiosk]' in the checkout"),
    "pyserial": "the microcontroller bridge (without it: all else works); pip install '.[bridge]' in the checkout",
    "mpremote": "flashing a Pico (without it: all else works); pip install '.[flash]' in the checkout",
}


@dataclass(frozen=True)
class Proven:
    """One model on one runtime and delegate. agreement: IoU with the card's mask; invoke_ms: median of 20."""

    model: str
    runtime: str
    delegate: str
    agreement: float
    invoke_ms: float
    passed: bool
    problem: str = ""


@click.command()
@click.option("--prove", is_flag=True,
              help="Run a stored picture through every runtime and delegate; exit 1 when one differs from its card.")
@BOARD
@MODELS_FOLDER
@voiced
def command(prove: bool, board: str | None, models_folder: Path | None, voice: Voice) -> None:
    """Say what is installed, what is missing, and how to go on without it."""
    from edge.card import MODELS

    machine = _machine(chosen_board(board)[0])
    packages = {name: _version(name) for name in NEEDED_FOR}
    runtimes = _runtimes()
    chosen = next((r["name"] for r in runtimes if r["loads"]), None)
    voice.say(f"machine   {machine['processor']}, Python {machine['python']}, runs as board {machine['board']}")
    for name, version in packages.items():
        voice.say(f"package   {name:24} {version or 'missing: needed for ' + NEEDED_FOR[name]}")
    for runtime in runtimes:
        used = "in use" if runtime["name"] == chosen else "installed" if runtime["loads"] else runtime["problem"]
        voice.say(f"runtime   {runtime['name']:24} {runtime['version']}  {used}")
    if not chosen:
        voice.say("runtime   none loads: pip install ai-edge-litert (or tflite-runtime with Python 3.11 and numpy 1)")
    proofs = [proof for runtime in runtimes if runtime["loads"]
              for proof in _prove(runtime["name"], models_folder or MODELS)] if prove else []
    for proof in proofs:
        found = proof.problem or (f"IoU with its card {proof.agreement:.4f}  {proof.invoke_ms:.2f} ms  "
                                  f"{'same' if proof.passed else 'DIFFERS'}")
        voice.say(f"proof     {proof.model:12} {proof.runtime:16} {proof.delegate:8} {found}")
    voice.report({"machine": machine, "packages": packages, "runtimes": runtimes, "runtime_in_use": chosen,
                  "proofs": [asdict(proof) for proof in proofs], "peak_rss_mb": peak_rss_mb()})
    if not chosen or not all(proof.passed for proof in proofs):
        click.get_current_context().exit(1)


def _machine(board: CameraBoard) -> dict[str, str]:
    return {"processor": platform.machine(), "system": platform.platform(), "python": platform.python_version(),
            "board": board.name, "tier": board.tier.value}


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _runtimes() -> list[dict]:
    """Every installed runtime: name, version, whether it loads, and the problem when it does not."""
    from edge.segment.runtime import installed_runtimes, open_runtime

    rows = []
    for name in installed_runtimes():
        try:
            open_runtime(name)
            problem = ""
        except MasqueError as error:
            problem = str(error)
        rows.append({"name": name, "version": _version(name) or "?", "loads": not problem, "problem": problem})
    return rows


def _prove(runtime: str, folder: Path) -> list[Proven]:
    """Every model in the folder on one runtime: on the CPU, and on the Edge TPU where there is one."""
    from edge.segment.runtime import edge_tpu_delegate, open_runtime

    models = sorted(folder.glob("seg-*.tflite"))
    if not models:
        raise ModelError(f"{folder}: holds no model (seg-*.tflite); nothing can be proved")
    delegates = ["cpu", "edgetpu"] if edge_tpu_delegate(open_runtime(runtime)) else ["cpu"]
    return [*(_proven(model, runtime, delegate) for model in models for delegate in delegates),
            *(_matte_proven(model, runtime) for model in sorted(folder.glob("matte-*.tflite")))]


def _proven(model: Path, runtime: str, delegate: str) -> Proven:
    from edge.proof import ENOUGH, agreement
    from edge.segment.tflite import open_segmenter

    try:
        segmenter, fallbacks = open_segmenter(model, model.stem.removeprefix("seg-"), 1, delegate, runtime)
        found = round(agreement(segmenter, segmenter.card), 4)
        ran_on = "cpu" if fallbacks else delegate
        return Proven(model.stem, runtime, ran_on, found, _invoke_ms(segmenter), found >= ENOUGH)
    except MasqueError as error:
        return Proven(model.stem, runtime, delegate, 0.0, 0.0, False, str(error))


def _matte_proven(model: Path, runtime: str) -> Proven:
    import numpy as np

    from edge.matte_model import open_matte_model
    from edge.proof import ENOUGH, matte_agreement

    try:
        opened = open_matte_model(model.stem.removeprefix("matte-"), 1, model.parent, runtime)
        found, tile = round(matte_agreement(opened), 4), np.full((opened.tile_px, opened.tile_px, 3), 128, np.uint8)
        return Proven(model.stem, runtime, "cpu", found, _median_ms(lambda: opened.answer("features_learned", tile)),
                      found >= ENOUGH)
    except MasqueError as error:
        return Proven(model.stem, runtime, "cpu", 0.0, 0.0, False, str(error))


def _invoke_ms(segmenter: TfliteSegmenter) -> float:
    """One call on one thread, placing included, of a picture at the network's own size."""
    import numpy as np

    from edge.frame import Region

    pixels = np.full((*segmenter.portrait, 3), 128, np.uint8)
    return _median_ms(lambda: segmenter.segment(pixels, Region.whole(pixels.shape)))


def _median_ms(call: Callable[[], object]) -> float:
    """Of 20 calls."""
    times = []
    for _ in range(20):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(times), 2)
