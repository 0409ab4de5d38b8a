"""The still path of a board with everything that its tier asks for."""
from __future__ import annotations

from pathlib import Path

from edge.board_shapes import Features
from edge.card import model_path
from edge.matte_model import open_matte_model
from edge.still import StillPath


def with_model(path: StillPath, asked: Features | None, residual: bool, threads: int,
               folder: Path) -> tuple[StillPath, tuple[str, ...]]:
    """The path with what the tier's matting model does for it, and what had to be done without.

    asked: what pixels are matched by (None: as the tier says; then the model may be missing); residual: the model
    corrects the solved alpha; folder: where models lie. Raises ModelError as open_matte_model does.
    """
    tier, features = path.board.tier.value, asked or path.tier.features.value
    if features == "raw" and not residual:
        return path, ()
    if asked is None and not residual and not model_path("matte", tier, folder).is_file():
        return path, (f"{folder} holds no matte-{tier}.tflite: pixels were matched by colour alone",)
    model = open_matte_model(tier, threads, folder)
    return StillPath(path.board, path.tier, path.segmenter, path.fine, features, model.looks(features),
                     model.corrected if residual else None), ()
