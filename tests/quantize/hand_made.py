"""A TFLite file made by hand, part by part: small enough to count everything in it, and to damage it often."""
from __future__ import annotations

from typing import Any

import numpy as np

from quantize.tflite.schema import packed, schema

WEIGHTS = (5, 3, 3, 4)
"""Output channels, kernel height and width, input channels."""

SIGNATURES = ("upright", "lying")


def hand_made(signatures: tuple[str, ...] = SIGNATURES) -> Any:
    """A `ModelT`: int8 (1, 8, 6, 4) → CONV_2D 3×3, stride 2 → RELU6 → (1, 4, 3, 5), in one subgraph a signature.

    Subgraphs share their weights. signatures: none gives one subgraph, `main`, without a signature.
    """
    s = schema()
    model = s.ModelT()
    model.version, model.description = 3, b"hand-made"
    rng = np.random.default_rng(1)
    weights = rng.integers(-100, 100, WEIGHTS, np.int8)
    bias = rng.integers(-500, 500, WEIGHTS[0], np.int32)
    model.buffers = [_buffer(None), _buffer(weights), _buffer(bias), _buffer(np.frombuffer(b"1.5.0", np.uint8))]
    model.operatorCodes = [_code(s.BuiltinOperator.CONV_2D, 3), _code(s.BuiltinOperator.RELU6, 2)]
    model.subgraphs = [_subgraph(name) for name in signatures or ("main",)]
    model.signatureDefs = [_signature(name, i) for i, name in enumerate(signatures)]
    note = s.MetadataT()
    note.name, note.buffer = b"min_runtime_version", 3
    model.metadata = [note]
    return model


def hand_made_bytes(signatures: tuple[str, ...] = SIGNATURES) -> bytes:
    """The same as a file."""
    return packed(hand_made(signatures))


def _subgraph(name: str) -> Any:
    s = schema()
    graph = s.SubGraphT()
    scales = np.full(WEIGHTS[0], 0.01, np.float32)
    graph.name = name.encode()
    graph.tensors = [
        _tensor(b"picture", (1, 8, 6, 4), s.TensorType.INT8, 0, np.float32([0.05])),
        _tensor(b"weights", WEIGHTS, s.TensorType.INT8, 1, scales),
        _tensor(b"bias", WEIGHTS[:1], s.TensorType.INT32, 2, scales * np.float32(0.05)),
        _tensor(b"features", (1, 4, 3, 5), s.TensorType.INT8, 0, np.float32([0.1])),
        _tensor(b"answer", (1, 4, 3, 5), s.TensorType.INT8, 0, np.float32([0.1]))]
    options = s.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = s.Padding.SAME, 2, 2
    graph.operators = [_operator(0, [0, 1, 2], [3], s.BuiltinOptions.Conv2DOptions, options), _operator(1, [3], [4])]
    graph.inputs, graph.outputs = np.int32([0]), np.int32([4])
    return graph


def _tensor(name: bytes, shape: tuple[int, ...], kind: int, buffer: int, scales: np.ndarray) -> Any:
    tensor = schema().TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, np.int32(shape), kind, buffer
    tensor.quantization = schema().QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = scales, np.zeros(len(scales), np.int64)
    return tensor


def _buffer(content: np.ndarray | None) -> Any:
    buffer = schema().BufferT()
    buffer.data = None if content is None else np.frombuffer(content.tobytes(), np.uint8)
    return buffer


def _code(number: int, version: int) -> Any:
    code = schema().OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = number
    code.version = version
    return code


def _operator(code: int, inputs: list[int], outputs: list[int], kind: int = 0, options: Any = None) -> Any:
    operator = schema().OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, np.int32(inputs), np.int32(outputs)
    operator.builtinOptionsType, operator.builtinOptions = kind, options
    return operator


def _signature(name: str, subgraph: int) -> Any:
    s = schema()
    signature = s.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = name.encode(), subgraph
    signature.inputs, signature.outputs = [s.TensorMapT()], [s.TensorMapT()]
    signature.inputs[0].name, signature.inputs[0].tensorIndex = b"picture", 0
    signature.outputs[0].name, signature.outputs[0].tensorIndex = b"answer", 4
    return signature
