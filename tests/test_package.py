"""A wheel built from a clean copy of the tree works outside it: commands, boards, portrait and models come along."""
from __future__ import annotations

import configparser
import email
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = ("board_configs", "edge", "quantize", "tools")

ENDINGS = ("*.py", "*.toml", "*.tflite", "*.jpg", "*.png", "*.html", "*.css", "*.js", "*.svg", "*.service")
"""Of files that belong to a room and must come along."""

SETUPTOOLS = 77
"""The least major version that pyproject.toml builds with."""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=cwd, env={**os.environ, **(env or {})},
                          capture_output=True, text=True)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would give a newcomer: tracked files and new ones, nothing ignored, no empty folder."""
    listed = run("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout: git ls-files says which files belong to the project")
    copy = tmp_path_factory.mktemp("tree")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    isolation = ["--no-build-isolation"] if _setuptools() >= SETUPTOOLS else []
    built = run(sys.executable, "-m", "pip", "wheel", "--no-deps", *isolation, "-w", out, tree, cwd=out)
    if not isolation and re.search(r"No matching distribution found for setuptools", built.stderr + built.stdout):
        pytest.skip(f"no setuptools>={SETUPTOOLS} here and no package index to take it from")
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("masque-*.whl"))


def _setuptools() -> int:
    try:
        return int(importlib.metadata.version("setuptools").split(".")[0])
    except importlib.metadata.PackageNotFoundError:
        return 0


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked into a folder of its own, as pip does it, scripts included."""
    target = tmp_path_factory.mktemp("installed")
    done = run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", target, wheel, cwd=target)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="module")
def models(installed: Path) -> Path:
    folder = installed / "edge" / "models"
    if not (folder / "seg-large.tflite").is_file():
        pytest.skip("edge/models holds no seg-large.tflite yet")
    return folder


def members(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def metadata(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(next(n for n in archive.namelist() if n.endswith(f".dist-info/{name}"))).decode()


def masque(installed: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The installed console script, in a folder from which the checkout cannot be seen."""
    return run(sys.executable, installed / "bin" / "masque", *arguments, cwd=cwd, env={"PYTHONPATH": str(installed)})


def test_every_module_and_every_board_is_in_the_wheel(tree: Path, wheel: Path) -> None:
    shipped = [path for room in ROOMS for ending in ENDINGS
               for path in (tree / room).rglob(ending)]
    assert {path.relative_to(tree).as_posix() for path in shipped} <= set(members(wheel))


def test_tests_and_other_files_of_the_checkout_stay_out(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in members(wheel)}
    assert "tests" not in tops
    assert not [top for top in tops if top not in ROOMS and not re.fullmatch(r"masque-[\d.]+\.dist-info", top)]
    assert not [name for name in members(wheel) if "conftest" in name or Path(name).name.startswith("test_")]


def test_both_licences_travel_with_the_wheel(wheel: Path) -> None:
    assert "Apache License" in metadata(wheel, "licenses/LICENSE")
    assert "edge/models/LICENSE" in members(wheel)


def test_the_portrait_comes_with_its_truth_and_its_origin(installed: Path) -> None:
    demo = installed / "edge" / "demo"
    for name in ("portrait.jpg", "portrait.alpha.png", "portrait.trimap.png", "ORIGIN.md"):
        assert (demo / name).read_bytes() == (ROOT / "edge" / "demo" / name).read_bytes()
    assert (demo / "portrait.jpg").stat().st_size <= 100_000


def test_both_commands_are_declared_and_installed(wheel: Path, installed: Path) -> None:
    declared = configparser.ConfigParser()
    declared.read_string(metadata(wheel, "entry_points.txt"))
    assert declared["console_scripts"]["masque"] == "edge.cli:main"
    assert declared["console_scripts"]["masque-quantize"] == "quantize.cli:main"
    for name in ("masque", "masque-quantize"):
        assert (installed / "bin" / name).is_file()


def test_the_extras_that_documents_name_exist(wheel: Path) -> None:
    declared = email.message_from_string(metadata(wheel, "METADATA"))
    assert {"pi", "coral", "bridge", "kiosk", "quantize", "bench", "dev"} <= set(declared.get_all("Provides-Extra"))


def test_a_plain_install_asks_for_no_tensorflow_and_no_runtime_of_one_board(wheel: Path) -> None:
    declared = email.message_from_string(metadata(wheel, "METADATA"))
    plain = [line for line in declared.get_all("Requires-Dist") if "extra ==" not in line]
    assert {re.match(r"[\w-]+", line)[0].lower() for line in plain} == {
        "numpy", "opencv-python-headless", "pillow", "msgspec", "click"}


def test_the_installed_rooms_are_the_ones_that_run(installed: Path, tmp_path: Path) -> None:
    script = "import edge, quantize, tools, board_configs as b; print(edge.__file__, quantize.__file__, b.__file__)"
    done = run(sys.executable, "-c", script, cwd=tmp_path, env={"PYTHONPATH": str(installed)})
    assert done.returncode == 0, done.stderr
    assert all(Path(path).is_relative_to(installed) for path in done.stdout.split())


def test_boards_are_found_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = masque(installed, "boards", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = [board["name"] for board in json.loads(done.stdout)["boards"]]
    assert names == ["desk", "pi_zero2w", "pi3b", "pi4b", "pi5", "coral_usb_pi4b", "coral_dev_board", "msp430fr2433",
                     "pico"]


def test_flash_is_a_command_and_its_images_come_along(installed: Path, tmp_path: Path) -> None:
    told = masque(installed, "--help", cwd=tmp_path)
    assert re.search(r"^ +flash +Program a microcontroller", told.stdout, re.MULTILINE), told.stdout + told.stderr
    shipped = installed / "tools" / "flash" / "shipped"
    assert {path.name for path in (shipped / "pico").glob("*.py")} == {
        path.name for path in (ROOT / "firmware" / "micropython").glob("*.py")}
    rules = masque(installed, "flash", "--udev-rules", cwd=tmp_path)
    assert rules.returncode == 0 and 'ATTRS{idVendor}=="2047"' in rules.stdout
    if not all(shutil.which(tool) for tool in ("clang", "ld.lld", "llvm-objcopy", "mspdebug")):
        pytest.skip("clang, lld, llvm or mspdebug is missing: the wheel has no image for the MSP430FR2433")
    planned = masque(installed, "flash", "msp430fr2433", "--driver", "sim", "--dry-run", "--json", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    assert json.loads(planned.stdout)["image"] == str(shipped / "masque.elf")


def test_profile_is_a_command_of_the_installed_program(installed: Path, tmp_path: Path) -> None:
    told = masque(installed, "--help", cwd=tmp_path)
    assert re.search(r"^ +profile +Say where time, memory and energy go", told.stdout, re.MULTILINE), told.stdout
    done = masque(installed, "profile", "--source", "demo?size=320x180", "--frames", "20", "--starts", "1",
                  "--no-operators", "--board", "desk", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["start"]["warm"]["ms"]["total"] > 0


def test_the_version_is_the_wheels(wheel: Path, installed: Path, tmp_path: Path) -> None:
    done = masque(installed, "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert wheel.name.split("-")[1] in done.stdout


def test_the_models_of_all_tiers_are_whole_outside_the_checkout(installed: Path, models: Path, tmp_path: Path) -> None:
    done = masque(installed, "models", "--verify", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for tier in ("small", "medium", "large"):
        assert (models / f"seg-{tier}.json").is_file()
        assert f"seg-{tier}.tflite" in done.stdout


def test_a_portrait_is_cut_outside_the_checkout(installed: Path, models: Path, tmp_path: Path) -> None:
    portrait = installed / "edge" / "demo" / "portrait.jpg"
    done = masque(installed, "matte", portrait, "--out", tmp_path / "out", "--board", "desk", "--quality", "fast",
                  "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "portrait.alpha.png", "portrait.trimap.png", "portrait.cutout.png"}
