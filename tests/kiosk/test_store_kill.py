"""The gallery after its process was killed at random points: what was acknowledged is there, nothing is half there."""
from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from promised import Promised

LIFE = Path(__file__).with_name("gallery_life.py")

KILLS, A_GALLERY = 200, 20


@pytest.fixture
def nursery() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, LIFE], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.stdin.close()


def killed(nursery: subprocess.Popen[str], folder: Path, said: Path, seed: int, after_s: float) -> None:
    """One life, ended by SIGKILL so many seconds after its gallery was open (less than zero: while it opens)."""
    known = said.stat().st_size if said.exists() else 0
    print(folder, said, seed, 1_000_000, file=nursery.stdin, flush=True)
    life = int(nursery.stdout.readline())
    while after_s >= 0 and lives(life) and not (said.exists() and said.stat().st_size > known):
        time.sleep(0.0005)
    time.sleep(abs(after_s))
    assert lives(life), "the life ended by itself"
    os.kill(life, signal.SIGKILL)
    while lives(life):
        time.sleep(0.0005)


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_nothing_that_was_promised_is_lost_by_two_hundred_kills(nursery: subprocess.Popen[str],
                                                                quick_folder: Path) -> None:
    chance, torn = random.Random(5), 0
    for kill in range(KILLS):
        folder, said = quick_folder / f"gallery-{kill // A_GALLERY}", quick_folder / f"said-{kill // A_GALLERY}"
        killed(nursery, folder, said, kill, chance.uniform(-0.01, 0.03))
        text = said.read_text() if said.exists() else ""
        torn += text.split("\n")[-2:][0].startswith(("adding", "attaching", "removing"))
        if folder.exists():
            assert Promised(text).broken(folder) == [], f"kill {kill}"
        if kill % A_GALLERY == A_GALLERY - 1:
            shutil.rmtree(folder)
    assert torn > KILLS / 20, f"{torn} kills came in the middle of a step: they prove little"
