"""Float against int8, convolution by convolution: which layer loses most, and which of its channels.

Each convolution of the int8 file is given the very input that it has in the file, in floats, and computed again by the
float network: the difference is that layer's own loss, whatever the layers before it have lost.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from edge.segment.runtime import open_runtime
from quantize.network import keras, layers
from quantize.tflite.one_signature import one_signature

NAME = re.compile(r"(\w+)/(?:Conv2D|depthwise)$")


@dataclass(frozen=True)
class LayerLoss:
    """Signal-to-noise ratios in dB. own: of this layer alone; in_chain: of all before it too; worst_channel by own."""

    layer: str
    own_db: float
    in_chain_db: float
    worst_channel: int
    worst_channel_db: float


def layer_losses(network: keras.Model, content: bytes, signature: str,
                 pictures: Iterable[np.ndarray]) -> list[LayerLoss]:
    """One entry a convolution, in the file's order. pictures: (h, w, 3) uint8 of the signature's size.

    content: as to_int8_tflite returns it, whose tensors name their layers.
    """
    probe = _Int8Probe(content, signature)
    network = _twin(network)
    floats = {name: _after_activation(network, name) for name in probe.convolutions}
    chain = keras.Model(network.inputs, {name: last for name, (_, last) in floats.items()})
    alone = {name: keras.Model(first.input, last) for name, (first, last) in floats.items()}
    alone_power, own, chain_power, chained = ({name: np.zeros(()) for name in floats} for _ in range(4))
    for picture in pictures:
        expected = chain(picture[None].astype(np.float32) / 255, training=False)
        for name, (taken, given) in probe.run(picture).items():
            wanted = np.asarray(expected[name])
            by_itself = np.asarray(alone[name](taken, training=False))
            alone_power[name] = alone_power[name] + (by_itself**2).sum((0, 1, 2))
            own[name] = own[name] + ((by_itself - given) ** 2).sum((0, 1, 2))
            chain_power[name] = chain_power[name] + (wanted**2).sum((0, 1, 2))
            chained[name] = chained[name] + ((wanted - given) ** 2).sum((0, 1, 2))
    return [_loss(name, alone_power[name], own[name], _db(chain_power[name].sum(), chained[name].sum()))
            for name in floats]


def _twin(network: keras.Model) -> keras.Model:
    """The same network again: models over some of its layers leave traces in their graph, which it is read from."""
    twin = keras.models.clone_model(network)
    twin.set_weights(network.get_weights())
    return twin


def weakest(losses: list[LayerLoss]) -> LayerLoss:
    """The layer whose own int8 answer is furthest from its float answer."""
    return min(losses, key=lambda loss: loss.own_db)


def _loss(name: str, signal: np.ndarray, own: np.ndarray, in_chain_db: float) -> LayerLoss:
    channels = _db(signal, own)
    worst = int(np.argmin(np.where(signal > 1e-3 * signal.max(), channels, np.inf)))
    return LayerLoss(name, _rounded(_db(signal.sum(), own.sum())), _rounded(in_chain_db), worst,
                     _rounded(channels[worst]))


def _db(signal, noise):
    return 10 * np.log10((signal + 1e-12) / (noise + 1e-12))


def _rounded(db) -> float:
    return round(float(db), 1)


def _after_activation(network: keras.Model, name: str) -> tuple[keras.layers.Layer, object]:
    """The convolution, and its answer after the normalisation and activation that int8 fuses into it."""
    first = network.get_layer(name)
    if getattr(first.activation, "__name__", "") == "sigmoid":  # in int8 an operator of its own, behind this one
        linear = type(first).from_config({**first.get_config(), "activation": "linear", "name": f"{name}_linear"})
        answer = linear(first.input)
        linear.set_weights(first.get_weights())
        return first, answer
    last = first
    while len(after := last.outbound_nodes) == 1 and isinstance(
            after[0].outbound_layer, (layers.BatchNormalization, layers.ReLU)):
        last = after[0].outbound_layer
    return first, last.output


class _Int8Probe:
    """An int8 model that shows the input and the output of every convolution."""

    def __init__(self, content: bytes, signature: str) -> None:
        litert = open_runtime("ai-edge-litert").module
        # no delegate: a fused graph would not keep what lies between its operators
        plain = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.interpreter = litert.Interpreter(model_content=one_signature(content, signature),
                                              experimental_preserve_all_tensors=True,
                                              experimental_op_resolver_type=plain)
        self.runner = self.interpreter.get_signature_runner(signature)
        self.tensors = {t["index"]: t for t in self.interpreter.get_tensor_details()}
        self.convolutions: dict[str, tuple[int, int]] = {}
        for operator in self.interpreter._get_ops_details():
            if operator["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
                named = NAME.search(self.tensors[operator["outputs"][0]]["name"])
                if named:
                    self.convolutions[named[1]] = (operator["inputs"][0], operator["outputs"][0])

    def run(self, picture: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Layer → what it took and what it gave, as floats."""
        self.runner(picture=(picture ^ 0x80).view(np.int8)[None])
        return {name: (self._real(taken), self._real(given)) for name, (taken, given) in self.convolutions.items()}

    def _real(self, index: int) -> np.ndarray:
        scale, zero_point = self.tensors[index]["quantization"]
        return (self.interpreter.get_tensor(index).astype(np.float32) - zero_point) * scale
