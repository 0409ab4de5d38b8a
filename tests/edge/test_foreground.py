"""edge.matting.foreground: the person's own colours come back where the old background shone through."""
from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.matting import tiles
from edge.matting.foreground import foreground

GREEN = np.float32([20, 230, 30])


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A softly edged, softly coloured disc before strong green: its true colours (300, 400, 3), picture and alpha."""
    y, x = np.mgrid[:300, :400].astype(np.float32)
    alpha = np.clip((110 - np.hypot(y - 150, x - 200)) / 20 + 0.5, 0, 1)
    own = np.dstack([170 + 40 * np.sin(x / 60), 120 + 30 * np.cos(y / 70), 90 + 20 * np.sin((x + y) / 90)])
    picture = alpha[..., None] * own + (1 - alpha[..., None]) * GREEN
    return own.astype(np.uint8), (picture + 0.5).astype(np.uint8), (alpha * 255 + 0.5).astype(np.uint8)


def recovered(picture: np.ndarray, alpha: np.ndarray, factor: int = 1) -> np.ndarray:
    size = (picture.shape[1] // factor, picture.shape[0] // factor)
    return foreground(picture, alpha, cv2.resize(picture, size, interpolation=cv2.INTER_AREA),
                      cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255)


@pytest.mark.parametrize("factor", [1, 4])
def test_the_true_colours_are_recovered_better_than_the_picture_shows_them(scene: tuple[np.ndarray, ...],
                                                                          factor: int) -> None:
    own, picture, alpha = scene
    soft = (alpha > 12) & (alpha < 243)
    found = recovered(picture, alpha, factor)
    before = np.abs(picture[soft].astype(float) - own[soft]).mean()
    after = np.abs(found[soft].astype(float) - own[soft]).mean()
    assert after < 0.35 * before


def test_no_green_rim_is_left(scene: tuple[np.ndarray, ...]) -> None:
    own, picture, alpha = scene
    soft = (alpha > 12) & (alpha < 243)
    found = recovered(picture, alpha)[soft].astype(float)
    excess = (found[:, 1] - found[:, 0]).mean() - (own[soft][:, 1].astype(float) - own[soft][:, 0]).mean()
    assert excess < 35 < (picture[soft][:, 1].astype(float) - picture[soft][:, 0]).mean()


@pytest.mark.parametrize("factor", [1, 4])
def test_sure_pixels_keep_their_own_colours_and_the_rest_is_black(scene: tuple[np.ndarray, ...], factor: int) -> None:
    _, picture, alpha = scene
    found = recovered(picture, alpha, factor)
    np.testing.assert_array_equal(found[alpha == 255], picture[alpha == 255])
    assert not found[alpha == 0].any()


def test_the_portrait_s_sure_pixels_keep_their_own_colours(portrait: np.ndarray, truth: np.ndarray) -> None:
    found = recovered(portrait, truth, 2)
    np.testing.assert_array_equal(found[truth == 255], portrait[truth == 255])


@pytest.mark.parametrize(("value", "wanted"), [(0, 0), (255, None)])
def test_a_picture_that_is_all_person_or_nobody_is_simple(portrait: np.ndarray, value: int, wanted: int | None) -> None:
    found = recovered(portrait, np.full(portrait.shape[:2], value, np.uint8), 4)
    np.testing.assert_array_equal(found, portrait if wanted is None else np.zeros_like(portrait))


def test_tiles_join_without_seams(monkeypatch: pytest.MonkeyPatch, scene: tuple[np.ndarray, ...]) -> None:
    _, picture, alpha = scene
    in_tiles = recovered(picture, alpha, 3).astype(int)
    monkeypatch.setattr(tiles, "TILE_PX", 10_000)
    assert np.abs(in_tiles - recovered(picture, alpha, 3)).max() <= 2
