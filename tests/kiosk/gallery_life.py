"""A gallery's life in a process of its own, to be killed or recorded: adds, attaches, removes, and says so.

`python gallery_life.py FOLDER SAID SEED STEPS`: a line is appended to SAID before and after every step. A content
begins with its kind and a number of its own. Without arguments it reads them line by line, and every line is a life in
a process of its own, whose number it prints: two hundred of them need not load Python two hundred times.
"""
from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

from edge.kiosk.gallery import Gallery

KINDS = ("screen", "cutout", "alpha", "composite", "thumbnail", "report")


class Said:
    """The lines, written at once and unbuffered, so that what stands there has happened."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, *words: object) -> None:
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())


def content(chance: random.Random, kind: str) -> bytes:
    return f"{kind}:{chance.getrandbits(64):016x}:".encode() + chance.randbytes(chance.randrange(1, 9000))


def step(gallery: Gallery, chance: random.Random, said: Said) -> None:
    """One thing that happens in a booth."""
    tokens = [photo.token for photo in gallery.newest(8)]
    what = chance.choice(("add", "add", "attach", "attach", "attach", "remove", "upload", "print"))
    if what == "add" or not tokens:
        photograph = content(chance, "photograph")
        said("adding", photograph[:27].decode())
        said("added", gallery.add(photograph, "party", chance.choice((None, 3600.0))).token, photograph[:27].decode())
        return
    token = chance.choice(tokens)
    if what == "attach":
        parts = {kind: content(chance, kind) for kind in chance.sample(KINDS, chance.randrange(1, 4))}
        heads = " ".join(f"{part[: len(kind) + 17].decode()}" for kind, part in parts.items())
        said("attaching", token, heads)
        gallery.attach(token, parts, background=chance.choice((None, "sea")))
        said("attached", token, heads)
    elif what == "remove" and len(tokens) > 3:
        said("removing", token)
        gallery.remove(token)
        said("removed", token)
    elif what == "upload":
        gallery.queue_upload(token)
    else:
        gallery.take_prints("party", 1, 0)


def live(folder: Path, said: Said, seed: int, steps: int) -> None:
    gallery, chance = Gallery(folder), random.Random(seed)
    said("opened")
    for _ in range(steps):
        step(gallery, chance, said)


def nursery() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        folder, said, seed, steps = line.split()
        child = os.fork()
        if child == 0:
            live(Path(folder), Said(said), int(seed), int(steps))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        live(Path(sys.argv[1]), Said(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        nursery()
