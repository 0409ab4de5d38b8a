"""Files that are there after a power cut, whole, or not at all."""
from __future__ import annotations

import os
import shutil
from contextlib import suppress
from errno import EDQUOT, ENOSPC
from pathlib import Path

from edge.errors import OutputError


def write_durably(path: Path, content: bytes) -> None:
    """Writes beside the place, then renames; nothing is promised until `sync_folder` has run on the folder.

    Raises OutputError with both numbers where the disk is full; nothing of the file stays then.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb", buffering=0) as file:
            written = 0
            while written < len(content):
                written += file.write(memoryview(content)[written:]) or 0
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise not_written(path, len(content), error) from error


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable: what was renamed into it, what was removed from it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def not_written(path: Path, needed: int, error: OSError) -> OutputError:
    """What to raise when so many bytes did not fit, or could not be written for another reason."""
    if error.errno in (ENOSPC, EDQUOT):
        free = shutil.disk_usage(path.parent).free
        return OutputError(f"{path.parent}: the disk is full: {needed / 1e6:.2f} MB are needed, {free / 1e6:.2f} MB "
                           "are free; delete pictures or lower quota_mb in event.toml")
    return OutputError(f"{path}: cannot be written ({error.strerror or error})")
