"""What the booth's tests share."""
from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jumping_clock import JumpingClock
from page_stage import booth, browser, opened, started_booth  # noqa: F401

from edge.kiosk.gallery import Gallery


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


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def reopened(tmp_path: Path, clock: JumpingClock) -> Iterator[Callable[..., Gallery]]:
    """`reopened(quota_bytes)`: the gallery of one folder, closed and opened again at every call; meanwhile: what
    happens in between."""
    galleries: list[Gallery] = []

    def again(quota_bytes: int = 0, meanwhile: Callable[[], None] = lambda: None) -> Gallery:
        while galleries:
            galleries.pop().close()
        meanwhile()
        galleries.append(Gallery(tmp_path / "gallery", clock, quota_bytes))
        return galleries[0]

    yield again
    for gallery in galleries:
        gallery.close()


@pytest.fixture
def gallery(reopened: Callable[..., Gallery]) -> Gallery:
    return reopened()
