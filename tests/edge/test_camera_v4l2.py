"""edge.camera.v4l2: the stand-in devices misbehave in every way we know and remember what was done to them."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from given_frames import given

from edge.camera.newest import NewestSource
from edge.camera.v4l2 import FIRST_TRIES, LONGEST_PAUSE_S, V4l2Camera, open_device
from edge.errors import PictureError

PATH = "/dev/video7"

GONE = "gone"
"""In a script: grab fails, as when the cable is pulled."""

WIDTH, HEIGHT, FPS, FOURCC = cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS, cv2.CAP_PROP_FOURCC


def shot(level: int, height: int = 48, width: int = 64) -> np.ndarray:
    """A picture as OpenCV gives it: BGR, blue of this level."""
    return np.full((height, width, 3), (level, 20, 10), np.uint8)


class Device:
    """Plays a script: pictures, GONE, or what a broken frame is retrieved as; obeys or overrides what is set."""

    def __init__(self, script: Iterable[Any], there: bool = True, gives: dict[int, float] | None = None) -> None:
        self.script: Iterator[Any] = iter(script)
        self.there, self.gives = there, gives or {}
        self.held: Any = None
        self.asked, self.released = list[tuple[int, float]](), 0
        self.into = list[Any]()

    def isOpened(self) -> bool:
        return self.there

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        return True

    def get(self, prop: int) -> float:
        return self.gives.get(prop, dict(self.asked).get(prop, 0))

    def grab(self) -> bool:
        self.held = next(self.script, GONE)
        return self.held is not GONE

    def retrieve(self, image: Any = None) -> tuple[bool, Any]:
        self.into.append(image)
        if isinstance(self.held, np.ndarray) and image is not None and image.shape == self.held.shape:
            image[...] = self.held
            return True, image
        return self.held is not None, self.held

    def release(self) -> None:
        self.released += 1


class Plug:
    """An opener: every opening finds the next device; remembers the paths."""

    def __init__(self, *devices: Device) -> None:
        self.devices, self.paths = list(devices), list[str]()

    def __call__(self, path: str) -> Device:
        self.paths.append(path)
        return self.devices[len(self.paths) - 1]


def camera(*devices: Device, height: int = 48, width: int = 64, frames_per_s: float = 30) -> V4l2Camera:
    return V4l2Camera(PATH, height, width, frames_per_s, Plug(*devices))


def captured(of: V4l2Camera, pauses: list[float] | None = None) -> int | None:
    """Blue of the next picture that is captured; None: nothing usable."""
    into = np.empty((of.height, of.width, 3), np.uint8)
    pauses = [] if pauses is None else pauses
    return None if of.capture(into, pauses.append) is None else int(into[of.height // 2, of.width // 2, 2])


def test_it_asks_for_motion_jpeg_then_size_then_rate_and_says_nothing_when_it_gets_them() -> None:
    device = Device([shot(1), shot(2)])
    opened = camera(device)
    assert device.asked == [(FOURCC, cv2.VideoWriter.fourcc(*"MJPG")), (WIDTH, 64), (HEIGHT, 48), (FPS, 30)]
    assert (opened.width, opened.height, opened.frames_per_s, opened.fallbacks) == (64, 48, 30, [])


def test_what_differs_from_what_was_asked_is_said_with_both() -> None:
    yuyv = cv2.VideoWriter.fourcc(*"YUYV")
    opened = camera(Device([shot(1, 24, 32)], gives={FPS: 7.5, FOURCC: yuyv}))
    assert (opened.width, opened.height, opened.frames_per_s) == (32, 24, 7.5)
    assert opened.fallbacks == [f"{PATH}: asked for 64×48 at 30/s as MJPG, gives 32×24 at 7.5/s as YUYV"]


@pytest.mark.parametrize("number", [-1, 0, 0xB1505247])
def test_a_coding_without_a_name_is_said_to_be_one(number: float) -> None:
    (line,) = camera(Device([shot(1)], gives={FOURCC: number})).fallbacks
    assert line.endswith("gives 64×48 at 30/s as an unknown coding")


def test_a_driver_that_does_not_know_its_rate_is_taken_at_its_word_for_the_asked_one() -> None:
    assert camera(Device([shot(1)], gives={FPS: -1.0}), frames_per_s=25).frames_per_s == 25


def test_a_frame_comes_as_rgb_with_the_time_of_its_arrival_in_memory_used_again() -> None:
    device = Device([shot(1), shot(200), shot(210), shot(220)])
    opened, times, into = camera(device), [], np.empty((48, 64, 3), np.uint8)
    for level in (200, 210, 220):
        times.append(opened.capture(into, lambda _: None) or 0)
        assert (into == (10, 20, level)).all()
    assert times == sorted(times) and times[0] > 0
    memory = device.into[1]
    assert memory is not None and all(other is memory for other in device.into[1:]), "a frame-sized allocation a frame"


@pytest.mark.parametrize("broken", [None, np.empty((0, 0, 3), np.uint8), np.zeros((1, 900, 3), np.uint8),
                                    np.zeros((48, 64), np.uint8), np.zeros((48, 64, 2), np.uint8)])
def test_short_and_odd_frames_are_left_out_counted_and_said_once(broken: np.ndarray | None) -> None:
    opened = camera(Device([shot(1), shot(2), broken, broken, shot(3), broken]))
    assert [captured(opened) for _ in range(5)] == [2, None, None, 3, None]
    assert opened.dropped == 3 and opened.fallbacks == [f"{PATH}: gave empty or broken frames; left out"]


def test_a_size_that_changes_underway_is_fitted_inside_the_first_and_said_once() -> None:
    opened = camera(Device([shot(1), shot(2), shot(3, 48, 32), shot(4, 48, 32), shot(5)]))
    into = np.empty((48, 64, 3), np.uint8)
    opened.capture(into, lambda _: None)
    opened.capture(into, lambda _: None)
    assert (into[:, 16:48] == (10, 20, 3)).all() and not into[:, :16].any() and not into[:, 48:].any()
    assert [captured(opened), captured(opened)] == [4, 5]
    assert opened.fallbacks == [f"{PATH}: changed from 64×48 to 32×48; fitted inside the first size"]


def test_pulled_out_and_plugged_in_again_goes_on_with_growing_pauses_and_is_said_once() -> None:
    away = [Device([], there=False) for _ in range(7)]
    first, second = Device([shot(1), shot(2), GONE]), Device([shot(3), GONE])
    opened, pauses = camera(first, *away, second, Device([shot(4)])), list[float]()
    assert [captured(opened, pauses) for _ in range(10)] == [2, *[None] * 8, 3]
    assert pauses == [0.25, 0.5, 1, 2, *[LONGEST_PAUSE_S] * 4]
    assert first.released == 1 and all(device.released == 1 for device in away)
    assert [captured(opened, pauses) for _ in range(2)] == [None, 4] and pauses[8:] == [0.25], "starts from the first"
    assert second.asked == first.asked
    assert opened.fallbacks == [f"{PATH}: went away or fell silent; tried to open it again"]


def test_a_camera_that_opens_again_but_gives_nothing_is_not_opened_without_end_at_full_speed() -> None:
    opened, pauses = camera(Device([shot(1)]), *[Device([GONE]) for _ in range(4)]), list[float]()
    assert [captured(opened, pauses) for _ in range(5)] == [None] * 5 and pauses == [0.25, 0.5, 1, 2]


def test_close_lets_the_device_go_once() -> None:
    device = Device([shot(1)])
    opened = camera(device)
    opened.close()
    opened.close()
    assert device.released == 1


def test_empty_first_frames_are_waited_through() -> None:
    opened = camera(Device([None, np.empty((0, 0, 3), np.uint8), shot(1), shot(2)]))
    assert (opened.height, opened.width) == (48, 64) and captured(opened) == 2


@pytest.mark.parametrize("script", [[GONE], [*[None] * FIRST_TRIES, shot(1)]])
def test_a_device_that_opens_but_shows_nothing_is_refused_with_what_to_check(script: list) -> None:
    device = Device(script)
    with pytest.raises(PictureError, match=rf"^{PATH}: opens but gives no picture; .*USB.*ls /dev/video\*"):
        camera(device)
    assert device.released == 1


def test_a_device_that_is_away_is_looked_for_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    assert not open_device("/dev/video99").isOpened() and capfd.readouterr() == ("", "")


def test_no_device_is_one_line_that_says_what_to_check() -> None:
    with pytest.raises(PictureError, match=re.escape("/dev/video99: no such device") + r".*ls /dev/video\*"):
        V4l2Camera("/dev/video99", 48, 64, 30)


def test_a_file_that_is_no_camera_is_one_line_and_opencv_keeps_quiet(tmp_path: Path,
                                                                   capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "video0"
    path.write_bytes(b"no camera")
    with pytest.raises(PictureError, match="another program"):
        V4l2Camera(str(path), 48, 64, 30, open_device)
    assert capfd.readouterr() == ("", "")


def test_without_permission_the_group_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "video0"
    path.touch()
    monkeypatch.setattr("edge.camera.v4l2.os.access", lambda *_: False)  # root may open anything
    with pytest.raises(PictureError, match="usermod -aG video"):
        V4l2Camera(str(path), 48, 64, 30)


def test_behind_the_newest_source_a_camera_that_comes_and_goes_looks_like_one_that_stays(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part together, with its thread: broken frames, a pull of the cable, another size."""
    monkeypatch.setattr("edge.camera.v4l2.FIRST_PAUSE_S", 0.001)
    first, second = Device([shot(1), shot(2), None, GONE]), Device([shot(3, 24, 32), *[shot(4)] * 50_000])
    with NewestSource(camera(first, Device([], there=False), second), stall_s=60) as source:
        levels = [int(given(source).pixels[24, 32, 2])]
        while levels[-1] != 4:
            levels.append(int(given(source).pixels[24, 32, 2]))
    assert levels == sorted(levels) and set(levels) <= {2, 3, 4} and first.released == 1 and second.released == 1
    assert source.dropped >= 1 and len(source.fallbacks) == 3


def test_a_photograph_is_taken_at_the_largest_size_after_the_exposure_has_settled() -> None:
    large = [shot(level, 96, 128) for level in (50, 51, 52, 53)]
    device = Device([shot(1), *large, *[shot(2)] * 4, shot(3)])
    opened = camera(device)
    still = opened.photograph()
    assert still is not None and still.shape == (96, 128, 3) and tuple(still[0, 0]) == (10, 20, 53)
    assert device.asked[-4:] == [(WIDTH, 10_000), (HEIGHT, 10_000), (WIDTH, 64), (HEIGHT, 48)]
    assert captured(opened) == 3 and device.released == 0


def test_the_asked_size_of_photographs_is_asked_for_and_the_frames_own_changes_nothing() -> None:
    device = Device([shot(1), *[shot(50, 96, 128)] * 4, *[shot(2)] * 4])
    opened = V4l2Camera(PATH, 48, 64, 30, Plug(device), still=(96, 128))
    assert opened.photograph() is not None and (WIDTH, 128) in device.asked and (HEIGHT, 96) in device.asked
    device = Device([shot(1)])
    assert V4l2Camera(PATH, 48, 64, 30, Plug(device), still=(48, 64)).photograph() is None
    assert len(device.asked) == 4


def test_a_camera_without_larger_photographs_says_so_once() -> None:
    opened = camera(Device([shot(1), *[shot(2)] * 16]))
    assert opened.photograph() is None and opened.photograph() is None
    assert [line for line in opened.fallbacks if "photographs" in line] == [
        f"{PATH}: gives no photographs larger than its frames of 64×48"]


def test_a_camera_that_dies_over_a_photograph_is_opened_again() -> None:
    first, second = Device([shot(1), shot(2, 96, 128), GONE]), Device([shot(8), shot(9)])
    opened = camera(first, second)
    assert opened.photograph() is None and first.released == 1
    assert captured(opened) == 8
