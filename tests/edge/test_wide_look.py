"""edge.segment.wide: who fills the width of a picture that lies gets another look with four times the pixels."""
from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.boards import load_camera_board, load_tiers
from edge.camera.demo import portrait_with_alpha
from edge.frame import Mask, Region
from edge.report import StageTimes
from edge.segment.tflite import TfliteSegmenter
from edge.segment.wide import widened
from edge.still import StillPath


class Wide:
    """Answers ones to a wide look and remembers where it was asked."""

    portrait = (160, 96)

    def __init__(self) -> None:
        self.regions: list[Region] = []

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        raise AssertionError("the look at the network's own size was there already")

    def segment_wide(self, pixels: np.ndarray, region: Region) -> Mask:
        self.regions.append(region)
        return Mask(np.ones((192, 320), np.float32), region)


@pytest.mark.parametrize(("region", "box", "looks"), [
    (Region(0, 0, 90, 160), (0.5, 0.9), True),
    (Region(5, 7, 90, 160), (0.9, 0.6), True),
    (Region(0, 0, 90, 160), (1.0, 0.5), False),
    (Region(0, 0, 160, 90), (0.2, 0.9), False),
    (Region(0, 0, 90, 160), (0.0, 0.0), False)],
    ids=["two close up", "wider than high in pixels", "one who stands", "a picture that stands", "nobody"])
def test_who_fills_the_width_is_looked_at_once_more(region: Region, box: tuple[float, float], looks: bool) -> None:
    values = np.zeros((96, 160), np.float32)
    values[: round(96 * box[0]), : round(160 * box[1])] = 1
    seen, segmenter = Mask(values, region), Wide()
    found = widened(segmenter, np.zeros((200, 200, 3), np.uint8), seen)
    assert segmenter.regions == ([region] if looks else [])
    assert found.region == region and (found is seen) != looks


def two_close_up() -> tuple[np.ndarray, np.ndarray]:
    """The portrait twice, side by side, larger than the picture is high: pixels (500, 1280, 3), alpha (500, 1280)."""
    pixels, alpha = portrait_with_alpha()
    head = slice(40, 440)
    twice = [np.hstack([part[head], part[head, ::-1]]) for part in (pixels, alpha)]
    return cv2.resize(twice[0], (1280, 500)), cv2.resize(twice[1], (1280, 500))


def test_a_wide_look_finds_more_of_two_people_close_up(segmenter: TfliteSegmenter) -> None:
    pixels, alpha = two_close_up()
    whole, wrong = Region.whole(pixels.shape), {}
    for name, look in (("plain", segmenter.segment), ("wide", segmenter.segment_wide)):
        seen = cv2.resize(look(pixels, whole).values, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        wrong[name] = ((seen > 0.5) != (alpha > 127)).mean()
    assert wrong["wide"] < wrong["plain"]


def test_photographs_of_two_people_get_it_too(segmenter: TfliteSegmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, _ = two_close_up()
    asked: list[Region] = []
    look = segmenter.segment_wide
    monkeypatch.setattr(segmenter, "segment_wide", lambda where, region: asked.append(region) or look(where, region))
    StillPath(load_camera_board("desk"), load_tiers()["large"], segmenter, fine=False).matte(pixels, StageTimes())
    assert len(asked) == 1 and asked[0].width > asked[0].height
