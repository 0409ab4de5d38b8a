"""Compacting: fewer bytes, the same answers to the bit, and tensors named after layers that people know."""
from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from hand_made import SIGNATURES, hand_made, hand_made_bytes
from tiny_network import Converted

from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime
from quantize.tflite.compact import compacted
from quantize.tflite.file import read_graphs, text_of
from quantize.tflite.schema import packed, schema, unpacked

pytestmark = pytest.mark.train

ASKED = [f"{asked}_{orientation}" for asked in ("person", "all") for orientation in ("portrait", "landscape")]
ASKED.append("person_wide")


def answers(content: bytes, name: str, seed: int) -> dict[str, np.ndarray]:
    """What a signature says to noise."""
    with quiet_libraries():
        runner = open_runtime("ai-edge-litert").module.Interpreter(model_content=content).get_signature_runner(name)
    rng = np.random.default_rng(seed)
    noise = {key: rng.integers(-128, 128, taken["shape"], np.int8) for key, taken in runner.get_input_details().items()}
    return {key: value.copy() for key, value in runner(**noise).items()}


@pytest.mark.parametrize("name", ASKED)
def test_the_compacted_file_answers_as_the_converter_s_own_does(tiny: Converted, name: str) -> None:
    for seed in range(3):
        expected, seen = answers(tiny.raw, name, seed), answers(tiny.content, name, seed)
        assert expected.keys() == seen.keys()
        for key, value in expected.items():
            np.testing.assert_array_equal(seen[key], value)
            assert len(np.unique(value)) > 5, "a constant answer proves nothing"


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_hand_made_file_answers_the_same_too(name: str) -> None:
    content = hand_made_bytes()
    for key, value in answers(content, name, 1).items():
        np.testing.assert_array_equal(answers(compacted(content), name, 1)[key], value)


def test_five_signatures_cost_little_more_than_one(tiny: Converted) -> None:
    assert len(tiny.content) < 0.6 * len(tiny.raw)


def test_operators_shapes_and_quantisation_stay_as_they_were(tiny: Converted) -> None:
    before, after = read_graphs(tiny.raw), read_graphs(tiny.content)
    assert list(before) == list(after) and set(after) == set(ASKED)
    for name, graph in before.items():
        assert after[name].counts == graph.counts
        assert (after[name].macs, after[name].parameters) == (graph.macs, graph.parameters)
        for mine, theirs in zip(after[name].operators, graph.operators, strict=True):
            assert [t and (t.shape, t.dtype, t.scales) for t in (*mine.inputs, *mine.outputs)] == [
                t and (t.shape, t.dtype, t.scales) for t in (*theirs.inputs, *theirs.outputs)]


def test_every_convolution_bears_the_name_of_its_layer(tiny: Converted) -> None:
    layers = {layer.name for layer in tiny.network.layers}
    codes = {value: name for name, value in vars(schema().BuiltinOperator).items() if isinstance(value, int)}
    model, named = unpacked(tiny.content, "model"), set()
    graph = next(graph for graph in model.subgraphs if b"all_portrait" in graph.name)
    for operator in graph.operators:
        if codes[model.operatorCodes[operator.opcodeIndex].builtinCode] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            layer, kind = text_of(graph.tensors[operator.outputs[0]].name).split("/")
            assert kind in ("Conv2D", "depthwise") and layer in layers
            named.add(layer)
    assert named == {name for name in layers if hasattr(tiny.network.get_layer(name), "kernel")
                     or hasattr(tiny.network.get_layer(name), "depthwise_kernel")}


def test_compacting_twice_changes_nothing_more(tiny: Converted) -> None:
    again = compacted(tiny.content)
    assert len(again) <= len(tiny.content)
    for name in ASKED[:1]:
        np.testing.assert_array_equal(answers(again, name, 1)["person"], answers(tiny.content, name, 1)["person"])


def test_parts_that_differ_are_not_taken_for_equal() -> None:
    model = hand_made()
    other = model.buffers[1].data.copy()
    other[:] = other[::-1]
    model.buffers.append(schema().BufferT())
    model.buffers[-1].data = other
    model.subgraphs[1].tensors[1].buffer = len(model.buffers) - 1
    content = packed(model)
    first, second = (answers(compacted(content), name, 2)["answer"] for name in SIGNATURES)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, answers(content, SIGNATURES[0], 2)["answer"])
    np.testing.assert_array_equal(second, answers(content, SIGNATURES[1], 2)["answer"])
