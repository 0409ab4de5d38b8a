"""SOURCE of the command line → FrameSource. The dictionary SOURCES is the whole plug-in system."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.camera import FrameSource
from edge.camera.address import Address, address_of, whole_number
from edge.camera.first_frames import FirstFrames
from edge.camera.paced import PacedSource, Recording
from edge.errors import PictureError

DEMO_FRAMES = 150
"""How long the demo plays where nobody says: five seconds at 30 frames/s."""

CAMERAS = (0, 99)
"""Numbers that `picamera:N` takes."""


@dataclass(frozen=True)
class Wish:
    """What was asked for, board settings filled in. place: see Address; frames: 0 = never stop, None = unsaid.

    height, width in px and frames_per_s: for cameras and demo; a folder takes the rate; a film has its own of all.
    stamp: for the demo; still: for cameras, (height, width) px of photographs, None = the largest. downscale: how many
    times smaller than the frame its guide is, for cameras that give it so too.
    """

    text: str
    place: str
    height: int
    width: int
    frames_per_s: float
    frames: int | None
    realtime: bool
    stamp: bool = False
    still: tuple[int, int] | None = None
    downscale: int = 1

    @property
    def small(self) -> tuple[int, int] | None:
        """(height, width) of the guide; None where it cannot come as YUV 4:2:0, or is no smaller."""
        shape = self.height // self.downscale, self.width // self.downscale
        return shape if self.downscale > 1 and not (shape[0] % 2 or shape[1] % 2) else None


@dataclass(frozen=True)
class Kind:
    """One scheme. example: for people; options: the names it takes after `?`; opened: makes the source."""

    example: str
    options: tuple[str, ...]
    opened: Callable[[Wish], FrameSource]


def open_source(text: str, *, height: int, width: int, frames_per_s: float, realtime: bool = False,
                frames: int | None = None, downscale: int = 1) -> FrameSource:
    """Opens `picamera`, `/dev/videoN`, a video file, a folder of pictures, `demo`, or SCHEME:PLACE?OPTION=VALUE&….

    height, width, frames_per_s: the board's camera settings; options go before them. frames: stop after so many, here
    or as an option, whichever is less; 0: at the source's own end (demo: never; it plays DEMO_FRAMES when unsaid).
    realtime: films, folders and demo go by the clock and drop what comes too late; cameras always do. downscale: the
    board's guide_downscale; a camera that can make pictures small gives them so too (Frame.small).

    Raises PictureError for an unknown scheme or option, a malformed value, or a source that cannot be opened. What a
    kind of source needs is imported when it is opened.
    """
    address = checked_address(text)
    asked_height, asked_width = address.size or (height, width)
    wish = Wish(text, address.place, asked_height, asked_width, float(address.frames_per_s or frames_per_s),
                _fewest(frames, address.frames), realtime, address.stamp, address.still, downscale)
    source = SOURCES[address.scheme].opened(wish)
    return FirstFrames(source, wish.frames) if wish.frames else source


def checked_address(text: str) -> Address:
    """What a source's text names, without opening it. Raises PictureError as open_source does for the text alone."""
    return address_of(text, {scheme: kind.options for scheme, kind in SOURCES.items()}, known_sources())


def known_sources() -> str:
    """An example of every kind, for messages and help."""
    return "  ".join(kind.example for kind in SOURCES.values())


def _fewest(*counts: int | None) -> int | None:
    said = [count for count in counts if count is not None]
    return min((count for count in said if count), default=0) if said else None


def _picamera(wish: Wish) -> FrameSource:
    from edge.camera.newest import NewestSource
    from edge.camera.picamera import PiCamera
    number = whole_number(wish.text, "the camera's number", wish.place or "0", CAMERAS)
    return NewestSource(PiCamera(number, wish.height, wish.width, wish.frames_per_s, wish.still, wish.small))


def _v4l2(wish: Wish) -> FrameSource:
    from edge.camera.newest import NewestSource
    from edge.camera.v4l2 import V4l2Camera
    if not wish.place:
        raise PictureError(f"{wish.text}: which device? Such as {SOURCES['v4l2'].example}")
    return NewestSource(V4l2Camera(wish.place, wish.height, wish.width, wish.frames_per_s, still=wish.still))


def _file(wish: Wish) -> FrameSource:
    from edge.camera.video import VideoSource
    return _played(VideoSource(Path(wish.place).expanduser()), wish)


def _folder(wish: Wish) -> FrameSource:
    from edge.camera.folder import FolderSource
    return _played(FolderSource(Path(wish.place).expanduser(), wish.frames_per_s), wish)


def _demo(wish: Wish) -> FrameSource:
    from edge.camera.demo import DemoSource
    if wish.place:
        raise PictureError(f"{wish.text}: the demo has no {wish.place!r}; such as {SOURCES['demo'].example}")
    frames = DEMO_FRAMES if wish.frames is None else None  # else FirstFrames counts, or nobody
    return _played(DemoSource(wish.height, wish.width, frames, wish.frames_per_s, reuse=True, stamp=wish.stamp), wish)


def _played(recording: Recording, wish: Wish) -> FrameSource:
    return PacedSource(recording) if wish.realtime else recording


SOURCES = {
    "picamera": Kind("picamera:0?size=1280x720&fps=30", ("size", "fps", "frames", "still"), _picamera),
    "v4l2": Kind("v4l2:/dev/video0?size=1280x720&fps=30", ("size", "fps", "frames", "still"), _v4l2),
    "file": Kind("file:clip.mp4?frames=300", ("frames",), _file),
    "folder": Kind("folder:pictures?fps=12", ("fps", "frames"), _folder),
    "demo": Kind("demo:?size=640x480&frames=300", ("size", "fps", "frames", "stamp"), _demo),
}
