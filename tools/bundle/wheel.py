"""The wheel of masque for another processor: cross-compiled here; by the stable ABI it serves every Python."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from edge.errors import BundleError

CHECKOUT = Path(__file__).parents[2]

COMPILERS = {"aarch64": "aarch64-linux-gnu-gcc", "x86_64": "x86_64-linux-gnu-gcc"}
"""Debian: gcc-aarch64-linux-gnu, gcc-x86-64-linux-gnu (plain gcc on such a machine)."""

LINE = 300
"""Of another program's words, for an error of one line."""


def built_wheel(machine: str, out: Path) -> Path:
    """Builds `masque-VERSION-cp311-abi3-linux_MACHINE.whl` into out from the checkout that this module lies in.

    Only files that git knows (or would) go in. Raises BundleError where there is no checkout, no compiler, or the
    build fails, with its last line.
    """
    compiler, out = _compiler(machine), out.resolve()  # pip runs in a folder of its own
    with tempfile.TemporaryDirectory(prefix="masque-wheel-") as folder:
        source = Path(folder, "source")
        _copy_checkout(source)
        done = subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
                               "--wheel-dir", out, source], capture_output=True, text=True, check=False, cwd=folder,
                              env={**os.environ, **_cross(machine, compiler, Path(folder, "headers"))})
    made = sorted(out.glob(f"masque-*-abi3-linux_{machine}.whl"))
    if done.returncode or not made:
        raise BundleError(f"the wheel for {machine} could not be built: {last_line(done.stderr or done.stdout)}")
    return made[-1]


def last_line(printed: str) -> str:
    """What a program said at the end, LINE characters of it; pip follows its error with hints and notes."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower()]
    return (wrong or lines or ["nothing was said"])[-1][:LINE]


def _compiler(machine: str) -> str:
    compiler = COMPILERS[machine]
    if shutil.which(compiler) is None:
        raise BundleError(f"{compiler} is not on PATH: apt install gcc-{machine.replace('_', '-')}-linux-gnu, or give "
                          "--wheel a wheel that was built elsewhere")
    return compiler


def _copy_checkout(target: Path) -> None:
    if shutil.which("git") is None:
        raise BundleError("git is not on PATH, which says what belongs to a wheel: apt install git, or give --wheel "
                          "a wheel that was built elsewhere")
    listed = subprocess.run(["git", "-C", CHECKOUT, "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True, text=True, check=False)
    if listed.returncode or not (CHECKOUT / "setup.py").is_file():
        raise BundleError(f"{CHECKOUT}: not a git checkout of masque, so no wheel can be built; give --wheel one")
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)


def _cross(machine: str, compiler: str, headers: Path) -> dict[str, str]:
    """What setuptools reads from the environment. Debian's pyconfig.h asks for one in a folder named after the target:
    both are 64 bits wide and little-endian, so that of this machine serves."""
    asking = Path(sysconfig.get_config_h_filename())
    of_this = asking.parents[1] / str(sysconfig.get_config_var("MULTIARCH")) / asking.parent.name / asking.name
    here = of_this if of_this.is_file() else asking
    there = headers / f"{machine}-linux-gnu" / f"python{sysconfig.get_python_version()}" / "pyconfig.h"
    there.parent.mkdir(parents=True)
    there.write_text(f'#include "{here}"\n', encoding="utf-8")
    return {"CC": compiler, "LDSHARED": f"{compiler} -shared", "_PYTHON_HOST_PLATFORM": f"linux-{machine}",
            "CPPFLAGS": f"-I{headers}"}
