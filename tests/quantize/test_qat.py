"""Quantisation-aware training: the same function before it begins, resumed to the bit, read back as a float network."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")
pytest.importorskip("tensorflow_model_optimization", reason="not installed: pip install '.[quantize]'")

from tiny_network import DEEP_BLOCKS, WIDTH, boxed, tiny_network

from edge.errors import DataError
from quantize import qat
from quantize.dataset import PreparedSet
from quantize.network import keras, segmentation_network
from quantize.qat import AWARE, AwareTraining, as_float, aware, begin_with_ranges_of
from quantize.train import AVERAGED, Recipe

pytestmark = [pytest.mark.train, pytest.mark.usefixtures("narrow")]

RECIPE = Recipe("small", steps=4, batch=2, rate=1e-4, warm_up=1, seed=9)
"""Four upright batches with this seed."""


@pytest.fixture(scope="module", autouse=True)
def one_batch_of_statistics() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qat, "STATISTICS_BATCHES", 1)
        yield


@pytest.fixture(scope="module")
def float_run(tmp_path_factory: pytest.TempPathFactory, narrow: None) -> Path:
    """What a finished float run leaves, as far as qat reads it."""
    out = tmp_path_factory.mktemp("float")
    recipe = {"tier": "small", "steps": 6, "batch": 4, "rate": 0.002, "seed": 1, "width": WIDTH,
              "deep_blocks": DEEP_BLOCKS, "head_channels": 8, "start": None}
    (out / "recipe.json").write_text(json.dumps(recipe))
    tiny_network().save_weights(out / AVERAGED)
    return out


@pytest.fixture(scope="module")
def uninterrupted(sets: Path, float_run: Path, one_batch_of_statistics: None,
                  tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of RECIPE."""
    out = tmp_path_factory.mktemp("uninterrupted")
    AwareTraining(RECIPE, PreparedSet(sets / "small"), out, float_run).run(checkpoint_every=2)
    return out


def weights_of(run: Path) -> list[np.ndarray]:
    network = aware(segmentation_network(WIDTH, DEEP_BLOCKS))
    network.load_weights(run / AWARE)
    return network.get_weights()


def test_as_float_after_aware_gives_every_weight_back() -> None:
    network, other = tiny_network(), tiny_network(seed=11)
    as_float(aware(network), other)
    for mine, theirs in zip(other.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_network_with_rounding_answers_both_heads_with_the_shapes_of_float() -> None:
    network, picture = tiny_network(), np.stack(boxed(2)).astype(np.float32) / 255
    rounding = aware(network)
    plain, rounded = network(picture, training=False), rounding(picture, training=False)
    assert {name: tuple(answer.shape) for name, answer in rounded.items()} == {
        name: tuple(answer.shape) for name, answer in plain.items()}
    assert all(np.isfinite(answer).all() for answer in rounded.values())


def test_ranges_begin_where_pictures_reach_and_the_input_s_is_the_whole_of_it() -> None:
    network, pictures = tiny_network(), np.stack(boxed(8)).astype(np.float32) / 255
    rounding = aware(network)
    before = {weight.name: weight.numpy() for weight in rounding.weights}
    begin_with_ranges_of(rounding, [pictures])
    after = {weight.name: weight.numpy() for weight in rounding.weights}
    of_input = {name[-5:]: value for name, value in after.items() if name.startswith("quantize_layer")}
    assert (of_input["min:0"], of_input["max:0"]) == (0, 1)
    for layer in ("stem_half_relu", "eighth_0_sum", "up_quarter_sum"):
        reached = keras.Model(network.inputs, network.get_layer(layer).output)(pictures, training=True).numpy()
        low, high = (after[f"quant_{layer}/output_{end}:0"] for end in ("min", "max"))
        for found, wanted in ((low, min(0, reached.min())), (high, reached.max())):  # the rounding before it moves it
            assert found == pytest.approx(wanted, rel=0.15, abs=0.15)
    for name, weight in before.items():
        if weight.shape:
            np.testing.assert_array_equal(after[name], weight, err_msg=name)


def test_making_a_network_aware_leaves_it_as_it_was() -> None:
    network = tiny_network()
    before = network.get_weights()
    rounding = aware(network)
    rounding.set_weights([weight + 1 for weight in rounding.get_weights()])
    for mine, theirs in zip(network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_finished_run_holds_what_it_learned_beside_the_float_weights_that_it_began_from(
        uninterrupted: Path, float_run: Path) -> None:
    assert (uninterrupted / AVERAGED).read_bytes() == (float_run / AVERAGED).read_bytes()
    learned, network = weights_of(uninterrupted), segmentation_network(WIDTH, DEEP_BLOCKS)
    assert all(np.isfinite(weight).all() for weight in learned)
    rounding = aware(network)
    rounding.load_weights(uninterrupted / AWARE)
    as_float(rounding, network)
    moved = [np.abs(mine - theirs).max() for mine, theirs
             in zip(network.get_weights(), tiny_network().get_weights(), strict=True)]
    assert max(moved) > 0, "nothing was learned"
    assert "tier small, 6 steps of 4" in json.loads((uninterrupted / "recipe.json").read_text())["start"]


def test_a_killed_run_goes_on_and_ends_with_exactly_the_same_weights(sets: Path, tmp_path: Path, float_run: Path,
                                                                     uninterrupted: Path) -> None:
    def killed(line: dict) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        AwareTraining(RECIPE, PreparedSet(sets / "small"), tmp_path, float_run).run(checkpoint_every=2, tell=killed)
    assert not (tmp_path / AVERAGED).exists(), "export takes a run with these weights for a finished one"
    resumed = AwareTraining(RECIPE, PreparedSet(sets / "small"), tmp_path, float_run)
    assert int(resumed.step) == 2
    resumed.run(checkpoint_every=2)
    for mine, wanted in zip(weights_of(tmp_path), weights_of(uninterrupted), strict=True):
        np.testing.assert_array_equal(mine, wanted)


def test_an_unfinished_float_run_is_refused(sets: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        AwareTraining(RECIPE, PreparedSet(sets / "small"), tmp_path / "run", tmp_path)
    assert str(caught.value) == (f"{tmp_path}: holds no averaged.weights.h5; quantisation-aware training begins where "
                                 "a float one ends")
    assert not (tmp_path / "run").exists()


def test_the_command_says_in_one_line_what_is_wrong(sets: Path, tmp_path: Path, masque_quantize) -> None:
    done = masque_quantize("qat", tmp_path / "none", "--sets", sets, "--out", tmp_path / "run")
    assert (done.code, done.out) == (1, "")
    assert done.err == (f"masque-quantize: {tmp_path / 'none' / 'recipe.json'}: missing; {tmp_path / 'none'} is no run "
                        "of `masque-quantize train`\n")


def test_the_command_trains_and_reports(sets: Path, tmp_path: Path, float_run: Path, masque_quantize) -> None:
    done = masque_quantize("qat", float_run, "--sets", sets, "--out", tmp_path / "run", "--steps", 1, "--batch", 2,
                           "--seed", 9, "--json")
    assert done.code == 0, done.err
    assert Path(done.json["weights"]) == tmp_path / "run" / AWARE
    assert [line["step"] for line in done.json["history"]] == [1]
