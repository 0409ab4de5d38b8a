"""The planned arena: tensors that live together never overlap, and LiteRT itself plans no other."""
from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card import model_path
from edge.quiet import quiet_libraries
from edge.segment.runtime import open_runtime
from quantize.tflite.arena import ALIGNMENT, Block, blocks_of, lower_bound, placed, planned_arena
from quantize.tflite.graph import Graph, Operator, Tensor


@st.composite
def blocks(draw) -> list[Block]:
    """Up to 20 tensors of a network of up to 12 operators."""
    spans = st.tuples(st.integers(0, 11), st.integers(0, 11)).map(sorted)
    return [Block(str(i), size, *span) for i, (size, span) in enumerate(draw(st.lists(
        st.tuples(st.integers(0, 1000), spans), max_size=20)))]


@given(blocks())
def test_tensors_that_live_together_never_overlap(wanted: list[Block]) -> None:
    arena = placed(wanted)
    ends = [offset + block.size_bytes for offset, block in zip(arena.offsets, wanted, strict=True)]
    for i, a in enumerate(wanted):
        for j, b in enumerate(wanted[:i]):
            if a.meets(b) and a.size_bytes and b.size_bytes:
                assert ends[i] <= arena.offsets[j] or ends[j] <= arena.offsets[i]
    assert arena.size_bytes == max(ends, default=0)


@given(blocks())
def test_the_arena_lies_between_the_lower_bound_and_the_sum_of_all(wanted: list[Block]) -> None:
    arena = placed(wanted)
    assert arena.lower_bound_bytes <= arena.size_bytes
    assert arena.size_bytes <= sum(math.ceil(b.size_bytes / ALIGNMENT) * ALIGNMENT for b in wanted)
    assert all(offset % ALIGNMENT == 0 for offset in arena.offsets)


@given(blocks())
def test_the_lower_bound_is_the_worst_moment(wanted: list[Block]) -> None:
    moments = [sum(b.size_bytes for b in wanted if b.first <= t <= b.last) for t in range(12)]
    assert lower_bound(wanted) == max(moments)


def test_a_small_example_worked_out_by_hand() -> None:
    # a ─▶ b ─▶ c ─▶ d: a and c never meet, nor do b and d. The largest, b, lies first; c beside it, and so does a, in
    # c's place; d takes the start, which b has left.
    wanted = [Block("a", 128, 0, 1), Block("b", 640, 1, 2), Block("c", 192, 2, 3), Block("d", 64, 3, 4)]
    arena = placed(wanted)
    assert dict(zip("abcd", arena.offsets, strict=True)) == {"b": 0, "c": 640, "a": 640, "d": 0}
    assert (arena.size_bytes, arena.lower_bound_bytes) == (832, 832)


def test_the_tightest_gap_is_taken() -> None:
    # Placed by size: wall, early (ends), post, short (ends), bar. When new is made, gaps of 448 bytes, where early was,
    # and of 192, where short was, are open; only the second is tight.
    wanted = [Block("wall", 512, 0, 8), Block("early", 448, 0, 1), Block("post", 320, 0, 8), Block("short", 192, 0, 1),
              Block("bar", 128, 0, 8), Block("new", 100, 3, 4)]
    arena = placed([*wanted, Block("input", 64, 0, 9)])
    places = {block.name: offset for block, offset in zip(arena.blocks, arena.offsets, strict=True)}
    assert places == {"input": 0, "wall": 64, "early": 576, "post": 1024, "short": 1344, "bar": 1536, "new": 1344}
    assert arena.size_bytes == 1664


def test_inputs_live_all_the_time_and_outputs_to_the_end() -> None:
    a, b, c = (Tensor(i, name, (1, 100), "int8", 100) for i, name in enumerate("abc"))
    graph = Graph("g", (Operator(0, "RELU", 1, (a,), (b,)), Operator(1, "RELU", 1, (b,), (c,)),
                        Operator(2, "RELU", 1, (b,), ())), {"a": a}, {"c": c})
    assert {block.name: (block.first, block.last) for block in blocks_of(graph)} == {
        "a": (0, 2), "b": (0, 2), "c": (1, 2)}


def test_nothing_needs_nothing() -> None:
    assert placed([]).size_bytes == 0
    assert planned_arena(Graph("empty", (), {}, {})).size_bytes == 0


@pytest.mark.parametrize("tier", ["small", "medium", "large"])
def test_with_the_scratch_of_its_convolutions_the_plan_is_the_one_that_litert_makes(models_folder: Path,
                                                                                    tier: str) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed: pip install '.[desk]'")
    litert = open_runtime("ai-edge-litert").module
    from quantize.tflite.file import read_graphs
    from quantize.tflite.one_signature import one_signature

    content = model_path("seg", tier, models_folder).read_bytes()
    for name in read_graphs(content):
        alone = one_signature(content, name)
        graph = read_graphs(alone)[name]
        with quiet_libraries():
            interpreter = litert.Interpreter(model_content=alone, experimental_op_resolver_type=(
                litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES))  # XNNPACK would plan for itself
            interpreter.allocate_tensors()
        views = [interpreter.tensor(t.index)() for t in graph.activations]
        starts = [view.__array_interface__["data"][0] for view in views]
        span = max(start + view.nbytes for start, view in zip(starts, views, strict=True)) - min(starts)
        del views
        planned = placed([*blocks_of(graph), *scratch_of(graph)]).size_bytes
        assert planned == pytest.approx(span, rel=0.05)
        assert planned_arena(graph).size_bytes <= planned


def scratch_of(graph: Graph) -> list[Block]:
    """TFLite's CONV_2D lays its windows out as rows of a matrix, unless they are single pixels."""
    return [Block("rows", math.prod(o.outputs[0].shape[:3]) * math.prod(o.inputs[1].shape[1:]), o.index, o.index)
            for o in graph.operators if o.name == "CONV_2D" and o.inputs[1]
            and (o.inputs[1].shape[1:3] != (1, 1) or o.options["strideH"] != 1)]
