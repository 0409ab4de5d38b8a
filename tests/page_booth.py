"""A booth to test its page with: the whole `masque kiosk`, with a camera that can be unplugged and a button that can be
pressed from outside. `python -c 'import page_booth; page_booth.main()' FOLDER LIBRARY`.

In FOLDER the file `unplugged` takes the camera away while it exists; `press` is one press of the button.
"""
from __future__ import annotations

import os
import sys
from pathlib import Path

from host_firmware import HostFirmware, HostWire

from edge.board_shapes import CameraBoard
from edge.bridge.device import Device
from edge.bridge.link import Link
from edge.camera.demo import DemoSource
from edge.errors import PictureError
from edge.frame import Frame
from edge.kiosk.address import Address
from edge.kiosk.booth import Booth, Options
from edge.kiosk.live_process import camera_of
from edge.kiosk.live_words import Setup
from edge.kiosk.pin import PinFile
from edge.kiosk.server import serve

FOLDER = "MASQUE_TEST_BOOTH"
"""Environment variable: where the files lie that unplug and press; the live process reads it, too."""

PIN = "2468"


class Cable:
    """The demo behind a cable that can be pulled: `read` and opening fail while the file `unplugged` is there."""

    def __init__(self, source: DemoSource) -> None:
        self._source = source

    def __getattr__(self, name: str):
        return getattr(self._source, name)

    def __enter__(self) -> Cable:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    def read(self) -> Frame | None:
        """See FrameSource."""
        refuse_when_unplugged()
        return self._source.read()


def refuse_when_unplugged() -> None:
    """Raises PictureError while nobody has put the cable back."""
    if (Path(os.environ[FOLDER]) / "unplugged").exists():
        raise PictureError("the camera's cable was pulled")


def camera(setup: Setup, board: CameraBoard) -> Cable:
    """What the live process opens instead of a camera."""
    refuse_when_unplugged()
    return Cable(camera_of(setup, board))


class ButtonWire(HostWire):
    """A wire to the real firmware's core; a file `press` is a finger that comes, stays a moment, and goes."""

    def write(self, data: bytes) -> None:
        """Bytes for the device; its clock goes on by 50 ms with each."""
        press = Path(os.environ[FOLDER]) / "press"
        self.now = getattr(self, "now", 0) + 50
        down = press.exists()
        press.unlink(missing_ok=True)
        for buttons in (1, 1, 0, 0) if down else (0,):
            self.now += 50
            self.firmware.turn(self.now, buttons)
        super().write(data)


def main() -> None:
    """Serves until SIGTERM; says where on standard output."""
    folder, library = Path(sys.argv[1]), Path(sys.argv[2])
    os.environ[FOLDER] = str(folder)
    gallery = folder / "gallery"
    gallery.mkdir(exist_ok=True)
    PinFile(gallery / "pin.json").set(PIN)
    firmware = HostFirmware(library)
    options = Options(Address("127.0.0.1", 0), Setup("demo?stamp=1", "desk"), gallery, folder / "event", "button", True)

    def device(_: str) -> Device:
        return Device(Link(lambda: ButtonWire(firmware), pause=lambda _: None))

    serve(options, lambda url: print(url, flush=True),
          lambda options: Booth(options, opened=camera, opened_bridge=device))
