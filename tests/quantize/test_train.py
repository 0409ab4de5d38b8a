"""Training resumes to the bit, refuses another recipe, and stops when the loss is no number."""
from __future__ import annotations

import errno
import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from tiny_network import DEEP_BLOCKS, WIDTH

from edge.errors import DataError, OutputError
from quantize.dataset import PreparedSet
from quantize.network import segmentation_network, tf
from quantize.train import Recipe, Training

pytestmark = [pytest.mark.train, pytest.mark.usefixtures("narrow")]

RECIPE = Recipe("small", steps=6, batch=4, warm_up=1, seed=9)
"""Six upright batches with this seed: compiling the network a second time, for wide ones, would tell nothing more."""


def weights_of(path: Path) -> list[np.ndarray]:
    network = segmentation_network(WIDTH, DEEP_BLOCKS)
    network.load_weights(path)
    return network.get_weights()


@pytest.fixture(scope="module")
def uninterrupted(sets: Path, narrow: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of RECIPE."""
    out = tmp_path_factory.mktemp("uninterrupted")
    Training(RECIPE, PreparedSet(sets / "small"), out).run(checkpoint_every=3)
    return out


def test_batches_depend_on_seed_and_step_alone(small_set: PreparedSet, tmp_path: Path) -> None:
    first, again = (Training(RECIPE, small_set, tmp_path / name) for name in "ab")
    other = Training(replace(RECIPE, seed=8), small_set, tmp_path / "c")
    for step in (5, 0, 3):
        for one, two in zip(first.batch(step), again.batch(step), strict=True):
            np.testing.assert_array_equal(one, two)
        assert first.batch(step)[0].tobytes() != other.batch(step)[0].tobytes()
    assert {first.batch(step)[0].shape for step in range(6)} == {(4, 80, 48, 3)}
    assert first.batch(8)[0].shape == (4, 48, 80, 3)
    assert [part.shape for part in first.batch(8)[1:]] == [(4, 48, 80, 1), (4, 48, 80, 1), (4, 24, 40)]


def test_one_training_can_serve_several_sizes(small_set: PreparedSet, tmp_path: Path) -> None:
    training = Training(replace(RECIPE, sizes=("small", "medium")), small_set, tmp_path)
    shapes = {tuple(sorted(training.batch(step)[0].shape[1:3])) for step in range(12)}
    assert shapes == {(48, 80), (64, 112)}
    assert (tmp_path / "recipe.json").is_file()
    Training(replace(RECIPE, sizes=("small", "medium")), small_set, tmp_path)  # the same recipe, read back: goes on
    with pytest.raises(DataError, match="sizes = 'small medium', not ''"):
        Training(RECIPE, small_set, tmp_path)


def test_a_killed_run_goes_on_and_ends_with_exactly_the_same_weights(sets: Path, tmp_path: Path,
                                                                     uninterrupted: Path) -> None:
    def killed(line: dict) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Training(RECIPE, PreparedSet(sets / "small"), tmp_path).run(checkpoint_every=3, tell=killed)
    assert not (tmp_path / "averaged.weights.h5").exists()
    resumed = Training(RECIPE, PreparedSet(sets / "small"), tmp_path)
    assert int(resumed.step) == 3
    path = resumed.run(checkpoint_every=3)
    for mine, wanted in zip(weights_of(path), weights_of(uninterrupted / "averaged.weights.h5"), strict=True):
        np.testing.assert_array_equal(mine, wanted)
    steps = [json.loads(line)["step"] for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert steps == [3, 6]


@pytest.mark.parametrize("full", [
    OSError(errno.ENOSPC, "No space left on device"),
    tf.errors.ResourceExhaustedError(None, None, "{{SaveV2}} ckpt-2_temp/part-0; No space left on device [Op:SaveV2]"),
])
def test_a_full_disk_is_named_and_the_checkpoint_before_it_still_resumes(
        sets: Path, tmp_path: Path, uninterrupted: Path, monkeypatch: pytest.MonkeyPatch, full: Exception) -> None:
    training = Training(RECIPE, PreparedSet(sets / "small"), tmp_path)
    save = training.checkpoints.save

    def save_once() -> None:
        save()
        monkeypatch.setattr(training.checkpoints, "save", refuse)

    def refuse() -> None:
        raise full

    monkeypatch.setattr(training.checkpoints, "save", save_once)
    with pytest.raises(OutputError) as caught:
        training.run(checkpoint_every=3)
    assert str(caught.value) == (f"{tmp_path / 'checkpoints'}: cannot be written (No space left on device); with the "
                                 "cause removed, the same command goes on from the last checkpoint")
    assert not (tmp_path / "averaged.weights.h5").exists()
    resumed = Training(RECIPE, PreparedSet(sets / "small"), tmp_path)
    assert int(resumed.step) == 3
    for mine, wanted in zip(weights_of(resumed.run(checkpoint_every=3)),
                            weights_of(uninterrupted / "averaged.weights.h5"), strict=True):
        np.testing.assert_array_equal(mine, wanted)


def test_a_full_disk_ends_the_command_with_one_line(sets: Path, tmp_path: Path, masque_quantize,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tf.train.CheckpointManager, "save", full)
    done = masque_quantize("train", "--tier", "small", "--sets", sets, "--out", tmp_path / "run", "--steps", 1,
                           "--batch", 2, "--seed", RECIPE.seed)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert done.err.startswith(f"masque-quantize: {tmp_path / 'run' / 'checkpoints'}: cannot be written (No space left")


def test_weights_are_whole_or_not_there(sets: Path, tmp_path: Path, uninterrupted: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """Export takes a run with weights for a finished one."""
    shutil.copytree(uninterrupted, tmp_path / "run")
    (tmp_path / "run" / "averaged.weights.h5").unlink()
    training = Training(RECIPE, PreparedSet(sets / "small"), tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", lambda self, content: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        with pytest.raises(OutputError, match=r"averaged\.weights\.h5: cannot be written \(full\)"):
            training.run()
    assert not list((tmp_path / "run").glob("*.h5*")) and not list((tmp_path / "run").glob(".*"))
    for mine, wanted in zip(weights_of(training.run()), weights_of(uninterrupted / "averaged.weights.h5"), strict=True):
        np.testing.assert_array_equal(mine, wanted)


def test_a_finished_run_is_not_trained_again(small_set: PreparedSet, uninterrupted: Path) -> None:
    before = (uninterrupted / "averaged.weights.h5").read_bytes()
    history = (uninterrupted / "history.jsonl").read_text()
    training = Training(RECIPE, small_set, uninterrupted)
    assert int(training.step) == RECIPE.steps
    training.run(checkpoint_every=3)
    assert (uninterrupted / "history.jsonl").read_text() == history
    (uninterrupted / "averaged.weights.h5").write_bytes(before)


def test_the_average_is_not_the_last_step(small_set: PreparedSet, uninterrupted: Path) -> None:
    """What is exported is the moving average; the network itself goes on with its own weights."""
    training = Training(RECIPE, small_set, uninterrupted)
    own = training.network.get_weights()
    with training._average_in_place():
        averaged = training.network.get_weights()
    for mine, wanted in zip(averaged, weights_of(uninterrupted / "averaged.weights.h5"), strict=True):
        np.testing.assert_array_equal(mine, wanted)
    assert any(not np.array_equal(a, b) for a, b in zip(own, averaged, strict=True))
    for mine, wanted in zip(training.network.get_weights(), own, strict=True):
        np.testing.assert_array_equal(mine, wanted)


def test_a_run_may_begin_from_another_ones_average(sets: Path, tmp_path: Path, uninterrupted: Path) -> None:
    start = uninterrupted / "averaged.weights.h5"
    training = Training(replace(RECIPE, tier="medium"), PreparedSet(sets / "medium"), tmp_path, start)
    for mine, wanted in zip(training.network.get_weights(), weights_of(start), strict=True):
        np.testing.assert_array_equal(mine, wanted)
    assert "tier small, 6 steps of 4" in json.loads((tmp_path / "recipe.json").read_text())["start"]


def test_a_head_may_be_trained_alone_on_a_body_that_stays(small_set: PreparedSet, tmp_path: Path,
                                                          uninterrupted: Path) -> None:
    start = uninterrupted / "averaged.weights.h5"
    recipe = replace(RECIPE, steps=2, only="parts")
    Training(recipe, small_set, tmp_path, start).run(checkpoint_every=2)
    before, after = (segmentation_network(WIDTH, DEEP_BLOCKS) for _ in range(2))
    before.load_weights(start)
    after.load_weights(tmp_path / "averaged.weights.h5")
    for layer in after.layers:
        pairs = list(zip(layer.get_weights(), before.get_layer(layer.name).get_weights(), strict=True))
        stays = [np.allclose(mine, theirs, rtol=1e-5, atol=1e-7) for mine, theirs in pairs]
        assert all(stays) or layer.name.startswith("parts"), f"{layer.name} moved"
        assert not pairs or not all(stays) or not layer.name.startswith("parts"), f"{layer.name} did not move"


def test_weights_to_begin_from_that_do_not_exist_are_refused_before_anything_is_written(
        small_set: PreparedSet, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such weights"):
        Training(RECIPE, small_set, tmp_path / "run", tmp_path / "none" / "averaged.weights.h5")
    assert not (tmp_path / "run").exists()


def test_the_command_says_in_one_line_what_is_wrong(sets: Path, tmp_path: Path, masque_quantize) -> None:
    done = masque_quantize("train", "--tier", "small", "--sets", sets, "--out", tmp_path / "run", "--start", tmp_path)
    assert (done.code, done.out) == (1, "")
    assert done.err == (f"masque-quantize: {tmp_path / 'averaged.weights.h5'}: no such weights; a finished run holds "
                        "averaged.weights.h5\n")
    assert masque_quantize("train", "--tier", "huge", "--sets", sets, "--out", tmp_path).code == 2


@pytest.mark.parametrize(("change", "both"), [
    ({"rate": 1e-3}, ("rate", "0.002", "0.001")),
    ({"steps": 12}, ("steps", "6", "12")),
    ({"seed": 8}, ("seed", "9", "8")),
])
def test_another_recipe_in_the_same_folder_is_refused_with_both_values(
        small_set: PreparedSet, uninterrupted: Path, change: dict, both: tuple[str, ...]) -> None:
    before = (uninterrupted / "recipe.json").read_bytes()
    with pytest.raises(DataError) as caught:
        Training(replace(RECIPE, **change), small_set, uninterrupted)
    name, earlier, mine = both
    assert str(caught.value) == (f"{uninterrupted / 'recipe.json'}: this run was started with {name} = {earlier}, not "
                                 f"{mine}; choose another --out, or delete the run")
    assert (uninterrupted / "recipe.json").read_bytes() == before


def test_another_set_in_the_same_folder_is_refused(sets: Path, uninterrupted: Path) -> None:
    with pytest.raises(DataError, match="this run was started with set_sha256 = "):
        Training(RECIPE, PreparedSet(sets / "large"), uninterrupted)


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_batch(small_set: PreparedSet, tmp_path: Path) -> None:
    told: list[dict] = []
    with pytest.raises(DataError) as caught:
        Training(replace(RECIPE, rate=1e18), small_set, tmp_path).run(checkpoint_every=6, tell=told.append)
    assert str(caught.value).startswith(f"{tmp_path}: the loss of batch ")
    assert "(seed 9) is " in str(caught.value) and "lower --rate" in str(caught.value)
    assert not told and not (tmp_path / "averaged.weights.h5").exists()
    assert not list((tmp_path / "checkpoints").glob("ckpt*"))


def test_a_batch_that_cannot_be_made_ends_the_run_instead_of_waiting_for_ever(small_set: PreparedSet,
                                                                              tmp_path: Path) -> None:
    training, raised = Training(RECIPE, small_set, tmp_path), []

    def broken(step: int) -> None:
        raise ValueError(f"batch {step} is broken")

    training.batch = broken

    def run() -> None:
        try:
            training.run()
        except ValueError as error:
            raised.append(str(error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout=20)
    assert raised == ["batch 0 is broken"]
