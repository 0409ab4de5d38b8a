"""Warm starts: layers travel by name and shape, and a network revived from int8 answers as the file does."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from tiny_network import DEEP_BLOCKS, PORTRAIT, WIDTH, Converted, boxed, tiny_network

from edge.card import card_path, model_path
from edge.errors import DataError, ModelError
from edge.segment.runtime import open_runtime
from edge.segment.tflite import probabilities
from quantize.network import segmentation_network
from quantize.warm_start import begin_from, lineage

pytestmark = pytest.mark.train

RECIPE = {"tier": "small", "steps": 6, "batch": 4, "rate": 0.002, "seed": 9, "width": WIDTH,
          "deep_blocks": DEEP_BLOCKS, "head_channels": 8, "start": None}


def batches() -> list[np.ndarray]:
    return [np.stack(boxed(8, shape)).astype(np.float32) / 255 for shape in (PORTRAIT, PORTRAIT[::-1])]


@pytest.fixture
def run(tmp_path: Path, tiny: Converted) -> Path:
    """The weights of a finished run."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(RECIPE))
    tiny.network.save_weights(tmp_path / "run" / "averaged.weights.h5")
    return tmp_path / "run" / "averaged.weights.h5"


@pytest.fixture
def released(tmp_path: Path, tiny: Converted, models_folder: Path) -> Path:
    """The int8 file with a card that is true of its bytes."""
    from hashlib import sha256

    path = tmp_path / "seg-small.tflite"
    path.write_bytes(tiny.content)
    card = json.loads(card_path(model_path("seg", "small", models_folder)).read_text(encoding="utf-8"))
    card |= {"sha256": sha256(tiny.content).hexdigest(), "size_bytes": len(tiny.content), "recipe": RECIPE}
    card_path(path).write_text(json.dumps(card), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def revived(tiny: Converted):
    """A network filled from the int8 file alone, its statistics measured on one batch; and the layers it missed."""
    from quantize import warm_start

    network = segmentation_network(WIDTH, DEEP_BLOCKS)
    missing = warm_start._from_int8(network, tiny.content)
    warm_start._measure_statistics(network, batches()[:1])
    return network, missing


def test_a_run_gives_every_weight_to_a_network_of_its_own_shape(run: Path, tiny: Converted) -> None:
    network = segmentation_network(WIDTH, DEEP_BLOCKS)
    assert begin_from(network, run, []) == []
    for mine, theirs in zip(network.get_weights(), tiny.network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("deep_blocks", [0, 3])
def test_a_network_of_another_depth_takes_the_layers_that_both_have(run: Path, tiny: Converted,
                                                                   deep_blocks: int) -> None:
    network = segmentation_network(WIDTH, deep_blocks)
    missing = begin_from(network, run, [])
    assert {name.split("_")[1] for name in missing} == ({"1", "2"} if deep_blocks else set())
    for layer in network.layers:
        if layer.weights and layer.name not in missing:
            for mine, theirs in zip(layer.get_weights(), tiny.network.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(mine, theirs)


def test_a_network_of_another_width_takes_what_fits_and_names_the_rest(run: Path) -> None:
    network = segmentation_network(1.0, DEEP_BLOCKS)
    before = network.get_layer("stem_quarter").get_weights()
    missing = begin_from(network, run, [])
    assert {"stem_half", "stem_quarter", "head_quarter"} <= set(missing)
    assert "head" not in missing  # eight channels are the least at any width
    np.testing.assert_array_equal(network.get_layer("stem_quarter").get_weights()[0], before[0])


def test_weights_that_do_not_fit_their_recipe_are_refused(run: Path) -> None:
    run.with_name("recipe.json").write_text(json.dumps({**RECIPE, "width": 1.0}))
    with pytest.raises(DataError, match=f"{run}: does not fit the network of its recipe.json; "):
        begin_from(segmentation_network(WIDTH, 0), run, [])
    run.write_bytes(b"cut short")
    with pytest.raises(DataError, match=f"{run}: does not fit the network of its recipe.json; "):
        begin_from(segmentation_network(WIDTH, 0), run, [])


def test_an_int8_file_fills_every_layer(revived) -> None:
    assert revived[1] == []


@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
def test_a_revived_network_is_as_close_to_the_int8_file_as_the_float_one_that_it_was_made_from(
        revived, tiny: Converted, orientation: str) -> None:
    shape = PORTRAIT if orientation == "portrait" else PORTRAIT[::-1]
    interpreter = open_runtime("ai-edge-litert").module.Interpreter(model_content=tiny.content)
    runner = interpreter.get_signature_runner(f"person_{orientation}")
    spread, differences = [], {"revived": [], "float": []}
    for picture in boxed(6, shape):
        wanted = probabilities(runner(picture=(picture ^ 0x80).view(np.int8)[None])["person"])
        spread.append(wanted.std())
        for name, network in (("revived", revived[0]), ("float", tiny.network)):
            logits = network(picture[None].astype(np.float32) / 255, training=False)["person"].numpy()[0, ..., 0]
            differences[name].append(np.abs(1 / (1 + np.exp(-logits)) - wanted).mean())
    assert min(spread) > 0.1, "an answer that is the same everywhere proves nothing"
    assert np.mean(differences["revived"]) < min(0.05, 1.1 * np.mean(differences["float"]))


def test_a_revived_network_trains_from_where_inference_stands(revived) -> None:
    """In training its normalisations take the batch's own statistics: those that were measured."""
    network, batch = revived[0], batches()[0]
    before = network.get_weights()
    training, inference = (network(batch, training=mode) for mode in (True, False))
    network.set_weights(before)  # training moved the averages
    for name in ("person", "parts"):
        assert inference[name].numpy().std() > 0.1
        np.testing.assert_allclose(training[name], inference[name], atol=0.02 * inference[name].numpy().std())


def test_measuring_statistics_leaves_the_function_as_it_was() -> None:
    from quantize import warm_start

    network, picture = tiny_network(seed=8), batches()[1]
    before = {name: answer.numpy() for name, answer in network(picture, training=False).items()}
    warm_start._measure_statistics(network, [batches()[0]])
    after = network(picture, training=False)
    for name, answer in before.items():
        np.testing.assert_allclose(after[name], answer, atol=2e-3)


def test_a_released_file_is_read_by_its_card_and_refused_when_altered(released: Path) -> None:
    assert begin_from(segmentation_network(WIDTH, 0), released, batches()) == []
    content = bytearray(released.read_bytes())
    content[-100] ^= 1
    released.write_bytes(content)
    with pytest.raises(ModelError, match="SHA-256 is "):
        begin_from(segmentation_network(WIDTH, 0), released, batches())


def test_a_lineage_tells_recipe_and_hash_back_to_the_first(run: Path, released: Path) -> None:
    of_run = lineage(run)
    assert of_run.startswith("tier small, 6 steps of 4 at rate 0.002, seed 9 (weights SHA-256 ")
    card = json.loads(card_path(released).read_text(encoding="utf-8"))
    card["recipe"]["start"] = of_run
    card_path(released).write_text(json.dumps(card), encoding="utf-8")
    told = lineage(released)
    assert f"(int8 file SHA-256 {card['sha256'][:12]}…), itself from {of_run}" in told


def test_weights_without_their_recipe_are_refused(run: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copy(run, tmp_path))
    with pytest.raises(DataError, match=r"recipe\.json: missing; weights and recipe of a run travel together"):
        lineage(alone)
