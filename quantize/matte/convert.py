"""The matting network and its two projections → one full-int8 TFLite file with three signatures on square tiles."""
from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from quantize.matte.network import TILE_PX
from quantize.matte.projection import PATCH, Projection
from quantize.matte.samples import Sample
from quantize.network import keras, tf
from quantize.tflite.compact import compacted


class Parts(NamedTuple):
    """What becomes a file: the network as matte_network makes it, and the projections of patches of colours and of the
    network's looks."""

    network: keras.Model
    pca: Projection
    learned: Projection

    def calls(self) -> dict[str, Callable]:
        """Signature → (picture (1, s, s, c) float32 in 0..1) → its answer, float32."""
        patches = self.pca.basis.reshape(PATCH, PATCH, len(COLOURS), -1)
        trunk = keras.Model(self.network.inputs[0], self.network.get_layer("patch_wide_relu").output)
        own, surroundings, offset = self._folded()
        correction = keras.Model(self.network.inputs[1], self.network.output["correction"])

        def features_learned(picture):
            wide = tf.nn.conv2d(trunk(picture, training=False), surroundings, 1, "SAME")
            return tf.nn.bias_add(wide, offset) + tf.nn.conv2d(picture, own, 2, "SAME")

        def features_pca(picture):
            return tf.nn.bias_add(tf.nn.conv2d(picture, patches, 2, "SAME"), self.pca.offset)

        return {"features_pca": features_pca, "features_learned": features_learned,
                "refine": lambda picture: correction(picture, training=False)[..., 0]}

    def _folded(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The projection as kernels over a pixel's own colours, (2, 2, 3, d), and over the trunk, (1, 1, c, d),
        where the network's own last layer goes into it; and what is added, (d,)."""
        kernel, bias = self.network.get_layer("patch_learned").get_weights()
        of_colours, of_learned = np.split(self.learned.basis, [len(COLOURS)])
        own = np.zeros((2, 2, *of_colours.shape), np.float32)
        own[1, 1] = of_colours  # features lie on the pixels (2i + 1, 2j + 1)
        return own, kernel @ of_learned, self.learned.offset + bias @ of_learned


COLOURS = "rgb"

ANSWERS = {"features_pca": "features", "features_learned": "features", "refine": "correction"}
"""Signature → the name of its answer."""


def mixed(sample: Sample) -> np.ndarray:
    """What `refine` takes of a sample: (s, s, 4) uint8."""
    return np.dstack([sample.pixels, (sample.solved * 255 + 0.5).astype(np.uint8)])


def to_int8(parts: Parts, representative: Sequence[Sample]) -> bytes:
    """Full int8, weights per channel; representative: samples of TILE_PX a side that set the activations' ranges.

    Pictures in with scale 1/255 and zero point −128; corrections out with scale 1/128 and 0, features as they come.
    """
    def calibration() -> Iterator[tuple[str, dict[str, np.ndarray]]]:
        for sample in representative:
            for signature in ANSWERS:
                taken = mixed(sample) if signature == "refine" else sample.pixels
                yield signature, {"picture": taken[None].astype(np.float32) / 255}

    with tempfile.TemporaryDirectory() as folder:
        converter = _converter(parts, folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibration
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        return compacted(converter.convert())


def _converter(parts: Parts, folder: str) -> tf.lite.TFLiteConverter:
    module = tf.Module()
    module.network = parts.network

    def concrete(signature: str, call: Callable):
        channels = 4 if signature == "refine" else 3

        @tf.function(input_signature=[tf.TensorSpec((1, TILE_PX, TILE_PX, channels), tf.float32, name="picture")])
        def answer(picture):
            return {ANSWERS[signature]: call(picture)}

        return answer.get_concrete_function()

    signatures = {name: concrete(name, call) for name, call in parts.calls().items()}
    tf.saved_model.save(module, folder, signatures=signatures)
    return tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
