"""Files that are there after a power cut."""
from __future__ import annotations

import os
import shutil
from contextlib import suppress
from errno import EDQUOT, ENOSPC
from pathlib import Path

from edge.errors import OutputError


def write_synced(path: Path, content: bytes) -> None:
    """Writes a new file and waits until its content is on the disk; its name is only once `sync` was there for the
    folder. Raises OutputError with both numbers where the disk is full; nothing of the file stays then.
    """
    try:
        with path.open("xb", buffering=0) as file:
            rest = memoryview(content)
            while rest:
                rest = rest[file.write(rest) or 0 :]
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise not_written(path, len(content), error) from error


def sync(path: Path) -> None:
    """Waits until a file's content is on the disk; of a folder: the names in it."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
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
