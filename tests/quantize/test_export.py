"""prepare → train → export → evaluate through the command line, on drawn people: the file is int8 and its card true."""
from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from drawn_people import BOUND, FREE, PEOPLE, SUPERVISED, VAL, drawn_person, manifest_rows, write_manifest
from tensorflow.lite.python import schema_py_generated as schema
from tiny_network import with_broken_layer

import quantize.export
from edge.boards import load_tiers
from edge.card import read_verified
from edge.errors import DataError, ModelError
from edge.frame import CLASSES, Region
from edge.proof import agreement
from edge.segment.runtime import open_runtime
from edge.segment.tflite import open_segmenter
from quantize.dataset import PreparedSet
from quantize.export import ALLOWED_LOSS, export, representative_pictures
from quantize.metrics import iou
from quantize.tflite.file import read_graphs

pytestmark = pytest.mark.train

STEPS = 80

SHAPES = {"person_portrait": (80, 48), "person_landscape": (48, 80), "all_portrait": (80, 48),
          "all_landscape": (48, 80), "person_wide": (96, 160)}

LARGE_BYTES = 1000
"""Buffers above this hold weights; below it are biases, shapes and scales."""


@pytest.fixture(scope="module")
def trained(sets: Path, masque_quantize, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A finished run for the small tier, and what `train --json` printed."""
    out = tmp_path_factory.mktemp("run")
    done = masque_quantize("train", "--tier", "small", "--sets", sets, "--out", out, "--steps", STEPS, "--batch", 8,
                           "--rate", 5e-3, "--checkpoint-every", STEPS // 2, "--json")
    assert done.code == 0, done.err
    return out, done.json


@pytest.fixture(scope="module")
def exported(trained, sets: Path, drawn_data: Path, masque_quantize,
             tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """The model file, and what `export --json` printed."""
    out = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantize.export, "REPRESENTATIVE", 12)  # nine drawn people have no more to say
        patch.setattr(quantize.export, "PROBED", 3)
        done = masque_quantize("export", trained[0], "--sets", sets, "--data", drawn_data, "--out", out, "--json")
    assert done.code == 0, done.err
    return out / "seg-small.tflite", done.json


def test_training_learns_to_see_drawn_people(trained) -> None:
    out, printed = trained
    assert Path(printed["weights"]) == out / "averaged.weights.h5" and Path(printed["weights"]).is_file()
    assert [line["step"] for line in printed["history"]] == [STEPS // 2, STEPS]
    assert printed["history"][-1]["iou"] > 0.6
    written = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    assert written == printed["history"]


def test_export_writes_the_model_and_its_card_and_nothing_else(exported) -> None:
    model, printed = exported
    assert {path.name for path in model.parent.iterdir()} == {"seg-small.tflite", "seg-small.json"}
    assert printed["tier"] == "small"
    assert printed["size_bytes"] == model.stat().st_size


def test_every_tensor_of_the_file_is_an_integer(exported) -> None:
    interpreter = open_runtime("ai-edge-litert").module.Interpreter(model_path=str(exported[0]))
    kinds = Counter(np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details())
    assert set(kinds) <= {"int8", "int32"}
    graphs = schema.ModelT.InitFromObj(schema.Model.GetRootAs(exported[0].read_bytes())).subgraphs
    types = {tensor.type for graph in graphs for tensor in graph.tensors}
    assert types <= {schema.TensorType.INT8, schema.TensorType.INT32}


def test_every_question_is_a_signature_in_either_orientation(exported) -> None:
    interpreter = open_runtime("ai-edge-litert").module.Interpreter(model_path=str(exported[0]))
    assert set(interpreter.get_signature_list()) == set(SHAPES)
    for name, shape in SHAPES.items():
        runner = interpreter.get_signature_runner(name)
        taken, given = runner.get_input_details()["picture"], runner.get_output_details()
        assert (tuple(taken["shape"]), taken["dtype"]) == ((1, *shape, 3), np.int8)
        assert taken["quantization"] == (pytest.approx(1 / 255, rel=1e-5), -128)
        wanted = {"person": (1, *shape)} | ({"parts": (1, *shape, len(CLASSES))} if name.startswith("all") else {})
        assert {output: tuple(answer["shape"]) for output, answer in given.items()} == wanted
        for answer in given.values():
            assert answer["dtype"] == np.int8
            assert answer["quantization"] == (pytest.approx(1 / 256, rel=1e-5), -128)


def test_whoever_asks_for_parts_gets_the_same_person(exported) -> None:
    interpreter = open_runtime("ai-edge-litert").module.Interpreter(model_path=str(exported[0]))
    pixels = drawn_person(2, *SHAPES["all_portrait"])[0]
    person, everything = (interpreter.get_signature_runner(name)(picture=(pixels ^ 0x80).view(np.int8)[None])
                          for name in ("person_portrait", "all_portrait"))
    np.testing.assert_array_equal(person["person"], everything["person"])
    total = (everything["parts"].astype(int) + 128).sum(axis=-1)
    assert np.abs(total - 256).max() <= 4, "probabilities of the classes add up"


def test_all_signatures_share_their_weights(exported) -> None:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(exported[0].read_bytes()))
    sizes = [0 if buffer.data is None else len(buffer.data) for buffer in model.buffers]
    used = {signature.signatureKey.decode(): {tensor.buffer for tensor in graph.tensors
                                              if sizes[tensor.buffer] > LARGE_BYTES}
            for signature in model.signatureDefs for graph in [model.subgraphs[signature.subgraphIndex]]}
    assert set(used) == set(SHAPES) and used["person_portrait"]
    assert used["person_portrait"] == used["person_landscape"] < used["all_portrait"] == used["all_landscape"]
    assert used["person_wide"] == used["person_landscape"]


def test_the_wide_signature_is_the_lying_one_quantised_alike(exported) -> None:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(exported[0].read_bytes()))
    wide, lying = (model.subgraphs[signature.subgraphIndex].tensors for name in (b"person_wide", b"person_landscape")
                   for signature in model.signatureDefs if signature.signatureKey == name)
    for mine, theirs in zip(wide, lying, strict=True):
        scales, others = ([] if tensor.quantization is None or tensor.quantization.scale is None
                          else tensor.quantization.scale.tolist() for tensor in (mine, theirs))
        assert scales == others and mine.type == theirs.type


def test_the_wide_signature_sees_a_drawn_person(exported) -> None:
    segmenter, _ = open_segmenter(exported[0], "small")
    pixels, classes = drawn_person(2, 120, 200)
    seen = segmenter.segment_wide(pixels, Region.whole(pixels.shape)).values
    assert seen.shape == (96, 160)
    truth = cv2.resize((classes > 0).astype(np.uint8), seen.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    assert iou(seen > 0.5, truth, np.ones_like(truth)) > 0.5


def test_the_card_says_where_the_model_came_from(exported, trained, sets: Path) -> None:
    model, _ = exported
    content, card = read_verified(model, "seg", "small")
    assert card.size_bytes == len(content)
    assert card.recipe == json.loads((trained[0] / "recipe.json").read_text())
    assert (card.recipe["steps"], card.recipe["batch"], card.recipe["seed"]) == (STEPS, 8, 0)
    assert card.recipe["set_sha256"] == card.data["set_sha256"] == PreparedSet(sets / "small").sha256
    assert card.data["pictures"] == dict(Counter(SUPERVISED[kind] for kind in PEOPLE[:-VAL]))
    assert card.data["backdrops"] == 2
    assert card.data["licences"] == sorted([BOUND, FREE, "none stated"])  # the last: backgrounds
    assert card.classes == CLASSES and card.limits and card.licence and card.measured
    assert 0 < card.parameters < 300_000
    assert {name: signature.picture.shape for name, signature in card.signatures.items()} == {
        name: (1, *shape, 3) for name, shape in SHAPES.items()}


def test_the_card_says_what_a_call_costs(exported) -> None:
    _, card = read_verified(exported[0], "seg", "small")
    graphs = read_graphs(exported[0].read_bytes())
    for name, signature in card.signatures.items():
        assert (signature.operators, signature.macs) == (len(graphs[name].operators), graphs[name].macs)
        assert 50_000 < signature.arena_bytes < 1_000_000
    assert card.signatures["person_portrait"].macs < card.signatures["all_portrait"].macs


def test_the_card_names_the_weakest_layer_of_the_report(exported) -> None:
    _, card = read_verified(exported[0], "seg", "small")
    layers = exported[1]["layers"]
    worst = min(layers, key=lambda layer: layer["own_db"])
    assert card.quantisation["method"] == "post-training"
    assert card.quantisation["weakest_layer"] == worst["layer"] == exported[1]["quantisation"]["weakest_layer"]
    assert card.quantisation["its_own_snr_db"] == worst["own_db"] > 10
    assert card.quantisation["last_layer_snr_db_in_chain"] == next(
        layer["in_chain_db"] for layer in layers if layer["layer"] == "head")


def test_the_card_holds_int8_beside_float_and_they_are_close(exported) -> None:
    metrics = exported[1]["metrics"]
    for source, pictures in (("picsart", 2), ("ccp", 1)):
        for name in ("person_iou", "mean_iou", "boundary_f"):
            assert 0 <= metrics[f"int8.{source}.{name}"] <= 1 and 0 <= metrics[f"float.{source}.{name}"] <= 1
        assert metrics[f"int8.{source}.pictures"] == metrics[f"float.{source}.pictures"] == pictures
        assert metrics[f"float.{source}.person_iou"] > 0.5, "a network that sees nobody proves nothing"
        for name, allowed in ALLOWED_LOSS.items():
            assert metrics[f"float.{source}.{name}"] - metrics[f"int8.{source}.{name}"] <= allowed
    assert metrics["int8.ccp.parts_pictures"] == metrics["float.ccp.parts_pictures"] == 1
    assert 0 <= metrics["int8.ccp.parts_mean_iou"] <= 1
    tones = {name: value for name, value in metrics.items() if name.startswith("int8.skin_tone.")}
    assert sum(value for name, value in tones.items() if name.endswith(".pictures")) == 1


def test_the_model_opens_like_a_released_one_and_proves_itself(exported) -> None:
    segmenter, fallbacks = open_segmenter(exported[0], "small")
    assert not fallbacks and segmenter.portrait == SHAPES["person_portrait"]
    assert agreement(segmenter, segmenter.card) == 1.0
    assert segmenter.card.proof.signature == "person_portrait"


@pytest.mark.parametrize("shape", [(160, 96), (120, 200)])
def test_the_model_sees_a_drawn_person_upright_and_lying(exported, shape: tuple[int, int]) -> None:
    segmenter, _ = open_segmenter(exported[0], "small")
    pixels, classes = drawn_person(2, *shape)
    values = segmenter.segment(pixels, Region.whole(pixels.shape)).values
    rows, columns = (np.linspace(0, side - 1, size).astype(int) for side, size in zip(shape, values.shape, strict=True))
    truth = classes[np.ix_(rows, columns)] > 0
    assert iou(values > 0.5, truth, np.ones_like(truth)) > 0.6


def test_evaluate_finds_the_figures_of_the_card(exported, drawn_data: Path, masque_quantize) -> None:
    done = masque_quantize("evaluate", exported[0], "--data", drawn_data, "--json")
    assert done.code == 0, done.err
    figures = done.json["models"][str(exported[0])]
    assert {f"int8.{name}": value for name, value in figures.items()} == {
        name: value for name, value in exported[1]["metrics"].items()
        if name.startswith("int8.") and not name.startswith("int8.skin_tone.")}


def test_evaluate_takes_the_sources_that_are_named(exported, drawn_data: Path, masque_quantize) -> None:
    done = masque_quantize("evaluate", exported[0], "--data", drawn_data, "--source", "ccp", "--json")
    found = set(done.json["models"][str(exported[0])])
    assert {"ccp.person_iou", "ccp.mean_iou", "ccp.boundary_f", "ccp.pictures", "ccp.parts_mean_iou"} <= found
    assert all(name.startswith("ccp.") for name in found)
    done = masque_quantize("evaluate", exported[0], "--data", drawn_data, "--source", "figaro")
    assert done.code == 1
    assert done.err == f"masque-quantize: {drawn_data}: no validation picture labels whole persons among figaro\n"


@pytest.fixture
def converted_already(exported, monkeypatch: pytest.MonkeyPatch) -> None:
    """Conversion takes ten seconds and is not what is tested: it gives the file that was made before."""
    content = exported[0].read_bytes()
    monkeypatch.setattr(quantize.export, "to_int8_tflite", lambda *_: content)
    monkeypatch.setattr(quantize.export, "REPRESENTATIVE", 12)
    monkeypatch.setattr(quantize.export, "PROBED", 2)


@pytest.mark.usefixtures("converted_already")
@pytest.mark.parametrize("layer", ["stem_half", "skip_half", "head"])
def test_a_model_with_a_broken_layer_is_refused_and_the_layer_is_named(
        trained, exported, sets: Path, drawn_data: Path, tmp_path: Path, masque_quantize,
        monkeypatch: pytest.MonkeyPatch, layer: str) -> None:
    broken = with_broken_layer(exported[0].read_bytes(), layer)
    monkeypatch.setattr(quantize.export, "to_int8_tflite", lambda *_: broken)
    done = masque_quantize("export", trained[0], "--sets", sets, "--data", drawn_data, "--out", tmp_path / "models")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("masque-quantize: export refused: ")
    assert f"The layer that loses most by itself is {layer} (" in done.err
    assert not (tmp_path / "models").exists()


@pytest.mark.usefixtures("converted_already")
def test_data_that_labels_no_parts_is_enough(trained, sets: Path, drawn_data: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(drawn_data, tmp_path / "data"))
    write_manifest(data, [row for row in manifest_rows(data) if (row["split"], row["supervision"]) != ("val", "parts")])
    card, _ = export(trained[0], sets, data, tmp_path / "models", "free")
    assert {name.split(".")[1] for name in card.metrics} == {"picsart"}
    assert not any("parts" in name or "skin" in name for name in card.metrics)


@pytest.mark.usefixtures("converted_already")
@pytest.mark.parametrize(("figure", "lost"), [("person_iou", 0.011), ("boundary_f", 0.021)])
def test_export_refuses_an_int8_that_lost_too_much_and_writes_nothing(
        trained, sets: Path, drawn_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: str,
        lost: float) -> None:
    def scored(segmenter, *_):
        loss = lost if isinstance(segmenter, quantize.export.TfliteSegmenter) else 0.0
        return {"picsart.person_iou": 0.9, f"ccp.{figure}": 0.8 - loss, "ccp.pictures": 1}

    monkeypatch.setattr(quantize.export, "evaluate", scored)
    with pytest.raises(ModelError) as caught:
        export(trained[0], sets, drawn_data, tmp_path / "models", "free")
    assert str(caught.value).startswith(
        f"export refused: ccp.{figure} is {0.8 - lost:.4f} in int8 and 0.8000 in float, a loss of {lost:.4f}; "
        f"at most {ALLOWED_LOSS[figure]} is allowed. The layer ")
    assert not (tmp_path / "models").exists()


@pytest.mark.usefixtures("converted_already")
def test_a_loss_within_the_allowance_is_exported(trained, sets: Path, drawn_data: Path, tmp_path: Path,
                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    def scored(segmenter, *_):
        loss = 0.009 if isinstance(segmenter, quantize.export.TfliteSegmenter) else 0.0
        return {"ccp.person_iou": 0.8 - loss}

    monkeypatch.setattr(quantize.export, "evaluate", scored)
    card, _ = export(trained[0], sets, drawn_data, tmp_path / "models", "free")
    assert (card.metrics["int8.ccp.person_iou"], card.metrics["float.ccp.person_iou"]) == (0.791, 0.8)
    assert (tmp_path / "models" / "seg-small.tflite").is_file()


def test_an_unfinished_run_is_refused(trained, sets: Path, drawn_data: Path, tmp_path: Path, masque_quantize) -> None:
    (tmp_path / "run").mkdir()
    shutil.copy2(trained[0] / "recipe.json", tmp_path / "run")
    done = masque_quantize("export", tmp_path / "run", "--sets", sets, "--data", drawn_data, "--out", tmp_path / "out")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"masque-quantize: {tmp_path / 'run'}: holds no averaged.weights.h5; the training is "
                               "not finished")
    assert done.err.count("\n") == 1 and not (tmp_path / "out").exists()


@pytest.mark.usefixtures("converted_already")
def test_sets_that_the_run_was_not_trained_on_are_refused(trained, sets: Path, drawn_data: Path,
                                                          tmp_path: Path) -> None:
    shutil.copytree(sets / "large", tmp_path / "sets" / "small")
    with pytest.raises(DataError) as caught:
        export(trained[0], tmp_path / "sets", drawn_data, tmp_path / "out", "free")
    for sha256 in (PreparedSet(sets / "small").sha256, PreparedSet(sets / "large").sha256):
        assert sha256[:12] in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_representative_pictures_span_the_input_range_in_both_orientations(sets: Path) -> None:
    tier = load_tiers()["small"]
    portrait = (tier.height.value, tier.width.value)
    boxed = representative_pictures(PreparedSet(sets / "small"), portrait)
    assert {name: pictures[0].shape for name, pictures in boxed.items()} == {
        "portrait": (*portrait, 3), "landscape": (*portrait[::-1], 3)}
    for pictures in boxed.values():
        assert min(picture.min() for picture in pictures) == 0
        assert max(picture.max() for picture in pictures) == 255


def test_a_quantisation_aware_run_is_exported_with_its_own_ranges(trained, sets: Path, drawn_data: Path, tmp_path: Path,
                                                                  masque_quantize,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize.export, "REPRESENTATIVE", 4)
    monkeypatch.setattr(quantize.export, "PROBED", 2)
    monkeypatch.setattr(quantize.export, "ALLOWED_LOSS", {})  # two batches cannot have learned the ranges
    done = masque_quantize("qat", trained[0], "--sets", sets, "--out", tmp_path / "qat", "--steps", 2, "--batch", 4,
                           "--json")
    assert done.code == 0, done.err
    card, losses = export(tmp_path / "qat", sets, drawn_data, tmp_path / "models", "free")
    assert card.quantisation["method"] == "quantisation-aware training"
    assert f"tier small, {STEPS} steps of 8" in str(card.recipe["start"])
    assert {loss.layer for loss in losses} >= {"stem_half", "head", "parts"}
    segmenter, _ = open_segmenter(tmp_path / "models" / "seg-small.tflite", "small", parts=True)
    assert agreement(segmenter, segmenter.card) == 1.0
    interpreter = open_runtime("ai-edge-litert").module.Interpreter(
        model_path=str(tmp_path / "models" / "seg-small.tflite"))
    assert {np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details()} <= {"int8", "int32"}
