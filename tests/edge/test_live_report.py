"""edge.live_report: flicker is that of the alpha that was shown."""
from __future__ import annotations

import numpy as np
import pytest

from edge.boards import load_camera_board
from edge.camera.demo import DemoSource
from edge.composite import filled
from edge.effects import Replaced
from edge.frame import Frame, Mask, Matte, Region
from edge.live import LiveFrame, LivePath
from edge.live_report import LiveReport
from edge.report import StageTimes


class SeesNobody:
    portrait = (160, 96)

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        return Mask(np.zeros((40, 60), np.float32), region)


@pytest.mark.parametrize("step", [0, 40])
def test_flicker_is_the_change_of_the_alpha_that_was_shown(step: int) -> None:
    live = LivePath(load_camera_board("desk"), SeesNobody(), Replaced(filled((0, 177, 64), (160, 240))))
    report = LiveReport((160, 240), DemoSource(160, 240, 4), live.pace, [])
    picture = np.full((160, 240, 3), 90, np.uint8)
    for index in range(4):
        live.frame(Frame(picture, index), StageTimes())
        alpha = np.full((160, 240), 100 + step * (index % 2), np.uint8)
        report.processed(live, LiveFrame(picture, Matte(alpha, Region.whole(alpha.shape)), True), StageTimes())
    assert report.figures()["flicker"] == pytest.approx(step)
