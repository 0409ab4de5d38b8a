"""What an Edge TPU takes: each limit of Google's table by an operator within it and one beyond, then what follows."""
from __future__ import annotations

from pathlib import Path

import pytest

from edge.card import model_path
from quantize.tflite.edge_tpu import REFUSED_VERSIONS, SUPPORTED, TpuMapping, mapping_of, verdict_on
from quantize.tflite.graph import Graph, Operator, Tensor


def given_tensor(*shape: int, dtype: str = "int8", **more) -> Tensor:
    return Tensor(0, "picture", shape, dtype, 0, **more)


def constant(*values: int) -> Tensor:
    return Tensor(0, "axes", (len(values),), "int32", 4 * len(values), constant=True, values=values)


PICTURE, WEIGHTS = given_tensor(1, 8, 6, 4), Tensor(0, "weights", (5, 3, 3, 4), "int8", 180, constant=True, scales=5)
SMALL, LARGE = given_tensor(1, 1, 1, 16_000), given_tensor(1, 1, 1, 16_001)


def operator(name: str, *inputs: Tensor | None, output: Tensor = PICTURE, version: int = 1, **options: int) -> Operator:
    return Operator(0, name, version, inputs or (PICTURE,), (output,), options)


@pytest.mark.parametrize("taken", [
    operator("CONV_2D", PICTURE, WEIGHTS, None, dilationWFactor=2, dilationHFactor=2),
    operator("MEAN", PICTURE, constant(1, 2)), operator("MEAN", PICTURE, constant(-1)),
    operator("SUM", PICTURE, constant(1, 2)),
    operator("PAD", PICTURE, constant(0, 0, 1, 1, 1, 1, 0, 0)),
    operator("SOFTMAX", SMALL), operator("CONCATENATION", PICTURE, PICTURE, PICTURE),
    operator("STRIDED_SLICE", PICTURE, constant(0), constant(4), constant(1, 1)),
    operator("RELU6", given_tensor(1, 8, 6, 4, dtype="uint8")), operator("SPACE_TO_DEPTH"), operator("LOGISTIC"),
    operator("RESIZE_BILINEAR"), operator("PRELU", PICTURE, Tensor(0, "alpha", (1, 1, 4), "int8", 4, constant=True)),
    operator("PACK", axis=3), operator("AVERAGE_POOL_2D"),
], ids=lambda o: o.name)
def test_an_operator_within_the_limits_is_taken(taken: Operator) -> None:
    verdict = verdict_on(taken)
    assert verdict.supported and not verdict.reason


@pytest.mark.parametrize(("left", "reason"), [
    (operator("CONV_2D", PICTURE, WEIGHTS, dilationWFactor=2, dilationHFactor=1), "dilation is 2 in x and 1 in y"),
    (operator("DEPTHWISE_CONV_2D", PICTURE, WEIGHTS, None, dilationWFactor=1, dilationHFactor=4), "dilation is 1 in x"),
    (operator("CONV_2D", PICTURE, PICTURE), "its weights are not constant"),
    (operator("FULLY_CONNECTED", PICTURE), "its weights are not constant"),
    (operator("MEAN", PICTURE, constant(0)), "reduces over the batch"),
    (operator("MEAN", PICTURE, constant(-4)), "reduces over the batch"),
    (operator("MEAN", given_tensor(1, 8, 6, 5), constant(3)), "a depth of 5, a multiple of 4 is wanted"),
    (operator("SUM", PICTURE, constant(0, 1)), "reduces over the batch"),
    (operator("REDUCE_MAX", PICTURE), "not constant"),
    (operator("PAD", PICTURE, constant(1, 0, 0, 0, 0, 0, 0, 0)), "pads the batch"),
    (operator("PAD", PICTURE, PICTURE), "its padding is not constant"),
    (operator("SOFTMAX", LARGE), "a row of at most 16,000 elements"),
    (operator("SOFTMAX", PICTURE), "(1, 8, 6, 4): a row of"),
    (operator("AVERAGE_POOL_2D", fusedActivationFunction=3), "fused activation"),
    (operator("MAX_POOL_2D", fusedActivationFunction=1), "fused activation"),
    (operator("CONCATENATION", PICTURE, PICTURE, WEIGHTS), "joins a constant with 2 others"),
    (operator("STRIDED_SLICE", PICTURE, constant(0), constant(4), constant(1, 2)), "strides other than 1"),
    (operator("STRIDED_SLICE", PICTURE, constant(0), constant(4), constant(1), newAxisMask=1), "a new axis"),
    (operator("PRELU", PICTURE, Tensor(0, "alpha", (8, 6, 4), "int8", 4, constant=True)), "alpha differs"),
    (operator("PACK", axis=0), "packs the batch"),
    (operator("RESIZE_BILINEAR", PICTURE, given_tensor(2, dtype="int8")), "resizes to is not constant"),
    (operator("DEPTH_TO_SPACE"), "not in Google's table"),
    (operator("HARD_SWISH"), "not in Google's table"),
    (operator("CUSTOM Convolution2DTransposeBias"), "not in Google's table"),
    (operator("ADD", given_tensor(1, 8, 6, 4, dtype="float32")), "float32 activations, int8 or uint8 is wanted"),
    (operator("ADD", given_tensor(1, 1, 6, 4, dynamic=True)), "only known at run time"),
    (operator("ADD", given_tensor(2, 8, 6, 4)), "only the innermost three dimensions"),
], ids=lambda o: o.name if isinstance(o, Operator) else None)
def test_an_operator_beyond_a_limit_says_which(left: Operator, reason: str) -> None:
    verdict = verdict_on(left)
    assert not verdict.supported and reason in verdict.reason


@pytest.mark.parametrize("name", SUPPORTED)
def test_an_operator_without_inputs_is_judged_all_the_same(name: str) -> None:
    verdict_on(Operator(0, name, 1, (), (PICTURE,)))
    verdict_on(Operator(0, name, 1, (None, None), ()))


def test_what_the_file_cannot_tell_is_called_a_doubt() -> None:
    assert "some sizes" in verdict_on(operator("RESIZE_BILINEAR")).doubt
    assert not verdict_on(operator("ADD")).doubt


@pytest.mark.parametrize("name", ["RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"])
def test_a_resize_names_sizes_ratio_and_a_version_that_was_refused(name: str) -> None:
    larger = given_tensor(1, 16, 9, 4)
    doubt = verdict_on(operator(name, PICTURE, constant(16, 9), output=larger, version=3)).doubt
    assert "8×6 → 16×9, 2×1.5 times" in doubt and "issues 396, 420" in doubt
    assert "396" not in verdict_on(operator(name, PICTURE, constant(16, 9), output=larger, version=2)).doubt


def mapped(*operators: Operator) -> TpuMapping:
    return mapping_of(Graph("g", operators, {}, {}))


def test_everything_behind_the_first_unknown_operator_stays_on_the_cpu() -> None:
    convolution = operator("CONV_2D", PICTURE, WEIGHTS, None)
    of = mapped(convolution, operator("ADD"), operator("DEPTH_TO_SPACE"), convolution, convolution, operator("ADD"))
    assert (of.mapped, of.segments) == (2, 2)
    assert of.macs_share == pytest.approx(1 / 3)


def test_one_segment_is_one_and_none_is_none() -> None:
    whole = mapped(operator("ADD"), operator("CONV_2D", PICTURE, WEIGHTS, None))
    assert (whole.mapped, whole.segments, whole.macs_share) == (2, 1, 1.0)
    assert (mapped().mapped, mapped().segments, mapped().macs_share) == (0, 0, 0.0)
    nothing = mapped(operator("DEPTH_TO_SPACE"))
    assert (nothing.mapped, nothing.segments, nothing.macs_share) == (0, 0, 0.0)


@pytest.mark.parametrize("name", REFUSED_VERSIONS)
def test_a_version_that_a_compiler_refuses_is_named(name: str) -> None:
    version, where = REFUSED_VERSIONS[name]
    assert "issue" in where
    assert mapped(operator(name, version=version)).refusals == (f"{name} version {version}: {where}",)
    assert mapped(operator(name, version=version - 1)).refusals == ()


@pytest.mark.parametrize("tier", ["small", "medium", "large"])
def test_most_of_the_models_that_ship_is_mapped_by_the_table(models_folder: Path, tier: str) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    from quantize.tflite.file import read_graphs

    for graph in read_graphs(model_path("seg", tier, models_folder).read_bytes()).values():
        mapping = mapping_of(graph)
        assert mapping.macs_share > 0.5
        assert all(v.supported for v in mapping.verdicts if v.operator.macs)
