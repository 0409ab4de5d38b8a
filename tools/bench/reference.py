"""`python -m tools.bench.reference`: the source's network in int8, its deconvolution written in two ways, beside ours.

Untrained weights: time does not depend on them. One thread, calls interleaved, medians and ratios.
"""
from __future__ import annotations

import click
import numpy as np

from edge.boards import load_tiers
from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime
from tools.bench.interleaved import median_ms


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--tier", type=click.Choice(["small", "medium", "large"]), default="large", show_default=True)
@click.option("--rounds", type=click.IntRange(10), default=200, show_default=True)
def reference(tier: str, rounds: int) -> None:
    """Median time of one int8 call of each network, and its ratio to ours."""
    from quantize.network import segmentation_network, shape_of, tf
    from quantize.reference import reference_network

    size = load_tiers()[tier]
    shape = (1, size.height.value, size.width.value, 3)
    ours = segmentation_network(**shape_of(size))
    networks = {"ours, person": (ours, lambda answer: tf.sigmoid(answer["person"])),
                "ours, all": (ours, lambda answer: (tf.sigmoid(answer["person"]), tf.nn.softmax(answer["parts"]))),
                "source, TRANSPOSE_CONV": (reference_network(transposed=True), tf.nn.softmax),
                "source, DEPTH_TO_SPACE": (reference_network(transposed=False), tf.nn.softmax)}
    calls = {name: _int8_call(network, finish, shape) for name, (network, finish) in networks.items()}
    medians = median_ms(calls, rounds)
    for name, ms in medians.items():
        click.echo(f"{name:24} {ms:7.3f} ms  {networks[name][0].count_params():8,} parameters  "
                   f"{ms / medians['ours, person']:5.1f} of ours")


def _int8_call(network, finish, shape: tuple[int, ...]):
    from quantize.network import tf

    rng = np.random.default_rng(0)
    concrete = tf.function(lambda picture: finish(network(picture, training=False)),
                           input_signature=[tf.TensorSpec(shape, tf.float32)]).get_concrete_function()
    with quiet_libraries():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], network)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([rng.random(shape, np.float32)] for _ in range(4))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        interpreter = open_runtime("ai-edge-litert").module.Interpreter(model_content=converter.convert(),
                                                                        num_threads=1)
        interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], rng.integers(-128, 128, shape).astype(np.int8))
    interpreter.invoke()
    return interpreter.invoke


if __name__ == "__main__":
    reference()
