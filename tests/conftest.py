"""What every room's tests share: the models under test, the portrait with its truth, and two ways to call `masque`."""
from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from outcome import Outcome

import edge.demo
from edge.camera.demo import portrait_with_alpha
from edge.card import MODELS, model_path
from edge.cli import main
from edge.segment.tflite import TfliteSegmenter, open_segmenter

pytest_plugins = ["built_firmware"]

ROOT = Path(__file__).parents[1]

BOARD = "desk"
"""The board that tests act for, whatever they run on: its tier is large."""

settings.register_profile("masque", deadline=None, max_examples=40, derandomize=True,
                          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
settings.load_profile("masque")


def pytest_configure() -> None:
    """Whatever tests start hears Ctrl-C, though tests in the background do not: they would hand their deafness on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first: when files are spread over cores, it would keep one busy long after the others."""
    items.sort(key=lambda item: item.path.name != "test_other_runtime.py")


Command = Callable[..., Outcome]


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """The models under test: those that ship, or those in the folder that MASQUE_TEST_MODELS names."""
    return Path(os.environ.get("MASQUE_TEST_MODELS", MODELS)).resolve()


@pytest.fixture(scope="session")
def segmenter(models_folder: Path) -> TfliteSegmenter:
    """The large tier, opened once for all tests; it holds nothing between two pictures."""
    return open_segmenter(model_path("seg", "large", models_folder), "large")[0]


@pytest.fixture(scope="session")
def parts_model(models_folder: Path) -> Path:
    """The large model, which tells the parts of a person too."""
    return model_path("seg", "large", models_folder)


@pytest.fixture(scope="session")
def labeller(parts_model: Path) -> TfliteSegmenter:
    """The large tier, opened for its parts."""
    return open_segmenter(parts_model, "large", parts=True)[0]


@pytest.fixture(scope="session")
def portrait_file() -> Path:
    """The portrait that ships: a JPEG of 512×600."""
    return Path(edge.demo.__file__).with_name("portrait.jpg")


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """Its pixels (600, 512, 3) uint8."""
    return portrait_with_alpha()[0]


@pytest.fixture(scope="session")
def truth() -> np.ndarray:
    """Its true alpha (600, 512) uint8."""
    return portrait_with_alpha()[1]


@pytest.fixture(scope="session")
def iou() -> Callable[[np.ndarray, np.ndarray], float]:
    """`iou(a, b)`: intersection over union of two (H, W) uint8 alphas, person where they are at least 128."""
    def of(first: np.ndarray, second: np.ndarray) -> float:
        a, b = first >= 128, second >= 128
        return float((a & b).sum() / max(1, (a | b).sum()))

    return of


@pytest.fixture
def masque(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`masque(*arguments)` through the console script's own function, inside this process: fast."""
    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["masque", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Outcome(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def matte(masque: Command, models_folder: Path) -> Command:
    """`matte(*arguments)`: `masque matte --json` with the models under test."""
    def call(*arguments: object) -> Outcome:
        return masque("matte", *arguments, "--json", "--board", BOARD, "--models", models_folder)

    return call


@pytest.fixture(scope="session")
def spawned() -> Callable[..., subprocess.Popen]:
    """`spawned(*arguments, **popen)`: `masque` in a process of its own, its output in pipes."""
    def start(*arguments: object, **popen: Any) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-m", "edge", *map(str, arguments)], cwd=ROOT, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)

    return start


@pytest.fixture(scope="session")
def started_matte(spawned: Callable[..., subprocess.Popen], models_folder: Path) -> Callable[..., subprocess.Popen]:
    """`started_matte(*arguments, **popen)`: like `matte`, in a process of its own that is still running."""
    def start(*arguments: object, **popen: Any) -> subprocess.Popen:
        return spawned("matte", *arguments, "--json", "--board", BOARD, "--models", models_folder, **popen)

    return start


@pytest.fixture(scope="session")
def spawned_matte(started_matte: Callable[..., subprocess.Popen]) -> Command:
    """`spawned_matte(*arguments, **popen)`: like `matte`, in a process of its own, waited for."""
    def call(*arguments: object, **popen: Any) -> Outcome:
        process = started_matte(*arguments, **popen)
        out, err = process.communicate(timeout=120)
        return Outcome(process.returncode, out, err)

    return call


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 256 kB; skips where none may be mounted."""
    place = tmp_path / "full"
    place.mkdir()
    if shutil.which("mount") is None or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here (needs root)")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def as_ordinary_user() -> Callable[[], None]:
    """For `preexec_fn`: file permissions hold for the child even where the tests run as root. Skips where they cannot.

    Root's right to read and write everywhere leaves the child's bounding set, so that exec does not give it back.
    """
    if os.geteuid() != 0:
        return lambda: None
    c = ctypes.CDLL(None, use_errno=True)
    drop, may_override, may_read_and_search = 24, 1, 2  # linux/prctl.h, linux/capability.h
    if c.prctl(23, may_override) != 1:
        pytest.skip("runs as root in a place where file permissions cannot be made to hold")

    def give_up() -> None:
        for capability in (may_override, may_read_and_search):
            c.prctl(drop, capability)

    return give_up


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The data folder (MASQUE_DATA, default ../shared/data); tests that need it carry the mark `data`."""
    folder = Path(os.environ.get("MASQUE_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "portrait" / "manifest.csv").is_file():
        pytest.skip(f"no data folder at {folder}: MASQUE_DATA names one (portrait/manifest.csv inside it)")
    return folder
