"""The bundle of a Raspberry Pi 4 in a Debian for arm64 under qemu: it installs, it runs, and its numbers are ours.

`make test-arm64`. What is compared is this machine's masque with the bundle's; both read the same arrays.
"""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from userland import ROOT, Userland, fresh_userland

from edge.card import MODELS, read_card
from edge.matting.guided import grey
from edge.matting.q15 import quantised
from edge.photograph import read_grey, read_photograph
from tools.bundle.target import SUITES

pytestmark = pytest.mark.arm64

OFF_BY_ONE, OFF_BY_ONE_BEHIND_SOFTMAX = 0.001, 0.002
"""Share of a network's outputs that may differ, by one step of 256, between the two processors; and of the one output
that does at all: `parts`, behind the SOFTMAX over six classes (operator 75 of 77 in seg-large). What goes into that
operator, and every other output, is the same to the bit."""

FLOAT_MEAN, FLOAT_MOST = 1e-4, 0.02
"""Alpha and colours of the C loops, in 0..1: other instructions add up in another order."""

ALPHA_MEAN, ALPHA_SAME = 0.3, 0.995
"""Of 255 grey levels, and person IoU: the commands' own alphas, where pictures are also decoded and resized, there by
the OpenCV of the bundle and here by the one that is installed."""


@pytest.fixture(scope="module", params=sorted(SUITES))
def suite(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def userland(tmp_path_factory: pytest.TempPathFactory, suite: str) -> Userland:
    return fresh_userland(suite, tmp_path_factory.mktemp("arm64") / "root")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, userland: Userland, suite: str) -> Path:
    """Built by the command, signed with a new key."""
    folder = tmp_path_factory.mktemp("bundle")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    script = "from edge.cli import run; from tools.bundle.command import command; run(command, 'masque bundle')"
    done = subprocess.run([sys.executable, "-c", script, "pi4b", "--suite", suite, "--out", folder, "--key",
                           folder / "key", "--json"], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    if "no set of wheels" in done.stderr:
        pytest.skip(f"no package index here has the wheels: {done.stderr}")
    assert done.returncode == 0, done.stderr
    made, = json.loads(done.stdout)["bundles"]
    assert made["signed"] and (made["board"], made["architecture"]) == ("pi4b", "arm64")
    assert made["python"] == SUITES[suite].python_version
    return Path(made["deb"])


@pytest.fixture(scope="module")
def installed(userland: Userland, bundle: Path) -> Userland:
    """By apt, without a network; first as a Raspberry Pi 5, which must be refused."""
    shutil.copy(bundle, userland.folder / "root" / "masque-kiosk.deb")
    model = userland.folder / "proc/device-tree/model"
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    wrong = userland.run("dpkg", "--install", "/root/masque-kiosk.deb", proc=False)
    assert wrong.returncode != 0 and "this machine is a Raspberry Pi 5" in wrong.stderr
    assert not (userland.folder / "opt/masque").exists()
    done = userland.run("apt-get", "install", "--yes", "--no-install-recommends", "/root/masque-kiosk.deb")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "is the current version" in done.stdout + done.stderr
    return userland


def questions() -> dict[str, np.ndarray]:
    """Tiles as a solver would cut them, pictures for every signature, a portrait with mask and trimap."""
    rng = np.random.default_rng(20)
    asked: dict[str, list[np.ndarray] | np.ndarray] = {}
    tiles: dict[str, list[np.ndarray]] = {}
    for _turn in range(20):
        weights = rng.dirichlet(np.ones(5), 96)[:, :4]
        parts = {"neighbours": rng.integers(0, 96, (96, 4)), "weights": weights,
                 "bias": rng.random(96) * (1 - weights.sum(axis=1)), "guess": rng.random(96)}
        tile = quantised(*(parts[name] for name in ("neighbours", "weights", "bias", "guess")))
        parts |= {f"q_{name}": getattr(tile, name) for name in ("bias", "neighbours", "weights", "guess")}
        for name, values in parts.items():
            tiles.setdefault(f"tile/{name}", []).append(values)
    asked |= {name: np.stack(values) for name, values in tiles.items()}
    portrait = read_photograph(ROOT / "edge/demo/portrait.jpg").pixels
    for model in sorted(MODELS.glob("*.tflite")):
        for name, signature in read_card(model).signatures.items():
            _one, height, width, depth = signature.picture.shape
            cut = np.dstack([portrait, grey(portrait)])[-height - 60:-60, 150:150 + width, :depth]
            asked[f"picture/{model.stem}/{name}"] = (cut[None] ^ 0x80).view(np.int8)
    small = np.ascontiguousarray(portrait[:480:2, :480:2])
    alpha = np.ascontiguousarray(read_grey(ROOT / "edge/demo/portrait.alpha.png")[:480:2, :480:2])
    trimap = np.where((alpha > 12) & (alpha < 243), 128, np.where(alpha > 127, 255, 0)).astype(np.uint8)
    return {**asked, "pixels": small, "luma": grey(small), "trimap": trimap,
            "mask": (alpha > 127).astype(np.float32), "alpha": alpha.astype(np.float32) / 255}


@pytest.fixture(scope="module")
def answers(installed: Userland, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    """(here, there): name → array."""
    folder = tmp_path_factory.mktemp("answers")
    np.savez(folder / "questions.npz", **questions())
    script = Path(__file__).with_name("answers.py")
    subprocess.run([sys.executable, script, folder / "questions.npz", folder / "here.npz"], check=True,
                   env={**os.environ, "PYTHONPATH": str(ROOT)})
    for path in (script, folder / "questions.npz"):
        shutil.copy(path, installed.folder / "root")
    done = installed.run("/opt/masque/current/bin/python3", "-P", "/root/answers.py", "/root/questions.npz",
                         "/root/there.npz")
    assert done.returncode == 0, done.stderr
    both = [dict(np.load(path)) for path in (folder / "here.npz", installed.folder / "root/there.npz")]
    assert both[0].keys() == both[1].keys() and len(both[0]) > 50
    return both[0], both[1]


def test_it_says_arm64_and_its_board_and_every_model_agrees_with_its_card(installed: Userland) -> None:
    done = installed.run("masque", "doctor", "--prove", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["machine"]["processor"] == "aarch64" and said["machine"]["board"] == "pi4b"
    assert {proof["model"] for proof in said["proofs"]} == {path.stem for path in MODELS.glob("*.tflite")}


def test_the_tile_solver_agrees_to_the_bit(answers: tuple[dict, dict]) -> None:
    here, there = answers
    names = [name for name in here if name.startswith("q15/")]
    assert len(names) == 40
    assert not [name for name in names if not np.array_equal(here[name], there[name])]


def test_the_networks_agree_to_the_bit_or_within_one_step(answers: tuple[dict, dict]) -> None:
    here, there = answers
    names = [name for name in here if name.startswith("int8/")]
    apart = {name: np.abs(here[name].astype(int) - there[name]) for name in names}
    off = {name: (float((steps > 0).mean()), int(steps.max())) for name, steps in apart.items() if steps.any()}
    print(off)
    cards = [read_card(model) for model in MODELS.glob("*.tflite")]
    assert len(names) == sum(len(signature.outputs) for card in cards for signature in card.signatures.values()) > 0
    assert all(name.endswith("/parts") for name in off)
    assert all(share <= OFF_BY_ONE_BEHIND_SOFTMAX and most == 1 for share, most in off.values())
    for network in sorted({name.split("/")[1] for name in names}):
        together = np.concatenate([steps.ravel() for name, steps in apart.items() if name.split("/")[1] == network])
        print(network, (together > 0).mean())
        assert (together > 0).mean() <= OFF_BY_ONE


def test_the_loops_in_c_agree_within_their_bound(answers: tuple[dict, dict]) -> None:
    here, there = answers
    apart = {name: np.abs(here[name] - there[name]) for name in here if name.startswith("float/")}
    print({name: (float(steps.mean()), float(steps.max())) for name, steps in apart.items()})
    assert len(apart) == 3
    assert not {name: (float(steps.mean()), float(steps.max())) for name, steps in apart.items()
                if steps.mean() > FLOAT_MEAN or steps.max() > FLOAT_MOST}


def same(here: Path, there: Path) -> None:
    """Alphas that nobody could tell apart."""
    ours, theirs = read_grey(here).astype(int), read_grey(there).astype(int)
    apart, both = np.abs(ours - theirs).mean(), (ours > 127) & (theirs > 127)
    overlap = both.sum() / max(1, ((ours > 127) | (theirs > 127)).sum())
    print(here.name, apart, overlap)
    assert apart <= ALPHA_MEAN and overlap >= ALPHA_SAME, (here.name, apart, overlap)


def ours(*arguments: object) -> None:
    """masque of this checkout, as the same board."""
    subprocess.run([sys.executable, "-m", "edge", *map(str, arguments), "--board", "pi4b"], cwd=ROOT, check=True,
                   capture_output=True)


def test_masque_matte_cuts_out_the_same_portrait(installed: Userland, tmp_path: Path) -> None:
    shutil.copy(ROOT / "edge/demo/portrait.jpg", installed.folder / "root")
    done = installed.run("masque", "matte", "/root/portrait.jpg", "--out", "/root/cut", "--quality", "fine", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["solver"] == "knn-cg"
    ours("matte", ROOT / "edge/demo/portrait.jpg", "--out", tmp_path, "--quality", "fine")
    same(tmp_path / "portrait.alpha.png", installed.folder / "root/cut/portrait.alpha.png")


def test_masque_live_shows_the_same_film(installed: Userland, tmp_path: Path) -> None:
    done = installed.run("masque", "live", "demo", "--frames", "8", "--out", "/root/clip.mp4", "--alpha-dir",
                         "/root/alpha", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["frames"] == 8 and (installed.folder / "root/clip.mp4").stat().st_size > 1000
    ours("live", "demo", "--frames", "8", "--out", "null", "--alpha-dir", tmp_path)
    for name in ("000000.png", "000007.png"):
        same(tmp_path / name, installed.folder / "root/alpha" / name)


def test_the_booth_s_server_can_be_asked(installed: Userland) -> None:
    done = installed.run("masque", "kiosk", "--help")
    assert done.returncode == 0 and "--gallery" in done.stdout
