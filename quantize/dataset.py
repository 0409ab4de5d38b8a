"""Reads a prepared set and deals training samples from it: the same seed and step give the same batch, always."""
from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.errors import DataError
from edge.frame import CLASSES, Region

FACE, HEADWEAR = CLASSES.index("face"), CLASSES.index("headwear")


@dataclass(frozen=True)
class Picture:
    """pixels (h, w, 3) uint8 RGB, mask (h, w) uint8 with the values of quantize.manifest."""

    pixels: np.ndarray
    mask: np.ndarray
    source: str


SHARES = {"picsart": 0.46, "unlabelled": 0.13, "celebamask": 0.17, "ccp": 0.10, "hsd": 0.03, "facesynth": 0.04,
          "figaro": 0.035, "lfwparts": 0.035}
"""How often each source is drawn: chosen for selfies and half bodies; one not named gets its manifest weight."""

HATS, HAT_SHARE = 6.0, 0.01
"""Pictures with at least this share of headwear are drawn this much oftener: hats are rare, and bitten otherwise."""


FACE_SIDE = 12
"""Pixels that a face must be wide and high before a hat is fitted to it."""


def face_of(mask: np.ndarray) -> Region | None:
    """The box around the face of a mask (h, w) with the values of quantize.manifest; None: none, or a tiny one."""
    box = Region.around((mask == FACE).astype(np.float32), 0.0)
    return box if box and min(box.height, box.width) >= FACE_SIDE else None


class PreparedSet:
    """One tier's set on disk, memory-mapped. SHARES says how often each source is drawn in training."""

    def __init__(self, folder: Path) -> None:
        """Opens `folder` (as written by quantize.prepare). Raises DataError when it is not a prepared set."""
        index = folder / "index.json"
        if not index.is_file():
            raise DataError(f"{folder}: no index.json; run `masque-quantize prepare DATA --out {folder.parent}`")
        text = index.read_bytes()
        self.rows = json.loads(text)
        self.sha256 = hashlib.sha256(text).hexdigest()
        self._pictures = np.load(folder / "pictures.npy", mmap_mode="r")
        self._masks = np.load(folder / "masks.npy", mmap_mode="r")
        self.train = self._indices("train")
        self.val = self._indices("val")
        self.backdrops = [i for i, row in enumerate(self.rows) if row["source"] == "backgrounds"]
        if not self.train:
            raise DataError(f"{folder}: holds no training picture")
        self._headwear = [(self.picture(i).mask == HEADWEAR).mean() for i in self.train]
        self._probability = self._draw_probability()
        self.hatted = [i for i, share in zip(self.train, self._headwear, strict=True)
                       if share >= HAT_SHARE and face_of(self.picture(i).mask)]

    def _indices(self, split: str) -> list[int]:
        return [i for i, row in enumerate(self.rows) if row["split"] == split and row["source"] != "backgrounds"]

    def _draw_probability(self) -> np.ndarray:
        sources = [self.rows[i]["source"] for i in self.train]
        share = {s: SHARES.get(s, self.rows[i]["weight"]) for s, i in zip(sources, self.train, strict=True)}
        count = Counter(sources)
        hats = [HATS if share >= HAT_SHARE else 1.0 for share in self._headwear]
        weights = np.array([share[s] / count[s] for s in sources]) * hats
        return weights / weights.sum()

    def picture(self, i: int) -> Picture:
        """The i-th picture of the set (training, validation or backdrop)."""
        row = self.rows[i]
        h, w, at = row["height"], row["width"], row["offset"]
        return Picture(self._pictures[at : at + h * w].reshape(h, w, 3), self._masks[at : at + h * w].reshape(h, w),
                       row["source"])

    def draw(self, rng: np.random.Generator) -> Picture:
        """A random training picture, sources weighted by `SHARES`."""
        return self.picture(self.train[rng.choice(len(self.train), p=self._probability)])

    def draw_hatted(self, rng: np.random.Generator) -> Picture | None:
        """A random picture with a hat and the face below it; None when the set has none."""
        return self.picture(self.hatted[rng.integers(len(self.hatted))]) if self.hatted else None

    def draw_backdrop(self, rng: np.random.Generator) -> Picture | None:
        """A random picture without people; None when the set has none."""
        return self.picture(self.backdrops[rng.integers(len(self.backdrops))]) if self.backdrops else None
