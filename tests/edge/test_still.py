"""edge.still: the still path keeps to the board's budget and says so; a solve cut short is reported."""
from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest

from edge.board_shapes import CameraBoard, Tier
from edge.boards import load_camera_board, load_tiers
from edge.errors import PictureError
from edge.frame import Mask, Region, Trimap
from edge.matting import solve
from edge.photograph import read_grey
from edge.preprocess import place, upright
from edge.report import StageTimes
from edge.segment.tflite import TfliteSegmenter
from edge.still import StillPath

DESK = load_camera_board("desk")


def with_budget(unknowns: int) -> CameraBoard:
    limit = msgspec.structs.replace(DESK.matting.max_unknowns, value=unknowns)
    return msgspec.structs.replace(DESK, matting=msgspec.structs.replace(DESK.matting, max_unknowns=limit))


@pytest.fixture
def tier() -> Tier:
    return load_tiers()["large"]


@pytest.fixture
def drawn(portrait_file) -> Trimap:
    return Trimap(read_grey(portrait_file.with_name("portrait.trimap.png")))


def test_more_unknown_pixels_than_the_budget_are_solved_in_pieces_and_that_is_said(
        tier: Tier, portrait: np.ndarray, truth: np.ndarray, drawn: Trimap, iou) -> None:
    still, whole = (StillPath(board, tier, None, fine=True).matte(portrait, StageTimes(), drawn)
                    for board in (with_budget(2000), DESK))
    assert still.unknown_pixels == drawn.unknown.sum() > 2000
    [said] = still.fallbacks
    assert f"{drawn.unknown.sum():,} unknown pixels, the board's budget is 2,000: solved in" in said
    assert "overlapping pieces" in said
    assert np.abs(still.matte.alpha.astype(int) - whole.matte.alpha)[drawn.unknown].mean() < 2
    assert iou(still.matte.alpha, truth) > 0.97


def test_a_band_that_is_much_wider_than_the_budget_is_narrowed_and_that_is_said(
        tier: Tier, portrait: np.ndarray, truth: np.ndarray, drawn: Trimap, iou) -> None:
    wide = Trimap(np.where((drawn.values == 0) & (np.indices(drawn.values.shape)[0] > 20), 128, drawn.values))
    still = StillPath(with_budget(2000), tier, None, fine=True).matte(portrait, StageTimes(), wide)
    assert 2000 < still.unknown_pixels <= 16_000 < wide.unknown.sum()
    said = still.fallbacks[0]
    assert f"{wide.unknown.sum():,} unknown pixels" in said and "pieces at 0." in said and "of the working size" in said
    assert still.matte.alpha.shape == (600, 512) and still.matte.alpha[truth > 250].mean() > 240


def test_between_somebody_s_strokes_a_colour_of_neither_side_is_foreground(tier: Tier) -> None:
    pixels, values = np.full((120, 160, 3), (30, 30, 200), np.uint8), np.zeros((120, 160), np.uint8)
    pixels[:, :100], pixels[40:80, 70:100] = (200, 30, 30), (20, 220, 20)
    values[:, :40], values[:, 40:130] = 255, 128
    still = StillPath(DESK, tier, None, fine=True).matte(pixels, StageTimes(), Trimap(values))
    assert still.matte.alpha[45:75, 75:95].min() > 230 and still.matte.alpha[:, 105:].max() < 10


def test_within_the_budget_nothing_is_said(tier: Tier, portrait: np.ndarray, drawn: Trimap) -> None:
    still = StillPath(DESK, tier, None, fine=True).matte(portrait, StageTimes(), drawn)
    assert still.fallbacks == [] and still.unknown_pixels == drawn.unknown.sum()


def test_a_solve_that_is_cut_short_is_said(monkeypatch: pytest.MonkeyPatch, tier: Tier, portrait: np.ndarray,
                                           drawn: Trimap) -> None:
    monkeypatch.setattr(solve, "MAX_ITERATIONS", 2)
    still = StillPath(DESK, tier, None, fine=True).matte(portrait, StageTimes(), drawn)
    [said] = still.fallbacks
    assert "stopped at residual" in said and "after 2 iterations" in said and still.iterations == 2


def test_a_trimap_with_nothing_unknown_is_its_own_alpha(tier: Tier, portrait: np.ndarray, truth: np.ndarray) -> None:
    decided = Trimap(np.where(truth >= 128, 255, 0).astype(np.uint8))
    still = StillPath(DESK, tier, None, fine=True).matte(portrait, StageTimes(), decided)
    np.testing.assert_array_equal(still.matte.alpha, decided.values)
    assert still.solver == "none" and still.unknown_pixels == 0


def test_strokes_that_the_working_size_would_lose_are_refused_with_the_width_to_draw(tier: Tier) -> None:
    photograph = np.random.default_rng(5).integers(0, 256, (4096, 80, 3), np.uint8)
    values = np.full((4096, 80), 128, np.uint8)
    values[100:200], values[300:303] = 0, 255
    with pytest.raises(PictureError, match=r"foreground is lost at the working size of 20×1024.*at least 8 pixels"):
        StillPath(DESK, tier, None, fine=True).matte(photograph, StageTimes(), Trimap(values))
    values[301:309] = 255
    assert StillPath(DESK, tier, None, fine=True).matte(photograph, StageTimes(), Trimap(values)).solver == "knn-cg"


def test_a_person_too_small_to_be_sure_of_keeps_the_network_s_alpha_and_that_is_said(tier: Tier) -> None:
    class SeesWhite:
        portrait = (160, 96)

        def segment(self, pixels: np.ndarray, region: Region) -> Mask:
            crop = np.ascontiguousarray(region.cut(pixels)[..., 0])
            spot = place(crop.shape, upright(crop.shape, self.portrait))
            seen = cv2.resize(crop, (spot.width, spot.height), interpolation=cv2.INTER_AREA)
            return Mask(seen.astype(np.float32) / 255, region)

    wide = np.zeros((1024, 1024, 3), np.uint8)
    wide[480:560, 500:522] = 255
    wide = cv2.GaussianBlur(wide, (0, 0), 4)
    fast, fine = (StillPath(DESK, tier, SeesWhite(), fine).matte(wide, StageTimes()) for fine in (False, True))
    assert fine.fallbacks == ["no sure foreground at the working size: the band was not solved"]
    assert fine.solver == "none" and (fine.matte.alpha >= 128).sum() > 800
    np.testing.assert_array_equal(fine.matte.alpha, fast.matte.alpha)


def test_the_alpha_is_zero_outside_its_region(tier: Tier, segmenter: TfliteSegmenter, portrait: np.ndarray) -> None:
    wide = np.full((700, 1500, 3), 200, np.uint8)
    Region(100, 800, 600, 512).paste(wide, portrait)
    matte = StillPath(DESK, tier, segmenter, fine=False).matte(wide, StageTimes()).matte
    inside = matte.region.cut(matte.alpha)
    assert (inside > 0).sum() == (matte.alpha > 0).sum() > 0 and matte.alpha.shape == (700, 1500)
    assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()


def test_a_picture_larger_than_the_working_size_comes_back_at_its_own_size(
        tier: Tier, portrait: np.ndarray, truth: np.ndarray, drawn: Trimap, iou) -> None:
    large = np.repeat(portrait, 3, axis=0).repeat(3, axis=1)
    trimap = Trimap(np.repeat(drawn.values, 3, axis=0).repeat(3, axis=1))
    still = StillPath(DESK, tier, None, fine=True).matte(large, StageTimes(), trimap)
    assert still.matte.alpha.shape == still.trimap.values.shape == still.foreground.shape[:2] == (1800, 1536)
    known = ~trimap.unknown
    np.testing.assert_array_equal(still.matte.alpha[known], trimap.values[known])
    assert iou(still.matte.alpha[1::3, 1::3], truth) > 0.97
