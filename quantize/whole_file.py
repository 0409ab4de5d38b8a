"""Files other than pictures, written whole or not at all; pictures go through `edge.photograph`."""
from __future__ import annotations

import os
from pathlib import Path

from edge.errors import OutputError


def write_whole(path: Path, content: bytes) -> None:
    """Writes beside the place, then renames; folders are made. Raises OutputError, leaving what stood there before."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        os.replace(beside, path)
    except OSError as error:
        raise OutputError(f"{error.filename or path}: cannot be written ({error.strerror or error})") from error
    finally:
        beside.unlink(missing_ok=True)
