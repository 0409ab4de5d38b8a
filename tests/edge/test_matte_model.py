"""edge.matte_model: tiles see what the picture shows, answers come from their middles, bad files are said to be bad."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from drawn_matte import TILE, drawn_matte_card, drawn_matte_runtime
from msgspec.structs import replace

from edge.board_shapes import FEATURES
from edge.card import MATTE_SIGNATURES, Port, card_path, model_path
from edge.errors import ModelError
from edge.matte_model import MARGIN_PX, MatteModel, open_matte_model
from edge.matting.features import colours

TIERS = ("small", "medium", "large")


def noise(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def nodes(height: int, width: int) -> np.ndarray:
    """Flat indices of every second pixel of every second row."""
    return (np.mgrid[:height:2, :width:2][0] * width + np.mgrid[:height:2, :width:2][1]).ravel().astype(np.int32)


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def drawn(ran: list[str]) -> MatteModel:
    card = drawn_matte_card()
    model = MatteModel(b"", card, drawn_matte_runtime(card, ran))
    ran.clear()  # opening runs each signature once
    return model


@pytest.mark.parametrize("shape", [(40, 60), (41, 33), (3, 5), (14, 14), (1, 90)])
@pytest.mark.parametrize("features", ["pca", "learned"])
def test_looks_are_of_the_pixels_that_were_asked_for(drawn: MatteModel, features: Any, shape: tuple[int, int]) -> None:
    pixels, where = noise(1, *shape), nodes(*shape)
    np.testing.assert_allclose(drawn.looks(features)(pixels, where), colours(pixels, where), atol=1e-6)


def test_raw_looks_are_colours_and_ask_no_network(drawn: MatteModel, ran: list[str]) -> None:
    assert drawn.looks("raw") is colours and ran == []


def test_only_tiles_that_hold_something_are_run(drawn: MatteModel, ran: list[str]) -> None:
    inner = TILE - 2 * MARGIN_PX
    pixels = noise(2, 4 * inner, 4 * inner)
    drawn.looks("pca")(pixels, np.array([0, 2, (3 * inner + 1) // 2 * 2 * pixels.shape[1] + 2], np.int32))
    assert ran == ["features_pca"] * 2
    unknown = np.zeros(pixels.shape[:2], bool)
    unknown[inner, inner : 2 * inner + 1] = True
    drawn.corrected(pixels, np.zeros(unknown.shape, np.float32), unknown)
    assert ran[2:] == ["refine"] * 2


def test_a_correction_is_added_in_unknown_pixels_and_stays_in_range(drawn: MatteModel) -> None:
    pixels, rng = noise(3, 37, 50), np.random.default_rng(3)
    alpha, unknown = rng.random((37, 50), np.float32), rng.random((37, 50)) < 0.5
    found = drawn.corrected(pixels, alpha, unknown)
    np.testing.assert_array_equal(found[~unknown], alpha[~unknown])
    wanted = np.clip(alpha + (pixels[..., 0].astype(np.float32) - 128) / 128, 0, 1)
    np.testing.assert_allclose(found[unknown], wanted[unknown], atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize("tier", TIERS)
def test_the_shipped_models_open_and_say_what_they_are(models_folder: Path, tier: str) -> None:
    model = open_matte_model(tier, folder=models_folder)
    assert (model.card.kind, model.card.tier, set(model.card.signatures)) == ("matte", tier, set(MATTE_SIGNATURES))
    assert model.card.size_bytes <= 60_000


@pytest.mark.parametrize("features", ["pca", "learned"])
def test_no_answer_that_is_used_has_seen_the_edge_of_a_tile(models_folder: Path, features: Any) -> None:
    model = open_matte_model("large", folder=models_folder)
    pixels = cv2.GaussianBlur(noise(4, 300, 260), (0, 0), 2)
    top, left, height, width = 34, 28, 200, 190  # tiles of the part lie elsewhere
    part = np.ascontiguousarray(pixels[top : top + height, left : left + width])
    y, x = np.mgrid[16 : height - 16 : 2, 16 : width - 16 : 2]
    looks = model.looks(features)
    whole = looks(pixels, ((y + top) * pixels.shape[1] + x + left).ravel().astype(np.int32))
    alone = looks(part, (y * width + x).ravel().astype(np.int32))
    np.testing.assert_array_equal(whole, alone)


def test_a_correction_that_is_used_has_not_seen_the_edge_of_a_tile(models_folder: Path) -> None:
    model = open_matte_model("large", folder=models_folder)
    pixels, alpha = cv2.GaussianBlur(noise(5, 260, 250), (0, 0), 2), cv2.blur(noise(6, 260, 250)[..., 0] / 255, (9, 9))
    alpha, unknown = alpha.astype(np.float32), np.ones((260, 250), bool)
    whole = model.corrected(pixels, alpha, unknown)
    alone = model.corrected(pixels[34:, 28:], alpha[34:, 28:], unknown[34:, 28:])
    np.testing.assert_array_equal(whole[50:-16, 44:-16], alone[16:-16, 16:-16])


def test_features_that_can_be_chosen_are_those_that_a_model_answers() -> None:
    assert [f"features_{name}" for name in FEATURES[1:]] == list(MATTE_SIGNATURES[:2])


def edited(models_folder: Path, tmp_path: Path, edit: Callable[[dict], None]) -> None:
    source = model_path("matte", "large", models_folder)
    shutil.copy(source, tmp_path)
    card = json.loads(card_path(source).read_text(encoding="utf-8"))
    edit(card)
    card_path(tmp_path / source.name).write_text(json.dumps(card), encoding="utf-8")


@pytest.mark.parametrize(("edit", "said"), [
    (lambda card: card["signatures"].pop("refine"), "signature 'refine' is missing"),
    (lambda card: card["signatures"]["features_pca"]["outputs"]["features"].update(shape=[1, 64, 63, 8]),
     r"features_pca.*\(1, 64, 63, 8\).*\(1, 64, 64, 8\) is wanted"),
    (lambda card: card["signatures"]["refine"]["outputs"]["correction"].update(scale=0.5),
     r"correction scale.*0\.0078"),
    (lambda card: card.update(size_bytes=7), "bytes, its card says 7"),
    (lambda card: card.update(tier="small"), "is a matte model for tier small; matte for tier large is wanted"),
], ids=["signature", "shape", "scale", "size", "tier"])
def test_a_card_that_does_not_fit_is_refused_in_one_line(models_folder: Path, tmp_path: Path, edit: Any,
                                                         said: str) -> None:
    edited(models_folder, tmp_path, edit)
    with pytest.raises(ModelError, match=said) as refused:
        open_matte_model("large", folder=tmp_path)
    assert "\n" not in str(refused.value) and "matte-large" in str(refused.value)


def test_a_correction_of_another_scale_than_the_run_time_s_is_refused(ran: list[str]) -> None:
    card = drawn_matte_card()
    refine = replace(card.signatures["refine"], outputs={"correction": Port((1, TILE, TILE), 1 / 256, -128)})
    card = drawn_matte_card(signatures={**card.signatures, "refine": refine})
    with pytest.raises(ModelError, match=r"matte-large, refine: correction has scale 0\.0039.* 0\.007812 and 0"):
        MatteModel(b"", card, drawn_matte_runtime(card, ran))
