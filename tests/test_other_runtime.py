"""The same models see the same people on tflite-runtime 2.14.0, on which boards with a Coral accelerator are pinned."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import edge.proof
from edge.photograph import read_grey
from quantize.evaluate import board_of_tier
from quantize.manifest import PERSON_VALUES, read_manifest
from quantize.metrics import iou

pytestmark = pytest.mark.runtimes

ROOT = Path(__file__).parents[1]

ENOUGH, WORST = 0.995, 0.97
"""IoU of two runtimes' masks: the least mean over pictures, and the least of a single one.

They differ in rounding: by 0.004 of a probability on average and 0.13 at most (measured 2026-11-21, x86-64, 24
pictures), which moves a boundary only where the network is in two minds.
"""

SAME_ACCURACY = 0.005
"""How far the two runtimes' person IoU with the truth may lie apart."""

AT_ONCE = 7
"""Pictures a process: the other runtime is slow, and no process may take longer than two minutes."""

TIERS = pytest.mark.parametrize("tier", ["small", "medium", "large"])


@pytest.fixture(scope="module")
def other_python() -> str:
    """The interpreter of an environment with tflite-runtime and without LiteRT."""
    path = os.environ.get("MASQUE_TFLITE_PYTHON")
    if not path:
        pytest.skip("MASQUE_TFLITE_PYTHON is not set: `make test` makes that environment where Python is 3.11")
    if not Path(path).is_file():
        pytest.fail(f"MASQUE_TFLITE_PYTHON is {path}, and there is no such file")
    return path


def masque(python: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`masque` from this checkout, in the environment of an interpreter."""
    return subprocess.run([python, "-m", "edge", *map(str, arguments)], cwd=ROOT, text=True, capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120)


@pytest.fixture
def model(tier: str, models_folder: Path) -> Path:
    """The model file of a tier."""
    path = models_folder / f"seg-{tier}.tflite"
    if not path.is_file():
        pytest.skip(f"no {path.name} in {models_folder} yet")
    return path


@pytest.fixture
def cut(tier: str, model: Path, other_python: str, tmp_path: Path) -> Callable[[list[Path]], Iterator[np.ndarray]]:
    """Pictures → (2, H, W) bool each: the person as this environment sees it, and as the other one does."""
    def both(pictures: list[Path]) -> Iterator[np.ndarray]:
        for name, python in (("this", sys.executable), ("other", other_python)):
            for first in range(0, len(pictures), AT_ONCE):
                some = pictures[first : first + AT_ONCE]
                done = masque(python, "matte", *some, "--out", tmp_path / name, "--quality", "fast", "--json",
                              "--board", board_of_tier(tier).name, "--models", model.parent)
                assert done.returncode == 0, done.stderr
        for picture in pictures:
            yield np.stack([read_grey(tmp_path / name / f"{picture.stem}.alpha.png") >= 128
                            for name in ("this", "other")])

    return both


@TIERS
def test_both_runtimes_cut_out_the_same_portrait(tier: str, cut, portrait_file: Path) -> None:
    (this, other), = cut([portrait_file])
    assert this.any()
    assert iou(this, other, np.ones_like(this)) >= ENOUGH


@pytest.mark.data
@TIERS
def test_both_runtimes_see_the_same_people_and_are_right_as_often(tier: str, cut, data_folder: Path) -> None:
    entries = [entry for entry in read_manifest(data_folder / "portrait")
               if entry.split == "val" and entry.source == "picsart"][::8]
    agreements, right = {}, []
    for entry, (this, other) in zip(entries, cut([entry.image for entry in entries]), strict=True):
        mask = read_grey(entry.mask)
        truth, known = np.isin(mask, PERSON_VALUES), np.isin(mask, (0, *PERSON_VALUES))
        agreements[entry.image.name] = iou(this, other, np.ones_like(this))
        right.append([iou(this, truth, known), iou(other, truth, known)])
    assert np.mean(list(agreements.values())) >= ENOUGH
    assert not {name: value for name, value in agreements.items() if value < WORST}
    assert abs(np.subtract(*np.mean(right, axis=0))) <= SAME_ACCURACY


@pytest.fixture(scope="module")
def diagnosis(other_python: str, models_folder: Path) -> dict:
    """What `masque doctor --prove --json` says in the other environment."""
    if not list(models_folder.glob("seg-*.tflite")):
        pytest.skip(f"no model in {models_folder} yet")
    done = masque(other_python, "doctor", "--prove", "--json", "--models", models_folder)
    assert not done.stderr
    return {**json.loads(done.stdout), "exit": done.returncode}


def test_the_doctor_names_the_runtime_that_is_in_use(diagnosis: dict) -> None:
    assert diagnosis["runtime_in_use"] == "tflite-runtime"
    assert [(row["name"], row["version"], row["loads"]) for row in diagnosis["runtimes"]] == [
        ("tflite-runtime", "2.14.0", True)]


def test_the_doctor_proves_every_model_on_the_other_runtime(diagnosis: dict, models_folder: Path) -> None:
    proofs = [proof for proof in diagnosis["proofs"] if proof["delegate"] == "cpu"]
    assert {proof["model"] for proof in proofs} == {path.stem for path in models_folder.glob("*.tflite")}
    for proof in proofs:
        assert proof["runtime"] == "tflite-runtime"
        assert proof["agreement"] >= edge.proof.ENOUGH and proof["passed"], proof
    assert diagnosis["exit"] == 0
