"""Quantisation-aware training: a finished float run goes on for a while with int8's rounding in every layer.

tensorflow-model-optimization puts the rounding in and learns the ranges; the loop, its checkpoints and its moving
average are those of quantize.train.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from edge.errors import DataError
from quantize.dataset import PreparedSet
from quantize.matte.network import EverySecond
from quantize.network import DepthToSpace, keras, segmentation_network
from quantize.train import AVERAGED, STATISTICS_BATCHES, Recipe, Training
from quantize.warm_start import with_weights
from quantize.whole_file import write_whole

AWARE = "aware.weights.h5"
"""The averaged weights of a quantisation-aware run, beside the float ones that it began from."""

MOVING = {layer.__name__: layer for layer in (DepthToSpace, EverySecond)}
"""Layers that move values about and change none: they are not rounded."""

RANGE_DECAY = 0.999
"""How tensorflow-model-optimization averages the ranges of activations, per step; it offers no other."""


class AwareTraining(Training):
    """A run of quantisation-aware training, in a folder of its own; see Training."""

    weights_file = AWARE

    def __init__(self, recipe: Recipe, pictures: PreparedSet, out: Path, start: Path) -> None:
        """start: the folder of a finished float run. Raises DataError when it is not finished."""
        if not (start / AVERAGED).is_file():
            raise DataError(f"{start}: holds no {AVERAGED}; quantisation-aware training begins where a float one ends")
        super().__init__(recipe, pictures, out, start / AVERAGED)
        self.reference = start / AVERAGED

    def run(self, checkpoint_every: int = 500, tell: Callable[[dict], None] = lambda line: None) -> Path:
        """See Training. The float weights come along at the end: export compares int8 with them, and takes their
        absence as a sign that the run is not finished."""
        path = super().run(checkpoint_every, tell)
        write_whole(self.out / AVERAGED, self.reference.read_bytes())
        return path

    def _network_from(self, start: Path | None, **shape_of_network) -> keras.Model:
        assert start is not None
        rounding = aware(with_weights(self._plain(**shape_of_network), start))
        begin_with_ranges_of(rounding, [self._taken(self.batch(i)) for i in range(STATISTICS_BATCHES)])
        return rounding

    def _plain(self, **shape_of_network) -> keras.Model:
        """The float network of this shape."""
        return segmentation_network(**shape_of_network)

    def _taken(self, batch: tuple[np.ndarray, ...]) -> np.ndarray | list[np.ndarray]:
        """What the network takes of a batch, float32 in 0..1."""
        return batch[0] / np.float32(255)


def aware(network: keras.Model) -> keras.Model:
    """The same network with int8's rounding in its layers; its weights are copies."""
    import tensorflow_model_optimization as tfmot  # type: ignore[import-untyped, unused-ignore]
    from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (  # type: ignore[import-untyped, unused-ignore]
        default_8bit_quantize_configs as configs,
    )

    quantisation = tfmot.quantization.keras
    special = {**dict.fromkeys(MOVING.values(), configs.NoOpQuantizeConfig),
               keras.layers.Multiply: configs.Default8BitOutputQuantizeConfig}

    def annotated(layer):
        config = special.get(type(layer))
        return quantisation.quantize_annotate_layer(layer, config() if config else None)

    heads = list(network.output)
    in_order = keras.Model(network.inputs, [network.output[head] for head in heads])  # tfmot knows lists only
    with quantisation.quantize_scope(MOVING):
        marked = keras.models.clone_model(in_order, clone_function=annotated)
        marked.set_weights(in_order.get_weights())
        rounding = quantisation.quantize_apply(marked)
    return keras.Model(rounding.inputs, dict(zip(heads, rounding.outputs, strict=True)), name=network.name)


def begin_with_ranges_of(rounding: keras.Model, pictures: Sequence[np.ndarray | list[np.ndarray]]) -> None:
    """Gives every activation the mean range that it has on these batches, float32 in 0..1.

    tensorflow-model-optimization begins at ±6, whatever the layer, and moves a thousandth of the way a step: after 600
    steps the half of int8's values would still be wasted. Twice: at first, what is behind a layer sees it cut at ±6.
    """
    scalars = [w for w in rounding.weights if not w.shape.rank and w.name.endswith(("_min:0", "_max:0"))]
    of_input = [w for w in scalars if w.name.startswith("quantize_layer")]
    ranges = [w for w in scalars if w not in of_input]
    kept = rounding.get_weights()
    for _ in range(2):
        reached = []
        for batch in pictures:
            before = np.array([w.numpy() for w in ranges])
            rounding(batch, training=True)
            reached.append(before + (np.array([w.numpy() for w in ranges]) - before) / (1 - RANGE_DECAY))
        rounding.set_weights(kept)  # in training, normalisations moved too
        for weight, mean in zip(ranges, np.mean(reached, axis=0), strict=True):
            weight.assign(mean)
        for weight in of_input:
            weight.assign(float(weight.name.endswith("_max:0")))
        kept = rounding.get_weights()


def as_float(rounding: keras.Model, network: keras.Model) -> None:
    """Copies what quantisation-aware training has learned into the float network of the same shape."""
    learned = {weight.name: weight.numpy() for weight in rounding.weights}
    for layer in network.layers:
        layer.set_weights([learned[weight.name] for weight in layer.weights])
