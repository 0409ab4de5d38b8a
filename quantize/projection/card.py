"""The card beside a microcontroller's tables, `tables.json`: what they were learned from, how often they are right, and
the tables themselves, from which the sources for C and MicroPython are written."""
from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec

from edge.bridge.points import Tables
from edge.errors import DataError

NAME = "tables.json"

TITLES = {"microphone": "made sounds", "columns": "columns of photographs"}
"""What `signals` means, where the word alone would say too much."""


class TablesCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """signals: `microphone`, `columns` or `recordings`; source: where they came from, synthetic ones called so; method,
    form: how the vectors were found and what they multiply; labels: number → name; learned_from, held_out: signals of
    each label; accuracy: method → float, q15 and agree on held-out signals; confusion: of the tables themselves, in the
    chip's integers; false_reports: what claps were reported without one, an hour, and taken_for_claps: what share of
    the ear's openings by each kind of sound (microphone only); image: `struct tables` in Base64, sha256: of its
    bytes."""

    signals: str
    source: str
    licence: str
    method: str
    form: str
    seed: int
    labels: dict[int, str]
    learned_from: dict[str, int]
    held_out: dict[str, int]
    accuracy: dict[str, dict[str, float]]
    confusion: dict[str, dict[str, int]]
    false_reports: dict[str, dict[str, float]]
    taken_for_claps: dict[str, float]
    fram_bytes: int
    sha256: str
    image: str

    def tables(self) -> Tables:
        """The tables. Raises ValueError when the image is another than the card says."""
        image = b64decode(self.image)
        if hashlib.sha256(image).hexdigest() != self.sha256:
            raise ValueError(f"{len(image)} bytes of tables have another SHA-256 than their card says")
        return Tables.unpacked(image)

    def title(self) -> str:
        """What the tables know, in a line."""
        labels = ", ".join(f"{number} {label}" for number, label in sorted(self.labels.items()))
        return f"learned from {TITLES.get(self.signals, self.signals)} ({labels})"


def image_fields(made: Tables) -> dict[str, str | int]:
    """The fields of a card that follow from its tables."""
    image = made.packed()
    return {"fram_bytes": len(image), "sha256": hashlib.sha256(image).hexdigest(),
            "image": b64encode(image).decode("ascii")}


def read_tables_card(path: Path) -> TablesCard:
    """A card and, checked, its tables. Raises DataError for what is no such file."""
    try:
        card = msgspec.json.decode(path.read_bytes(), type=TablesCard)
        card.tables()
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {getattr(error, 'strerror', None) or error}; `masque-quantize projection` writes "
                        f"it") from error
    return card


def card_bytes(card: TablesCard) -> bytes:
    """The file's content."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"
