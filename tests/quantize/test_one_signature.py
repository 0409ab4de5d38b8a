"""One signature alone: the same answers to the bit, less file, and nothing of the others."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed: pip install '.[desk]'")

from hand_made import SIGNATURES, hand_made, hand_made_bytes

from edge.card import model_path
from edge.errors import ModelError
from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime
from quantize.tflite.file import read_graphs
from quantize.tflite.one_signature import one_signature
from quantize.tflite.schema import BUFFER_ALIGNMENT, packed, schema, unpacked

CONTENT = hand_made_bytes()


def answers(content: bytes, name: str) -> dict[str, np.ndarray]:
    """What a signature says to noise."""
    with quiet_libraries():
        runner = open_runtime("ai-edge-litert").module.Interpreter(model_content=content).get_signature_runner(name)
    rng = np.random.default_rng(5)
    noise = {key: rng.integers(-128, 128, taken["shape"], np.int8) for key, taken in runner.get_input_details().items()}
    return {key: value.copy() for key, value in runner(**noise).items()}


def assert_same(content: bytes, alone: bytes, name: str) -> None:
    expected, seen = answers(content, name), answers(alone, name)
    assert expected.keys() == seen.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(seen[key], value)
    assert any(len(np.unique(value)) > 1 for value in expected.values()), "a constant answer proves nothing"


@pytest.mark.parametrize("tier", ["small", "medium", "large"])
def test_each_signature_of_the_models_that_ship_answers_alone_as_in_company(models_folder: Path, tier: str) -> None:
    content = model_path("seg", tier, models_folder).read_bytes()
    for name, graph in read_graphs(content).items():
        alone = one_signature(content, name)
        assert len(alone) < len(content)
        assert list(read_graphs(alone)) == [name]
        assert read_graphs(alone)[name].counts == graph.counts
        assert_same(content, alone, name)


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_hand_made_model_answers_alone_as_in_company(name: str) -> None:
    alone = one_signature(CONTENT, name)
    assert len(alone) < len(CONTENT)
    assert_same(CONTENT, alone, name)


def test_nothing_of_the_others_is_left() -> None:
    model = hand_made()
    unused = schema().OperatorCodeT()
    unused.builtinCode = unused.deprecatedBuiltinCode = schema().BuiltinOperator.TANH
    model.operatorCodes.insert(0, unused)
    for graph in model.subgraphs:
        for operator in graph.operators:
            operator.opcodeIndex += 1
    spare = schema().BufferT()
    spare.data = np.arange(200, dtype=np.uint8)
    model.buffers.insert(1, spare)
    for part in [*(t for graph in model.subgraphs for t in graph.tensors), *model.metadata]:
        part.buffer += part.buffer > 0
    content = packed(model)
    alone = unpacked(one_signature(content, "lying"), "alone")
    assert [code.builtinCode for code in alone.operatorCodes] == [schema().BuiltinOperator.CONV_2D,
                                                                 schema().BuiltinOperator.RELU6]
    assert len(alone.subgraphs) == len(alone.signatureDefs) == 1 and alone.signatureDefs[0].subgraphIndex == 0
    assert bytes(alone.buffers[alone.metadata[0].buffer].data) == b"1.5.0"
    assert len(alone.buffers) == 4 and alone.buffers[0].data is None
    assert_same(content, one_signature(content, "lying"), "lying")


def test_weights_lie_aligned() -> None:
    content = one_signature(CONTENT, "upright")
    start = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    places = [b.data.__array_interface__["data"][0] - start for b in unpacked(content, "x").buffers
              if b.data is not None]
    assert places and all(place % BUFFER_ALIGNMENT == 0 for place in places)


def test_taking_the_only_signature_changes_no_answer() -> None:
    alone = one_signature(CONTENT, "upright")
    assert one_signature(alone, "upright") == alone
    bare = hand_made_bytes(())
    assert list(read_graphs(one_signature(bare, "main"))) == ["main"]


def test_a_signature_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ModelError) as caught:
        one_signature(CONTENT, "sitting", "odd.tflite")
    assert str(caught.value) == "odd.tflite: has no signature 'sitting'; found upright, lying"


@pytest.mark.parametrize("name", ["WHILE", "STABLEHLO_REDUCE"])
def test_a_signature_that_runs_other_subgraphs_stays_where_it_is(name: str) -> None:
    model = hand_made()
    code = model.operatorCodes[1]
    code.builtinCode = getattr(schema().BuiltinOperator, name)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    with pytest.raises(ModelError, match=f"upright runs other subgraphs \\({name}\\)"):
        one_signature(packed(model), "upright")


@given(place=st.integers(0, len(CONTENT) - 1), value=st.integers(0, 255))
def test_a_damaged_file_raises_nothing_but_a_model_error(place: int, value: int) -> None:
    spoilt = bytearray(CONTENT)
    spoilt[place] = value
    try:
        one_signature(bytes(spoilt), "upright")
    except ModelError as error:
        assert "\n" not in str(error)
