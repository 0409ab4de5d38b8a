"""Flicker through the live path: a steady segmenter does not flicker on a still clip, a nervous one does."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import DataError
from edge.frame import Mask, Region
from quantize.judge.flicker import clips_in, flicker, frames_of

FRAMES = 8


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two clips of a light disc that does not move, and a file that is no clip."""
    folder = tmp_path_factory.mktemp("clips")
    picture = np.full((96, 128, 3), 30, np.uint8)
    cv2.circle(picture, (64, 48), 25, (90, 150, 220), -1)  # BGR: more red than blue
    for name in ("b", "a"):
        video = cv2.VideoWriter(str(folder / f"{name}.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30, (128, 96))
        for _ in range(FRAMES):
            video.write(picture)
        video.release()
    (folder / "notes.txt").write_text("two clips")
    return folder


class SeesLight:
    """The light disc is a person; `nervous`: on every second look the left half of what it looks at is empty."""

    portrait = (160, 96)

    def __init__(self, nervous: bool) -> None:
        self.nervous, self.looks = nervous, 0

    def segment(self, pixels: np.ndarray, region: Region) -> Mask:
        person = (cv2.resize(region.cut(pixels), (48, 48), interpolation=cv2.INTER_AREA)[..., 0] > 100)
        self.looks += 1
        if self.nervous and self.looks % 2:
            person[:, :24] = False
        return Mask(person.astype(np.float32), region)

    segment_wide = segment


def test_frames_come_in_order_as_rgb(clips: Path) -> None:
    frames = list(frames_of(clips / "a.avi"))
    assert len(frames) == FRAMES and frames[0].shape == (96, 128, 3)
    red, _, blue = frames[0][48, 64].astype(int)
    assert red > 180 and blue < 130


def test_clips_are_found_by_their_ending_and_sorted(clips: Path) -> None:
    assert [path.name for path in clips_in(clips)] == ["a.avi", "b.avi"]


def test_steady_does_not_flicker_and_nervous_does(clips: Path) -> None:
    steady = flicker(SeesLight(nervous=False), "large", clips_in(clips))
    assert list(steady) == ["all", "a", "b"]
    assert steady["a"]["frames"] == FRAMES and steady["all"]["frames"] == 2 * FRAMES
    assert steady["all"]["flicker"] < 0.3 and 0.1 < steady["all"]["person"] < 0.3
    nervous = flicker(SeesLight(nervous=True), "large", clips_in(clips))
    assert nervous["all"]["flicker"] > 5 * max(steady["all"]["flicker"], 0.05)


def test_a_folder_without_clips_and_a_broken_clip_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no clip"):
        clips_in(tmp_path)
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    with pytest.raises(DataError, match=r"broken\.mp4: no frame can be decoded"):
        list(frames_of(tmp_path / "broken.mp4"))
