"""A tree and its signature → a Debian package, with dpkg-deb. What runs is reached through links that never change."""
from __future__ import annotations

import subprocess
from pathlib import Path

from edge.errors import BundleError
from tools.bundle.signed import manifest, sign, signers
from tools.bundle.target import Target
from tools.bundle.wheel import last_line

PACKAGE = "masque-kiosk"

SCRIPTS = Path(__file__).with_name("debian")

INCOMING = Path("opt/masque/incoming")

CURRENT = Path("/opt/masque/current")

CONTROL = """\
Package: {package}
Version: {version}
Architecture: {architecture}
Maintainer: whoever signed it <root@localhost>
Installed-Size: {kilobytes}
Depends: python3 (>= {python}), python3 (<< {next_python}), openssh-client
Recommends: python3-picamera2
Suggests: cage, chromium, cups-client
Section: graphics
Priority: optional
Description: photo booth that cuts people out, without a cloud ({board})
 Masque with everything it needs beside the system's Python, for {title}
 on {suite}. It is unpacked beside the version that runs, verified, tried out
 and only then made the current one.
"""


def deb_version(version: str, revision: int, target: Target) -> str:
    """Such as 0.1.0-1~bookworm+pi4b: a newer release of the system sorts behind an older one."""
    return f"{version}-{revision}~{target.suite.name}+{target.board.name.replace('_', '')}"


def package(folder: Path, target: Target, version: str, key: Path | None) -> Path:
    """`folder/tree` → `folder/masque-kiosk_VERSION_ARCHITECTURE.deb`, signed unless key is None.

    folder is used up: the tree moves into the package's root. Raises BundleError when a tool fails.
    """
    root = folder / "root"
    incoming = root / INCOMING
    incoming.mkdir(parents=True)
    (folder / "tree").rename(incoming / "tree")
    (incoming / "MANIFEST").write_text(manifest(incoming / "tree"), encoding="utf-8")
    if key is not None:
        (incoming / "signers").write_text(signers(key), encoding="utf-8")
        sign(incoming / "MANIFEST", key)
    _link_to_current(root)
    _write_control(root, target, version)
    for path in root.rglob("*"):  # whatever the umask was here
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    deb = folder / f"{PACKAGE}_{version}_{target.architecture}.deb"
    _dpkg_deb("-Zzstd", "-z10", "--root-owner-group", "--build", root, deb)
    return deb


def _link_to_current(root: Path) -> None:
    """The command of the current version, where the system and the booth's unit look for it."""
    for place, target in (("opt/masque/bin", Path("current/bin")), ("usr/bin/masque", CURRENT / "bin/masque")):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).symlink_to(target)


def _write_control(root: Path, target: Target, version: str) -> None:
    folder = root / "DEBIAN"
    folder.mkdir()
    major, minor = target.suite.python
    kilobytes = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    (folder / "control").write_text(CONTROL.format(
        package=PACKAGE, version=version, architecture=target.architecture, kilobytes=kilobytes,
        python=target.suite.python_version, next_python=f"{major}.{minor + 1}", board=target.board.name,
        title=target.board.title, suite=target.suite.name), encoding="utf-8")
    prefixes = " | ".join(f'"{prefix}"*' for prefix in target.board.devicetree) or "*"
    for script in SCRIPTS.iterdir():
        text = script.read_text(encoding="utf-8").replace("@PREFIXES@", prefixes)
        text = text.replace("@BOARD@", target.board.title).replace("@SUITE@", target.suite.name)
        (folder / script.name).write_text(text.replace("@PYTHON@", f"{major}, {minor}"), encoding="utf-8")
        (folder / script.name).chmod(0o755)


def _dpkg_deb(*arguments: object) -> None:
    try:
        done = subprocess.run(["dpkg-deb", *map(str, arguments)], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BundleError("dpkg-deb is not on PATH: bundles are built on Debian or Raspberry Pi OS (apt install dpkg)"
                          ) from error
    if done.returncode:
        raise BundleError(f"dpkg-deb failed: {last_line(done.stderr)}")
