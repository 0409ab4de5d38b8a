"""Frames of sources, for the tests of many of them."""
from __future__ import annotations

from edge.camera import FrameSource
from edge.frame import Frame


def given(source: FrameSource) -> Frame:
    """The next frame of a source that has one."""
    frame = source.read()
    assert frame is not None
    return frame
