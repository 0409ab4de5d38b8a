"""A repository made by the fleet's script is one that apt takes, and a board is offered its own bundle alone."""
from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_bundle import HERE, small_tree

from tools.bundle.debian_package import deb_version, package
from tools.bundle.target import target

SCRIPT = Path(__file__).parents[2] / "tools/bundle/fleet/apt-repository.sh"

pytestmark = pytest.mark.skipif(not all(map(shutil.which, ("apt-ftparchive", "apt-get", "gpg", "dpkg-deb"))),
                                reason="needs apt-utils and gpg: apt install apt-utils gpg")


@pytest.fixture
def gpg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new OpenPGP key, its public half as a file."""
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    subprocess.run(["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "fleet@example.org",
                    "ed25519"], check=True, capture_output=True)
    exported = subprocess.run(["gpg", "--armor", "--export"], check=True, capture_output=True).stdout
    (tmp_path / "key.asc").write_bytes(exported)
    yield tmp_path / "key.asc"
    subprocess.run(["gpgconf", "--kill", "all"], check=False)


def bundled(folder: Path, board: str, version: str) -> Path:
    small_tree(folder / "tree", version)
    wanted = target(board, HERE)
    return package(folder, wanted, deb_version(version, 1, wanted), None)


def offered(board: str, repository: Path, key: Path, folder: Path) -> str:
    """What apt on a board of that kind would install, by name of file."""
    for place in ("lists/partial", "cache/archives/partial", "empty"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={key} arch=arm64] copy:{repository} {HERE} {board}\n")
    options = [f"Dir::State={folder}", f"Dir::State::lists={folder}/lists", f"Dir::State::status={folder}/status",
               f"Dir::Cache={folder}/cache", f"Dir::Etc::SourceList={folder}/sources.list", "APT::Architecture=arm64",
               f"Dir::Etc::SourceParts={folder}/empty", "APT::Architectures=arm64", "APT::Sandbox::User=root"]
    apt = ["apt-get", "-qq", *(part for option in options for part in ("-o", option))]
    updated = subprocess.run([*apt, "update"], capture_output=True, text=True)
    assert updated.returncode == 0 and not updated.stderr, updated.stderr
    done = subprocess.run([*apt, "download", "masque-kiosk"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.deb")).name.replace("%2b", "+").replace("%7e", "~")


def test_a_board_is_offered_the_newest_bundle_of_its_own(tmp_path: Path, gpg: Path) -> None:
    repository = tmp_path / "repository"
    for board, version in (("pi4b", "1.0"), ("pi4b", "1.1"), ("pi5", "2.0")):
        deb = bundled(tmp_path / board / version, board, version)
        subprocess.run([SCRIPT, repository, "fleet@example.org", HERE, board, deb], check=True, capture_output=True,
                       env=dict(os.environ))
    assert offered("pi4b", repository, gpg, tmp_path / "four") == f"masque-kiosk_1.1-1~{HERE}+pi4b_arm64.deb"
    assert offered("pi5", repository, gpg, tmp_path / "five") == f"masque-kiosk_2.0-1~{HERE}+pi5_arm64.deb"


def test_used_wrongly_it_says_how(tmp_path: Path) -> None:
    done = subprocess.run([SCRIPT, tmp_path], capture_output=True, text=True)
    assert done.returncode == 2 and "apt-repository.sh REPOSITORY OPENPGP-KEY SUITE BOARD" in done.stderr
