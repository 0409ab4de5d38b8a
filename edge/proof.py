"""Does a model give here what its card says it gave where it was made? One stored picture decides."""
from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import numpy as np

import edge.demo
from edge.card import Card
from edge.errors import ModelError
from edge.frame import Region
from edge.photograph import read_photograph
from edge.segment.tflite import Segmenter

ENOUGH = 0.995
"""Least IoU between the mask made here and the card's: runtimes differ in rounding, not in what they see."""


def agreement(segmenter: Segmenter, card: Card) -> float:
    """IoU of the model's mask of the stored portrait with the one on its card, 0..1.

    Raises ModelError when the stored portrait is not the one that the card was made with.
    """
    path = Path(edge.demo.__file__).with_name(card.proof.picture)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != card.proof.picture_sha256:
        raise ModelError(f"{path}: SHA-256 is {digest[:12]}…, the card of seg-{card.tier} was proved on "
                         f"{card.proof.picture_sha256[:12]}…; install the package again")
    pixels = read_photograph(path).pixels
    here = segmenter.segment(pixels, Region.whole(pixels.shape)).values > 0.5
    if here.shape != card.proof.shape:
        raise ModelError(f"seg-{card.tier}: its mask is {here.shape}, the card's proof {card.proof.shape}")
    packed = np.frombuffer(base64.b64decode(card.proof.mask), np.uint8)
    there = np.unpackbits(packed, count=here.size).reshape(card.proof.shape).astype(bool)
    return float((here & there).sum() / max(1, (here | there).sum()))
