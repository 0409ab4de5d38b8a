"""A bundle in small: the real package, scripts and signature around a program that prints its version."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tools.bundle import settle
from tools.bundle.debian_package import package
from tools.bundle.target import SUITES, target

HERE = next((suite for suite, release in SUITES.items() if release.python == sys.version_info[:2]), "bookworm")

UNIT = "[Unit]\nDescription={version}\n[Install]\nWantedBy=multi-user.target\n"

PROGRAM = "#!/bin/sh\necho {version}\n"


def key_in(folder: Path) -> Path:
    """A new Ed25519 key without a pass phrase."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
    return folder / "key"


def small_tree(tree: Path, version: str, proof: str = "exit 0") -> None:
    """proof: the shell script by which this version shows that it works."""
    for path, text in {"bin/masque": PROGRAM.format(version=version), "bin/masque-prove": f"#!/bin/sh\n{proof}\n",
                       "bundle.json": json.dumps({"version": version, "board": "pi4b"}),
                       "lib/python3.11/site-packages/edge/__init__.py": f'"""Version {version}."""\n',
                       "systemd/masque-kiosk.service": UNIT.format(version=version),
                       "udev/60-masque.rules": "#\n"}.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
        (tree / path).chmod(0o755 if path.startswith("bin/") else 0o644)
    shutil.copyfile(settle.__file__, tree / "bin" / "settle.py")


def small_bundle(folder: Path, version: str, key: Path | None, proof: str = "exit 0") -> Path:
    """A Debian package of it for a Raspberry Pi 4."""
    small_tree(folder / "tree", version, proof)
    return package(folder, target("pi4b", HERE), version, key)


def unpacked(deb: Path, root: Path) -> settle.Place:
    """What dpkg has done when it calls postinst: the package's files are there, those of the one before are gone."""
    shutil.rmtree(root / "opt" / "masque" / "incoming", ignore_errors=True)
    content = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-C", root, "--keep-directory-symlink", "-xf", "-"], check=True, input=content)
    return settle.Place(root)


def runs(root: Path) -> str:
    """What the current version prints; empty when none runs."""
    program = root / "opt" / "masque" / "current" / "bin" / "masque"
    return subprocess.run([program], capture_output=True, text=True).stdout.strip() if program.is_file() else ""
