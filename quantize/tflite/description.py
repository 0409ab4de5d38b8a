"""A model in figures: what it computes, what memory it plans, what an Edge TPU would take. For cards and for people."""
from __future__ import annotations

from dataclasses import dataclass

from quantize.tflite.arena import Arena, planned_arena
from quantize.tflite.edge_tpu import TpuMapping, mapping_of
from quantize.tflite.file import read_graphs
from quantize.tflite.graph import Graph, Tensor


@dataclass(frozen=True)
class Description:
    """One signature: its graph, its planned arena, its mapping on an Edge TPU."""

    graph: Graph
    arena: Arena
    edge_tpu: TpuMapping

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run."""
        return self.graph.macs

    @property
    def operators(self) -> dict[str, int]:
        """Operator name → how often it occurs."""
        return self.graph.counts

    @property
    def arena_bytes(self) -> int:
        """Planned by our own calculation (quantize/tflite/arena.py); weights that XNNPACK packs come on top."""
        return self.arena.size_bytes

    def largest_tensors(self, count: int = 3) -> tuple[Tensor, ...]:
        """The activations that need most memory."""
        return tuple(sorted(self.graph.activations, key=lambda tensor: -tensor.size_bytes)[:count])

    def figures(self) -> dict:
        """Everything as plain numbers and lists, for a JSON report; bytes are named as such, shares are 0..1."""
        tpu = self.edge_tpu
        return {
            "operators": self.operators, "macs": self.macs, "parameters": self.graph.parameters,
            "weight_bytes": self.graph.weight_bytes, "arena_bytes": self.arena_bytes,
            "arena_lower_bound_bytes": self.arena.lower_bound_bytes,
            "largest_tensors": [{"name": t.name, "shape": list(t.shape), "size_bytes": t.size_bytes}
                                for t in self.largest_tensors()],
            "edge_tpu": {"by": "table", "mapped": tpu.mapped, "of": len(tpu.verdicts), "segments": tpu.segments,
                         "macs_share": round(tpu.macs_share, 4), "refusals": list(tpu.refusals)},
            "layers": [{
                "operator": verdict.operator.name, "version": verdict.operator.version,
                "inputs": [list(t.shape) for t in verdict.operator.inputs if t is not None and not t.constant],
                "outputs": [list(t.shape) for t in verdict.operator.outputs],
                "dtype": verdict.operator.outputs[0].dtype if verdict.operator.outputs else "",
                "macs": verdict.operator.macs, "parameters": verdict.operator.parameters,
                "weight_bytes": verdict.operator.weight_bytes,
                "activation_bytes": verdict.operator.activation_bytes,
                "quantisation": verdict.operator.quantisation,
                "edge_tpu": "mapped" if i < tpu.mapped else verdict.reason or "behind one that is not mapped",
                "doubt": verdict.doubt} for i, verdict in enumerate(tpu.verdicts)]}


def described(content: bytes, name: str = "model") -> dict[str, Description]:
    """Signature → its description, in the file's order. Raises ModelError, naming the file, for a damaged one."""
    return {key: Description(graph, planned_arena(graph), mapping_of(graph))
            for key, graph in read_graphs(content, name).items()}
