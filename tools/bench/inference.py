"""`python -m tools.bench.inference`: one call of each network beside MediaPipe's selfie model, in the same run.

Same runtime (the LiteRT of this environment), same core, one thread, calls of all models interleaved: a noisy machine
disturbs all of them alike. Prints medians, ratios and file sizes.
"""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from edge.card import MODELS, model_path
from edge.errors import ModelError
from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime
from tools.bench.interleaved import median_ms
from tools.bench.peers import peers_python

TIERS = ("small", "medium", "large")

PEER = "mediapipe selfie"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--models", type=click.Path(path_type=Path), default=MODELS, help="Folder with seg-TIER.tflite.")
@click.option("--rounds", type=click.IntRange(10), default=300, show_default=True)
@click.option("--peer/--no-peer", default=True, show_default=True, help="Measure MediaPipe's model beside ours.")
def inference(models: Path, rounds: int, peer: bool) -> None:
    """Median time of one call, one thread, and its ratio to MediaPipe's selfie model (256×256)."""
    files = {f"{tier} {asked}": (model_path("seg", tier, models), f"{asked}_portrait")
             for tier in TIERS for asked in ("person", "all")}
    if peer:
        files[PEER] = (_peer_model(), "")
    calls = {name: call for name, (path, signature) in files.items() if (call := _call(path, signature))}
    medians = median_ms(calls, rounds)
    runtime = open_runtime()
    click.echo(f"{runtime.name} {runtime.version}, one thread, median of {rounds} interleaved calls")
    for name, ms in medians.items():
        ratio = f"  1/{medians[PEER] / ms:.1f} of MediaPipe" if PEER in medians else ""
        click.echo(f"  {name:18} {ms:7.3f} ms  {files[name][0].stat().st_size / 1000:6.0f} kB{ratio}")


def _peer_model() -> Path:
    """The general selfie model inside the peers' environment."""
    packages = peers_python().parent.parent / "lib"
    return next(packages.glob("python*/site-packages/mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"))


def _call(path: Path, signature: str) -> Callable[[], object] | None:
    """A call on random pixels, made once already; None when the model has no such signature."""
    try:
        with quiet_libraries():
            interpreter = open_runtime().module.Interpreter(model_path=str(path), num_threads=1)
            interpreter.allocate_tensors()
            if signature and signature not in interpreter.get_signature_list():
                return None
            taken = interpreter.get_input_details()[0]
            if signature:
                runner = interpreter.get_signature_runner(signature)
                shape = runner.get_input_details()["picture"]["shape"]
                picture = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
                runner(picture=picture)
                return lambda: runner(picture=picture)
            pixels = np.random.default_rng(0).random(taken["shape"], np.float32)
            interpreter.set_tensor(taken["index"], pixels)
            interpreter.invoke()
            return interpreter.invoke
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: this runtime refuses it: {error}") from error


if __name__ == "__main__":
    inference()
