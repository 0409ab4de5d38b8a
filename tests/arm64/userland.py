"""A Debian for arm64 in a folder, run by qemu-user: what a Raspberry Pi's system answers, not how fast.

It lies by default: LiteRT leaves XNNPACK out where /sys does not say how many processors there are, and the processor
that qemu takes unless told gives wrong sums. So /sys is written, and QEMU_CPU names a Raspberry Pi 4's core.
"""
from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

KEPT = ROOT / "build" / "arm64"
"""Userlands as debootstrap left them; `make clean` removes them."""

MIRROR = [mirror] if (mirror := os.environ.get("MASQUE_DEBIAN")) else []
"""Where to take Debian from; unsaid, debootstrap knows Debian's own."""

TOOLS = ("debootstrap", "qemu-aarch64-static", "aarch64-linux-gnu-gcc", "dpkg-deb", "ssh-keygen", "unshare", "chroot")

BINFMT = Path("/proc/sys/fs/binfmt_misc")

STOCK = "python3,openssh-client,ca-certificates"
"""What the image of Raspberry Pi OS has beside Debian's smallest set, as far as a bundle needs it."""


@dataclass(frozen=True)
class Userland:
    """folder: its root."""

    folder: Path

    def run(self, *command: object, proc: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command inside, without a network. proc: /proc is mounted; else it is the plain folder of the root."""
        apart = ["--net", *(("--mount", "--pid", "--fork", f"--mount-proc={self.folder}/proc") if proc else ())]
        inside = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
                  "QEMU_CPU": "cortex-a72", "DEBIAN_FRONTEND": "noninteractive"}
        return subprocess.run(["unshare", *apart, "chroot", self.folder, *map(str, command)], env=inside, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=1500)


def fresh_userland(suite: str, folder: Path) -> Userland:
    """A copy of the suite's userland in `folder`, made by debootstrap the first time. Skips where it cannot be."""
    if os.geteuid() != 0:
        pytest.skip("debootstrap and chroot need root")
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (make test-arm64 installs them)")
    if platform.machine() != "aarch64":
        _let_the_kernel_run_arm64()
    kept = KEPT / suite
    if not kept.is_dir():
        partial = kept.with_name(f"{suite}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        done = subprocess.run(["debootstrap", "--arch=arm64", "--variant=minbase", f"--include={STOCK}", suite, partial,
                               *MIRROR], capture_output=True, text=True, env={**os.environ, "QEMU_CPU": "cortex-a72"})
        if done.returncode:
            pytest.skip(f"debootstrap could not make {suite} {MIRROR}: {done.stdout.splitlines()[-1:]}")
        partial.rename(kept)
    subprocess.run(["cp", "-a", "--reflink=auto", kept, folder], check=True)
    processors = folder / "sys/devices/system/cpu"
    processors.mkdir(parents=True, exist_ok=True)
    for name in ("possible", "present"):
        (processors / name).write_text("0-1\n")
    return Userland(folder)


def _let_the_kernel_run_arm64() -> None:
    """Registers qemu for arm64 programs with Debian's own line, which holds the interpreter open for the chroot."""
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], capture_output=True)
    if (BINFMT / "qemu-aarch64").exists():
        return
    try:
        (BINFMT / "register").write_bytes(Path("/usr/lib/binfmt.d/qemu-aarch64.conf").read_bytes().strip())
    except OSError as error:
        pytest.skip(f"binfmt_misc does not take qemu here ({error}): apt install binfmt-support")
