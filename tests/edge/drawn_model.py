"""A model that exists in memory only: it sees a person by the red of a pixel and its part by the green."""
from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np

from edge.card import Card, Port, Proof, Signature
from edge.frame import CLASSES
from edge.segment.runtime import Runtime

TALL, WIDE = (16, 8), (8, 16)

PER_PART = 40
"""Class i is painted in a green of i · PER_PART."""


def drawn_card(**changes: Any) -> Card:
    """A sound card of a model with person and parts, standing (16, 8) and lying."""
    def port(shape: tuple[int, ...], levels: int = 256) -> Port:
        return Port(shape, 1 / levels, -128)

    def signature(size: tuple[int, int], parts: bool) -> Signature:
        outputs = {"person": port((1, *size))} | ({"parts": port((1, *size, len(CLASSES)))} if parts else {})
        return Signature(port((1, *size, 3), 255), outputs, operators=3, macs=1000, arena_bytes=2000)

    signatures = {f"{asked}_{way}": signature(size, asked == "all") for asked in ("person", "all")
                  for way, size in (("portrait", TALL), ("landscape", WIDE))}
    signatures["person_wide"] = signature((2 * WIDE[0], 2 * WIDE[1]), False)
    facts: dict[str, Any] = dict(
        kind="seg", tier="large", sha256="", size_bytes=0, parameters=1, classes=CLASSES, signatures=signatures,
        recipe={}, data={}, quantisation={}, metrics={}, commit="", measured="", limits=[], licence="",
        proof=Proof("", "", "", (0, 0), ""))
    return Card(**(facts | changes))


class DrawnRunner:
    """One signature; types: port → what it holds, int8 where nothing else is said."""

    def __init__(self, signature: Signature, types: dict[str, type]) -> None:
        self.signature, self.types = signature, types

    def get_input_details(self) -> dict[str, dict]:
        return {"picture": self._told("picture", self.signature.picture)}

    def get_output_details(self) -> dict[str, dict]:
        return {name: self._told(name, port) for name, port in self.signature.outputs.items()}

    def _told(self, name: str, port: Port) -> dict[str, Any]:
        return {"shape": np.array(port.shape), "dtype": self.types.get(name, np.int8),
                "quantization": (port.scale, port.zero_point)}

    def __call__(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        assert picture.shape == self.signature.picture.shape and picture.dtype == np.int8
        part = (picture[..., 1].astype(int) + 128) // PER_PART
        answers = {"person": picture[..., 0].copy(),
                   "parts": np.where(part[..., None] == np.arange(len(CLASSES)), 127, -128).astype(np.int8)}
        return {name: answers[name] for name in self.signature.outputs}


def drawn_runtime(card: Card, **types: type) -> Runtime:
    """A runtime whose every model has the signatures of this card."""
    class Interpreter:
        def __init__(self, **_: object) -> None:
            pass

        def get_signature_runner(self, name: str) -> DrawnRunner:
            if name not in card.signatures:
                raise ValueError(f"no signature {name}")
            return DrawnRunner(card.signatures[name], types)

    return Runtime("drawn", "1", cast(ModuleType, SimpleNamespace(Interpreter=Interpreter)))
