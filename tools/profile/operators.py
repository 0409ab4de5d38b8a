"""What each operator of a model takes, by prefix timing: LiteRT tells no times from Python, so the graph is cut behind
every operator, the pieces are timed in turn, and neighbours are subtracted.

Such a time is a difference of two medians, not a measurement of the operator itself: the runtime fuses and schedules
a piece as it likes. Differences below nought, which are noise, are pooled with their neighbours (isotonic regression,
Barlow et al. 1972, pool adjacent violators), so that they still sum to the whole call.
"""
from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.card import WIDE, model_path, read_verified
from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime
from quantize.tflite.file import read_graphs
from quantize.tflite.graph import Operator
from quantize.tflite.prefix import prefixes

TIMED = {"seg": ("person_portrait", WIDE), "matte": ("features_learned", "refine")}
"""Kind of model → the signatures whose operators are timed, the one of every keyframe first; lying twins take the same.
"""

ROUNDS = 30
"""Calls of every piece; one of each in turn, so that a noisy machine disturbs all alike."""

BATCH_MS = 0.5
"""A piece is called as often as this takes, and the mean counts: the clock itself costs a microsecond."""


def operator_tables(folder: Path, tier: str, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """A table for each signature of a tier's models: file, signature, macs, arena_bytes, size_bytes, call_ms (processor
    time of one thread), operators: name, layer, shape, macs, bytes (read and written), ms."""
    tables = []
    for kind, signatures in TIMED.items():
        file = model_path(kind, tier, folder)
        if not file.is_file():
            continue
        content, card = read_verified(file, kind, tier)
        for signature in signatures:
            graph = read_graphs(content, file.name)[signature]
            total = timed(list(prefixes(content, signature, file.name)), rounds)
            each = np.diff([0.0, *increasing(total)]).tolist()
            rows = [_row(operator, ms) for operator, ms in zip(graph.operators, each, strict=True)]
            tables.append({"file": file.name, "signature": signature, "macs": graph.macs,
                           "arena_bytes": card.signatures[signature].arena_bytes, "size_bytes": card.size_bytes,
                           "call_ms": round(sum(each), 5), "operators": rows})
    return tables


def timed(pieces: Sequence[bytes], rounds: int) -> list[float]:
    """Median processor time of a call of each piece in ms, one thread, all in turn."""
    calls = [_call(piece) for piece in pieces]
    count = max(1, int(BATCH_MS / max(1e-3, _batch(calls[-1], 3))))
    times = [[_batch(call, count) for call in calls] for _ in range(rounds)]
    return [statistics.median(row[i] for row in times) for i in range(len(calls))]


def increasing(values: Sequence[float]) -> list[float]:
    """The nearest sequence (least squares) that never falls: neighbours that do share their mean."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        mean, size = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    return [mean for mean, size in blocks for _ in range(size)]


def _call(piece: bytes) -> Any:
    with quiet_libraries():
        interpreter = open_runtime().module.Interpreter(model_content=piece, num_threads=1)
        interpreter.allocate_tensors()
        taken = interpreter.get_input_details()[0]
        interpreter.set_tensor(taken["index"], np.random.default_rng(0).integers(
            -128, 128, taken["shape"]).astype(np.int8))
        interpreter.invoke()
    return interpreter.invoke


def _batch(call: Any, count: int) -> float:
    """Mean processor time of so many calls, in ms."""
    began = time.process_time_ns()
    for _ in range(count):
        call()
    return (time.process_time_ns() - began) / 1e6 / count


def _row(operator: Operator, ms: float) -> dict[str, Any]:
    read = sum(tensor.size_bytes for tensor in operator.inputs if tensor is not None)
    made = operator.outputs[0]
    return {"operator": operator.name, "layer": made.name, "shape": list(made.shape), "macs": operator.macs,
            "bytes": read + operator.activation_bytes, "ms": round(ms, 5)}
