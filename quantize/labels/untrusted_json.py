"""JSON from strangers: decoded into a shape that is known beforehand, everything else in it skipped."""
from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from edge.errors import DataError

T = TypeVar("T")


def decoded(file: Path, content: bytes, wanted: type[T], schema: str) -> T:
    """The content as `wanted`, a msgspec structure; fields that it does not name are never built in memory.

    Raises DataError, naming the file and the place in it, for wrong types, numbers that are none, and nesting
    deeper than the stack.
    """
    try:
        return msgspec.json.decode(content, type=wanted)
    except msgspec.DecodeError as error:
        raise DataError(f"{file}: looks like {schema}, but cannot be read as such: {error}") from error
    except RecursionError as error:
        raise DataError(f"{file}: looks like {schema}, but is nested too deeply") from error
