"""edge.live: the live path follows the person of the demo source and asks the network on every Nth frame only."""
from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from edge.board_shapes import CameraBoard
from edge.boards import load_camera_board
from edge.camera.demo import DemoSource
from edge.composite import filled
from edge.frame import Frame, Mask, Region
from edge.live import LiveFrame, LivePath
from edge.report import StageTimes
from edge.segment.tflite import TfliteSegmenter

GREEN = (0, 177, 64)

FRAMES = 12

Clip = tuple[list[Frame], list[np.ndarray], list[LiveFrame], "Counted", list[StageTimes]]
"""Frames, truths, finished frames, the segmenter that was asked, the times of every frame."""


class Counted:
    """A segmenter that remembers where it was asked to look."""

    def __init__(self, segmenter: TfliteSegmenter) -> None:
        self.segmenter, self.portrait = segmenter, segmenter.portrait
        self.regions: list[Region] = []

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        self.regions.append(region)
        return self.segmenter.segment(pixels, region)


def every(interval: int) -> CameraBoard:
    """The desk board with another keyframe interval."""
    desk = load_camera_board("desk")
    setting = msgspec.structs.replace(desk.network.keyframe_interval, value=interval)
    return msgspec.structs.replace(desk, network=msgspec.structs.replace(desk.network, keyframe_interval=setting))


def green(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return filled(GREEN, pixels.shape)


@pytest.fixture(scope="module")
def clip(segmenter: TfliteSegmenter) -> Clip:
    """12 frames of 360×640 through the live path with a keyframe on every second."""
    source, counted = DemoSource(360, 640, FRAMES), Counted(segmenter)
    live = LivePath(every(2), counted, green)
    frames, truths, finished, times = [], [], [], []
    while (frame := source.read()) is not None:
        times.append(StageTimes())
        frames.append(frame)
        truths.append(source.truth.copy())
        finished.append(live.frame(frame, times[-1]))
    return frames, truths, finished, counted, times


def test_the_person_is_followed(clip: Clip, iou: Callable) -> None:
    _, truths, finished, _, _ = clip
    scores = [iou(done.matte.alpha, truth) for done, truth in zip(finished, truths, strict=True)]
    assert np.mean(scores) > 0.8 and min(scores) > 0.6


def test_the_network_runs_on_every_second_frame_only(clip: Clip) -> None:
    _, _, finished, counted, times = clip
    assert [done.keyframe for done in finished] == [True, False] * (FRAMES // 2)
    assert len(counted.regions) == FRAMES // 2
    assert ["segment" in taken.ms for taken in times] == [True, False] * (FRAMES // 2)


def test_after_the_first_look_the_network_looks_at_the_person(clip: Clip) -> None:
    _, truths, _, counted, _ = clip
    assert counted.regions[0] == Region(0, 0, 360, 640)
    for region, truth in zip(counted.regions[1:], truths[2::2], strict=True):
        assert region.height * region.width < 0.8 * 360 * 640
        assert (region.cut(truth) > 127).sum() > 0.95 * (truth > 127).sum()


def test_the_backdrop_stands_where_the_person_is_not(clip: Clip) -> None:
    frames, _, finished, _, _ = clip
    for frame, done in zip(frames, finished, strict=True):
        alpha = done.matte.alpha
        assert done.picture.shape == (360, 640, 3) and (done.picture[alpha == 0] == GREEN).all()
        np.testing.assert_array_equal(done.picture[alpha == 255], frame.pixels[alpha == 255])


def test_stages_are_timed_between_the_lines(clip: Clip) -> None:
    _, _, _, _, times = clip
    assert set(times[0].ms) == {"segment", "refine", "composite"} and set(times[1].ms) == {"refine", "composite"}


class SeesWhite:
    """A segmenter for which white is person; it remembers where it looked."""

    portrait = (160, 96)

    def __init__(self) -> None:
        self.regions: list[Region] = []

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        self.regions.append(region)
        return Mask((region.cut(pixels)[::4, ::4, 0] / 255).astype(np.float32), region)


def test_a_person_fades_in_by_the_board_s_share_of_smoothing() -> None:
    board, empty = every(1), np.zeros((180, 320, 3), np.uint8)
    there = empty.copy()
    there[60:140, 100:160] = 255
    live, opacity = LivePath(board, SeesWhite(), green), []
    for index, pixels in enumerate([empty, there, there]):
        opacity.append(live.frame(Frame(pixels, index), StageTimes()).matte.alpha[100, 130] / 255)
    share = board.refine.smoothing.value
    assert opacity[0] == 0 and abs(opacity[1] - share) < 0.05 and abs(opacity[2] - (1 - (1 - share) ** 2)) < 0.05


def test_when_the_person_leaves_the_alpha_fades_and_the_whole_frame_is_searched() -> None:
    there, gone = np.zeros((180, 320, 3), np.uint8), np.zeros((180, 320, 3), np.uint8)
    there[60:140, 100:160] = 255
    eyes = SeesWhite()
    live = LivePath(every(1), eyes, green)
    shares = []
    for index, pixels in enumerate([there, there, gone, gone, gone, gone, there, there]):
        shares.append(float((live.frame(Frame(pixels, index), StageTimes()).matte.alpha >= 128).mean()))
    assert shares[1] > 0.05 and shares[5] == 0 and shares[7] > 0.05
    assert eyes.regions[1] != Region(0, 0, 180, 320) and eyes.regions[3] == Region(0, 0, 180, 320)
