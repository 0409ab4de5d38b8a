"""The packages that a bundle brings: pip unpacks wheels for another machine, then each is asked what it needs."""
from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from edge.errors import BundleError
from tools.bundle.target import Target
from tools.bundle.wheel import last_line

ROOM_MB = 500
"""What a release takes while it is built: what is unpacked, and the package made of it (pi5, 332 + 103 MB)."""


def fill_site(site: Path, wheel: Path, target: Target, wheels: Path | None = None) -> dict[str, str]:
    """Installs masque's wheel and all that it needs on the target into `site` → {distribution: version}.

    wheels: a folder to take them from in place of the index. Raises BundleError when pip fails, or when something
    that the target's Python would ask for is missing.
    """
    constraints = site.with_name("constraints.txt")
    constraints.parent.mkdir(parents=True, exist_ok=True)
    constraints.write_text("\n".join(target.suite.constraints), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile",
               "--target", site, "--only-binary=:all:", "--constraint", constraints, *_tags(target),
               *(("--no-index", "--find-links", wheels) if wheels else ()),
               f"{wheel.resolve()}[{','.join(target.extras)}]"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    constraints.unlink()
    if "No space left on device" in done.stderr:  # pip names every file that it could not write
        temporary = tempfile.gettempdir()
        there, here = (shutil.disk_usage(folder).free // 10**6 for folder in (site.parent, temporary))
        raise BundleError(f"no space left: {there} MB are free for the package, {here} MB in {temporary}; each wants "
                          f"about {ROOM_MB}; another --out, or another TMPDIR, has them")
    if done.returncode:
        raise BundleError(f"no set of wheels for {target.machine}, Python {target.suite.python_version}: "
                          f"{last_line(done.stderr)}")
    shutil.rmtree(site / "bin", ignore_errors=True)  # scripts that name this machine's interpreter
    for compiled in list(site.rglob("__pycache__")):  # a wheel may hold some; the board compiles for itself
        shutil.rmtree(compiled)
    found = {_plain(one.name): one for one in distributions(path=[str(site)])}
    missing = sorted({need for one in found.values() for need in _needs(one, target) if need not in found})
    if missing:
        raise BundleError(f"{', '.join(missing)}: wanted on Python {target.suite.python_version} and not on "
                          f"{sys.version_info[0]}.{sys.version_info[1]}, with which pip chose; build the bundle there")
    return {name: found[name].version for name in sorted(found)}


def _tags(target: Target) -> Iterator[str]:
    """pip's options for wheels of another machine and Python."""
    yield from (part for platform in target.platforms for part in ("--platform", platform))
    cpython = "cp" + target.suite.python_version.replace(".", "")
    yield from ("--python-version", target.suite.python_version, "--implementation", "cp")
    yield from (part for abi in (cpython, "abi3", "none") for part in ("--abi", abi))


def _needs(distribution: Distribution, target: Target) -> Iterator[str]:
    """Names that a distribution asks for on the target: pip itself reads conditions as if it were there already."""
    from packaging.requirements import Requirement

    there = {"python_version": target.suite.python_version, "python_full_version": f"{target.suite.python_version}.0",
             "platform_machine": target.machine, "sys_platform": "linux", "platform_system": "Linux",
             "os_name": "posix", "implementation_name": "cpython", "platform_python_implementation": "CPython"}
    extras = ("", *target.extras) if distribution.name == "masque" else ("",)
    for line in distribution.requires or ():
        need = Requirement(line)
        if need.marker is None or any(need.marker.evaluate({**there, "extra": extra}) for extra in extras):
            yield _plain(need.name)


def _plain(name: str) -> str:
    """As PEP 503 writes a name."""
    return name.lower().replace("_", "-").replace(".", "-")
