"""How much memory a signature's activations need when tensors that never live at the same time share it.

Planned by our own calculation after Pisarchyk & Lee 2020, "Efficient Memory Management for Deep Neural Net Inference",
greedy by size into the best fitting gap, which TFLite's arena planner follows too. Not in it: scratch tensors that
kernels ask for when they are prepared, weights that XNNPACK packs for itself (about the weights' bytes once more), and
the interpreter. With the scratch of TFLite's own convolutions added the plan is LiteRT's to the byte
(tests/quantize/test_arena.py).
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quantize.tflite.graph import Graph

ALIGNMENT = 64
"""Bytes; kDefaultTensorAlignment in tensorflow/lite/arena_planner.h."""


@dataclass(frozen=True)
class Block:
    """Memory for one tensor, needed from operator `first` to operator `last`, both included."""

    name: str
    size_bytes: int
    first: int
    last: int

    def meets(self, other: Block) -> bool:
        """Whether both are alive at the same time."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Arena:
    """Every block with its place. offsets: bytes, one a block; lower_bound_bytes: no placing can need less."""

    blocks: tuple[Block, ...]
    offsets: tuple[int, ...]
    size_bytes: int
    lower_bound_bytes: int


def planned_arena(graph: Graph) -> Arena:
    """The arena of one signature."""
    return placed(blocks_of(graph))


def blocks_of(graph: Graph) -> list[Block]:
    """Lifetimes: from the operator that writes a tensor to the last that reads it.

    As in TFLite, inputs and state are never overwritten, so they live all the time; outputs live to the end.
    """
    end = max(len(graph.operators) - 1, 0)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for operator in graph.operators:
        for tensor in (*operator.inputs, *operator.outputs):
            if tensor is not None:
                first.setdefault(tensor.index, operator.index)
                last[tensor.index] = operator.index
    for tensor in (*graph.inputs.values(), *(t for t in graph.activations if t.variable)):
        first[tensor.index], last[tensor.index] = 0, end
    for tensor in graph.outputs.values():
        first.setdefault(tensor.index, 0)
        last[tensor.index] = end
    return [Block(t.name, t.size_bytes, first[t.index], last[t.index]) for t in graph.activations]


def placed(blocks: Sequence[Block]) -> Arena:
    """The largest block first, each into the smallest gap that holds it; of equal ones the one that is made first.

    Blocks that live all the time come before the others, so that they lie together at the start.
    """
    end = max((block.last for block in blocks), default=0)
    order = sorted(range(len(blocks)), key=lambda i: ((blocks[i].first, blocks[i].last) != (0, end),
                                                      -blocks[i].size_bytes, blocks[i].first))
    offsets = dict[int, int]()
    for i in order:
        taken = sorted((offsets[j], offsets[j] + blocks[j].size_bytes) for j in offsets if blocks[i].meets(blocks[j]))
        offsets[i] = _best_gap(taken, blocks[i].size_bytes)
    size = max((offsets[i] + block.size_bytes for i, block in enumerate(blocks)), default=0)
    return Arena(tuple(blocks), tuple(offsets[i] for i in range(len(blocks))), size, lower_bound(blocks))


def lower_bound(blocks: Sequence[Block]) -> int:
    """Bytes of the blocks that are alive together at the worst moment."""
    moments = {block.first for block in blocks}
    return max((sum(b.size_bytes for b in blocks if b.first <= moment <= b.last) for moment in moments), default=0)


def _best_gap(taken: Sequence[tuple[int, int]], size_bytes: int) -> int:
    """Where a block fits between (start, end) intervals, sorted by start: the tightest gap, else behind them all."""
    best, tightest, end = None, 0, 0
    for start, stop in taken:
        here = _aligned(end)
        if start - here >= size_bytes and (best is None or start - here < tightest):
            best, tightest = here, start - here
        end = max(end, stop)
    return _aligned(end) if best is None else best


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
