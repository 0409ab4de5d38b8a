"""The card beside each model: what it is, what it was trained on, what it scored, and how to know that it is whole."""
from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from edge.errors import ModelError

MATTE_SIGNATURES = ("features_pca", "features_learned", "refine")
"""What a matte model can be asked for."""

WIDE, WIDER = "person_wide", 2
"""The signature for who fills the width of a picture; its sides are so many times those of `person_landscape`."""

MODELS = Path(__file__).with_name("models")
"""The models that ship with the package."""


class Port(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input or output. shape counts from the batch; real value = scale · (integer − zero_point)."""

    shape: tuple[int, ...]
    scale: float
    zero_point: int


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry point of a model file. macs: multiply-adds of a call; arena_bytes: its activations at their most,
    as planned by quantize.tflite.arena; a runtime's packed weights come on top."""

    picture: Port
    outputs: dict[str, Port]
    operators: int
    macs: int
    arena_bytes: int


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model answers for a stored picture, its bits packed by rows, base64: of a seg model the person mask at
    0.5, of a matte model where the first learned feature is positive."""

    picture: str
    picture_sha256: str
    signature: str
    shape: tuple[int, int]
    mask: str


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model's card, `STEM.json` beside `STEM.tflite`. metrics: figure name → value, int8 beside float;
    quantisation: how the int8 came about, and its weakest layers with their signal-to-noise ratio in dB."""

    kind: str
    tier: str
    sha256: str
    size_bytes: int
    parameters: int
    classes: tuple[str, ...]
    signatures: dict[str, Signature]
    recipe: dict[str, str | int | float | None]
    data: dict[str, str | int | dict[str, int] | list[str]]
    quantisation: dict[str, str | float]
    metrics: dict[str, float]
    commit: str
    measured: str
    limits: list[str]
    licence: str
    proof: Proof

    @property
    def asked(self) -> tuple[str, ...]:
        """What the model can be asked for: the `person`, and `all` where it tells the parts of a person too."""
        return ("person", "all") if any(name.startswith("all_") for name in self.signatures) else ("person",)


def card_path(model: Path) -> Path:
    """Where a model's card lies."""
    return model.with_suffix(".json")


def read_card(model: Path) -> Card:
    """Reads and checks the card of a model file. Raises ModelError when it is missing or not a card."""
    path = card_path(model)
    if not path.is_file():
        raise ModelError(f"{path}: the card of {model.name} is missing; models and cards travel together")
    try:
        card = msgspec.json.decode(_bytes(path), type=Card)
    except msgspec.MsgspecError as error:
        raise ModelError(f"{path}: not a model card ({error})") from error
    try:
        _check_signatures(card)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    return card


def _check_signatures(card: Card) -> None:
    """Whatever the run time may call later is there, and fits what the kind's first signature takes."""
    if card.kind == "matte":
        _check_matte(card)
        return
    for name in (*(f"{asked}_{way}" for asked in card.asked for way in ("portrait", "landscape")), WIDE):
        if name not in card.signatures:
            raise ModelError(f"signature {name!r} is missing; found {', '.join(card.signatures) or 'none'}")
        height, width = card.signatures["person_portrait"].picture.shape[1:3]
        size = (height, width) if name.endswith("portrait") else (width, height)
        _check_shapes(name, card.signatures[name], (WIDER * width, WIDER * height) if name == WIDE else size,
                      len(card.classes))


def _check_matte(card: Card) -> None:
    """One tile for all: features of every second pixel of every second row, a correction of every pixel."""
    missing = [name for name in MATTE_SIGNATURES if name not in card.signatures]
    if missing:
        raise ModelError(f"signature {missing[0]!r} is missing; found {', '.join(card.signatures) or 'none'}")
    side = card.signatures["refine"].picture.shape[1]
    _check_ports("refine", card.signatures["refine"], (1, side, side, 4), {"correction": (1, side, side)})
    for name in MATTE_SIGNATURES[:2]:
        answers = card.signatures[name].outputs
        dimensions = answers["features"].shape[-1] if "features" in answers else 0
        features = (1, side // 2, side // 2, dimensions)
        _check_ports(name, card.signatures[name], (1, side, side, 3), {"features": features})


def _check_shapes(name: str, signature: Signature, size: tuple[int, ...], classes: int) -> None:
    """size: (height, width) of picture and answers alike; parts have a plane for every class."""
    parts = {"parts": (1, *size, classes)} if name.startswith("all") else {}
    _check_ports(name, signature, (1, *size, 3), {"person": (1, *size), **parts}, f" and {classes} classes")


def _check_ports(name: str, signature: Signature, picture: tuple[int, ...], wanted: dict[str, tuple[int, ...]],
                 also: str = "") -> None:
    if set(signature.outputs) != set(wanted):
        raise ModelError(f"signature {name!r} answers {', '.join(signature.outputs) or 'nothing'}; "
                         f"{' and '.join(wanted)} is wanted")
    for port, found, shape in (("picture", signature.picture.shape, picture),
                               *((output, signature.outputs[output].shape, wanted[output]) for output in wanted)):
        if found != shape:
            raise ModelError(f"signature {name!r}: {port} is {found}, beside the other signatures{also} {shape} is "
                             "wanted")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


def read_verified(model: Path, kind: str, tier: str) -> tuple[bytes, Card]:
    """A model's bytes and card after every check that needs no interpreter.

    Raises ModelError, naming the file and both values, when it is missing, no TFLite file, cut short, altered, or
    made for another purpose or tier.
    """
    if not model.is_file():
        raise ModelError(f"{model}: no such model; `masque models` lists those that are installed")
    content = _bytes(model)
    card = read_card(model)
    if content[4:8] != b"TFL3":
        raise ModelError(f"{model}: not a TFLite file (it starts with {content[:8].hex(' ') or 'nothing'})")
    if len(content) != card.size_bytes:
        raise ModelError(f"{model}: is {len(content):,} bytes, its card says {card.size_bytes:,}; install it again")
    digest = hashlib.sha256(content).hexdigest()
    if digest != card.sha256:
        raise ModelError(f"{model}: SHA-256 is {digest[:12]}…, its card says {card.sha256[:12]}…; install it again")
    if (card.kind, card.tier) != (kind, tier):
        raise ModelError(f"{model}: is a {card.kind} model for tier {card.tier}; {kind} for tier {tier} is wanted")
    return content, card


def model_path(kind: str, tier: str, folder: Path = MODELS) -> Path:
    """Where the model of a kind (seg, matte) and tier (small, medium, large) lies."""
    return folder / f"{kind}-{tier}.tflite"
