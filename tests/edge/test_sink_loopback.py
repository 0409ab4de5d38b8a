"""edge.sinks.loopback: what a v4l2loopback device is told and given, read back from stand-ins; no device is here."""
from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import subprocess
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import OutputError
from edge.sinks.loopback import VIDIOC_S_FMT, YUYV, Format, LoopbackSink, PixFormat

HEADER = Path("/usr/include/linux/videodev2.h")


class Device:
    """Stands in for the driver behind a file: remembers what it was asked for and takes it, or what it was given."""

    def __init__(self, takes: tuple[int, int, int] | None = None, refuses: int = 0, pipe: int | None = None) -> None:
        """takes: (width, height, pixelformat) whatever is asked; refuses: errno; pipe: where writes go from then on."""
        self.takes, self.refuses, self.pipe = takes, refuses, pipe
        self.asked: list[PixFormat] = []
        self.opened: list[int] = []

    def __call__(self, device: int, asked: PixFormat) -> PixFormat:
        self.asked.append(asked)
        self.opened.append(device)
        if self.refuses:
            raise OSError(self.refuses, os.strerror(self.refuses))
        if self.pipe is not None:
            os.dup2(self.pipe, device)
        return PixFormat(*self.takes) if self.takes else asked

    def closed(self) -> bool:
        """Whether the sink has given the device back."""
        try:
            os.fstat(self.opened[0])
        except OSError:
            return True
        return False


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A file in the place of /dev/videoN: it keeps every frame."""
    path = tmp_path / "video9"
    path.write_bytes(b"")
    return path


def soft(height: int, width: int) -> np.ndarray:
    """A picture whose colours change slowly, (height, width, 3) uint8: half resolution of colour costs it little."""
    y, x = np.mgrid[0:1:height * 1j, 0:1:width * 1j]
    return (np.stack([x, y, 1 - x * y], axis=-1) * 200 + 27).astype(np.uint8)


def test_frames_come_back_from_what_was_written(node: Path) -> None:
    pictures = [soft(48, 64), soft(48, 64)[::-1].copy(), soft(48, 64)[:, ::-1].copy()]
    with LoopbackSink(node, 48, 64, Device()) as sink:
        for index, picture in enumerate(pictures):
            sink.write(picture, index)
    frames = np.fromfile(node, np.uint8).reshape(3, 48, 64, 2)
    for frame, picture in zip(frames, pictures, strict=True):
        assert np.abs(cv2.cvtColor(frame, cv2.COLOR_YUV2RGB_YUY2).astype(int) - picture).mean() < 2


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)])
def test_the_bytes_are_y_cb_y_cr_of_bt_601_with_limited_range(node: Path, colour: tuple[int, int, int]) -> None:
    """ITU-R BT.601-7, section 2.5: 219 steps of luma above 16, 224 of chroma around 128."""
    red, green, blue = (level / 255 for level in colour)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    y, cb, cr = 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.772, 128 + 224 * (red - luma) / 1.402
    with LoopbackSink(node, 2, 4, Device()) as sink:
        sink.write(np.full((2, 4, 3), colour, np.uint8), 0)
    np.testing.assert_allclose(np.fromfile(node, np.uint8), [y, cb, y, cr] * 4, atol=1.5)


def test_the_device_is_told_size_and_format_once(node: Path) -> None:
    device = Device()
    with LoopbackSink(node, 720, 1280, device) as sink:
        sink.write(np.zeros((720, 1280, 3), np.uint8), 0)
        sink.write(np.zeros((720, 1280, 3), np.uint8), 1)
    (asked,) = device.asked
    assert (asked.width, asked.height, asked.pixelformat) == (1280, 720, YUYV)
    assert (asked.bytesperline, asked.sizeimage, asked.field, asked.colorspace) == (2560, 2560 * 720, 1, 8)
    assert device.closed()


def test_structures_are_the_kernel_s(tmp_path: Path) -> None:
    """Against linux/videodev2.h itself, through the compiler."""
    if shutil.which("cc") is None or not HEADER.is_file():
        pytest.skip(f"needs a C compiler and {HEADER} (linux-libc-dev)")
    (tmp_path / "sizes.c").write_text("""
        #include <stddef.h>
        #include <stdio.h>
        #include <linux/videodev2.h>
        int main(void) {
            printf("%zu %zu %zu %zu %lu %u %u %u %u %u\\n",
                   sizeof(struct v4l2_format), offsetof(struct v4l2_format, fmt),
                   sizeof(struct v4l2_pix_format), offsetof(struct v4l2_pix_format, xfer_func),
                   (unsigned long)VIDIOC_S_FMT, V4L2_PIX_FMT_YUYV, V4L2_BUF_TYPE_VIDEO_OUTPUT, V4L2_FIELD_NONE,
                   V4L2_COLORSPACE_SRGB, (unsigned)offsetof(struct v4l2_pix_format, sizeimage));
        }""")
    subprocess.run(["cc", "-o", "sizes", "sizes.c"], cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "sizes"], capture_output=True, text=True, check=True).stdout
    assert [int(word) for word in said.split()] == [
        ctypes.sizeof(Format), Format.fmt.offset, ctypes.sizeof(PixFormat), PixFormat.xfer_func.offset,
        VIDIOC_S_FMT, YUYV, 2, 1, 8, PixFormat.sizeimage.offset]


@pytest.mark.parametrize(("height", "width"), [(49, 65), (48, 65), (49, 64)])
def test_an_odd_size_is_cropped_and_said(node: Path, height: int, width: int) -> None:
    device = Device()
    with LoopbackSink(node, height, width, device) as sink:
        sink.write(soft(height, width), 0)
    assert (device.asked[0].width, device.asked[0].height) == (64, 48) and node.stat().st_size == 48 * 64 * 2
    assert sink.fallbacks == [f"{node}: YUYV needs even sizes: {width}×{height} was cropped to 64×48"]


def test_a_device_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"no such device; .*modprobe v4l2loopback") as raised:
        LoopbackSink(tmp_path / "video9", 48, 64)
    assert str(raised.value).startswith(f"{tmp_path / 'video9'}: ") and "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_file_or_a_camera_is_told_from_a_loopback_device(node: Path) -> None:
    """The real ioctl on a real file: ENOTTY. A camera refuses the output type with EINVAL."""
    with pytest.raises(OutputError, match=r"takes no frames .*modprobe v4l2loopback"):
        LoopbackSink(node, 48, 64)
    assert node.read_bytes() == b""
    device = Device(refuses=errno.EINVAL)
    with pytest.raises(OutputError, match=r"takes no frames \(a camera"):
        LoopbackSink(node, 48, 64, device)
    assert device.closed()


@pytest.mark.parametrize(("number", "words"), [(errno.EBUSY, "another program writes to it"),
                                               (errno.EACCES, "usermod -aG video"), (errno.EIO, "Input/output error")])
def test_a_device_that_refuses_is_given_back(node: Path, number: int, words: str) -> None:
    device = Device(refuses=number)
    with pytest.raises(OutputError, match=words):
        LoopbackSink(node, 48, 64, device)
    assert device.closed()


@pytest.mark.parametrize("takes", [(640, 480, YUYV), (64, 48, int.from_bytes(b"YU12", "little"))])
def test_another_size_or_format_is_refused_with_both(node: Path, takes: tuple[int, int, int]) -> None:
    device = Device(takes)
    name = takes[2].to_bytes(4, "little").decode()
    with pytest.raises(OutputError, match=f"takes {takes[0]}×{takes[1]} {name}, not 64×48 YUYV"):
        LoopbackSink(node, 48, 64, device)
    assert device.closed()


def test_a_device_that_vanishes_underway_is_one_line(node: Path) -> None:
    """A pipe whose reader goes: EPIPE, as an unloaded module gives ENODEV."""
    reading, writing = os.pipe()
    device = Device(pipe=writing)
    with (pytest.raises(OutputError, match=r"takes no more frames \(Broken pipe\); .*modprobe v4l2loopback") as raised,
          LoopbackSink(node, 4, 4, device) as sink):
        sink.write(soft(4, 4), 0)
        assert len(os.read(reading, 4096)) == 32
        os.close(reading)
        sink.write(soft(4, 4), 1)
    os.close(writing)
    assert str(raised.value).startswith(f"{node}: ") and "\n" not in str(raised.value) and device.closed()


def test_half_a_frame_is_an_error_with_both_numbers(node: Path) -> None:
    reading, writing = os.pipe2(os.O_NONBLOCK)
    room = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    with (pytest.raises(OutputError, match=f"took {room} of a frame's 8192 bytes"),
          LoopbackSink(node, 64, 64, Device(pipe=writing)) as sink):
        sink.write(soft(64, 64), 0)
    os.close(reading)
    os.close(writing)


def test_a_picture_of_another_size_is_refused(node: Path) -> None:
    with LoopbackSink(node, 48, 64, Device()) as sink, pytest.raises(ValueError, match="another size"):
        sink.write(soft(96, 64), 0)
    assert node.stat().st_size == 0


def test_writing_allocates_no_picture(node: Path) -> None:
    picture = soft(480, 640)
    with LoopbackSink(node, 480, 640, Device()) as sink:
        sink.write(picture, 0)
        tracemalloc.start()
        for index in range(5):
            sink.write(picture, index)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 0.1 * picture.nbytes
