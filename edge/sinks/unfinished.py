"""A video file under another name until it is whole: `party.part.mp4` becomes `party.mp4` when it is closed."""
from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from edge.errors import OutputError


class Unfinished:
    """path: where the video belongs; part: where it is written, so that nobody takes a piece for the whole.

    The ending stays last in the name: a part that a power cut has left opens in a player as it is.
    """

    def __init__(self, path: Path) -> None:
        """Raises OutputError where no file can be; makes nothing yet."""
        self.path, self.part = path, path.with_name(f"{path.stem}.part{path.suffix}")
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; a video goes there, choose another --out")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: there is no folder {path.parent}; make it first or choose another --out")

    def keep(self) -> None:
        """Gives the part its name; a file that stood there is replaced. Raises OutputError where that is refused."""
        try:
            os.replace(self.part, self.path)
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be replaced ({error.strerror}); "
                              f"the whole video is in {self.part.name}") from error

    def discard(self) -> None:
        """Removes the part, if there is one."""
        with suppress(OSError):
            self.part.unlink()

    def refused(self, why: object) -> OutputError:
        """What to raise where the file could not be opened; nothing of it stays."""
        self.discard()
        return OutputError(f"{self.path}: cannot be written ({why}); choose another --out")

    def cut_short(self, why: object, frames: int) -> OutputError:
        """What to raise where writing failed after so many frames; the part stays if there is anything in it."""
        if frames == 0:
            return self.refused(why)
        return OutputError(f"{self.path}: cannot be written on after {frames} frames ({why}); "
                           f"{self.part.name} holds what reached the disk. Make room, then start again")
