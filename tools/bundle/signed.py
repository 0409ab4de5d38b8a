"""The SHA-256 sums of a bundle's files, and the Ed25519 signature under them: OpenSSH's `ssh-keygen -Y`."""
from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from edge.errors import BundleError
from tools.bundle.settle import SIGNER
from tools.bundle.wheel import last_line


def manifest(tree: Path) -> str:
    """`SHA-256  PATH` a line, as sha256sum writes and checks it, of every file under tree."""
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(tree).as_posix()}\n"
                   for path in files)


def sign(path: Path, key: Path) -> Path:
    """Signs a file with an OpenSSH private key → PATH.sig. Raises BundleError, with ssh-keygen's words."""
    signature = path.with_name(path.name + ".sig")
    signature.unlink(missing_ok=True)
    done = _ssh_keygen("-Y", "sign", "-f", key, "-n", SIGNER, path)
    if done.returncode or not signature.is_file():
        raise BundleError(f"{key}: {path.name} could not be signed with it: {last_line(done.stderr)}")
    return signature


def signers(key: Path) -> str:
    """The public half as a line of OpenSSH's allowed signers. Raises BundleError for anything but an Ed25519 key."""
    done = _ssh_keygen("-y", "-f", key)
    if done.returncode:
        raise BundleError(f"{key}: not a private key that can be used: {last_line(done.stderr)}; ssh-keygen -t ed25519 "
                          "-f FILE makes one")
    kind, public = done.stdout.split()[:2]
    if kind != "ssh-ed25519":
        raise BundleError(f"{key}: is an {kind} key, ssh-ed25519 is wanted; ssh-keygen -t ed25519 -f FILE makes one")
    return f'{SIGNER} namespaces="{SIGNER}" {kind} {public}\n'


def _ssh_keygen(*arguments: object) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["ssh-keygen", *map(str, arguments)], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BundleError("ssh-keygen is not on PATH: apt install openssh-client") from error
