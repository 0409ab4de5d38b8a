"""A matting model that exists in memory only: its features are colours, its correction is the red of a pixel."""
from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np

from edge.card import Card, Port, Proof, Signature
from edge.segment.runtime import Runtime

TILE = 32


def drawn_matte_card(**changes: Any) -> Card:
    """A sound card of a matting model on tiles of 32 pixels."""
    def signature(channels: int, name: str, answer: Port) -> Signature:
        return Signature(Port((1, TILE, TILE, channels), 1 / 255, -128), {name: answer}, 3, 1000, 2000)

    looks = signature(3, "features", Port((1, TILE // 2, TILE // 2, 3), 1 / 255, -128))
    facts: dict[str, Any] = dict(
        kind="matte", tier="large", sha256="", size_bytes=0, parameters=1, classes=(), recipe={}, data={},
        signatures={"features_pca": looks, "features_learned": looks,
                    "refine": signature(4, "correction", Port((1, TILE, TILE), 1 / 128, 0))},
        quantisation={}, metrics={}, commit="", measured="", limits=[], licence="", proof=Proof("", "", "", (0, 0), ""))
    return Card(**(facts | changes))


def drawn_matte_runtime(card: Card, ran: list[str]) -> Runtime:
    """A runtime whose every model has the signatures of this card; `ran` gets the name of each that is called."""
    class Runner:
        def __init__(self, name: str) -> None:
            self.name, self.signature = name, card.signatures[name]

        def get_input_details(self) -> dict[str, dict]:
            return {"picture": self._told(self.signature.picture)}

        def get_output_details(self) -> dict[str, dict]:
            return {name: self._told(port) for name, port in self.signature.outputs.items()}

        def _told(self, port: Port) -> dict[str, Any]:
            return {"shape": np.array(port.shape), "dtype": np.int8, "quantization": (port.scale, port.zero_point)}

        def __call__(self, picture: np.ndarray) -> dict[str, np.ndarray]:
            assert picture.shape == self.signature.picture.shape and picture.dtype == np.int8
            ran.append(self.name)
            if self.name == "refine":
                return {"correction": picture[..., 0].copy()}
            return {"features": np.ascontiguousarray(picture[:, 1::2, 1::2])}

    class Interpreter:
        def __init__(self, **_: object) -> None:
            pass

        def get_signature_runner(self, name: str) -> Runner:
            return Runner(name)

    return Runtime("drawn", "1", cast(ModuleType, SimpleNamespace(Interpreter=Interpreter)))
