"""edge.live_matting: what cells of the mask are too coarse for is found in the colours of the guide."""
from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge.camera.demo import DemoSource
from edge.frame import Mask, Region
from edge.live import LivePath
from edge.live_matting import solved
from edge.matting.guided import grey
from edge.refine import refine
from edge.report import StageTimes
from edge.segment.tflite import TfliteSegmenter
from edge.steadiness import AgainstTruth
from tests.edge.test_live import every, green

EPSILON = 1e-4


def curl(side: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """A grey-brown head with a soft rim and strands before a blue wall: pixels (side, side, 3) uint8, alpha float32."""
    truth = np.zeros((side, side), np.uint8)
    cv2.circle(truth, (side // 2, side * 3 // 5), side // 4, 255, cv2.FILLED, cv2.LINE_AA)
    for x in range(side // 4, side * 3 // 4, 9):
        cv2.line(truth, (side // 2, side * 3 // 5), (x, side // 4), 255, 2, cv2.LINE_AA)
    alpha = cv2.GaussianBlur(truth, (3, 3), 0).astype(np.float32)[..., None] / 255
    noise = np.random.default_rng(1).normal(0, 3, (side, side, 3))
    pixels = alpha * (120, 90, 70) + (1 - alpha) * (60, 90, 190) + noise
    return pixels.clip(0, 255).astype(np.uint8), alpha[..., 0]


def coarse(alpha: np.ndarray, cells: int = 24) -> Mask:
    """What a network that sees in cells would say of it."""
    return Mask(cv2.resize(alpha, (cells, cells), interpolation=cv2.INTER_AREA), Region.whole(alpha.shape))


def test_strands_thinner_than_a_cell_are_found() -> None:
    pixels, truth = curl()
    mask = coarse(truth)
    filtered, found = refine(pixels, mask, EPSILON), solved(pixels, grey(pixels), mask, EPSILON)
    assert found is not None and found.values.dtype == np.float32 and 0 <= found.values.min() <= found.values.max() <= 1
    assert np.abs(found.values - truth).mean() < 0.85 * np.abs(filtered - truth).mean()


def test_only_the_masks_region_is_solved() -> None:
    pixels, truth = curl()
    wide = np.full((160, 200, 3), 128, np.uint8)
    region = Region(20, 50, *truth.shape)
    region.paste(wide, pixels)
    found = solved(wide, grey(wide), Mask(coarse(truth).values, region), EPSILON)
    alone = solved(pixels, grey(pixels), coarse(truth), EPSILON)
    assert found is not None and alone is not None and found.region == region
    np.testing.assert_array_equal(found.values, alone.values)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_an_outline_there_is_nothing_to_solve(share: float) -> None:
    pixels, _ = curl()
    nothing = Mask(np.full((24, 24), share, np.float32), Region.whole(pixels.shape))
    assert solved(pixels, grey(pixels), nothing, EPSILON) is None


def errors(segmenter: TfliteSegmenter, quality: str) -> tuple[float, float]:
    """Error and flicker beside the truth, in 1/255, of 24 demo frames with a keyframe on every second."""
    source, judge = DemoSource(360, 640, 24), AgainstTruth()
    live = LivePath(every(2, quality), segmenter, green(360, 640))
    while (frame := source.read()) is not None:
        judge.add(live.frame(frame, StageTimes()).matte.alpha, source.truth)
    assert judge.flicker is not None
    return judge.error, judge.flicker


def test_matting_on_keyframes_is_nearer_to_the_truth_and_steadier(segmenter: TfliteSegmenter) -> None:
    fine, fast = errors(segmenter, "fine"), errors(segmenter, "fast")
    assert fine[0] < 0.85 * fast[0] and fine[1] < 0.85 * fast[1]


def test_the_board_decides_and_quality_overrides(segmenter: TfliteSegmenter, masque: Callable, tmp_path) -> None:
    def stages(*options: str) -> set[str]:
        return set(masque("live", "demo?size=320x180", "--frames", 4, "--out", "null", "--json", *options).json["ms"])

    assert "matting" in stages("--board", "pi5") and "matting" not in stages("--board", "pi3b")
    assert "matting" in stages("--board", "pi3b", "--quality", "fine")
    assert "matting" not in stages("--board", "pi5", "--quality", "fast")
