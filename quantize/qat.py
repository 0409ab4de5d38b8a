"""Quantisation-aware training: a finished float run goes on for a while with int8's rounding in every layer.

tensorflow-model-optimization puts the rounding in and learns the ranges; the loop, its checkpoints and its moving
average are those of quantize.train.
"""
from __future__ import annotations

import shutil
from pathlib import Path

from edge.errors import DataError
from quantize.dataset import PreparedSet
from quantize.network import DepthToSpace, keras, segmentation_network
from quantize.train import AVERAGED, Recipe, Training

AWARE = "aware.weights.h5"
"""The averaged weights of a quantisation-aware run, beside the float ones that it began from."""

HEADS = ("person", "parts")


class AwareTraining(Training):
    """A run of quantisation-aware training, in a folder of its own; see Training."""

    weights_file = AWARE

    def __init__(self, recipe: Recipe, pictures: PreparedSet, out: Path, start: Path) -> None:
        """start: the folder of a finished float run. Raises DataError when it is not finished."""
        if not (start / AVERAGED).is_file():
            raise DataError(f"{start}: holds no {AVERAGED}; quantisation-aware training begins where a float one ends")
        super().__init__(recipe, pictures, out, start / AVERAGED)
        if not (out / AVERAGED).is_file():
            shutil.copyfile(start / AVERAGED, out / AVERAGED)

    def _network_from(self, start: Path | None, **shape_of_network) -> keras.Model:
        network = segmentation_network(**shape_of_network)
        network.load_weights(start)
        return aware(network)


def aware(network: keras.Model) -> keras.Model:
    """The same network with int8's rounding in its layers; its weights are copies."""
    import tensorflow_model_optimization as tfmot  # type: ignore[import-untyped, unused-ignore]
    from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (  # type: ignore[import-untyped, unused-ignore]
        default_8bit_quantize_configs as configs,
    )

    quantisation = tfmot.quantization.keras
    special = {DepthToSpace: configs.NoOpQuantizeConfig,  # moves values about and changes none
               keras.layers.Multiply: configs.Default8BitOutputQuantizeConfig}

    def annotated(layer):
        config = special.get(type(layer))
        return quantisation.quantize_annotate_layer(layer, config() if config else None)

    in_order = keras.Model(network.inputs, [network.output[head] for head in HEADS])  # tfmot knows lists only
    with quantisation.quantize_scope({"DepthToSpace": DepthToSpace}):
        marked = keras.models.clone_model(in_order, clone_function=annotated)
        marked.set_weights(in_order.get_weights())
        rounding = quantisation.quantize_apply(marked)
    return keras.Model(rounding.inputs, dict(zip(HEADS, rounding.outputs, strict=True)), name="masque_seg")


def as_float(rounding: keras.Model, network: keras.Model) -> None:
    """Copies what quantisation-aware training has learned into the float network of the same shape."""
    learned = {weight.name: weight.numpy() for weight in rounding.weights}
    for layer in network.layers:
        layer.set_weights([learned[weight.name] for weight in layer.weights])
