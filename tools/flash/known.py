"""Images that boards were flashed with from here: what a board runs may then be known, and with it its password."""
from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from edge.board_shapes import SolverBoard
from edge.errors import MasqueError
from tools.flash.image import Image, read_image


def folder() -> Path:
    """Where copies are kept (XDG Base Directory Specification: state)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "masque" / "flashed"


def keep(image: Image, file: Path) -> None:
    """Keeps a copy of an image that is on a board now. Where that cannot be, the next flashing asks for --old-image."""
    place = folder() / f"{image.mark.board}-{image.sha256[:16]}.elf"
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place.with_suffix(".new"))
        place.with_suffix(".new").replace(place)


def kept(board: SolverBoard) -> Iterator[Image]:
    """The copies for a board; what is damaged or of another version is passed over."""
    for place in sorted(folder().glob(f"{board.name}-*.elf")):
        with suppress(MasqueError):
            yield read_image(place, board)
