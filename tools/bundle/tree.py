"""One version of masque as a folder: a private environment, launchers, units, rules, the board's file; no links.

    pyvenv.cfg lib/pythonX.Y/site-packages    a virtual environment; settle.py adds bin/python3, a link to the system's
    bin/masque bin/masque-prove               the command, and how this version shows that it works on this machine
    systemd/ udev/                            the booth's units, rules for the boards on its cables
    board.toml bundle.json                    what it is for, and every package in it
"""
from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import edge.kiosk
from edge.card import WIDE, model_path
from edge.errors import BundleError
from edge.segment.edge_tpu import EDGE_TPU_OPERATOR
from tools.bundle.site import fill_site
from tools.bundle.target import Target
from tools.flash.command import RULES

UNITS = Path(edge.kiosk.__file__).with_name("systemd")

LAUNCHER = """\
#!/bin/sh
# masque of this very version, whatever link it was called through; MASQUE_BOARD may name another board.
here=$(dirname "$(readlink -f "$0")")
export PYTHONSAFEPATH=1 PYTHONNOUSERSITE=1 MASQUE_BOARD="${{MASQUE_BOARD:-{board}}}"
exec "$here/python3" -m edge "$@"
"""

PROOF = """\
#!/bin/sh
# Does this version work on this machine? Every model against its card, and the booth's server can be loaded.
here=$(dirname "$(readlink -f "$0")")
export PYTHONSAFEPATH=1 PYTHONNOUSERSITE=1
"$here/python3" -c 'import edge.live, edge.still, edge.kiosk.server' &&
    exec "$here/masque" doctor --prove --board {board}
"""


def make_tree(tree: Path, target: Target, wheel: Path, models: Path | None = None, wheels: Path | None = None) -> dict:
    """Fills the folder `tree` → what bundle.json says.

    models: compiled for the Edge TPU, as `masque-quantize compile --out` leaves them; they are laid beside masque's
    own. Raises BundleError when one is missing or not compiled, or as fill_site does.
    """
    site = tree / "lib" / f"python{target.suite.python_version}" / "site-packages"
    compiled = compiled_models(target, models) if target.wants_compiled else ()
    packages = fill_site(site, wheel, target, wheels)
    for path in compiled:
        shutil.copyfile(path, site / "edge" / "models" / path.name)
    (tree / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = true\n"
                                     f"version = {target.suite.python_version}\n", encoding="utf-8")
    for name, text in (("masque", LAUNCHER), ("masque-prove", PROOF)):
        script = tree / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(text.format(board=target.board.name), encoding="utf-8")
        script.chmod(0o755)
    shutil.copyfile(Path(__file__).with_name("settle.py"), tree / "bin" / "settle.py")
    shutil.copytree(UNITS, tree / "systemd")
    (tree / "udev").mkdir()
    shutil.copyfile(RULES, tree / "udev" / RULES.name)
    shutil.copyfile(target.board_file, tree / "board.toml")
    said = {"name": "masque", "version": packages["masque"], "board": target.board.name, "suite": target.suite.name,
            "python": target.suite.python_version, "architecture": target.architecture,
            "models": "edge-tpu" if compiled else "cpu", "packages": packages}
    (tree / "bundle.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return said


def compiled_models(target: Target, models: Path | None) -> tuple[Path, ...]:
    """`seg-TIER.SIGNATURE_edgetpu.tflite` of the board's tier, at least those that see a person. Raises BundleError."""
    tier, name = target.board.tier.value, target.board.name
    if models is None:
        raise BundleError(f"{name} runs its network on an Edge TPU and masque ships no compiled model: "
                          f"`masque-quantize compile {model_path('seg', tier)} --out DIR` where edgetpu_compiler is "
                          "installed, then --models DIR; or --cpu, without the Edge TPU")
    found = sorted(models.glob(f"seg-{tier}.*_edgetpu.tflite"))
    signatures = {match[1] for path in found if (match := re.fullmatch(r"seg-\w+\.(\w+)_edgetpu\.tflite", path.name))}
    missing = [signature for signature in ("person_portrait", "person_landscape", WIDE) if signature not in signatures]
    if missing:
        raise BundleError(f"{models}: holds no seg-{tier}.{missing[0]}_edgetpu.tflite; `masque-quantize compile` "
                          "writes it, or --cpu goes without the Edge TPU")
    for path in found:
        if EDGE_TPU_OPERATOR not in path.read_bytes():
            raise BundleError(f"{path}: holds no {EDGE_TPU_OPERATOR.decode()}, so nothing of it would run on the Edge "
                              "TPU; edgetpu_compiler maps it, or --cpu goes without")
    return tuple(found)
