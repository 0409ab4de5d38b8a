"""`masque bundle`: what it refuses before anything is built, whom it signs for, what goes into a package."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_bundle import key_in

from edge.boards import board_names, load_board
from edge.errors import BundleError
from edge.segment.edge_tpu import EDGE_TPU_OPERATOR
from tools.bundle import debian_package, site, wheel
from tools.bundle.command import command
from tools.bundle.signed import manifest, sign, signers
from tools.bundle.target import SUITES, target
from tools.bundle.tree import compiled_models

ROOT = Path(__file__).parents[2]

CAMERA_BOARDS = [name for name in board_names() if load_board(name).kind == "camera"]


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Result]:
    """`bundle(*arguments)`: the command, into an empty folder; errors are raised."""
    return lambda *arguments: CliRunner().invoke(command, [*map(str, arguments), "--out", str(tmp_path / "out")])


def test_a_microcontroller_is_flashed_and_not_bundled(bundle) -> None:
    for name in ("msp430fr2433", "pico"):
        assert f"`masque flash {name}`" in str(bundle(name, "--unsigned").exception)


@pytest.mark.parametrize("board", ["coral_usb_pi4b", "coral_dev_board"])
def test_a_coral_board_without_compiled_models_is_refused_unless_told_cpu(board: str, tmp_path: Path, bundle) -> None:
    said = str(bundle(board, "--unsigned").exception)
    assert "masque ships no compiled model" in said and "--models DIR; or --cpu" in said
    made = bundle(board, "--unsigned", "--models", tmp_path)
    assert "holds no seg-large.person_portrait_edgetpu.tflite" in str(made.exception)
    for name in ("person_portrait", "person_landscape", "person_wide"):
        (tmp_path / f"seg-large.{name}_edgetpu.tflite").write_bytes(b"....TFL3")
    assert "holds no edgetpu-custom-op" in str(bundle(board, "--unsigned", "--models", tmp_path).exception)
    assert not list((tmp_path / "out").glob("*"))
    assert target(board, "bookworm", cpu=True).extras[0] == "pi"
    assert not target(board, "trixie", cpu=True).wants_compiled


def test_compiled_models_are_found_by_tier_and_signature(tmp_path: Path) -> None:
    wanted = target("coral_dev_board", "bookworm")
    names = [f"seg-large.{name}_edgetpu.tflite" for name in ("person_portrait", "person_landscape", "person_wide",
                                                               "all_portrait")]
    for name in (*names, "seg-small.person_portrait_edgetpu.tflite"):
        (tmp_path / name).write_bytes(b"....TFL3" + EDGE_TPU_OPERATOR)
    assert sorted(path.name for path in compiled_models(wanted, tmp_path)) == sorted(names)


def test_an_edge_tpu_wants_bookworm(bundle) -> None:
    said = str(bundle("coral_usb_pi4b", "--unsigned", "--suite", "trixie").exception)
    assert "ends at Python 3.11, and trixie has 3.13" in said


def test_nothing_is_left_unsigned_by_mistake(bundle, tmp_path: Path) -> None:
    done = bundle("pi4b")
    assert done.exit_code == 2 and "give --key FILE to sign with, or say --unsigned" in done.output
    (tmp_path / "key").touch()
    assert bundle("pi4b", "--key", tmp_path / "key", "--unsigned").exit_code == 2


def test_an_unsigned_bundle_says_so_loudly(bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel.shutil, "which", lambda _: None)
    done = bundle("pi4b", "--unsigned")
    assert "WARNING: this package is NOT SIGNED" in done.output
    assert "aarch64-linux-gnu-gcc is not on PATH: apt install gcc-aarch64-linux-gnu" in str(done.exception)


def test_without_a_checkout_a_wheel_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel, "CHECKOUT", tmp_path)
    monkeypatch.setattr(wheel.shutil, "which", lambda name: name)
    with pytest.raises(BundleError, match="not a git checkout of masque, so no wheel can be built; give --wheel one"):
        wheel.built_wheel("aarch64", tmp_path)


def test_the_wheel_lands_in_a_folder_that_was_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--out out`, as everybody writes it: pip runs in a folder of its own."""
    def pip(command: list[object], cwd: str, **_: object) -> subprocess.CompletedProcess[str]:
        Path(cwd, str(command[command.index("--wheel-dir") + 1]), "masque-1-cp311-abi3-linux_aarch64.whl").touch()
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    monkeypatch.setattr(wheel.shutil, "which", lambda name: name)
    monkeypatch.setattr(wheel, "_copy_checkout", Path.mkdir)
    monkeypatch.setattr(wheel.subprocess, "run", pip)
    assert wheel.built_wheel("aarch64", Path("out")) == tmp_path / "out/masque-1-cp311-abi3-linux_aarch64.whl"


def test_this_machine_s_python_headers_serve_the_cross_compiler(tmp_path: Path) -> None:
    """Debian's own pyconfig.h looks for one of the target, which nobody has installed."""
    compiler = wheel.COMPILERS["aarch64"]
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}: apt install gcc-aarch64-linux-gnu")
    flags = wheel._cross("aarch64", compiler, tmp_path / "headers")["CPPFLAGS"]
    subprocess.run([compiler, flags, f"-I{sysconfig.get_path('include')}", "-DPy_LIMITED_API=0x030B0000", "-fPIC", "-c",
                    ROOT / "edge/native/door.c", "-o", tmp_path / "door.o"], check=True)


def test_masque_board_names_the_board_and_the_option_overrules_it(masque, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle's launcher sets it: a Coral on USB cannot be detected."""
    monkeypatch.setenv("MASQUE_BOARD", "coral_usb_pi4b")
    assert masque("doctor", "--json").json["machine"]["board"] == "coral_usb_pi4b"
    assert masque("doctor", "--json", "--board", "pi5").json["machine"]["board"] == "pi5"
    monkeypatch.setenv("MASQUE_BOARD", "toaster")
    done = masque("doctor")
    assert done.code == 2 and "no board is called 'toaster'" in done.err


@pytest.mark.parametrize("board", CAMERA_BOARDS)
@pytest.mark.parametrize("suite", SUITES)
def test_every_board_with_a_camera_has_a_target(board: str, suite: str) -> None:
    made = target(board, suite, cpu=True)
    assert made.architecture == ("amd64" if board == "desk" else "arm64")
    assert f"manylinux_2_28_{made.machine}" in made.platforms and made.platforms[-1] == f"linux_{made.machine}"
    assert debian_package.deb_version("0.1.0", 3, made).startswith(f"0.1.0-3~{suite}+{board.replace('_', '')}")


def test_a_newer_system_s_package_replaces_an_older_one_s() -> None:
    if shutil.which("dpkg") is None:
        pytest.skip("needs dpkg")
    order = [("0.1.0", 1, "bookworm"), ("0.1.0", 1, "trixie"), ("0.1.0", 2, "bookworm"), ("0.1.1", 1, "bookworm")]
    versions = [debian_package.deb_version(version, revision, target("pi4b", suite))
                for version, revision, suite in order]
    for older, newer in pairwise(versions):
        subprocess.run(["dpkg", "--compare-versions", older, "lt", newer], check=True)


def test_bookworm_keeps_the_numpy_that_its_camera_library_was_compiled_for() -> None:
    assert SUITES["bookworm"].constraints == ("numpy<2",) and SUITES["trixie"].constraints == ()


def given(name: str, folder: Path, *needs: str) -> None:
    """An installed distribution that asks for others."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0",
                                              *(f"Requires-Dist: {need}" for need in needs)]) + "\n")


def test_what_only_the_board_s_python_asks_for_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given("masque", tmp_path, "numpy", "av; extra == 'kiosk'", "tensorflow; extra == 'quantize'")
    given("numpy", tmp_path, "backport; python_version >= '3.13'", "pc-only; platform_machine == 'x86_64'")
    given("av", tmp_path, "win; sys_platform == 'win32'")
    monkeypatch.setattr(site.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "", ""))
    assert site.fill_site(tmp_path, tmp_path / "w.whl", target("pi4b", "bookworm")) == dict.fromkeys(
        ("av", "masque", "numpy"), "1.0")
    with pytest.raises(BundleError, match=r"^backport: wanted on Python 3\.13 and not on"):
        site.fill_site(tmp_path, tmp_path / "w.whl", target("pi4b", "trixie"))


def test_a_full_disk_is_one_short_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip lists every file that did not fit."""
    said = "ERROR: Exception:\nshutil.Error: [" + "('a', 'b', '[Errno 28] No space left on device'), " * 500 + "]"
    monkeypatch.setattr(site.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 2, "", said))
    with pytest.raises(BundleError, match=r"^no space left: \d+ MB are free for the package, \d+ MB in ") as error:
        site.fill_site(tmp_path / "site", tmp_path / "w.whl", target("pi4b", "bookworm"))
    assert len(str(error.value)) < 300 and len(wheel.last_line(said)) == wheel.LINE


def test_byte_code_and_scripts_of_wheels_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """numpy's wheel brings a .pyc, which is no file of any manifest on the board."""
    given("masque", tmp_path)
    for path in ("bin/f2py", "numpy/__pycache__/a.pyc", "numpy/a.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    monkeypatch.setattr(site.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, "", ""))
    site.fill_site(tmp_path, tmp_path / "w.whl", target("pi4b", "bookworm"))
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"METADATA", "a.py"}


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen: apt install openssh-client")
class TestSigning:
    """OpenSSH's own tools make and check the signature."""

    def test_the_manifest_is_what_sha256sum_checks(self, tmp_path: Path) -> None:
        tree = tmp_path / "tree"
        (tree / "deep").mkdir(parents=True)
        (tree / "deep/ä b").write_bytes(b"1")
        (tree / "a").write_bytes(b"")
        done = subprocess.run(["sha256sum", "--check", "--strict", "-"], cwd=tree, input=manifest(tree), text=True,
                              capture_output=True)
        assert done.returncode == 0 and done.stdout.count(": OK") == 2

    def test_only_an_ed25519_key_signs(self, tmp_path: Path) -> None:
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", tmp_path / "rsa"], check=True)
        with pytest.raises(BundleError, match="is an ssh-rsa key, ssh-ed25519 is wanted"):
            signers(tmp_path / "rsa")
        (tmp_path / "none").write_text("no key")
        with pytest.raises(BundleError, match="not a private key that can be used"):
            signers(tmp_path / "none")

    def test_a_key_that_cannot_sign_is_refused_before_anything_is_built(self, tmp_path: Path, bundle,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wheel, "built_wheel", lambda *_: pytest.fail("it was built"))
        said = bundle("pi4b", "--key", tmp_path / "none").exception
        assert isinstance(said, BundleError) and "none: not a private key that can be used" in str(said)

    def test_anybody_can_check_a_package_before_installing_it(self, tmp_path: Path) -> None:
        key, deb = key_in(tmp_path), tmp_path / "a.deb"
        deb.write_bytes(b"package")
        signature = sign(deb, key)
        (tmp_path / "signers").write_text(signers(key))
        check = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "signers", "-I", "masque-bundle", "-n",
                 "masque-bundle", "-s", signature]
        assert subprocess.run(check, input=deb.read_bytes(), capture_output=True).returncode == 0
        assert subprocess.run(check, input=b"another", capture_output=True).returncode != 0


def test_the_command_is_one_of_masque_s() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    assert 'bundle = "tools.bundle.command:command"' in text.split('[project.entry-points."masque.commands"]')[1]


def test_the_board_s_program_needs_nothing_but_python() -> None:
    script = ("import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import settle; "
              "import json; print(json.dumps(sorted({m.split('.')[0] for m in set(sys.modules) - before})))")
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script, ROOT / "tools/bundle"], capture_output=True,
                          text=True, check=True)
    assert set(json.loads(done.stdout)) - {"settle"} <= set(sys.stdlib_module_names)
