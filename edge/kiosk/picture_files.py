"""The gallery's files: written and synced before anybody knows them, never written twice, never renamed."""
from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from edge.kiosk.durable import sync, write_synced

ENDINGS = {"photograph": "jpg", "screen": "jpg", "composite": "jpg", "thumbnail": "jpg", "cutout": "png",
           "screen_cutout": "png", "alpha": "png", "trimap": "png", "report": "json"}
"""Kinds of files that a picture may have. screen: the composite at screen size; composite: at the camera's."""

RESERVE_BYTES = 262_144
"""Room that is given up when the disk is so full that not even a removal could be written down."""


class PictureFiles:
    """A folder of files TOKEN.KIND.VERSION.ENDING, and a reserve beside it."""

    def __init__(self, folder: Path) -> None:
        """folder: the gallery's; made where it is missing. Raises OSError where that cannot be."""
        self.folder, self._reserve = folder / "files", folder / "reserve"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put_aside(self, along: str) -> Path:
        """Moves all files, and those of the gallery's folder that `along` names, into a new folder beside them."""
        gallery = self.folder.parent
        aside = next(path for number in count(1) if not (path := gallery / f"damaged-{number}").exists())
        aside.mkdir(mode=0o700)
        for path in [*gallery.glob(along), self.folder]:
            path.rename(aside / path.name)
        self.folder.mkdir(mode=0o700)
        return aside

    def place(self, token: str, kind: str, version: str) -> Path:
        """Where a file lies."""
        return self.folder / f"{token}.{kind}.{version}.{ENDINGS[kind]}"

    def written(self, token: str, parts: Mapping[str, bytes]) -> dict[str, str]:
        """New files (kind → content) on the disk, names included: kind → version. Raises OutputError, leaving none."""
        versions = {kind: secrets.token_hex(4) for kind in parts}
        try:
            for kind, content in parts.items():
                write_synced(self.place(token, kind, versions[kind]), content)
            sync(self.folder)
        except OSError:
            self.discard(token, versions)
            raise
        return versions

    def discard(self, token: str, versions: Mapping[str, str]) -> None:
        """Removes files, those that are there."""
        for kind, version in versions.items():
            self.place(token, kind, version).unlink(missing_ok=True)

    def names(self) -> set[str]:
        """All that lies in the folder."""
        return {entry.name for entry in os.scandir(self.folder)}

    def reserve(self) -> None:
        """Sets room aside, as far as there is any: a quarter of it is enough for a few pictures."""
        for size in () if self._reserve.exists() else (RESERVE_BYTES, RESERVE_BYTES // 2, RESERVE_BYTES // 4):
            try:
                with self._reserve.open("xb") as file:
                    os.posix_fallocate(file.fileno(), 0, size)
                return
            except OSError:
                self._reserve.unlink(missing_ok=True)

    def give_up_reserve(self) -> None:
        """Makes that room free."""
        self._reserve.unlink(missing_ok=True)
