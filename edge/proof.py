"""Does a model give here what its card says it gave where it was made? One stored picture decides."""
from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import numpy as np

import edge.demo
from edge.card import Card, Proof
from edge.errors import ModelError
from edge.frame import Region
from edge.matte_model import MatteModel
from edge.photograph import read_photograph
from edge.segment.tflite import Segmenter

ENOUGH = 0.995
"""Least IoU between the mask made here and the card's: runtimes differ in rounding, not in what they see."""


def agreement(segmenter: Segmenter, card: Card) -> float:
    """IoU of the model's mask of the stored portrait with the one on its card, 0..1.

    Raises ModelError when the stored portrait is not the one that the card was made with.
    """
    pixels = _portrait_of(card)
    return _overlap(segmenter.segment(pixels, Region.whole(pixels.shape)).values > 0.5, card)


def matte_agreement(model: MatteModel) -> float:
    """As agreement, of a matting model: where its first learned feature is positive in the portrait's middle."""
    return _overlap(_positive(model, _portrait_of(model.card)), model.card)


def matte_proof(model: MatteModel) -> Proof:
    """What a matting model answers here, for its card."""
    path = Path(edge.demo.__file__).with_name("portrait.jpg")
    bits = _positive(model, read_photograph(path).pixels)
    return Proof(picture=path.name, picture_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                 signature="features_learned", shape=(bits.shape[0], bits.shape[1]),
                 mask=base64.b64encode(np.packbits(bits).tobytes()).decode())


def _positive(model: MatteModel, pixels: np.ndarray) -> np.ndarray:
    top, left = ((side - model.tile_px) // 2 for side in pixels.shape[:2])
    tile = np.ascontiguousarray(Region(top, left, model.tile_px, model.tile_px).cut(pixels))
    return model.answer("features_learned", tile)[..., 0] > 0


def _portrait_of(card: Card) -> np.ndarray:
    path = Path(edge.demo.__file__).with_name(card.proof.picture)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != card.proof.picture_sha256:
        raise ModelError(f"{path}: SHA-256 is {digest[:12]}…, the card of {card.kind}-{card.tier} was proved on "
                         f"{card.proof.picture_sha256[:12]}…; install the package again")
    return read_photograph(path).pixels


def _overlap(here: np.ndarray, card: Card) -> float:
    if here.shape != card.proof.shape:
        raise ModelError(f"{card.kind}-{card.tier}: its mask is {here.shape}, the card's proof {card.proof.shape}")
    packed = np.frombuffer(base64.b64decode(card.proof.mask), np.uint8)
    there = np.unpackbits(packed, count=here.size).reshape(card.proof.shape).astype(bool)
    return float((here & there).sum() / max(1, (here | there).sum()))
