"""The gallery after its process was killed at random points: what was acknowledged is there, nothing is half there."""
from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from promised import Promised

LIFE = Path(__file__).with_name("gallery_life.py")

KILLS, A_GALLERY = 200, 20


def killed(folder: Path, said: Path, seed: int, after_s: float) -> None:
    """One life, ended by SIGKILL so many seconds after its gallery was open (less than zero: while it opens)."""
    known = said.stat().st_size if said.exists() else 0
    process = subprocess.Popen([sys.executable, LIFE, folder, said, str(seed), "1000000"])
    try:
        while after_s >= 0 and process.poll() is None and not (said.exists() and said.stat().st_size > known):
            time.sleep(0.001)
        time.sleep(abs(after_s))
        assert process.poll() is None, "the life ended by itself"
    finally:
        process.kill()
        process.wait()


def test_nothing_that_was_promised_is_lost_by_two_hundred_kills(quick_folder: Path) -> None:
    chance, torn = random.Random(5), 0
    for kill in range(KILLS):
        folder, said = quick_folder / f"gallery-{kill // A_GALLERY}", quick_folder / f"said-{kill // A_GALLERY}"
        killed(folder, said, kill, chance.uniform(-0.1, 0.04))
        text = said.read_text() if said.exists() else ""
        torn += text.split("\n")[-2:][0].startswith(("adding", "attaching", "removing"))
        if folder.exists():
            assert Promised(text).broken(folder) == [], f"kill {kill}"
        if kill % A_GALLERY == A_GALLERY - 1:
            shutil.rmtree(folder)
    assert torn > KILLS / 4, "most kills came between two steps: they prove little"
