"""edge.live: the live path follows the person of the demo source and asks the network on every Nth frame only."""
from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import pairwise

import cv2
import msgspec
import numpy as np
import pytest

from edge.board_shapes import CameraBoard
from edge.boards import load_camera_board
from edge.camera.demo import DemoSource
from edge.cli.live import with_live_matting
from edge.composite import filled
from edge.effects import Replaced
from edge.errors import PictureError
from edge.frame import Frame, Mask, Matte, Region
from edge.keyframe import CLOSER
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

    def segment_wide(self, pixels: np.ndarray, region: Region) -> Mask:
        return self.segmenter.segment_wide(pixels, region)


def every(interval: int, quality: str = "fine") -> CameraBoard:
    """The desk board with another keyframe interval; quality: with matting on keyframes (fine) or without (fast)."""
    desk = with_live_matting(load_camera_board("desk"), quality)
    setting = msgspec.structs.replace(desk.network.keyframe_interval, value=interval)
    return msgspec.structs.replace(desk, network=msgspec.structs.replace(desk.network, keyframe_interval=setting))


def copied(done: LiveFrame) -> LiveFrame:
    """The path writes over its arrays: what is looked at later is a copy."""
    return LiveFrame(done.picture.copy(), Matte(done.matte.alpha.copy(), done.matte.region), done.keyframe)


def green(height: int, width: int) -> Replaced:
    return Replaced(filled(GREEN, (height, width)))


@pytest.fixture(scope="module")
def clip(segmenter: TfliteSegmenter) -> Clip:
    """12 frames of 360×640 through the live path with a keyframe on every second."""
    source, counted = DemoSource(360, 640, FRAMES), Counted(segmenter)
    live = LivePath(every(2), counted, green(360, 640))
    frames, truths, finished, times = [], [], [], []
    while (frame := source.read()) is not None:
        times.append(StageTimes())
        frames.append(frame)
        truths.append(source.truth.copy())
        finished.append(copied(live.frame(frame, times[-1])))
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
    """It looks at the guide, a quarter as large on the desk board."""
    _, truths, _, counted, _ = clip
    assert counted.regions[0] == Region(0, 0, 90, 160)
    for region, truth in zip(counted.regions[1:], truths[2::2], strict=True):
        assert region.height * region.width < 0.8 * 90 * 160
        small = truth[::4, ::4]
        assert (region.cut(small) > 127).sum() > 0.95 * (small > 127).sum()


def test_the_backdrop_stands_where_the_person_is_not(clip: Clip) -> None:
    frames, _, finished, _, _ = clip
    for frame, done in zip(frames, finished, strict=True):
        alpha = done.matte.alpha
        assert done.picture.shape == (360, 640, 3) and (done.picture[alpha == 0] == GREEN).all()
        np.testing.assert_array_equal(done.picture[alpha == 255], frame.pixels[alpha == 255])


def test_stages_are_timed_between_the_lines(clip: Clip) -> None:
    _, _, _, _, times = clip
    assert list(times[0].ms) == list(times[2].ms) == ["guide", "motion", "segment", "matting", "refine", "composite"]
    assert list(times[1].ms) == ["guide", "motion", "refine", "composite"]


def test_between_keyframes_the_mask_moves_with_the_person(segmenter: TfliteSegmenter, iou: Callable) -> None:
    source, live, scores = DemoSource(360, 640, 24), LivePath(every(8), segmenter, green(360, 640)), []
    while (frame := source.read()) is not None:
        done = live.frame(frame, StageTimes())
        if frame.index >= 8 and not done.keyframe:
            scores.append(iou(done.matte.alpha, source.truth))
    assert len(scores) == 14 and min(scores) > 0.93


def test_a_new_scene_does_not_wait_for_its_keyframe() -> None:
    rng = np.random.default_rng(3)
    scenes = [np.kron(rng.integers(0, 256, (12, 16, 3)), np.ones((20, 20, 1))).astype(np.uint8) for _ in range(2)]
    live = LivePath(every(8), SeesWhite(), green(240, 320))
    ran = [live.frame(Frame(scenes[index >= 4], index), StageTimes()).keyframe for index in range(8)]
    assert ran == [True, False, False, False, True, False, False, False]


class SeesWhite:
    """A segmenter for which white is person; it remembers where it looked."""

    portrait = (160, 96)

    def __init__(self) -> None:
        self.regions: list[Region] = []

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        self.regions.append(region)
        return Mask((region.cut(pixels)[..., 0] / 255).astype(np.float32), region)

    segment_wide = segment


def test_every_so_often_the_whole_frame_is_looked_at() -> None:
    picture = np.zeros((180, 320, 3), np.uint8)
    picture[60:140, 100:160] = 255
    eyes = SeesWhite()
    live = LivePath(every(1), eyes, green(180, 320))
    for index in range(2 * CLOSER + 3):
        live.frame(Frame(picture, index), StageTimes())
    whole = [index for index, region in enumerate(eyes.regions) if region == Region(0, 0, 45, 80)]
    assert whole == [0, CLOSER + 1, 2 * CLOSER + 2]


class Trembling:
    """A segmenter whose person is there on every second look."""

    portrait = (160, 96)

    def __init__(self) -> None:
        self.looks = 0

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        self.looks += 1
        values = np.zeros((45, 80), np.float32)
        values[10:40, 20:50] = 0.55 if self.looks % 2 else 0.45
        return Mask(values, Region(0, 0, 45, 80))


def test_a_mask_that_trembles_over_a_still_picture_is_calmed() -> None:
    board, picture = every(1), np.full((180, 320, 3), 90, np.uint8)
    trembling = Trembling()
    live = LivePath(board, trembling, green(180, 320))
    alphas = [live.frame(Frame(picture, i), StageTimes()).matte.alpha.astype(float).copy() for i in range(40)]
    calm = np.mean([np.abs(a - b).max() for a, b in pairwise(alphas[20:])])
    assert calm < 255 * board.refine.smoothing.value * 1.2


def test_the_arrays_of_a_frame_are_the_same_ones_every_time() -> None:
    live = LivePath(every(2), SeesWhite(), green(180, 320))
    first, second = (live.frame(Frame(np.full((180, 320, 3), i, np.uint8), i), StageTimes()) for i in range(2))
    assert first.picture is second.picture and first.matte.alpha is second.matte.alpha


def test_no_frame_sized_array_is_allocated_in_the_steady_loop(segmenter: TfliteSegmenter) -> None:
    """Peaks of traced memory over single frames stay far below one alpha of the frame; a small guide is used, so that
    what is allocated at guide size does not add up to it."""
    board = every(2)
    small = msgspec.structs.replace(board.refine.guide_downscale, value=8)
    board = msgspec.structs.replace(board, refine=msgspec.structs.replace(board.refine, guide_downscale=small))
    source, live = DemoSource(720, 1280, 9), LivePath(board, segmenter, green(720, 1280))
    frames = [Frame(frame.pixels.copy(), frame.index) for frame in iter(source.read, None)]
    for frame in frames[:4]:
        live.frame(frame, StageTimes())
    tracemalloc.start()
    try:
        for frame in frames[4:]:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            live.frame(frame, StageTimes())
            assert tracemalloc.get_traced_memory()[1] - before < 720 * 1280
    finally:
        tracemalloc.stop()


def test_a_frame_of_another_size_is_refused_with_both() -> None:
    live = LivePath(every(2), SeesWhite(), green(180, 320))
    live.frame(Frame(np.zeros((180, 320, 3), np.uint8), 0), StageTimes())
    with pytest.raises(PictureError, match="frame 1 is 160×120, the frames before were 320×180"):
        live.frame(Frame(np.zeros((120, 160, 3), np.uint8), 1), StageTimes())


def test_when_the_person_leaves_the_alpha_fades_and_the_whole_frame_is_searched() -> None:
    there, gone = np.zeros((180, 320, 3), np.uint8), np.zeros((180, 320, 3), np.uint8)
    there[60:140, 100:160] = 255
    eyes = SeesWhite()
    live = LivePath(every(1), eyes, green(180, 320))
    shares = []
    for index, pixels in enumerate([there, there, gone, gone, gone, gone, there, there]):
        shares.append(float((live.frame(Frame(pixels, index), StageTimes()).matte.alpha >= 128).mean()))
    assert shares[1] > 0.05 and shares[5] == 0 and shares[7] > 0.05
    assert eyes.regions[1] != Region(0, 0, 45, 80) and eyes.regions[3] == Region(0, 0, 45, 80)


class Boxed:
    """A segmenter that sees one box wherever it looks, (height, width) as shares of the look, and remembers where."""

    portrait = (160, 96)

    def __init__(self, height: float, width: float) -> None:
        self.values = np.zeros((96, 160), np.float32)
        self.values[: round(96 * height), : round(160 * width)] = 1
        self.regions: list[Region] = []
        self.wide: list[Region] = []

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        self.regions.append(region)
        return Mask(self.values, region)

    def segment_wide(self, pixels: np.ndarray, region: Region) -> Mask:
        self.wide.append(region)
        return Mask(cv2.resize(self.values, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST), region)


@pytest.mark.parametrize(("shape", "height", "width", "wide"), [
    ((360, 640), 0.5, 0.9, True), ((360, 640), 0.9, 0.2, False), ((640, 360), 0.2, 0.9, False)])
def test_who_fills_the_width_of_a_picture_that_lies_is_looked_at_once_more(shape: tuple[int, int], height: float,
                                                                           width: float, wide: bool) -> None:
    boxed, frame = Boxed(height, width), Frame(np.full((*shape, 3), 90, np.uint8), 0)
    LivePath(every(1), boxed, green(*shape)).frame(frame, StageTimes())
    whole = Region(0, 0, shape[0] // 4, shape[1] // 4)
    assert boxed.regions == [whole] and boxed.wide == ([whole] if wide else [])


def test_who_filled_the_width_is_looked_at_widely_at_once() -> None:
    boxed, pixels = Boxed(0.5, 0.9), np.full((360, 640, 3), 90, np.uint8)
    live = LivePath(every(1), boxed, green(360, 640))
    for index in range(3):
        live.frame(Frame(pixels, index), StageTimes())
    assert len(boxed.regions) == 1 and len(boxed.wide) == 3
