"""Prefix timing: cuts that compute what the whole computes, times that sum to a call, and the machine's ceiling."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge.card import MODELS, model_path, read_card
from edge.errors import ModelError, ReportError
from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime

pytest.importorskip("ai_edge_litert", reason="cutting models needs the schema of ai-edge-litert")

from quantize.tflite.file import read_graphs
from quantize.tflite.one_signature import one_signature
from quantize.tflite.prefix import needed_after, prefixes
from tools.profile.ceiling import CHANNELS, SIDE, convolution_model
from tools.profile.network import measured_network
from tools.profile.operators import increasing, operator_tables

SIGNATURE = "person_portrait"


@pytest.fixture(scope="module")
def model() -> bytes:
    return model_path("seg", "small").read_bytes()


def answered(content: bytes, picture: np.ndarray) -> dict[int, np.ndarray]:
    """Every output of a file, by its order."""
    with quiet_libraries():
        interpreter = open_runtime().module.Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
        interpreter.invoke()
    return {i: interpreter.get_tensor(output["index"]).copy() for i, output in
            enumerate(interpreter.get_output_details())}


def test_there_is_a_piece_for_every_operator_and_the_last_is_the_whole(model: bytes) -> None:
    graph = read_graphs(model)[SIGNATURE]
    pieces = list(prefixes(model, SIGNATURE))
    assert len(pieces) == len(graph.operators)
    for count, piece in enumerate(pieces, 1):
        (cut,) = read_graphs(piece).values()
        assert len(cut.outputs) == len(needed_after(graph, count))
        assert [operator.name for operator in cut.operators] == [o.name for o in graph.operators[:count]]
    picture = np.random.default_rng(0).integers(-128, 128, (1, 80, 48, 3)).astype(np.int8)
    whole, last = (answered(content, picture) for content in (one_signature(model, SIGNATURE), pieces[-1]))
    np.testing.assert_array_equal(whole[0], last[0])


def test_a_piece_gives_out_whatever_later_operators_read(model: bytes) -> None:
    """Else a runtime could leave out a branch that only a later operator joins."""
    graph = read_graphs(one_signature(model, SIGNATURE))[SIGNATURE]
    wide = 0
    for count in range(1, len(graph.operators)):
        needed = set(needed_after(graph, count))
        read = {t.index for o in graph.operators[count:] for t in o.inputs if t is not None and not t.constant}
        made = {t.index for o in graph.operators[:count] for t in o.outputs}
        assert needed == read & made
        wide += len(needed) > 1
    assert wide > 5, "the network has skips and residuals"


def test_an_unknown_signature_is_refused(model: bytes) -> None:
    with pytest.raises(ModelError, match=r"small\.tflite: has no signature 'nobody'"):
        next(prefixes(model, "nobody", "small.tflite"))


def test_the_table_tells_every_operator_of_every_model_and_sums_to_the_call() -> None:
    tables = operator_tables(MODELS, "small", rounds=3)
    assert [(t["file"], t["signature"]) for t in tables] == [
        ("seg-small.tflite", "person_portrait"), ("seg-small.tflite", "person_wide"),
        ("matte-small.tflite", "features_learned"), ("matte-small.tflite", "refine")]
    for table in tables:
        card = read_card(MODELS / table["file"]).signatures[table["signature"]]
        assert (table["macs"], len(table["operators"]), table["arena_bytes"]) == (
            card.macs, card.operators, card.arena_bytes)
        assert sum(row["macs"] for row in table["operators"]) == card.macs
        assert sum(row["ms"] for row in table["operators"]) == pytest.approx(table["call_ms"], abs=1e-3) and all(
            row["ms"] >= 0 for row in table["operators"])
    stem = tables[0]["operators"][0]
    assert stem["operator"] == "CONV_2D" and stem["bytes"] > 80 * 48 * 3 + np.prod(stem["shape"])


@pytest.mark.parametrize(("given", "wanted"), [
    ([1, 2, 3], [1, 2, 3]), ([1, 3, 2], [1, 2.5, 2.5]), ([3, 2, 1], [2, 2, 2]), ([1, 4, 2, 3, 5], [1, 3, 3, 3, 5]),
    ([], []),
])
def test_times_that_fall_are_pooled(given: list[float], wanted: list[float]) -> None:
    assert increasing(given) == wanted


def test_the_ceilings_convolution_computes_what_it_says() -> None:
    (graph,) = read_graphs(convolution_model()).values()
    assert graph.macs == SIDE * SIDE * CHANNELS * CHANNELS
    rng = np.random.default_rng(1)
    picture = rng.integers(-128, 128, (1, SIDE, SIDE, CHANNELS)).astype(np.int8)
    weights = np.random.default_rng(0).integers(-127, 128, CHANNELS * CHANNELS).reshape(CHANNELS, CHANNELS)
    exact = picture[0, 3, 5].astype(float) @ weights.T / 128**2 / 0.1
    made = answered(convolution_model(), picture)[0][0, 3, 5]
    np.testing.assert_allclose(made, exact.clip(-128, 127), atol=0.51)


def test_the_networks_process_answers_in_one_line_of_json() -> None:
    done = subprocess.run([sys.executable, "-m", "tools.profile.network", "small", ""], capture_output=True, text=True,
                          check=True, cwd=Path(__file__).parents[2])
    figures = json.loads(done.stdout)
    ceiling = figures["ceiling"]
    assert ceiling["int8_gmacs"] > 1 and ceiling["float_gmacs"] > 1 and ceiling["why"] == ""
    assert ceiling["cache_gbs"] > 0.5 and ceiling["memory_gbs"] > 0.5
    model = figures["models"][0]
    assert model["macs"] / model["call_ms"] / 1e6 < ceiling["int8_gmacs"], "a network is no faster than its best kernel"


def test_a_board_without_the_schema_still_has_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a board is pinned to tflite-runtime: the file format's reader comes with LiteRT."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['ai_edge_litert.schema_py_generated'] = None\n", encoding="ascii")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[2]}")
    figures = measured_network("small", None)
    assert figures["models"] == [] and "operators were not timed: reading TFLite files needs" in figures["why"]
    assert figures["ceiling"]["int8_gmacs"] is None and figures["ceiling"]["float_gmacs"] > 1


def test_a_damaged_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "seg-small.tflite").write_bytes(b"nothing")
    with pytest.raises(ReportError, match=r"timing the operators failed: .*seg-small.*--no-operators leaves them out"):
        measured_network("small", tmp_path)
