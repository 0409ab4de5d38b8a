"""edge.camera.picamera: over a stand-in picamera2 that counts the requests that are taken and given back."""
from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from given_frames import given

from edge.camera.newest import NewestSource
from edge.camera.picamera import BUFFERS, PiCamera
from edge.errors import PictureError


class Request:
    """A filled buffer in our hands."""

    def __init__(self, of: Picamera2, level: int) -> None:
        self.of, self.level = of, level
        of.out += 1

    def get_metadata(self) -> dict[str, Any]:
        return {"SensorTimestamp": self.level * 1000} if self.level != 99 else {}

    def release(self) -> None:
        self.of.out -= 1


class MappedArray:
    """A view of a request's buffer, as picamera2's of the same name."""

    def __init__(self, request: Request, stream: str) -> None:
        assert stream in request.of.asked and request.of.out == 1
        self.request, self.stream = request, stream

    def __enter__(self) -> MappedArray:
        if self.request.level == 66:
            raise RuntimeError("mmap failed")
        width, height = self.request.of.size
        self.array = np.full((height, width, 3), self.request.level, np.uint8)
        if self.stream == "lores":
            width, height = self.request.of.asked["lores"]["size"]
            self.array = np.full((height * 3 // 2, width), 128, np.uint8)
            self.array[:height] = self.request.level
        return self

    def __exit__(self, *_: object) -> None:
        del self.array


class Picamera2:
    """Gives the levels of `script`, None where a frame takes too long; remembers what was done to it."""

    cameras = 1
    refuses: str | None = None
    script: list[int | None] = []  # noqa: RUF012 (set by each test)
    opened: list[Picamera2] = []  # noqa: RUF012 (emptied by the fixture)
    rounds_to: tuple[int, int] | None = None
    stride: int | None = None

    @staticmethod
    def global_camera_info() -> list[dict]:
        return [{"Model": "imx219"}] * Picamera2.cameras

    def __init__(self, number: int) -> None:
        if self.refuses == "open":
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.number, self.out, self.taken, self.did = number, 0, 0, list[str]()
        self.left = list(self.script)
        Picamera2.opened.append(self)

    def create_video_configuration(self, **asked: Any) -> dict:
        return asked

    def configure(self, asked: dict) -> None:
        if self.refuses == "configure":
            raise RuntimeError("failed to configure")
        if self.refuses == "lores" and "lores" in asked:
            raise RuntimeError("lores stream dimensions may not exceed main stream")
        self.asked, self.size = asked, self.rounds_to or asked["main"]["size"]

    def camera_configuration(self) -> dict:
        told = {"main": {"size": self.size}}
        if "lores" in self.asked:
            size = self.asked["lores"]["size"]
            told["lores"] = {"size": size, "stride": self.stride or size[0]}
        return told

    def start(self) -> None:
        self.did.append("start")

    sensor_resolution = (640, 480)

    def create_still_configuration(self, **asked: Any) -> dict:
        return asked

    def switch_mode_and_capture_array(self, asked: dict, name: str) -> np.ndarray:
        assert name == "main" and asked["main"]["format"] == "BGR888" and self.out == 0
        if self.refuses == "still":
            raise RuntimeError("out of contiguous memory")
        width, height = asked["main"]["size"]
        self.did.append(f"still {width}×{height}")
        return np.full((height, width, 3), 7, np.uint8)

    def capture_request(self, wait: bool) -> object:
        assert wait is False
        self.taken += 1
        return object()

    def wait(self, job: object, timeout: float) -> Request:
        if not self.left or (level := self.left.pop(0)) is None:
            raise TimeoutError
        return Request(self, level)

    def cancel_all_and_flush(self) -> None:
        self.did.append("cancel")

    def stop(self) -> None:
        self.did.append("stop")

    def close(self) -> None:
        self.did.append("close")


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> type[Picamera2]:
    """picamera2 as far as this process can tell."""
    module = ModuleType("picamera2")
    module.__dict__.update(Picamera2=Picamera2, MappedArray=MappedArray)
    monkeypatch.setitem(sys.modules, "picamera2", module)
    colours = ModuleType("libcamera")
    colours.__dict__.update(ColorSpace=ModuleType("ColorSpace"))
    colours.ColorSpace.__dict__.update(Sycc=lambda: "sYCC")
    monkeypatch.setitem(sys.modules, "libcamera", colours)
    as_new: dict[str, Any] = {"cameras": 1, "refuses": None, "script": [], "opened": [], "rounds_to": None,
                              "stride": None}
    for name, value in as_new.items():
        monkeypatch.setattr(Picamera2, name, value)
    return Picamera2


def captured(camera: PiCamera) -> tuple[int, int] | None:
    """(level, time) of the next frame; None: none came."""
    into = np.empty((camera.height, camera.width, 3), np.uint8)
    time_ns = camera.capture(into, lambda _: None)
    return None if time_ns is None else (int(into.min()), time_ns)


def test_it_asks_for_the_main_stream_as_rgb_with_few_buffers_and_starts(library: type[Picamera2]) -> None:
    camera = PiCamera(0, 480, 640, 20)
    (device,) = library.opened
    assert device.asked == {"main": {"size": (640, 480), "format": "BGR888"}, "raw": None, "buffer_count": BUFFERS,
                            "controls": {"FrameRate": 20.0}}
    assert device.did == ["start"] and (camera.height, camera.width, camera.frames_per_s) == (480, 640, 20)
    assert camera.fallbacks == []


def test_the_cameras_hardware_makes_the_guide(library: type[Picamera2]) -> None:
    library.script = [90]
    camera = PiCamera(0, 480, 640, 20, small=(120, 160))
    (device,) = library.opened
    assert device.asked["lores"] == {"size": (160, 120), "format": "YUV420"} and device.asked["colour_space"] == "sYCC"
    assert camera.small == (120, 160) and camera.fallbacks == []
    into, small = np.empty((480, 640, 3), np.uint8), np.empty((120, 160, 3), np.uint8)
    assert camera.capture(into, lambda _: None, small) == 90_000
    assert (into == 90).all() and (small == 90).all() and device.out == 0


@pytest.mark.parametrize(("refuses", "stride", "why"), [("lores", None, "may not exceed"), (None, 192, "lines of 192")])
def test_a_small_stream_that_does_not_fit_is_done_without_and_said(library: type[Picamera2], refuses: str | None,
                                                                   stride: int | None, why: str) -> None:
    library.refuses, library.stride = refuses, stride
    camera = PiCamera(0, 480, 640, 20, small=(120, 160))
    assert camera.small is None and "lores" not in library.opened[0].asked and library.opened[0].did == ["start"]
    (line,) = camera.fallbacks
    assert line.startswith("picamera 0: no small stream of 160×120") and why in line


def test_a_size_that_libcamera_rounds_is_said_with_both(library: type[Picamera2]) -> None:
    library.rounds_to = (640, 478)
    camera = PiCamera(0, 479, 641, 20)
    assert (camera.height, camera.width) == (478, 640)
    assert camera.fallbacks == ["picamera 0: asked for 641×479, gives 640×478"]


def test_every_request_is_given_back_at_once_and_frames_carry_the_sensor_s_time(library: type[Picamera2]) -> None:
    library.script = [7, 8, 9]
    camera = PiCamera(0, 8, 12, 20)
    for level in (7, 8, 9):
        assert captured(camera) == (level, level * 1000)
        assert library.opened[0].out == 0
    assert library.opened[0].taken == 3


def test_a_frame_without_a_sensor_time_gets_the_clock_s(library: type[Picamera2]) -> None:
    library.script = [99]
    level, time_ns = captured(PiCamera(0, 8, 12, 20)) or (0, 0)
    assert level == 99 and time_ns > 99_000


def test_a_request_goes_back_even_when_its_picture_cannot_be_read(library: type[Picamera2]) -> None:
    library.script = [66]
    camera = PiCamera(0, 8, 12, 20)
    with pytest.raises(RuntimeError, match="mmap failed"):
        captured(camera)
    assert library.opened[0].out == 0


def test_a_frame_that_takes_long_is_waited_for_with_the_same_request(library: type[Picamera2]) -> None:
    library.script = [None, None, 5]
    camera = PiCamera(0, 8, 12, 20)
    assert [captured(camera), captured(camera), captured(camera)] == [None, None, (5, 5000)]
    assert library.opened[0].taken == 1, "requests that nobody holds any more"


@pytest.mark.parametrize(("script", "did"), [([5], ["start", "stop", "close"]),
                                             ([None], ["start", "cancel", "stop", "close"])])
def test_close_stops_the_camera_even_while_a_frame_is_awaited(library: type[Picamera2], script: list,
                                                              did: list[str]) -> None:
    library.script = script
    camera = PiCamera(0, 8, 12, 20)
    captured(camera)
    camera.close()
    assert library.opened[0].did == did


@pytest.mark.parametrize(("cameras", "number"), [(0, 0), (1, 1)])
def test_no_such_camera_is_one_line_that_says_what_to_check(library: type[Picamera2], cameras: int,
                                                            number: int) -> None:
    library.cameras = cameras
    with pytest.raises(PictureError, match=rf"^picamera {number}: {cameras} cameras are connected.*rpicam-hello"):
        PiCamera(number, 8, 12, 20)


@pytest.mark.parametrize("what", ["open", "configure"])
def test_a_camera_that_refuses_is_one_line_and_is_let_go(library: type[Picamera2], what: str) -> None:
    library.refuses = what
    with pytest.raises(PictureError, match=r"^picamera 0: .*(did not complete|failed to configure).*rpicam-hello"):
        PiCamera(0, 8, 12, 20)
    assert all(device.did == ["close"] for device in library.opened)


def test_without_the_library_the_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(sys, "prefix", "/home/pi/.venv")
    with pytest.raises(PictureError, match=r"apt install python3-picamera2.*--system-site-packages"):
        PiCamera(0, 8, 12, 20)
    monkeypatch.setattr(sys, "prefix", "/usr")
    with pytest.raises(PictureError) as caught:
        PiCamera(0, 8, 12, 20)
    assert "--system-site-packages" not in str(caught.value)


def test_behind_the_newest_source_frames_come_and_all_requests_are_back_at_the_end(library: type[Picamera2]) -> None:
    library.script = list(range(1, 51))
    with NewestSource(PiCamera(0, 8, 12, 20)) as source:
        levels = [int(given(source).pixels.max())]
        while levels[-1] < 50:
            levels.append(int(given(source).pixels.max()))
    assert levels == sorted(set(levels)) and len(levels) + source.dropped == 50
    assert library.opened[0].out == 0 and library.opened[0].did == ["start", "cancel", "stop", "close"]


def test_a_photograph_has_the_sensors_size_or_the_asked_one() -> None:
    opened = PiCamera(0, 24, 32, 30)
    still = opened.photograph()
    assert still is not None and still.shape == (480, 640, 3) and still.flags.c_contiguous
    smaller = PiCamera(0, 24, 32, 30, still=(96, 128)).photograph()
    assert smaller is not None and smaller.shape == (96, 128, 3)
    assert PiCamera(0, 24, 32, 30, still=(24, 32)).photograph() is None


def test_a_photograph_waits_behind_no_frame_that_never_comes() -> None:
    Picamera2.script = [None]
    opened = PiCamera(0, 24, 32, 30)
    assert opened.capture(np.empty((24, 32, 3), np.uint8), print) is None
    opened.photograph()
    assert Picamera2.opened[-1].did == ["start", "cancel", "still 640×480"]


def test_a_photograph_that_fails_costs_a_line_and_the_frames_go_on() -> None:
    Picamera2.script = [5]
    opened = PiCamera(0, 24, 32, 30)
    Picamera2.refuses = "still"
    assert opened.photograph() is None
    assert opened.fallbacks == ["picamera 0: no photograph of 640×480 (out of contiguous memory); took a frame"]
    assert Picamera2.opened[-1].did == ["start", "stop", "start"]
    into = np.empty((24, 32, 3), np.uint8)
    assert opened.capture(into, print) is not None and (into == 5).all()
