"""The package in dpkg's own hands, on a root of its own: scripts, links, wrong board, damage, kills, removal."""
from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from small_bundle import HERE, key_in, runs, small_bundle

from tools.bundle.target import SUITES

SYSTEM_PYTHON = Path("/usr/bin/python3")


def _system_python() -> str:
    if not SYSTEM_PYTHON.is_file():
        return ""
    return subprocess.run([SYSTEM_PYTHON, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
                          capture_output=True, text=True).stdout.strip()


pytestmark = [
    pytest.mark.skipif(shutil.which("dpkg") is None or shutil.which("ssh-keygen") is None or os.geteuid() != 0,
                       reason="dpkg installs as root only; needs openssh-client too"),
    pytest.mark.skipif(_system_python() != SUITES[HERE].python_version,
                       reason=f"/usr/bin/python3 is not the Python of {HERE}, for which the package is"),
]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return key_in(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, key: Path) -> dict[str, Path]:
    """Packages of 1.0, 2.0, and one of 3.0 that does not work."""
    folder = tmp_path_factory.mktemp("made")
    return {version: small_bundle(folder / version, version, key, proof)
            for version, proof in (("1.0", "exit 0"), ("2.0", "exit 0"), ("3.0", "echo no camera; exit 1"))}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty system that dpkg knows nothing of yet; the device tree says Raspberry Pi 4."""
    root = tmp_path / "root"
    for folder in ("var/lib/dpkg/updates", "var/lib/dpkg/info", "proc/device-tree", "var/lib/masque", "etc/masque"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "proc/device-tree/model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    (root / "var/lib/masque/guest.jpg").write_bytes(b"a guest")
    (root / "etc/masque/event.toml").write_text("mine")
    return root


def command(root: Path, *arguments: object) -> list[str]:
    """--force-script-chrootless: scripts run outside and find the root in DPKG_ROOT; the root has no python3 itself."""
    return ["dpkg", f"--root={root}", f"--log={root}/log", "--force-script-chrootless,depends,architecture,unsafe-io",
            *map(str, arguments)]


@pytest.fixture
def dpkg(root: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`dpkg(*arguments)` on that root."""
    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command(root, *arguments), capture_output=True, text=True, stdin=subprocess.DEVNULL)

    return call


@pytest.fixture
def board(root: Path, dpkg, made: dict[str, Path]) -> Path:
    """1.0 installed."""
    done = dpkg("--install", made["1.0"])
    assert done.returncode == 0, done.stderr
    assert runs(root) == "1.0"
    return root


def status(root: Path) -> str:
    """ii: installed whole; iF: unpacked, and its script failed."""
    return subprocess.run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", "--showformat",
                           "${db:Status-Abbrev}", "masque-kiosk"], capture_output=True, text=True).stdout.strip()


def unit(root: Path) -> str:
    """The version whose unit the system sees."""
    return (root / "usr/lib/systemd/system/masque-kiosk.service").read_text().split()[1].removeprefix("Description=")


def test_command_units_and_rules_are_those_of_the_current_version(board: Path, dpkg, made) -> None:
    for version in ("1.0", "2.0"):
        assert dpkg("--install", made[version]).returncode == 0
        assert os.readlink(board / "usr/bin/masque") == "/opt/masque/current/bin/masque"
        assert os.readlink(board / "opt/masque/bin") == "current/bin"
        assert (runs(board), unit(board), status(board)) == (version, version, "ii")
        assert (board / "usr/lib/udev/rules.d/60-masque.rules").is_file()
    assert dpkg("--install", made["3.0"]).returncode != 0 and unit(board) == "2.0"


@pytest.mark.skipif(shutil.which("systemctl") is None, reason="needs systemctl: apt install systemd")
def test_a_booth_that_was_enabled_stays_so_through_upgrades(board: Path, dpkg, made) -> None:
    """systemctl follows links to their end: had the unit been one, what is enabled would be a version that goes."""
    subprocess.run(["systemctl", f"--root={board}", "enable", "masque-kiosk.service"], check=True, capture_output=True)
    for version in ("2.0", "1.0", "2.0"):
        assert dpkg("--install", made[version]).returncode == 0
    wanted = board / "etc/systemd/system/multi-user.target.wants/masque-kiosk.service"
    assert os.readlink(wanted).endswith("/usr/lib/systemd/system/masque-kiosk.service")
    assert not list((board / "etc/systemd").rglob("*[0-9].[0-9]*"))


def test_dpkg_s_own_check_finds_nothing_amiss_after_an_upgrade(board: Path, dpkg, made) -> None:
    dpkg("--install", made["2.0"])
    assert dpkg("--verify", "masque-kiosk").stdout == ""
    before = (board / "opt/masque/previous/bin/masque").read_text()
    assert "1.0" in before, "dpkg took the files of the version before away"


def test_a_version_that_does_not_work_fails_the_upgrade_and_an_older_one_mends_it(board: Path, dpkg, made) -> None:
    done = dpkg("--install", made["3.0"])
    assert done.returncode != 0 and "no camera" in done.stderr and "goes on running" in done.stderr
    assert runs(board) == "1.0" and status(board) == "iF"
    assert dpkg("--install", made["1.0"]).returncode == 0
    assert runs(board) == "1.0" and status(board) == "ii"


@pytest.mark.parametrize("model", ["Raspberry Pi 5 Model B Rev 1.0", "Raspberry Pi 3 Model B Plus Rev 1.3",
                                   "Something else; $(touch owned)"])
def test_a_bundle_for_another_board_is_refused_before_it_is_unpacked(board: Path, dpkg, made, model: str) -> None:
    (board / "proc/device-tree/model").write_bytes(model.encode() + b"\0")
    done = dpkg("--install", made["2.0"])
    assert done.returncode != 0 and f"for Raspberry Pi 4 Model B, and this machine is a {model}" in done.stderr
    assert runs(board) == "1.0" and status(board) == "ii"


def test_without_a_device_tree_nobody_asks_and_a_person_may_insist(board: Path, dpkg, made, monkeypatch) -> None:
    (board / "proc/device-tree/model").write_bytes(b"Raspberry Pi 5\0")
    monkeypatch.setenv("MASQUE_ANY_BOARD", "1")
    assert dpkg("--install", made["2.0"]).returncode == 0
    monkeypatch.delenv("MASQUE_ANY_BOARD")
    (board / "proc/device-tree/model").unlink()
    assert dpkg("--install", made["1.0"]).returncode == 0


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_damaged_file_leaves_the_old_version_running(board: Path, dpkg, made, tmp_path: Path, share: float) -> None:
    content = bytearray(made["2.0"].read_bytes())
    cut = tmp_path / "cut.deb"
    cut.write_bytes(content[: int(len(content) * share)])
    flipped = tmp_path / "flipped.deb"
    content[int(len(content) * share)] ^= 0x10
    flipped.write_bytes(content)
    for deb in (cut, flipped):
        assert dpkg("--install", deb).returncode != 0
        assert runs(board) == "1.0"
    assert dpkg("--install", made["2.0"]).returncode == 0 and runs(board) == "2.0"


def test_a_full_disk_leaves_the_old_version_running(board: Path, made, full_disk: Path) -> None:
    """Full while dpkg unpacks; then with room for that, and none to spare."""
    root = full_disk / "root"
    shutil.copytree(board, root, symlinks=True)
    with pytest.raises(OSError, match="No space"), open(root / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    done = subprocess.run(command(root, "--install", made["2.0"]), capture_output=True, text=True)
    assert done.returncode != 0 and "No space left" in done.stderr and runs(root) == "1.0"
    (root / "filler").unlink()
    done = subprocess.run(command(root, "--install", made["2.0"]), capture_output=True, text=True)
    assert done.returncode != 0 and "are wanted; make room" in done.stderr and runs(root) == "1.0"


def test_dpkg_killed_at_random_leaves_a_version_running(board: Path, dpkg, made) -> None:
    """The whole process group at once, as a power cut does; then the same package once more."""
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    started = time.monotonic()
    assert dpkg("--install", made["2.0"]).returncode == 0
    whole_s = time.monotonic() - started
    for turn in range(6):
        wanted, before = ("1.0", "2.0") if turn % 2 == 0 else ("2.0", "1.0")
        process = subprocess.Popen(command(board, "--install", made[wanted]), start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, whole_s))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert runs(board) in (wanted, before), f"seed {seed}, turn {turn}"
        done = dpkg("--install", made[wanted])
        assert done.returncode == 0 and runs(board) == wanted, f"seed {seed}, turn {turn}: {done.stderr}"


def test_removing_and_purging_leave_settings_signers_and_gallery(board: Path, dpkg) -> None:
    for verb in ("--remove", "--purge"):
        assert dpkg(verb, "masque-kiosk").returncode == 0
        assert (board / "var/lib/masque/guest.jpg").read_bytes() == b"a guest"
        assert {path.name for path in (board / "etc/masque").iterdir()} == {"event.toml", "bundle_signers"}
    assert not (board / "opt/masque").exists() and not (board / "usr/bin/masque").is_symlink()
    assert not [path for path in (board / "usr").rglob("*masque*") if "doc" not in path.parts]


def test_the_package_says_what_it_needs(made: dict[str, Path]) -> None:
    said = subprocess.run(["dpkg-deb", "--field", made["1.0"]], capture_output=True, text=True, check=True).stdout
    major, minor = sys.version_info[:2]
    for line in (f"Depends: python3 (>= {major}.{minor}), python3 (<< {major}.{minor + 1}), openssh-client",
                 "Recommends: python3-picamera2", "Architecture: arm64", "Version: 1.0"):
        assert line in said.splitlines()
