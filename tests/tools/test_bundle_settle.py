"""A bundle becomes the current version whole, signed and proved, or not at all: else the old one runs on."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_bundle import key_in, runs, small_bundle, unpacked

from tools.bundle import settle

pytestmark = pytest.mark.skipif(not all(map(shutil.which, ("dpkg-deb", "ssh-keygen"))),
                                reason="needs dpkg-deb and ssh-keygen: apt install dpkg openssh-client")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return key_in(tmp_path_factory.mktemp("key"))


@pytest.fixture
def bundle(tmp_path: Path, key: Path) -> Callable[..., Path]:
    """`bundle(version, proof=…, key=…)`: a package, signed by the trusted key unless told otherwise."""
    def make(version: str, proof: str = "exit 0", key: Path | None = key) -> Path:
        return small_bundle(tmp_path / "made" / version, version, key, proof)

    return make


@pytest.fixture
def board(tmp_path: Path, bundle: Callable[..., Path]) -> Path:
    """A root on which 1.0 runs, with settings and a picture of its owner."""
    root = tmp_path / "board"
    (root / "var/lib/masque/gallery").mkdir(parents=True)
    (root / "var/lib/masque/gallery/guest.jpg").write_bytes(b"a guest")
    (root / "etc/masque").mkdir(parents=True)
    (root / "etc/masque/event.toml").write_text("mine")
    settle.install(unpacked(bundle("1.0"), root))
    assert runs(root) == "1.0"
    return root


def refused(board: Path, deb: Path, why: str, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package does not settle, for the reason given, in words; 1.0 runs on and nothing is left behind."""
    place = unpacked(deb, board)
    refused_as_it_lies(place, why, capfd, monkeypatch)


def refused_as_it_lies(place: settle.Place, why: str, capfd: pytest.CaptureFixture,
                       monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(os.listdir(place.versions))
    monkeypatch.setattr(sys, "argv", ["settle.py", "install", str(place.root)])
    assert settle.main() == 1
    said = capfd.readouterr().err.splitlines()
    assert "REFUSED" in said[-2] and why in said[-2]
    assert said[-1] == f"masque: {before[0]} goes on running, nothing of it was changed"
    assert runs(place.root) == "1.0" and sorted(os.listdir(place.versions)) == before


def test_an_upgrade_keeps_the_version_before_settings_and_gallery(board: Path, bundle) -> None:
    first = os.readlink(board / "opt/masque/current")
    name = settle.install(unpacked(bundle("2.0"), board))
    assert runs(board) == "2.0" and name.startswith("2.0-pi4b-")
    assert os.readlink(board / "opt/masque/previous") == first
    assert (board / "var/lib/masque/gallery/guest.jpg").read_bytes() == b"a guest"
    assert (board / "etc/masque/event.toml").read_text() == "mine"
    settle.install(unpacked(bundle("3.0"), board))
    assert sorted(path.name[:3] for path in (board / "opt/masque/versions").iterdir()) == ["2.0", "3.0"]


def test_back_is_one_step_and_one_step_forth_again(board: Path, bundle) -> None:
    place = unpacked(bundle("2.0"), board)
    settle.install(place)
    settle.back(place)
    assert runs(board) == "1.0"
    settle.back(place)
    assert runs(board) == "2.0"


def test_files_of_a_version_take_room_once(board: Path) -> None:
    place = settle.Place(board)
    laid, incoming = (folder / "bin" / "masque" for folder in (place.current, place.incoming / "tree"))
    assert laid.stat().st_ino == incoming.stat().st_ino


def test_installing_what_runs_changes_nothing(board: Path) -> None:
    place = settle.Place(board)
    name = place.named(place.current)
    assert settle.install(place) == name and place.named(place.previous) is None and runs(board) == "1.0"


def test_a_version_that_does_not_prove_itself_is_rolled_back(board: Path, bundle, capfd, monkeypatch) -> None:
    refused(board, bundle("2.0", "echo seg-large DIFFERS; exit 1"), "seg-large DIFFERS", capfd, monkeypatch)


def test_the_version_before_stays_when_it_no_longer_proves_itself(board: Path, bundle, tmp_path: Path) -> None:
    """It may be the only one to go back to."""
    older = bundle("2.0", f"test ! -e {tmp_path / 'broken'}")
    for deb in (older, bundle("3.0")):
        settle.install(unpacked(deb, board))
    (tmp_path / "broken").touch()
    with pytest.raises(settle.Refused, match="it does not work here"):
        settle.install(unpacked(older, board))
    assert runs(board) == "3.0"
    settle.back(settle.Place(board))
    assert runs(board) == "2.0"


def test_a_proof_that_hangs_is_rolled_back(board: Path, bundle, capfd, monkeypatch) -> None:
    monkeypatch.setattr(settle, "PROOF_S", 0.3)
    refused(board, bundle("2.0", "exec sleep 60"), "could not prove", capfd, monkeypatch)


@pytest.mark.parametrize(("damage", "why"), [
    (lambda tree: (tree / "bin/masque").write_text("#!/bin/sh\necho 6.6\n"), "bin/masque has SHA-256"),
    (lambda tree: (tree / "systemd/masque-kiosk.service").unlink(), "systemd/masque-kiosk.service is missing"),
    (lambda tree: (tree / "lib/python3.11/site-packages/sitecustomize.py").write_text("bad"), "not in its manifest"),
    (lambda tree: (tree.parent / "MANIFEST").write_text((tree.parent / "MANIFEST").read_text().replace("a", "b")),
     "signature is not that of anybody"),
    (lambda tree: (tree.parent / "MANIFEST.sig").write_text("junk"), "signature is not that of anybody"),
    (lambda tree: (tree.parent / "MANIFEST.sig").unlink(), "it is not signed"),
    (lambda tree: (tree.parent / "MANIFEST").unlink(), "No such file"),
    (lambda tree: (tree / "bundle.json").write_text("{"), "Expecting property name"),
], ids=["altered", "missing", "smuggled in", "manifest", "signature", "unsigned", "no manifest", "no JSON"])
def test_a_corrupted_bundle_is_refused(board: Path, bundle, capfd, monkeypatch, damage, why: str) -> None:
    place = unpacked(bundle("2.0"), board)
    damage(place.incoming / "tree")
    refused_as_it_lies(place, why, capfd, monkeypatch)


def test_somebody_else_s_signature_is_refused(board: Path, bundle, tmp_path: Path, capfd, monkeypatch) -> None:
    stranger = key_in(tmp_path / "stranger")
    refused(board, bundle("2.0", key=stranger), "signature is not that of anybody named in", capfd, monkeypatch)
    with (board / "etc/masque/bundle_signers").open("a") as trusted:
        trusted.write((board / "opt/masque/incoming/signers").read_text())
    settle.install(settle.Place(board))
    assert runs(board) == "2.0"


def test_an_unsigned_bundle_is_taken_with_a_warning_where_nobody_is_trusted_yet(tmp_path: Path, bundle, capfd) -> None:
    root = tmp_path / "new"
    root.mkdir()
    settle.install(unpacked(bundle("1.0", key=None), root))
    assert runs(root) == "1.0" and "NOT SIGNED" in capfd.readouterr().err
    assert not (root / "etc/masque/bundle_signers").exists()
    settle.install(unpacked(bundle("2.0"), root))
    assert (root / "etc/masque/bundle_signers").read_text() == (root / "opt/masque/incoming/signers").read_text()


@pytest.fixture
def full_board(full_disk: Path, board: Path) -> Path:
    """The board moved to a disk of 256 kB."""
    shutil.copytree(board, full_disk / "board", symlinks=True)
    return full_disk / "board"


def test_a_full_disk_leaves_the_old_version_running(full_board: Path, bundle, capfd, monkeypatch) -> None:
    place = unpacked(bundle("2.0"), full_board)
    with pytest.raises(OSError, match="No space"), open(full_board / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    refused_as_it_lies(place, "the disk has 0 bytes left, 32,000,000 are wanted", capfd, monkeypatch)
    (full_board / "filler").unlink()
    monkeypatch.setattr(settle, "SPARE_BYTES", 0)
    settle.install(place)
    assert runs(full_board) == "2.0"


@pytest.fixture
def systemctl(board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl that writes down what it is told; restart fails while the version named in `bad` is current."""
    (board / "run/systemd/system").mkdir(parents=True)
    folder, log = tmp_path / "tools", tmp_path / "told"
    folder.mkdir()
    for tool in ("systemctl", "udevadm"):
        (folder / tool).write_text(f'#!/bin/sh\necho {tool} "$@" >> {log}\n[ "$1" != restart ] || '
                                   f'! readlink {board}/opt/masque/current | grep -q "$(cat {tmp_path}/bad)"\n')
        (folder / tool).chmod(0o755)
    (tmp_path / "bad").write_text("none")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return log


def test_a_running_booth_is_restarted_into_the_new_version(board: Path, bundle, systemctl: Path) -> None:
    settle.install(unpacked(bundle("2.0"), board))
    assert "systemctl restart masque-kiosk.service" in systemctl.read_text().splitlines()


def test_a_booth_that_does_not_come_up_goes_back(board: Path, bundle, systemctl: Path, capfd, monkeypatch) -> None:
    (systemctl.parent / "bad").write_text("versions/2.0")
    refused(board, bundle("2.0"), "the booth did not start with it", capfd, monkeypatch)
    assert "=1.0" in (board / "usr/lib/systemd/system/masque-kiosk.service").read_text()
    assert systemctl.read_text().splitlines()[-1] == "systemctl restart masque-kiosk.service"
    assert not settle.Place(board).previous.is_symlink(), "it would lead nowhere"


def lines_until(place: settle.Place, cut: int) -> list[str]:
    """Runs the installation in a child that dies by SIGKILL at its cut-th line → function names of the lines it ran.

    In `lead`, which replaces a link, every instruction counts as a line.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        ran = 0

        def trace(frame, event, _):
            nonlocal ran
            if frame.f_code.co_filename != settle.__file__:
                return None
            frame.f_trace_opcodes = frame.f_code.co_name == "lead"
            if event in ("line", "opcode"):
                ran += 1
                os.write(writer, f"{frame.f_code.co_name}\n".encode())
                if ran == cut:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        settle.install(place)
        os._exit(0)
    os.close(writer)
    with open(reader) as told:
        names = told.read().split()
    os.waitpid(child, 0)
    return names


def test_a_power_cut_at_any_line_leaves_a_version_running_and_the_next_try_ends_well(board: Path, bundle,
                                                                                     tmp_path: Path) -> None:
    """Every line around the switch, every third instruction of it, every ninth line of the rest."""
    content = (unpacked(bundle("2.0"), board).incoming / "MANIFEST").read_bytes()

    def fresh(name: str) -> settle.Place:
        subprocess.run(["cp", "-a", board, tmp_path / name], check=True)
        return settle.Place(tmp_path / name)

    ran = lines_until(fresh("whole"), 0)
    assert runs(tmp_path / "whole") == "2.0" and len(ran) > 100
    near = {i + 1 for i, name in enumerate(ran)
            if name in ("install", "switch", "settle_folder", "lay_outside", "trust")}
    link = [i + 1 for i, name in enumerate(ran) if name == "lead"][::3]
    seen = set()
    for cut in sorted({*near, *link, *range(1, len(ran), 9)}):
        place = fresh(f"cut-{cut}")
        lines_until(place, cut)
        seen.add(now := runs(place.root))
        assert now in ("1.0", "2.0"), f"nothing runs after a cut at line {cut} ({ran[cut - 1]})"
        if now == "2.0":
            assert not settle.differs(place.current.resolve(), content)
        settle.install(place)
        assert runs(place.root) == "2.0" and not list(place.versions.glob("*.partial"))
        assert "2.0" in (place.root / "usr/lib/systemd/system/masque-kiosk.service").read_text()
        assert place.named(place.previous).startswith("1.0"), f"cut at line {cut}: the version before is forgotten"
        shutil.rmtree(place.root)
    assert seen == {"1.0", "2.0"}
