"""A webcam made of finished frames: written into a v4l2loopback device, seen by every video call.

Format: YUYV, 4:2:2 packed (kernel documentation, userspace-api/media/v4l/pixfmt-packed-yuv; OpenCV calls it YUY2).
It is what OBS Studio's virtual camera writes, so what calls have met before. Structures: linux/videodev2.h, `struct
v4l2_format` (userspace-api/media/v4l/vidioc-g-fmt). Not tried on a device: no kernel with v4l2loopback was at hand;
tests write into a stand-in and read the frames back.
"""
from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from edge.errors import OutputError
from edge.sinks import FrameSink
from edge.sinks.pixels import convert, even, even_size

VIDEO_OUTPUT, FIELD_NONE, COLORSPACE_SRGB = 2, 1, 8
"""V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_FIELD_NONE; V4L2_COLORSPACE_SRGB, whose YCbCr is BT.601 with limited range."""

YUYV = int.from_bytes(b"YUYV", "little")
"""V4L2_PIX_FMT_YUYV."""

BYTES_PER_PIXEL = 2

MAKE_ONE = "`sudo modprobe v4l2loopback exclusive_caps=1` makes one (Debian: v4l2loopback-dkms)"


class PixFormat(ctypes.Structure):
    """`struct v4l2_pix_format`: 48 bytes."""

    _fields_ = tuple((name, ctypes.c_uint32) for name in (
        "width", "height", "pixelformat", "field", "bytesperline", "sizeimage", "colorspace", "priv", "flags",
        "ycbcr_enc", "quantization", "xfer_func"))


class _Union(ctypes.Union):
    """The union in `struct v4l2_format`; its window holds pointers, which give it their alignment."""

    _fields_ = (("pix", PixFormat), ("raw_data", ctypes.c_uint8 * 200), ("_pointer", ctypes.c_void_p))


class Format(ctypes.Structure):
    """`struct v4l2_format`: 208 bytes where a pointer has 8, 204 where it has 4."""

    _fields_ = (("type", ctypes.c_uint32), ("fmt", _Union))


VIDIOC_S_FMT = 3 << 30 | ctypes.sizeof(Format) << 16 | ord("V") << 8 | 5
"""_IOWR('V', 5, struct v4l2_format), asm-generic/ioctl.h."""

SetFormat = Callable[[int, PixFormat], PixFormat]
"""(file descriptor, the format asked for) → the format that the device took. Raises OSError where it refuses."""


def set_output_format(device: int, asked: PixFormat) -> PixFormat:
    """Tells a device what frames will be written to it; see SetFormat."""
    wanted = Format(VIDEO_OUTPUT)
    wanted.fmt.pix = asked
    fcntl.ioctl(device, VIDIOC_S_FMT, wanted)  # answers in the same memory
    return wanted.fmt.pix


class LoopbackSink(FrameSink):
    """One write a frame. An odd height or width loses its last row or column."""

    def __init__(self, path: Path, height: int, width: int, set_format: SetFormat = set_output_format) -> None:
        """path: /dev/videoN. Raises OutputError where that is no v4l2loopback device or takes another size."""
        self._path, self._device = path, -1
        height, width, self.fallbacks = even_size(height, width, f"{path}: YUYV")
        self._yuyv = np.empty((height, width, BYTES_PER_PIXEL), np.uint8)
        try:
            self._device = os.open(path, os.O_RDWR)
            took = set_format(self._device, _format(height, width))
        except OSError as error:
            self.close()
            raise OutputError(f"{path}: {_why_not(error)}") from error
        self._check(took)

    def write(self, picture: np.ndarray, time_ns: int) -> None:
        """See FrameSink. time_ns is not needed: the device stamps what it gets."""
        convert(even(picture), cv2.COLOR_RGB2YUV_YUY2, self._yuyv)
        try:
            written = os.write(self._device, self._yuyv.data)
        except OSError as error:
            raise OutputError(f"{self._path}: the device takes no more frames ({error.strerror}); "
                              f"if it is gone, {MAKE_ONE}, then start again") from error
        if written != self._yuyv.nbytes:
            raise OutputError(f"{self._path}: took {written} of a frame's {self._yuyv.nbytes} bytes; another program "
                              "has changed its size: end that, then start again")

    def close(self) -> None:
        """See FrameSink."""
        device, self._device = self._device, -1
        if device >= 0:
            os.close(device)

    def _check(self, took: PixFormat) -> None:
        height, width = self._yuyv.shape[:2]
        if (took.width, took.height, took.pixelformat) != (width, height, YUYV):
            self.close()
            name = took.pixelformat.to_bytes(4, "little").decode("ascii", "replace")
            raise OutputError(f"{self._path}: takes {took.width}×{took.height} {name}, not {width}×{height} YUYV; "
                              "another program holds it at that size: end it, then start again")


def _format(height: int, width: int) -> PixFormat:
    line = width * BYTES_PER_PIXEL
    return PixFormat(width, height, YUYV, FIELD_NONE, line, line * height, COLORSPACE_SRGB)


def _why_not(error: OSError) -> str:
    """Why a device could not be opened for writing frames, and what to do."""
    if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return f"no such device; {MAKE_ONE}"
    if error.errno in (errno.EINVAL, errno.ENOTTY):
        return f"takes no frames (a camera, or no video device); {MAKE_ONE}"
    if error.errno == errno.EBUSY:
        return "another program writes to it; end that, or choose another device"
    if error.errno == errno.EACCES:
        return "no permission; join the group: `sudo usermod -aG video $USER`, then log in again"
    return f"cannot be opened ({error.strerror})"
