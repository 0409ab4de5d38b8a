"""edge.camera.stamp: the time that a frame shows survives everything between the camera and a browser's canvas."""
from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from given_frames import given as frame_of
from hypothesis import given
from hypothesis import strategies as st

from edge.camera import stamp
from edge.camera.demo import DemoSource
from edge.camera.open_source import open_source
from edge.sinks.jpeg import jpeg_bytes

NOISE = np.random.default_rng(3).integers(0, 256, (180, 512, 3)).astype(np.uint8)


@given(st.integers(0, 2**40), st.sampled_from([40, 60, 85]))
def test_a_time_is_read_as_it_was_written_after_jpeg(time_ms: int, quality: int) -> None:
    picture = NOISE.copy()
    stamp.draw(picture, time_ms)
    seen = cv2.imdecode(np.frombuffer(jpeg_bytes(picture, quality), np.uint8), cv2.IMREAD_COLOR)
    assert stamp.read(seen) == time_ms % 2**stamp.BITS


def test_a_picture_without_a_stamp_shows_no_time() -> None:
    assert stamp.read(NOISE) is None and stamp.read(np.zeros((20, 20, 3), np.uint8)) is None
    assert stamp.read(np.full((20, 600, 3), 255, np.uint8)) is None


@pytest.mark.parametrize("block", range(stamp.BLOCKS))
def test_a_block_that_is_covered_is_noticed(block: int) -> None:
    picture = NOISE.copy()
    stamp.draw(picture, 123_456)
    column = slice(block * stamp.BLOCK_PX, (block + 1) * stamp.BLOCK_PX)
    picture[: stamp.BLOCK_PX, column] = 255 - picture[: stamp.BLOCK_PX, column]
    assert stamp.read(picture) is None


def test_the_demo_shows_the_time_when_it_is_asked_to_and_only_then() -> None:
    with open_source("demo?size=640x180&stamp=1&frames=2", height=1, width=1, frames_per_s=30) as source:
        assert source.stamp == stamp.PLACE
        shown_ms = stamp.read(frame_of(source).pixels)
        assert shown_ms is not None
        assert (time.time_ns() // 1_000_000 - shown_ms) % 2**stamp.BITS < 60_000
    plain = DemoSource(180, 640, 1)
    assert plain.stamp is None and stamp.read(frame_of(plain).pixels) is None


def test_the_demos_photograph_is_its_next_frame_at_twice_the_size() -> None:
    source = DemoSource(180, 320, 3)
    still = source.still()
    frame = frame_of(source)
    assert still.shape == (360, 640, 3)
    small = cv2.resize(still, (320, 180), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(small - frame.pixels).mean() < 6
