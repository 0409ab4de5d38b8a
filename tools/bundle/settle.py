"""Settles a bundle on its board: unpack beside, verify, prove, switch one link. It comes along; python3 alone runs it.

    python3 -I settle.py install [ROOT]    what a package has laid into /opt/masque/incoming becomes the current version
    python3 -I settle.py back [ROOT]       the version before this one becomes the current one again

`/opt/masque/current` leads to the version that runs. It is replaced by one rename, after everything else is done and
on the disk: whatever breaks off before leaves the old version running, whatever comes after can be done again.
/etc/masque and /var/lib/masque are left alone, but for the signer that the first signed bundle brings.
"""
from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIGNER = "masque-bundle"
"""Who signs, and for what: identity and namespace of the signature."""

UNIT = "masque-kiosk.service"

OUTSIDE = {"systemd": "usr/lib/systemd/system", "udev": "usr/lib/udev/rules.d"}
"""Folder of a version → where the system looks for what is in it."""

SPARE_BYTES = 32_000_000
"""What must be left of the disk: a booth that cannot write its gallery is no better than one that is not installed."""

PROOF_S = 900
"""Time for the proof: a Zero's card is slow."""


class Refused(Exception):
    """Why this bundle does not become the current version, in one line."""


class Place:
    """The folders of an installation. root: where the file system begins, / on a board."""

    def __init__(self, root: Path) -> None:
        """Touches nothing."""
        self.root, self.home = root, root / "opt" / "masque"
        self.incoming, self.versions = self.home / "incoming", self.home / "versions"
        self.current, self.previous = self.home / "current", self.home / "previous"
        self.signers = root / "etc" / "masque" / "bundle_signers"

    def named(self, link: Path) -> str | None:
        """The version that current or previous leads to; None when there is none."""
        return os.path.basename(os.readlink(link)) if link.is_symlink() else None


def install(place: Place) -> str:
    """Makes what lies in incoming the current version → its name. Raises Refused; the old version then still runs."""
    place.versions.mkdir(parents=True, exist_ok=True)
    with alone(place):
        for left in place.versions.glob("*.partial"):
            shutil.rmtree(left)
        content = check_signature(place)
        name = version_of(place, content)
        before = place.named(place.current)
        if name != before:
            try:
                lay_out(place, name, content)
                prove(place, name)
            except BaseException:
                if name != place.named(place.previous):
                    shutil.rmtree(place.versions / name, ignore_errors=True)
                raise
            switch(place, name, before)
        elif (problem := differs(place.versions / name, content)):
            raise Refused(f"{name} is the current version, and {problem}; go back, then install it again")
        lay_outside(place)
        restart(place, name, before)
        trust(place)
        for other in place.versions.iterdir():
            if other.name not in (name, place.named(place.previous)):
                shutil.rmtree(other)
        return name


def back(place: Place) -> str:
    """The version before becomes current again → its name."""
    with alone(place):
        name, before = place.named(place.previous), place.named(place.current)
        if name is None or not (place.versions / name).is_dir():
            raise Refused("there is no version before this one")
        switch(place, name, before)
        lay_outside(place)
        restart(place, name, None)
        return name


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """One at a time; a second one waits."""
    with open(place.home / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_signature(place: Place) -> bytes:
    """The manifest, if whoever this board trusts has signed it.

    A board trusts who is named in /etc/masque/bundle_signers. Where that is missing yet, the first bundle is taken at
    its word and names its signer; an unsigned one is taken only there.
    """
    content = (place.incoming / "MANIFEST").read_bytes()
    signature = place.incoming / "MANIFEST.sig"
    trusted = place.signers if place.signers.is_file() else place.incoming / "signers"
    if not signature.is_file():
        if place.signers.is_file():
            raise Refused(f"it is not signed, and this board takes bundles only from who is named in {place.signers}")
        say("WARNING: this bundle is NOT SIGNED. Whoever can change the package can run anything on this board.")
        return content
    done = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", trusted, "-I", SIGNER, "-n", SIGNER, "-s", signature],
                          input=content, capture_output=True, check=False)
    if done.returncode:
        raise Refused(f"its signature is not that of anybody named in {trusted}")
    return content


def version_of(place: Place, content: bytes) -> str:
    """VERSION-DIGEST: two builds of one version never mix."""
    said = json.loads((place.incoming / "tree" / "bundle.json").read_bytes())
    return f"{said['version']}-{said['board']}-{hashlib.sha256(content).hexdigest()[:12]}"


def lay_out(place: Place, name: str, content: bytes) -> None:
    """versions/NAME, verified and on the disk. Files are second names of those in incoming: they take no room."""
    partial = place.versions / f"{name}.partial"
    if (place.versions / name).is_dir():
        if not differs(place.versions / name, content):
            return
        shutil.rmtree(place.versions / name)
    for folder, _, files in os.walk(place.incoming / "tree"):
        inside = partial / os.path.relpath(folder, place.incoming / "tree")
        inside.mkdir(mode=0o755)
        for file in files:
            os.link(os.path.join(folder, file), inside / file)
    problem = differs(partial, content)
    if problem:
        shutil.rmtree(partial)
        raise Refused(problem)
    (partial / "bin" / "python3").symlink_to("/usr/bin/python3")
    compile_all(partial, place.versions / name)
    free = shutil.disk_usage(place.versions).free
    if free < SPARE_BYTES:
        shutil.rmtree(partial)
        raise Refused(f"the disk has {free:,} bytes left, {SPARE_BYTES:,} are wanted; make room and run "
                      "`sudo dpkg --configure -a`")
    os.sync()
    partial.rename(place.versions / name)
    settle_folder(place.versions)


def differs(version: Path, content: bytes) -> str:
    """How a version differs from its manifest, for one line; empty: not at all. What Python compiled does not count."""
    wanted = {path: digest for digest, _, path in (line.partition("  ") for line in content.decode().splitlines())}
    found = set()
    for folder, _, files in os.walk(version):
        for file in files:
            path = os.path.relpath(os.path.join(folder, file), version)
            if "__pycache__" not in path and path != "bin/python3":
                found.add(path)
    if found != set(wanted):
        odd = sorted(found.symmetric_difference(wanted))
        return f"{odd[0]} is {'missing' if odd[0] in wanted else 'not in its manifest'} ({len(odd)} such files)"
    for path, digest in wanted.items():
        with open(version / path, "rb") as content_of:
            there = hashlib.file_digest(content_of, "sha256").hexdigest()
        if there != digest:
            return f"{path} has SHA-256 {there[:12]}…, its manifest says {digest[:12]}…"
    return ""


def compile_all(partial: Path, final: Path) -> None:
    """Byte code, since the booth may not write there; a file of a package that does not compile is never imported."""
    subprocess.run([sys.executable, "-I", "-m", "compileall", "-qq", "-s", partial, "-p", final, "-x", "/tests?/",
                    partial / "lib"], check=False)


def prove(place: Place, name: str) -> None:
    """Runs the version's own proof, on this machine, before anything depends on it."""
    try:
        done = subprocess.run([place.versions / name / "bin" / "masque-prove"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PROOF_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"it could not prove that it works here: {error}") from error
    if done.returncode:
        raise Refused(f"it does not work here: {' / '.join(done.stdout.splitlines()[-2:]) or done.returncode}")


def switch(place: Place, name: str, before: str | None) -> None:
    """One rename decides which version runs; the one before keeps its name."""
    if before is not None and before != name:
        lead(place.previous, before)
    lead(place.current, name)


def lead(link: Path, name: str) -> None:
    """Makes a link lead to a version, in one step and for good."""
    new = link.with_name(f"{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.join("versions", name))
    os.replace(new, link)
    settle_folder(link.parent)


def settle_folder(folder: Path) -> None:
    """What was renamed in a folder stays so, whatever happens to the power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lay_outside(place: Place) -> None:
    """Copies the current version's units and rules: `systemctl enable` would follow a link to this very version."""
    for inside, folder in OUTSIDE.items():
        (place.root / folder).mkdir(parents=True, exist_ok=True)
        for file in (place.current / inside).iterdir():
            new = place.root / folder / f"{file.name}.new"
            shutil.copyfile(file, new)
            os.replace(new, new.with_suffix(""))


def restart(place: Place, name: str, before: str | None) -> None:
    """A booth that runs runs the new version; one that does not come up goes back to the version before."""
    if not (place.root / "run" / "systemd" / "system").is_dir():
        return
    systemctl("daemon-reload")
    subprocess.run(["udevadm", "control", "--reload"], capture_output=True, check=False)
    wanted = any(systemctl(ask, "--quiet", UNIT) == 0 for ask in ("is-enabled", "is-active"))
    if not wanted or systemctl("restart", UNIT) == 0:
        return
    if before in (None, name):
        raise Refused(f"the booth does not start; journalctl -u {UNIT} says why")
    switch(place, str(before), name)
    lay_outside(place)
    systemctl("daemon-reload")
    systemctl("restart", UNIT)
    shutil.rmtree(place.versions / name, ignore_errors=True)
    place.previous.unlink(missing_ok=True)
    raise Refused(f"the booth did not start with it; journalctl -u {UNIT} says why")


def systemctl(*arguments: str) -> int:
    """Its exit code."""
    return subprocess.run(["systemctl", *arguments], capture_output=True, check=False).returncode


def trust(place: Place) -> None:
    """From the first signed bundle on, this board takes bundles of that signer alone."""
    brought = place.incoming / "signers"
    if place.signers.exists() or not brought.is_file():
        return
    place.signers.parent.mkdir(parents=True, exist_ok=True)
    new = place.signers.with_name("bundle_signers.new")
    shutil.copyfile(brought, new)
    os.replace(new, place.signers)
    settle_folder(place.signers.parent)


def say(line: str) -> None:
    """To whoever installs."""
    print(f"masque: {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Exit 0: done; 1: refused, one line says why and what runs now."""
    verbs = {"install": install, "back": back}
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in verbs:
        say("usage: settle.py install|back [ROOT]")
        return 2
    os.umask(0o022)  # the booth runs as nobody in particular, and has to read it
    place = Place(Path(sys.argv[2] if len(sys.argv) == 3 else "/"))
    try:
        name = verbs[sys.argv[1]](place)
    except (Refused, OSError, ValueError, KeyError) as error:
        running = place.named(place.current)
        say(f"REFUSED: {error}")
        say(f"{running} goes on running, nothing of it was changed" if running else "no version is installed")
        return 1
    say(f"{name} is the current version")
    return 0


if __name__ == "__main__":
    sys.exit(main())
