"""What this machine can do at most, measured: multiply-adds a second in int8 and float, and bytes a second.

int8: LiteRT itself on one large 1×1 convolution, its best kernel on its easiest work. float: numpy's matrix product
(OpenBLAS). bytes: memcpy (numpy) of an array that fits no cache, and of one that does; read and written bytes count.
All with one thread, by processor time, the best of several: other work on the machine can only make them worse.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from edge.errors import ModelError
from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime

SIDE, CHANNELS = 24, 256
"""Of the convolution: 24·24·256·256 = 37.7 M multiply-adds; 0.3 MB of pixels and weights stay in a cache."""

MATRIX = 512

MEMORY_BYTES, CACHE_BYTES = 32_000_000, 64_000
"""Of the arrays copied: more than the caches of small boards, and less than a first-level pair of 64 KB twice over."""

TRIES = 7

ATLEAST_S = 0.02
"""How long one try works at least."""


def ceiling() -> dict[str, Any]:
    """int8_gmacs, float_gmacs (10⁹ multiply-adds a second), memory_gbs, cache_gbs (10⁹ bytes a second); None with a
    reason under `why`."""
    said: dict[str, Any] = {"threads": 1, "why": ""}
    try:
        said["int8_gmacs"] = round(_best(_convolution()) * SIDE * SIDE * CHANNELS * CHANNELS / 1e9, 2)
    except (ModelError, ValueError, RuntimeError) as error:
        said |= {"int8_gmacs": None, "why": f"int8: {error}"}
    a = np.random.default_rng(0).random((MATRIX, MATRIX), np.float32)
    said["float_gmacs"] = round(_best(lambda: a @ a) * MATRIX**3 / 1e9, 2)
    for name, size in (("memory_gbs", MEMORY_BYTES), ("cache_gbs", CACHE_BYTES)):
        copy = partial(np.copyto, np.zeros(size, np.uint8), np.ones(size, np.uint8))
        said[name] = round(_best(copy) * 2 * size / 1e9, 2)
    return said


def convolution_model() -> bytes:
    """A TFLite file of one int8 1×1 convolution, CHANNELS to CHANNELS, written through the schema. Raises ModelError
    where the schema is absent."""
    from quantize.tflite.schema import packed, schema

    s = schema()

    def tensor(name: str, shape: list[int], kind: int, buffer: int, scale: float) -> Any:
        made = s.TensorT()
        made.name, made.shape, made.type, made.buffer = name.encode(), shape, kind, buffer
        made.quantization = s.QuantizationParametersT()
        made.quantization.scale, made.quantization.zeroPoint = [scale], [0]
        return made

    def buffer(data: np.ndarray | None = None) -> Any:
        made = s.BufferT()
        made.data = None if data is None else data.view(np.uint8).ravel()
        return made

    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, CHANNELS * CHANNELS).astype(np.int8)
    int8, int32, picture = s.TensorType.INT8, s.TensorType.INT32, [1, SIDE, SIDE, CHANNELS]
    graph = s.SubGraphT()
    graph.tensors = [tensor("picture", picture, int8, 0, 1 / 128),
                     tensor("weights", [CHANNELS, 1, 1, CHANNELS], int8, 1, 1 / 128),
                     tensor("bias", [CHANNELS], int32, 2, 1 / 128**2), tensor("made", picture, int8, 0, 0.1)]
    graph.inputs, graph.outputs, graph.operators = [0], [3], [s.OperatorT()]
    graph.operators[0].opcodeIndex, graph.operators[0].inputs, graph.operators[0].outputs = 0, [0, 1, 2], [3]
    options = s.Conv2DOptionsT()
    options.strideW = options.strideH = 1
    graph.operators[0].builtinOptionsType, graph.operators[0].builtinOptions = s.BuiltinOptions.Conv2DOptions, options
    code = s.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = s.BuiltinOperator.CONV_2D
    code.version = 3
    model = s.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [buffer(), buffer(weights), buffer(np.zeros(CHANNELS, np.int32))]
    return packed(model)


def _convolution() -> Callable[[], object]:
    with quiet_libraries():
        interpreter = open_runtime().module.Interpreter(model_content=convolution_model(), num_threads=1)
        interpreter.allocate_tensors()
        interpreter.invoke()
    return interpreter.invoke


def _best(call: Callable[[], object]) -> float:
    """Calls a second of processor time, the best of TRIES."""
    call()
    best = 0.0
    for _ in range(TRIES):
        count, began = 0, time.process_time()
        while (worked := time.process_time() - began) < ATLEAST_S:
            call()
            count += 1
        best = max(best, count / worked)
    return best
