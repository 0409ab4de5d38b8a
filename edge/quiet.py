"""Keeps native libraries off standard error: there our users read one line a problem."""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Sends what native code prints meanwhile ("Created TensorFlow Lite XNNPACK delegate", libtiff's complaints)
    nowhere. What goes wrong is raised, not printed."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
