"""Reading TFLite files: every figure against one worked out by hand, and no damage that is not called by its name."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed: pip install '.[desk]'")

from hand_made import SIGNATURES, hand_made, hand_made_bytes

from edge.card import MODELS, card_path, model_path
from edge.errors import ModelError
from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime
from quantize.tflite.description import described
from quantize.tflite.file import read_graphs
from quantize.tflite.graph import Operator, Tensor, distinct_constants
from quantize.tflite.schema import packed

CONTENT = hand_made_bytes()


def tensor(*shape: int, dtype: str = "int8", constant: bool = False, **more) -> Tensor:
    return Tensor(0, "t", shape, dtype, 0, constant=constant, **more)


def damaged(change) -> bytes:
    """The hand-made file after `change(model)`."""
    model = hand_made()
    change(model)
    return packed(model)


def complaint(content: bytes) -> str:
    with pytest.raises(ModelError) as caught:
        read_graphs(content, "odd.tflite")
    assert str(caught.value).startswith("odd.tflite: ") and "\n" not in str(caught.value)
    return str(caught.value)


def test_the_figures_of_a_convolution_are_those_worked_out_by_hand() -> None:
    graphs = read_graphs(CONTENT)
    assert tuple(graphs) == SIGNATURES
    convolution, relu = graphs["lying"].operators
    assert (convolution.name, convolution.version, relu.name, relu.version) == ("CONV_2D", 3, "RELU6", 2)
    assert convolution.macs == 4 * 3 * 5 * (3 * 3 * 4) == graphs["lying"].macs  # each output sums a 3×3×4 window
    assert convolution.parameters == 5 * 3 * 3 * 4 + 5
    assert convolution.weight_bytes == 5 * 3 * 3 * 4 + 5 * 4  # biases are int32
    assert convolution.activation_bytes == relu.activation_bytes == 4 * 3 * 5
    assert (convolution.quantisation, relu.quantisation) == ("per channel", "per tensor")
    assert (convolution.options["strideH"], convolution.options["dilationWFactor"]) == (2, 1)
    assert [t.shape for t in convolution.inputs if t] == [(1, 8, 6, 4), (5, 3, 3, 4), (5,)]
    assert (convolution.outputs[0].shape, convolution.outputs[0].dtype) == ((1, 4, 3, 5), "int8")
    assert graphs["lying"].counts == {"CONV_2D": 1, "RELU6": 1}
    assert [t.name for t in graphs["lying"].activations] == ["picture", "features", "answer"]


@pytest.mark.parametrize(("name", "inputs", "output", "macs"), [
    ("CONV_2D", [(1, 9, 9, 8), (16, 3, 3, 8)], (1, 9, 9, 16), 81 * 16 * 72),
    ("CONV_2D", [(1, 9, 9, 8), (16, 3, 3, 2)], (1, 9, 9, 16), 81 * 16 * 18),  # four groups
    ("DEPTHWISE_CONV_2D", [(1, 9, 9, 8), (1, 5, 5, 8)], (1, 9, 9, 8), 81 * 8 * 25),
    ("TRANSPOSE_CONV", [(4,), (6, 2, 2, 8), (1, 3, 3, 8)], (1, 6, 6, 6), 9 * 8 * 4 * 6),
    ("FULLY_CONNECTED", [(3, 20), (7, 20)], (3, 7), 3 * 7 * 20),
    ("ADD", [(1, 9, 9, 8), (1, 9, 9, 8)], (1, 9, 9, 8), 0),
    ("CONV_2D", [(1, 9, 9, 8)], (1, 9, 9, 16), 0),
])
def test_macs_follow_the_formula(name: str, inputs: list, output: tuple[int, ...], macs: int) -> None:
    assert Operator(0, name, 1, tuple(tensor(*shape) for shape in inputs), (tensor(*output),)).macs == macs


def test_weights_that_signatures_share_count_once() -> None:
    graphs = read_graphs(CONTENT)
    assert sum(t.size_bytes for t in distinct_constants(graphs.values())) == graphs["upright"].weight_bytes == 200


def test_axes_and_paddings_are_no_parameters_and_float_weights_are() -> None:
    assert not tensor(2, dtype="int32", constant=True).is_parameter
    assert tensor(2, dtype="int32", constant=True, scales=2).is_parameter
    assert tensor(2, dtype="float32", constant=True).is_parameter
    assert not tensor(2, dtype="float32").is_parameter


def test_a_file_without_signatures_gives_its_subgraph() -> None:
    graphs = read_graphs(hand_made_bytes(()))
    assert list(graphs) == ["main"]
    assert (list(graphs["main"].inputs), list(graphs["main"].outputs)) == (["picture"], ["answer"])


@pytest.mark.parametrize("tier", ["small", "medium", "large"])
def test_the_figures_of_the_models_that_ship_fit_their_cards_and_litert(models_folder: Path, tier: str) -> None:
    path = model_path("seg", tier, models_folder)
    parameters = json.loads(card_path(path).read_text())["parameters"]
    with quiet_libraries():
        interpreter = open_runtime("ai-edge-litert").module.Interpreter(model_path=str(path))
    found = described(path.read_bytes(), path.name)
    assert set(found) == set(interpreter.get_signature_list())
    for name, description in found.items():
        runner = interpreter.get_signature_runner(name)
        for read, asked in ((description.graph.inputs, runner.get_input_details()),
                            (description.graph.outputs, runner.get_output_details())):
            assert {key: t.shape for key, t in read.items()} == {key: tuple(d["shape"]) for key, d in asked.items()}
            assert all(t.dtype == np.dtype(asked[key]["dtype"]).name for key, t in read.items())
        assert description.graph.parameters <= parameters
        assert description.graph.weight_bytes < path.stat().st_size
        assert all(o.outputs[0].dtype == "int8" for o in description.graph.operators)
        assert json.loads(json.dumps(description.figures()))["macs"] == description.macs > 5e6
    assert max(d.graph.parameters for d in found.values()) > 0.9 * parameters  # normalisation is folded in
    macs = {name: d.macs for name, d in found.items()}
    assert macs["person_portrait"] == macs["person_landscape"] < macs["all_portrait"] == macs["all_landscape"]
    assert 3.99 < macs["person_wide"] / macs["person_landscape"] < 4.01


def test_the_large_model_has_the_macs_that_were_recorded() -> None:
    macs = {name: d.macs for name, d in described(model_path("seg", "large", MODELS).read_bytes()).items()}
    assert macs.pop("person_wide") == 175_010_560
    assert 35e6 < min(macs.values()) <= max(macs.values()) < 80e6


@given(length=st.integers(0, len(CONTENT) - 1))
def test_a_file_cut_short_is_a_model_error_or_has_lost_nothing_that_is_read(length: int) -> None:
    try:
        assert read_graphs(CONTENT[:length])
    except ModelError as error:
        assert "\n" not in str(error)


@given(place=st.integers(0, len(CONTENT) - 1), value=st.integers(0, 255))
def test_a_byte_that_flipped_raises_nothing_but_a_model_error(place: int, value: int) -> None:
    spoilt = bytearray(CONTENT)
    spoilt[place] = value
    try:
        described(bytes(spoilt))
    except ModelError as error:
        assert "\n" not in str(error)


@given(words=st.lists(st.tuples(st.integers(2, len(CONTENT) // 4 - 1), st.sampled_from(
    [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF, 1000])), min_size=1, max_size=8))
def test_wild_offsets_and_counts_raise_nothing_but_a_model_error(words: list[tuple[int, int]]) -> None:
    spoilt = np.frombuffer(CONTENT[: len(CONTENT) // 4 * 4], "<u4").copy()
    for place, value in words:
        spoilt[place] = value
    try:
        described(spoilt.tobytes())
    except ModelError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("share", [0.001, 0.2, 0.5, 0.9])
def test_a_model_that_was_cut_says_how_long_it_is(models_folder: Path, share: float) -> None:
    content = model_path("seg", "small", models_folder).read_bytes()
    content = content[: int(len(content) * share)]
    assert f"{len(content):,} bytes" in complaint(content)


def test_other_files_are_named_by_how_they_start() -> None:
    assert complaint(b"\x89PNG\r\n\x1a\n....").endswith("not a TFLite file (it starts with 89 50 4e 47 0d 0a 1a 0a)")
    assert complaint(b"").endswith("(it starts with nothing)")


def test_each_kind_of_contradiction_is_called_by_its_name() -> None:
    def tensor_of(model):
        return model.subgraphs[0].tensors[0]

    def negative(model):
        tensor_of(model).shape = np.int32([1, -8, 6, 4])

    def many(model):
        tensor_of(model).shape = np.ones(40, np.int32)

    def unknown(model):
        tensor_of(model).type = 99

    def nowhere(model):
        tensor_of(model).buffer = 77

    def short(model):
        model.buffers[1].data = model.buffers[1].data[:100]

    def beyond(model):
        model.subgraphs[0].operators[0].inputs = np.int32([0, 1, 12])

    def uncoded(model):
        model.subgraphs[0].operators[1].opcodeIndex = 5

    def astray(model):
        model.signatureDefs[1].subgraphIndex = 2

    def twice(model):
        model.signatureDefs[1].signatureKey = b"upright"

    def empty(model):
        model.subgraphs = []

    for change, words in ((negative, "tensor 0 has the shape (1, -8, 6, 4)"), (many, "and more dimensions"),
                          (unknown, "is of type 99"), (nowhere, "buffer 77 is named, but there are 4"),
                          (short, "needs 180 bytes, its buffer 1 has 100"), (beyond, "tensor 12 is named"),
                          (uncoded, "operator 1: code 5 is named, but there are 2"),
                          (astray, "subgraph 2 is named, but there are 2"), (twice, "'upright' stands in it twice"),
                          (empty, "holds no subgraph")):
        assert words in complaint(damaged(change)), change.__name__


def test_names_from_a_file_cannot_write_to_the_terminal() -> None:
    def rename(model):
        model.signatureDefs[0].signatureKey = b"\x1b[2Jgone\n\xff"

    assert next(iter(read_graphs(damaged(rename)))) == "?[2Jgone?\ufffd"


def test_importing_the_reader_is_cheap() -> None:
    script = ("import sys, quantize.tflite.description, quantize.tflite.one_signature; "
              "import quantize.tflite.edge_tpu_compiler; "
              "print(*({'tensorflow', 'ai_edge_litert', 'flatbuffers', 'cv2'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
