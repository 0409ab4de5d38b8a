"""Option types that the commands share."""
from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(path_type=Path)
TIER = click.Choice(["small", "medium", "large"])
KIND = click.Choice(["seg", "matte"])
