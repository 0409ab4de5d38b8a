"""quantize.distil: a larger network teaches a smaller one, on the same picture, larger and unspoilt."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install '.[quantize]'")

from tiny_network import DEEP_BLOCKS, HEAD_CHANNELS, WIDTH, tiny_network

from edge.errors import DataError
from quantize.dataset import PreparedSet
from quantize.distil import Teacher, taught_loss
from quantize.network import tf
from quantize.train import AVERAGED, Recipe, Training

pytestmark = [pytest.mark.train, pytest.mark.usefixtures("narrow")]

RECIPE = Recipe("small", steps=2, batch=2, warm_up=1, seed=9)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of a finished run of the large tier."""
    run = tmp_path_factory.mktemp("teacher")
    recipe = {"tier": "large", "steps": 6, "batch": 4, "rate": 0.002, "seed": 3, "width": WIDTH, "start": None,
              "deep_blocks": DEEP_BLOCKS, "head_channels": HEAD_CHANNELS}
    (run / "recipe.json").write_text(json.dumps(recipe))
    tiny_network(seed=3).save_weights(run / AVERAGED)
    return run / AVERAGED


@pytest.mark.parametrize(("student", "shape", "wanted"), [
    ("small", (80, 48), (160, 96)), ("medium", (112, 64), (168, 96)), ("large", (96, 160), (96, 160))])
def test_the_teacher_sees_the_student_s_picture_as_wide_as_its_own_input(
        teacher: Path, student: str, shape: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert Teacher(teacher, student).shape_for(shape) == wanted


@pytest.mark.parametrize("shape", [(112, 64), (64, 112)])
def test_what_the_teacher_says_has_the_student_s_size_and_is_a_probability(teacher: Path,
                                                                            shape: tuple[int, int]) -> None:
    wise = Teacher(teacher, "medium")
    pictures = np.random.default_rng(2).integers(0, 256, (2, *wise.shape_for(shape), 3)).astype(np.uint8)
    person, parts = wise.says(tf.constant(pictures), shape)
    assert person.shape == (2, *shape, 1) and parts.shape == (2, shape[0] // 2, shape[1] // 2, 6)
    assert float(tf.reduce_min(person)) >= 0 and float(tf.reduce_max(person)) <= 1
    np.testing.assert_allclose(tf.reduce_sum(parts, axis=-1), 1, atol=1e-4)


def test_a_teacher_of_the_student_s_own_size_is_heard_as_it_sees(teacher: Path) -> None:
    pictures = np.random.default_rng(2).integers(0, 256, (1, 160, 96, 3)).astype(np.uint8)
    wise = Teacher(teacher, "large")
    person, parts = wise.says(tf.constant(pictures), (160, 96))
    seen = wise.network(pictures / np.float32(255), training=False)
    np.testing.assert_allclose(person, tf.sigmoid(seen["person"]), atol=1e-5)
    np.testing.assert_allclose(parts, tf.nn.softmax(seen["parts"]), atol=1e-5)


def test_who_agrees_with_the_teacher_loses_least() -> None:
    person = tf.constant(np.random.default_rng(4).random((1, 8, 8, 1)), tf.float32)
    parts = tf.nn.softmax(tf.constant(np.random.default_rng(5).normal(size=(1, 4, 4, 6)), tf.float32))
    agreed = {"person": tf.math.log(person / (1 - person)), "parts": tf.math.log(parts)}
    least = float(taught_loss(agreed, person, parts))
    for name in agreed:
        assert float(taught_loss({**agreed, name: agreed[name] + tf.random.normal(agreed[name].shape, seed=1)}, person,
                                 parts)) > least + 0.01


def test_the_teacher_gets_the_same_picture_without_what_the_camera_spoils(sets: Path, teacher: Path,
                                                                          tmp_path: Path) -> None:
    training = Training(RECIPE, PreparedSet(sets / "small"), tmp_path / "taught", teacher=teacher)
    alone = Training(RECIPE, PreparedSet(sets / "small"), tmp_path / "alone")
    batch, untaught = training.batch(0), alone.batch(0)
    assert batch[4].shape == (2, 160, 96, 3)
    for mine, theirs in zip(batch[:4], untaught, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    small = batch[4].reshape(2, 80, 2, 48, 2, 3).mean((2, 4))
    grey_small, grey_spoilt = (picture.mean(-1) for picture in (small, batch[0].astype(float)))
    for one, other in zip(grey_small, grey_spoilt, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.7


def test_a_taught_run_ends_elsewhere_remembers_its_teacher_and_resumes_only_with_it(sets: Path, teacher: Path,
                                                                                    tmp_path: Path) -> None:
    pictures = PreparedSet(sets / "small")
    Training(RECIPE, pictures, tmp_path / "taught", teacher=teacher).run()
    Training(RECIPE, pictures, tmp_path / "alone").run()
    assert (tmp_path / "taught" / AVERAGED).read_bytes() != (tmp_path / "alone" / AVERAGED).read_bytes()
    assert json.loads((tmp_path / "taught" / "recipe.json").read_text())["teacher"].startswith("tier large, 6 steps")
    with pytest.raises(DataError, match="teacher = "):
        Training(RECIPE, pictures, tmp_path / "taught")


def test_the_command_trains_on_another_set_with_a_teacher(sets: Path, teacher: Path, tmp_path: Path,
                                                          masque_quantize) -> None:
    done = masque_quantize("train", "--tier", "small", "--sets", sets, "--set", "medium", "--out", tmp_path / "run",
                           "--steps", 1, "--batch", 2, "--seed", 9, "--teacher", teacher.parent)
    assert (done.code, done.err) == (0, "")
    recipe = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert recipe["set"] == "medium" and recipe["set_sha256"] == PreparedSet(sets / "medium").sha256


def test_a_teacher_without_weights_is_one_line(sets: Path, tmp_path: Path, masque_quantize) -> None:
    done = masque_quantize("train", "--tier", "small", "--sets", sets, "--out", tmp_path / "run", "--steps", 1,
                           "--teacher", tmp_path)
    assert done.code == 1 and done.err.count("\n") == 1 and "averaged.weights.h5" in done.err
