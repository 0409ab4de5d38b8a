"""Float network → one full-int8 TFLite file with five signatures over the same weights.

`person_portrait` and `person_landscape` answer (1, h, w); `all_portrait` and `all_landscape` answer that and the parts,
(1, h, w, 6). Whoever asks for the person alone does not pay for the parts. `person_wide` is `person_landscape` with
sides twice as long, for who fills the width of a picture: a network without dense layers does not mind.
"""
from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from edge.card import WIDE, WIDER
from edge.frame import CLASSES
from quantize.network import keras, tf
from quantize.tflite.compact import compacted
from quantize.tflite.same_ranges import with_ranges_of

ORIENTATIONS = ("portrait", "landscape")

OUTPUTS = {"person": ("person",), "all": ("person", "parts")}
"""What is asked for → what is answered."""


def signature_name(asked: str, orientation: str) -> str:
    """The name under which a model file answers `person` or `all` in this orientation."""
    return f"{asked}_{orientation}"


def signatures_of(portrait: tuple[int, int]) -> dict[str, tuple[str, tuple[int, int]]]:
    """Signature → what it is asked for, and the (height, width) of its input; portrait: of the upright one."""
    height, width = portrait
    shapes = dict(zip(ORIENTATIONS, (portrait, (width, height)), strict=True))
    found = {signature_name(asked, orientation): (asked, shape) for asked in OUTPUTS
             for orientation, shape in shapes.items()}
    return found | {WIDE: ("person", (WIDER * width, WIDER * height))}


def to_int8_tflite(network: keras.Model, portrait: tuple[int, int],
                   representative: Mapping[str, Sequence[np.ndarray]]) -> bytes:
    """Full int8: weights per channel, activations per tensor; ranges learned by quantisation-aware training stay.

    portrait: (height, width). representative: orientation → letterboxed (h, w, 3) uint8 pictures that set the ranges
    that training has not. Input int8 (1, h, w, 3) with scale 1/255, zero point −128; outputs int8 probabilities with
    scale 1/256, zero point −128.
    """
    def calibration() -> Iterator[tuple[str, dict[str, np.ndarray]]]:
        for orientation in ORIENTATIONS:
            for picture in representative[orientation]:
                fed = {"picture": picture[None].astype(np.float32) / 255.0}
                for asked in OUTPUTS:
                    yield signature_name(asked, orientation), fed
        yield WIDE, {"picture": np.zeros((1, *signatures_of(portrait)[WIDE][1], 3), np.float32)}  # its twin's count

    with tempfile.TemporaryDirectory() as folder:
        converter = _converter(network, portrait, folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = calibration
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        return compacted(with_ranges_of(converter.convert(), WIDE, signature_name("person", "landscape")))


def _converter(network: keras.Model, portrait: tuple[int, int], folder: str) -> tf.lite.TFLiteConverter:
    """Batch 1 and static shapes, so that no shape arithmetic stays in the graph."""
    module = tf.Module()
    module.network = network

    def concrete(asked: str, shape: tuple[int, int]):
        """One signature: the outputs of `asked` for an input of (height, width) `shape`."""
        @tf.function(input_signature=[tf.TensorSpec((1, *shape, 3), tf.float32, name="picture")])
        def answer(picture):
            logits = network(picture, training=False)
            answers = {"person": tf.reshape(tf.sigmoid(logits["person"]), (1, *shape))}
            if "parts" in OUTPUTS[asked]:
                parts = tf.nn.softmax(logits["parts"])
                answers["parts"] = tf.reshape(tf.image.resize(parts, shape), (1, *shape, len(CLASSES)))
            return answers

        return answer.get_concrete_function()

    signatures = {name: concrete(asked, shape) for name, (asked, shape) in signatures_of(portrait).items()}
    tf.saved_model.save(module, folder, signatures=signatures)
    return tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
