"""A Raspberry Pi's own camera through picamera2, which comes with Raspberry Pi OS and never through pip."""
from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from edge.camera import say_once
from edge.camera.buffers import rgb_from_yuv420
from edge.errors import PictureError

PIXELS = "BGR888"
"""libcamera's name, read from the highest byte; in memory it is R, G, B (picamera2 manual, appendix A)."""

BUFFERS = 4
"""Of picamera2's default of 6: requests go back at once, and a Pi Zero 2 W has little contiguous memory."""

TRY_S = 1.0
"""How long one wait for a frame lasts; then the thread looks whether the camera is still wanted."""

WHAT_TO_CHECK = "check the ribbon cable at both ends, and whether `rpicam-hello` shows a picture"


class PiCamera:
    """See edge.camera.newest.Camera: the main stream for the picture, the lores stream for the guide, made small by the
    camera's own hardware. For photographs the camera changes its mode and back.

    Written from picamera2's source; tried on a stand-in only (tests/edge/test_camera_picamera.py).
    """

    def __init__(self, number: int, height: int, width: int, frames_per_s: float,
                 still: tuple[int, int] | None = None, small: tuple[int, int] | None = None) -> None:
        """number: as `rpicam-hello --list-cameras` counts; still: (height, width) of photographs, None = the sensor's;
        small: (height, width) of the lores stream, None = without one.

        Raises PictureError where library or camera is missing.
        """
        self._still, self.small = still, small
        self.name, self.advice = f"picamera {number}", WHAT_TO_CHECK
        self.frames_per_s, self.dropped, self.fallbacks = float(frames_per_s), 0, list[str]()
        library = _library()
        self._mapped, self._colours = library.MappedArray, _full_range()
        self._job: Any = None
        self._camera = _opened(library, number)
        try:
            self._start(height, width)
        except Exception as error:
            self._camera.close()
            raise PictureError(f"{self.name}: {width}×{height} at {frames_per_s:g}/s cannot be started ({error}); "
                               f"ask for another size, or {WHAT_TO_CHECK}") from error

    def capture(self, into: np.ndarray, pause: Callable[[float], object], small: np.ndarray | None = None
                ) -> int | None:
        """See Camera. The request goes back to the camera whatever happens to its picture."""
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            request = self._camera.wait(self._job, timeout=TRY_S)
        except TimeoutError:
            return None  # the job stays: a second one would leave the first one's request in nobody's hands
        self._job = None
        try:
            with self._mapped(request, "main") as mapped:
                np.copyto(into, mapped.array)
            if small is not None:
                with self._mapped(request, "lores") as mapped:
                    rgb_from_yuv420(mapped.array, small)
            return request.get_metadata().get("SensorTimestamp", time.monotonic_ns())
        finally:
            request.release()

    def photograph(self) -> np.ndarray | None:
        """See Camera."""
        width, height = self._still[::-1] if self._still else self._camera.sensor_resolution
        if width * height <= self.width * self.height:
            return None
        self._call_off()
        try:
            asked = self._camera.create_still_configuration(main={"size": (width, height), "format": PIXELS},
                                                            raw=None, buffer_count=1)
            return np.ascontiguousarray(self._camera.switch_mode_and_capture_array(asked, "main"))
        except Exception as error:  # libcamera's errors have no family
            say_once(self.fallbacks, f"{self.name}: no photograph of {width}×{height} ({error}); took a frame")
            self._camera.stop()
            self._configure_and_start()
            return None

    def close(self) -> None:
        """See Camera."""
        self._call_off()
        self._camera.stop()
        self._camera.close()

    def _call_off(self) -> None:
        """No request waits any more: stop would wait behind a frame that never comes."""
        if self._job is not None:
            self._camera.cancel_all_and_flush()
            self._job = None

    def _start(self, height: int, width: int) -> None:
        """Configures and starts; libcamera may round the size to what its hardware can."""
        self.width, self.height = width, height
        try:
            self._configure_and_start()
        except Exception as error:  # libcamera's errors have no family
            if self.small is None:
                raise
            say_once(self.fallbacks, f"{self.name}: no small stream of {self.small[1]}×{self.small[0]} ({error}); the "
                                     "processor makes pictures small itself")
            self.small = None
            self._configure_and_start()
        if (self.height, self.width) != (height, width):
            self.fallbacks.append(f"{self.name}: asked for {width}×{height}, gives {self.width}×{self.height}")

    def _configure_and_start(self) -> None:
        camera, small = self._camera, {}
        if self.small:
            small = {"lores": {"size": self.small[::-1], "format": "YUV420"}, "colour_space": self._colours}
        camera.configure(camera.create_video_configuration(
            main={"size": (self.width, self.height), "format": PIXELS}, raw=None, buffer_count=BUFFERS,
            controls={"FrameRate": self.frames_per_s}, **small))
        got = camera.camera_configuration()
        self.width, self.height = got["main"]["size"]
        if self.small and (got["lores"]["size"], got["lores"]["stride"]) != (self.small[::-1], self.small[1]):
            raise ValueError(f"the hardware gives {got['lores']['size']} in lines of {got['lores']['stride']}")
        camera.start()


def _library() -> Any:
    try:
        import picamera2  # heavy, and only on a Raspberry Pi
    except ImportError as error:
        outside = ("; a virtual environment sees it only if made with --system-site-packages"
                   if sys.prefix != sys.base_prefix else "")
        raise PictureError(f"picamera: picamera2 cannot be imported ({error}); on Raspberry Pi OS "
                           f"`sudo apt install python3-picamera2`{outside}") from error
    return picamera2


def _full_range() -> Any:
    """libcamera's name for colours as in JPEG: main and lores streams agree, and luma goes from 0 to 255."""
    import libcamera  # comes with picamera2

    return libcamera.ColorSpace.Sycc()


def _opened(library: Any, number: int) -> Any:
    found = library.Picamera2.global_camera_info()
    if not 0 <= number < len(found):
        raise PictureError(f"picamera {number}: {len(found)} cameras are connected (the first is 0); {WHAT_TO_CHECK}")
    try:
        return library.Picamera2(number)
    except Exception as error:  # libcamera's errors have no family: RuntimeError, IndexError, …
        raise PictureError(f"picamera {number}: cannot be opened ({error}); another program may use it, "
                           f"or {WHAT_TO_CHECK}") from error
