"""Where a training begins: another run's averaged weights, or a released int8 file turned back into floats.

Layers travel by name and shape, so that a shallower network takes what it shares with a deeper one.
"""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from edge.card import read_card, read_verified
from edge.errors import DataError
from edge.segment.runtime import open_runtime
from quantize.network import keras, layers, network_of

LAYER = re.compile(r"(?:^|/)(\w+)/(?:Conv2D|depthwise)\d*(?:;|/|$)")
"""How a converted tensor names the layer that made it."""


def begin_from(network: keras.Model, start: Path, pictures: Iterable[np.ndarray]) -> list[str]:
    """Fills `network` from a run's averaged.weights.h5 or a model's .tflite; returns the layers that stay random.

    pictures: batches (n, h, w, 3) float32 in 0..1; an int8 file holds no batch statistics, they are measured on these.
    Raises DataError or ModelError when `start` is neither, or is not what its recipe or card says.
    """
    if start.suffix == ".tflite":
        missing = _from_int8(network, read_verified(start, "seg", read_card(start).tier)[0])
        _measure_statistics(network, pictures)
        return missing
    recipe = json.loads(start.with_name("recipe.json").read_text(encoding="utf-8"))
    earlier = with_weights(network_of(recipe), start)
    return _carried(network, {layer.name: layer.get_weights() for layer in earlier.layers})


def with_weights(network: keras.Model, weights: Path) -> keras.Model:
    """The network, filled from a weights file of its own shape. Raises DataError when they are another network's."""
    try:
        network.load_weights(weights)
    except (ValueError, OSError, KeyError) as error:
        raise DataError(f"{weights}: does not fit the network of its recipe.json; it was cut short, or made by another "
                        f"version of Masque ({str(error).splitlines()[0]})") from error
    return network


def lineage(start: Path) -> str:
    """What a run began from, in words for its card: the earlier model's own recipe and the hash of its weights."""
    if not start.is_file():
        raise DataError(f"{start}: no such weights; a finished run holds averaged.weights.h5")
    digest = hashlib.sha256(start.read_bytes()).hexdigest()[:12]
    if start.suffix == ".tflite":
        earlier, what = dict(read_card(start).recipe), f"int8 file SHA-256 {digest}…"
    else:
        recipe = start.with_name("recipe.json")
        if not recipe.is_file():
            raise DataError(f"{recipe}: missing; weights and recipe of a run travel together")
        earlier, what = json.loads(recipe.read_text(encoding="utf-8")), f"weights SHA-256 {digest}…"
    before = f", itself from {earlier['start']}" if earlier.get("start") else ""
    return (f"tier {earlier['tier']}, {earlier['steps']} steps of {earlier['batch']} at rate {earlier['rate']}, "
            f"seed {earlier['seed']} ({what}){before}")


def _carried(network: keras.Model, weights: dict[str, list[np.ndarray]]) -> list[str]:
    missing = []
    for layer in network.layers:
        theirs = weights.get(layer.name, [])
        if [w.shape for w in theirs] == [tuple(w.shape) for w in layer.weights]:
            layer.set_weights(theirs)
        elif layer.weights:
            missing.append(layer.name)
    return missing


def _from_int8(network: keras.Model, content: bytes) -> list[str]:
    """Kernels and biases as the file holds them; each normalisation becomes the bias alone, as it was folded."""
    found = _convolutions(content)
    weights: dict[str, list[np.ndarray]] = {}
    for layer in network.layers:
        if layer.name not in found or found[layer.name][0].shape != tuple(layer.weights[0].shape):
            continue
        kernel, bias = found[layer.name]
        weights[layer.name] = [kernel, bias] if layer.use_bias else [kernel]
        if not layer.use_bias:
            ones = np.ones_like(bias)
            variance = ones - network.get_layer(f"{layer.name}_norm").epsilon
            weights[f"{layer.name}_norm"] = [ones, bias, np.zeros_like(bias), variance]
    return _carried(network, weights)


def _convolutions(content: bytes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Layer name → kernel in Keras' order, bias; float32."""
    interpreter = open_runtime("ai-edge-litert").module.Interpreter(model_content=content)
    tensors = {t["index"]: t for t in interpreter.get_tensor_details()}
    found = {}
    for operator in interpreter._get_ops_details():
        if operator["op_name"] not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            continue
        name = LAYER.search(tensors[operator["outputs"][0]]["name"])
        if name is None:
            raise DataError(f"an operator of the file names no layer: {tensors[operator['outputs'][0]]['name']!r}")
        kernel, bias = (_real(interpreter, tensors[i]) for i in operator["inputs"][1:3])
        found[name[1]] = (kernel.transpose(1, 2, 3, 0), bias)
    return found


def _real(interpreter, tensor: dict) -> np.ndarray:
    scales, axis = tensor["quantization_parameters"]["scales"], tensor["quantization_parameters"]["quantized_dimension"]
    values = interpreter.get_tensor(tensor["index"]).astype(np.float32)
    return values * scales.reshape([-1 if i == axis else 1 for i in range(values.ndim)])


def _measure_statistics(network: keras.Model, pictures: Iterable[np.ndarray]) -> None:
    """Gives every normalisation the mean and variance of its input and undoes them in gamma and beta: the function
    stays what it was, and training in batches begins where inference stands."""
    norms = [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
    probe = keras.Model(network.inputs, [layer.input for layer in norms])
    seen = [[np.stack([o.mean((0, 1, 2)), (o**2).mean((0, 1, 2))]) for o in map(np.asarray, probe(batch))]
            for batch in pictures]
    for norm, moments in zip(norms, zip(*seen, strict=True), strict=True):
        mean, square = np.mean(moments, axis=0)
        variance = np.maximum(square - mean**2, 1e-6)
        gamma, beta, old_mean, old_variance = norm.get_weights()
        slope = gamma / np.sqrt(old_variance + norm.epsilon)
        norm.set_weights([slope * np.sqrt(variance + norm.epsilon), beta + slope * (mean - old_mean), mean, variance])
