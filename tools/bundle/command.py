"""`masque bundle`: a Debian package for one board, with everything in it, signed."""
from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click

from edge.cli.options import Voice, voiced
from edge.errors import OutputError
from edge.report import peak_rss_mb

SUITES = ("bookworm", "trixie")


@click.command(short_help="Build an installable, signed Debian package for a board.")
@click.argument("board")
@click.option("--out", metavar="DIR", required=True, type=click.Path(path_type=Path, file_okay=False),
              help="Where the packages go.")
@click.option("--suite", "suites", multiple=True, type=click.Choice(SUITES),
              help="Release of Raspberry Pi OS or Debian  [both; bookworm alone for an Edge TPU]")
@click.option("--key", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Ed25519 private key that signs (ssh-keygen -t ed25519).")
@click.option("--unsigned", is_flag=True, help="Sign nothing. Boards that know a signer will refuse the package.")
@click.option("--cpu", is_flag=True, help="A Coral board without its Edge TPU.")
@click.option("--models", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Models compiled for the Edge TPU, as `masque-quantize compile --out` leaves them.")
@click.option("--revision", type=click.IntRange(1), default=1, show_default=True,
              help="Of the package: a higher one replaces a lower one of the same version.")
@click.option("--wheel", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="masque's wheel for the board  [cross-built from the checkout]")
@click.option("--wheels", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="A folder with all other wheels  [pip's index]")
@voiced
def command(board: str, out: Path, suites: tuple[str, ...], key: Path | None, unsigned: bool, cpu: bool,
            models: Path | None, revision: int, wheel: Path | None, wheels: Path | None, voice: Voice) -> None:
    """Build packages for BOARD that install without a network: `apt install ./masque-kiosk_….deb`.

    Nothing is put on the board here. What is installed there is verified and tried out beside the version that runs,
    which goes on running if anything is amiss.
    """
    from tools.bundle.signed import signers
    from tools.bundle.target import SUITES as RELEASES
    from tools.bundle.target import target

    if (key is None) != unsigned:
        raise click.UsageError("give --key FILE to sign with, or say --unsigned" if key is None else
                               "--key signs and --unsigned does not: give one of them")
    chosen = suites or SUITES
    if not suites and target(board, SUITES[0], cpu).wants_compiled:
        chosen = SUITES[:1]
    targets = [target(board, RELEASES[suite].name, cpu) for suite in chosen]
    if key is not None:
        signers(key)  # refused before anything is built
    else:
        click.echo("masque: WARNING: this package is NOT SIGNED: whoever can change it can run anything on the board",
                   err=True)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".bundle-", dir=out) as folder:
            made = [_bundle(Path(folder), out, each, key, models, revision, wheel, wheels, voice) for each in targets]
    except OSError as error:
        raise OutputError(f"{out}: cannot be written to ({error.strerror or error})") from error
    voice.report({"board": board, "bundles": made, "peak_rss_mb": peak_rss_mb()})


def _bundle(folder: Path, out: Path, target: Any, key: Path | None, models: Path | None, revision: int,
            wheel: Path | None, wheels: Path | None, voice: Voice) -> dict[str, Any]:
    """One package, moved to out when it is whole → its line of the report."""
    from tools.bundle.debian_package import deb_version, package
    from tools.bundle.signed import sign
    from tools.bundle.tree import compiled_models, make_tree
    from tools.bundle.wheel import built_wheel

    if target.wants_compiled:
        compiled_models(target, models)  # refused before anything is downloaded
    if wheel is None and not (built := sorted(folder.glob("*.whl"))):  # one serves every release
        voice.detail(f"building masque's wheel for {target.machine}")
        built = [built_wheel(target.machine, folder)]
    inside = folder / target.suite.name
    inside.mkdir()
    voice.detail(f"unpacking wheels for {target.machine}, Python {target.suite.python_version}")
    said = make_tree(inside / "tree", target, wheel or built[0], models, wheels)
    voice.detail("packing")
    deb = package(inside, target, deb_version(said["version"], revision, target), key)
    signature = sign(deb, key) if key else None
    for path in filter(None, (signature, deb)):
        path.replace(out / path.name)
    shutil.rmtree(inside)  # one release at a time on the disk
    deb = out / deb.name
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    voice.say(f"{deb}  {deb.stat().st_size / 1e6:.1f} MB  {len(said['packages'])} packages  "
              f"{'signed' if key else 'NOT SIGNED'}")
    return {"deb": str(deb), "size_bytes": deb.stat().st_size, "sha256": digest, "signed": key is not None, **said}
