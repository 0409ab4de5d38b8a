"""The peers that Masque is measured against, each in an environment of its own and called as a process.

Never a dependency of anything that users run.
"""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

PEERS = ("mediapipe==0.10.21", "pymatting==1.1.16")


def peers_python(folder: Path = Path(".venv-peers")) -> Path:
    """The interpreter of the peers' environment, made on first use (needs a package index, about 400 MB).

    Exits with a message when it cannot be made: MediaPipe has no wheels for every Python and processor.
    """
    python = folder / "bin" / "python"
    if not (folder / ".done").is_file():
        click.echo(f"making {folder} for {', '.join(PEERS)} …", err=True)
        for step in ([sys.executable, "-m", "venv", str(folder)],
                     [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS]):
            if subprocess.run(step, check=False).returncode:
                sys.exit(f"bench: the peers cannot be installed here ({' '.join(step[-3:])}); nothing was compared")
        (folder / ".done").touch()
    return python.absolute()
