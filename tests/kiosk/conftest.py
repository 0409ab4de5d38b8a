"""What the booth's tests share."""
from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_stage import booth, browser, opened, started_booth  # noqa: F401


@pytest.fixture(scope="module")
def quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is one: for tests whose disk is a stand-in, or which outlive their processes
    only. Waiting for a real disk's syncs would prove nothing there."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path_factory.mktemp("quick")
        return
    folder = Path(tempfile.mkdtemp(prefix="masque-test-", dir=memory))
    yield folder
    shutil.rmtree(folder)
