"""quantize.matte: exact samples, projections that keep distances, train → export → evaluate of a matting model."""
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from outcome import Outcome

import quantize.matte.export
from edge.board_shapes import FEATURES
from edge.card import MATTE_SIGNATURES, read_verified
from edge.errors import DataError, ModelError
from edge.matte_model import open_matte_model
from edge.proof import matte_agreement
from quantize.dataset import PreparedSet
from quantize.layer_report import LayerLoss
from quantize.matte.cases import cases, trimaps_in
from quantize.matte.export import ALLOWED_LOSS, refuse_losses
from quantize.matte.projection import PATCH, fitted, patches
from quantize.matte.samples import Sample, sample
from quantize.metrics import alpha_errors

pytestmark = pytest.mark.train

Call = Callable[..., Outcome]


@pytest.fixture(scope="module")
def matting_data(tmp_path_factory: pytest.TempPathFactory, sets: Path) -> Path:
    """Two drawn pictures with exact alphas, as alphamatting.com's folders hold them."""
    folder = tmp_path_factory.mktemp("matting")
    for name in ("input", "alpha", "trimap1"):
        (folder / name).mkdir()
    for i in range(2):
        one = sample(PreparedSet(sets / "small"), 96, np.random.default_rng([5, i]))
        cv2.imwrite(str(folder / "input" / f"{i}.png"), one.pixels[..., ::-1])
        cv2.imwrite(str(folder / "alpha" / f"{i}.png"), np.round(one.truth * 255).astype(np.uint8))
        cv2.imwrite(str(folder / "trimap1" / f"{i}.png"), one.trimap)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, sets: Path, masque_quantize: Call) -> Path:
    """A finished run of two batches."""
    out = tmp_path_factory.mktemp("runs") / "small"
    done = masque_quantize("train", "--kind", "matte", "--tier", "small", "--set", "small", "--sets", sets,
                           "--out", out, "--steps", 2, "--batch", 2, "--json")
    assert (done.code, done.err) == (0, "")
    assert [line["step"] for line in done.json["history"]] == [2] and done.json["history"][0]["mse"] > 0
    return out


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, run: Path, sets: Path, matting_data: Path,
             masque_quantize: Call) -> Path:
    """The folder with matte-small.tflite and its card."""
    out = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quantize.matte.export, "ALLOWED_LOSS", 3.0)  # two batches and two pictures prove nothing
        patch.setattr(quantize.matte.export, "SAMPLES", 12)
        done = masque_quantize("export", run, "--kind", "matte", "--sets", sets, "--data", matting_data, "--out", out)
    assert (done.code, done.err) == (0, ""), done.err
    return out


def drawn(small_set: PreparedSet, seed: int) -> Sample:
    return sample(small_set, 96, np.random.default_rng(seed))


def test_a_sample_is_the_same_whenever_it_is_drawn_and_known_where_its_trimap_says(small_set: PreparedSet) -> None:
    for seed in range(6):
        one, again = drawn(small_set, seed), drawn(small_set, seed)
        for here, there in zip(one, again, strict=True):
            np.testing.assert_array_equal(here, there)
        assert one.truth.min() >= 0 and one.truth.max() <= 1 and set(np.unique(one.trimap)) == {0, 128, 255}
        assert one.truth[one.trimap == 0].max() <= 0.01 and one.truth[one.trimap == 255].min() >= 0.99
        np.testing.assert_array_equal(one.solved[one.trimap != 128], one.trimap[one.trimap != 128] / np.float32(255))
        assert alpha_errors(one.solved, one.truth, one.trimap == 128)[0] < 0.2


def test_a_full_projection_keeps_every_distance_and_a_short_one_the_longest() -> None:
    looks = np.random.default_rng(1).normal(0, [3, 0.1, 1], (500, 3)) + 7
    full, short = fitted(looks, 3), fitted(looks, 1)
    turned = looks @ full.basis + full.offset
    np.testing.assert_allclose(np.linalg.norm(turned[1:] - turned[:-1], axis=1),
                               np.linalg.norm(looks[1:] - looks[:-1], axis=1), rtol=1e-4)
    np.testing.assert_allclose(turned.mean(axis=0), 0, atol=1e-3)
    assert full.kept == pytest.approx(1) and 0.85 < short.kept < 0.95 and abs(short.basis[0, 0]) > 0.99


def test_patches_of_plain_surfaces_are_as_far_apart_as_their_colours(small_set: PreparedSet) -> None:
    one = drawn(small_set, 1)
    black, white = (one._replace(pixels=np.full_like(one.pixels, value)) for value in (0, 255))
    away = np.linalg.norm(patches(white) - patches(black), axis=1)
    np.testing.assert_allclose(away, np.sqrt(3), rtol=1e-5)
    assert patches(one).shape == ((one.trimap[1::2, 1::2] == 128).sum(), 3 * PATCH**2)


def test_what_was_exported_is_what_its_card_says(exported: Path, run: Path) -> None:
    content, card = read_verified(exported / "matte-small.tflite", "matte", "small")
    assert len(content) <= 60_000 and tuple(card.signatures) == MATTE_SIGNATURES
    assert card.recipe["kind"] == "matte" and card.recipe["steps"] == 2 and "drawn" in card.data["alphas"]
    for way in FEATURES:
        assert {f"int8.trimap1.{way}{end}.{figure}" for end in ("", "_refined") for figure in ("mse", "sad", "ms")
                } <= set(card.metrics)
    assert card.metrics["float.trimap1.learned.mse"] > 0
    model = open_matte_model("small", folder=exported)
    assert matte_agreement(model) == 1.0


def test_the_first_features_are_nearly_the_colours_that_training_begins_with(exported: Path) -> None:
    model = open_matte_model("small", folder=exported)
    pixels = np.full((40, 40, 3), 30, np.uint8)
    pixels[:, 20:] = (230, 60, 90)
    looks = model.looks("learned")(pixels, np.array([20 * 40 + 6, 20 * 40 + 34], np.int32))
    away = np.linalg.norm((pixels[0, 0].astype(float) - pixels[0, 39]) / 255)
    assert np.linalg.norm(looks[0] - looks[1]) == pytest.approx(away, rel=0.1)


def test_evaluate_gives_the_figures_of_the_card_again(exported: Path, matting_data: Path,
                                                      masque_quantize: Call) -> None:
    model = exported / "matte-small.tflite"
    done = masque_quantize("evaluate", model, "--kind", "matte", "--data", matting_data, "--json")
    assert (done.code, done.err) == (0, "")
    found, card = done.json["models"][str(model)], read_verified(model, "matte", "small")[1]
    for name, value in found.items():
        if not name.endswith(".ms"):
            assert value == card.metrics[f"int8.{name}"]
    assert done.json["float_on_card"][str(model)]["trimap1.pca.mse"] == card.metrics["float.trimap1.pca.mse"]


def test_int8_that_lost_too_much_is_refused_with_both_figures_and_the_weakest_layer() -> None:
    of_float = {"trimap1.learned.mse": 10.0, "trimap1.learned.sad": 4.0, "trimap1.learned.ms": 1.0}
    losses = [LayerLoss("patch_more", 40.0, 39.0, 3, 30.0), LayerLoss("patch_wide", 12.5, 12.0, 7, 2.5)]
    refuse_losses(of_float, {name: value * 0.99 * ALLOWED_LOSS for name, value in of_float.items()}, losses)
    lost = {**of_float, "trimap1.learned.sad": 4.4}
    with pytest.raises(ModelError, match=r"trimap1\.learned\.sad is 4\.4000 in int8 and 4\.0000 in float, 1\.100 .*"
                                         r"patch_wide \(12\.5 dB, its channel 7 2\.5 dB\)"):
        refuse_losses(of_float, lost, losses)


def test_a_refused_export_writes_nothing(tmp_path: Path, run: Path, sets: Path, matting_data: Path,
                                         masque_quantize: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize.matte.export, "ALLOWED_LOSS", 0.1)
    monkeypatch.setattr(quantize.matte.export, "SAMPLES", 3)
    done = masque_quantize("export", run, "--sets", sets, "--data", matting_data, "--out", tmp_path / "out")
    assert done.code == 1 and "export refused" in done.err and not (tmp_path / "out").exists()


def test_a_quantisation_aware_run_exports_its_own_weights(tmp_path: Path, run: Path, sets: Path, matting_data: Path,
                                                          exported: Path, masque_quantize: Call,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize.matte.export, "ALLOWED_LOSS", 3.0)
    monkeypatch.setattr(quantize.matte.export, "SAMPLES", 12)
    done = masque_quantize("qat", run, "--kind", "matte", "--sets", sets, "--out", tmp_path / "aware", "--steps", 2,
                           "--batch", 2, "--rate", 0.01)
    assert (done.code, done.err) == (0, "")
    done = masque_quantize("export", tmp_path / "aware", "--sets", sets, "--data", matting_data, "--out", tmp_path)
    assert (done.code, done.err) == (0, "")
    card, plain = (read_verified(folder / "matte-small.tflite", "matte", "small")[1] for folder in (tmp_path, exported))
    assert card.quantisation["method"] == "aware weights" and card.sha256 != plain.sha256
    assert card.metrics["float.trimap1.learned.mse"] == plain.metrics["float.trimap1.learned.mse"]


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (("train", "--kind", "matte", "--tier", "small", "--sets", "SETS", "--set", "small", "--out", "OUT", "--only",
      "parts"), 2, "--kind seg"),
    (("export", "RUN", "--kind", "seg", "--sets", "SETS", "--data", "DATA", "--out", "OUT"), 2,
     "a run of --kind matte"),
    (("qat", "RUN", "--kind", "seg", "--sets", "SETS", "--out", "OUT"), 2, "a run of --kind matte, not seg"),
    (("export", "RUN", "--sets", "SETS", "--data", "SETS", "--out", "OUT"), 1, "no matting pictures"),
], ids=["only", "kind", "aware kind", "data"])
def test_what_does_not_fit_a_matting_model_is_refused(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path,
                                                      run: Path, sets: Path, matting_data: Path,
                                                      masque_quantize: Call) -> None:
    places = {"SETS": sets, "OUT": tmp_path / "out", "RUN": run, "DATA": matting_data}
    done = masque_quantize(*(places.get(argument, argument) for argument in arguments))
    assert done.code == code and said in done.err and "Traceback" not in done.err


def test_cases_are_read_by_name_and_shrunk_to_a_working_size(matting_data: Path) -> None:
    found = list(cases(matting_data, "trimap1"))
    assert trimaps_in(matting_data) == ("trimap1",) and [case.name for case in found] == ["0", "1"]
    half = found[0].within(48)
    assert half.pixels.shape == (48, 48, 3) and half.trimap.shape == half.truth.shape == (48, 48)
    assert found[0].within(96) is found[0] and set(np.unique(half.trimap)) <= {0, 128, 255}
    with pytest.raises(DataError, match="no matting pictures"):
        trimaps_in(matting_data / "input")


def test_a_run_says_of_what_kind_it_is(run: Path) -> None:
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    assert (recipe["kind"], recipe["channels"], recipe["set"]) == ("matte", 16, "small")
