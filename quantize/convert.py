"""Float network → one full-int8 TFLite file with a signature for each orientation; both share the weights."""
from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from quantize.network import keras, tf

ORIENTATIONS = ("portrait", "landscape")


def signature_name(orientation: str) -> str:
    """The name under which a model file offers the person mask in this orientation."""
    return f"person_{orientation}"


def to_int8_tflite(network: keras.Model, portrait: tuple[int, int],
                   representative: Mapping[str, Sequence[np.ndarray]]) -> bytes:
    """Post-training quantisation, full int8: weights per channel, activations per tensor.

    portrait: (height, width). representative: orientation → letterboxed (h, w, 3) uint8 pictures that set the ranges.
    Input int8 (1, h, w, 3) with scale 1/255, zero point −128; output int8 probabilities (1, h, w), scale 1/256, −128.
    """
    def calibration() -> Iterator[tuple[str, dict[str, np.ndarray]]]:
        for orientation in ORIENTATIONS:
            for picture in representative[orientation]:
                yield signature_name(orientation), {"picture": picture[None].astype(np.float32) / 255.0}

    with tempfile.TemporaryDirectory() as folder:
        converter = _converter(network, portrait, folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibration
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        return converter.convert()


def _converter(network: keras.Model, portrait: tuple[int, int], folder: str) -> tf.lite.TFLiteConverter:
    """Batch 1 and static shapes, so that no shape arithmetic stays in the graph."""
    module = tf.Module()
    module.network = network

    def concrete(shape: tuple[int, int]):
        @tf.function(input_signature=[tf.TensorSpec((1, *shape, 3), tf.float32, name="picture")])
        def person(picture):
            logits = network(picture, training=False)
            return {"person": tf.sigmoid(tf.reshape(logits, (1, *shape)))}

        return person.get_concrete_function()

    signatures = {signature_name("portrait"): concrete(portrait), signature_name("landscape"): concrete(portrait[::-1])}
    tf.saved_model.save(module, folder, signatures=signatures)
    return tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
