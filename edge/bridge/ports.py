"""The door to serial ports: finds the board, opens its port for us alone, reads and writes bytes. pyserial enters
here."""
from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from edge.errors import BridgeError

LAUNCHPAD, PICO = (0x2047, 0x0013), (0x2E8A, 0x0005)
"""USB vendor and product of the LaunchPad's probe (TI eZ-FET) and of a Raspberry Pi Pico with MicroPython."""

ADAPTERS = {0x0403: "FTDI", 0x10C4: "CP210x", 0x1A86: "CH340", 0x067B: "PL2303"}
"""USB vendors of plain serial cables."""

MODEMS = "another program may hold it (ModemManager does that: sudo systemctl stop ModemManager)"


class Wire(Protocol):
    """Bytes there and back. Both raise OSError when the other end is gone."""

    def write(self, data: bytes) -> None:
        """Sends all of it."""

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at least one byte; b"" when nothing came in time."""

    def close(self) -> None:
        """Gives the port back."""


class Found(NamedTuple):
    """A port that may be the board, the likeliest first. why: the reason, for people."""

    rank: int
    device: str
    why: str


class SerialWire:
    """A port of pyserial."""

    def __init__(self, port: Any) -> None:
        """port: an open serial.Serial."""
        self._port = port

    def write(self, data: bytes) -> None:
        """Sends all of it. Raises OSError when the device was unplugged."""
        self._port.write(data)

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at least one byte; b"" when nothing came in time. Raises OSError when it was unplugged."""
        self._port.timeout = timeout_s
        first = self._port.read(1)
        return first + self._port.read(self._port.in_waiting) if first else b""

    def close(self) -> None:
        """Gives the port back."""
        self._port.close()


class SerialLines(SerialWire):
    """A port whose lines DTR and RTS lead to a chip's RST and TEST, so that its bootloader can be entered (TI
    SLAU319AF, figure "BSL entry sequence at shared JTAG pins"). levels: how they are wired, see LEVELS."""

    def __init__(self, port: Any, levels: str) -> None:
        super().__init__(port)
        self.wired, self._inverted = levels != "none", levels == "inverted"

    def speak(self, baud: int, even_parity: bool) -> None:
        """Changes the rate and the parity; what was on its way is lost. Raises BridgeError where the port cannot."""
        try:
            self._port.baudrate = baud
            self._port.parity = "E" if even_parity else "N"
            self._port.reset_input_buffer()
        except Exception as error:  # termios.error is no OSError
            parity = "even" if even_parity else "no"
            raise BridgeError(f"{self._port.port}: cannot do {baud:,} Bd with {parity} parity: {error}") from error

    def pins(self, reset: bool, test: bool) -> None:
        """Sets the levels at the chip. A line of the adapter is low while it is asserted."""
        if self.wired:
            self._port.dtr, self._port.rts = reset == self._inverted, test == self._inverted

    def take(self, count: int, timeout_s: float) -> bytes:
        """Up to `count` bytes, as many as come in time."""
        self._port.timeout = max(0.0, timeout_s)
        return self._port.read(count)

    def discard(self) -> None:
        """Forgets what has arrived."""
        self._port.reset_input_buffer()

    def pause(self, seconds: float) -> None:
        """Lets time pass."""
        time.sleep(seconds)

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()


LEVELS = ("direct", "inverted", "none")
"""How DTR and RTS lead to RST and TEST: straight, through a transistor each, or not at all."""


def open_lines(url: str, baud: int, levels: str) -> SerialLines:
    """As `open_wire`, for a board that hangs on DTR and RTS: it is not reset by opening the port."""
    serial = _pyserial()
    port = _prepared(serial, found(url).device, baud)
    if levels != "none":
        port.dtr, port.rts = levels == "inverted", levels != "inverted"
    return SerialLines(_opened(port), levels)


def open_wire(url: str, baud: int) -> SerialWire:
    """url: a device, any URL of pyserial, "auto", or "serial:NUMBER" for the USB serial number of a board.

    The port is locked: a second program that asks for it is refused. Raises BridgeError with the reason: pyserial is
    missing, nothing was found (and what was), the port does not exist, may not be opened, or is in use.
    """
    return SerialWire(_opened(_prepared(_pyserial(), found(url).device, baud)))


def _prepared(serial: Any, device: str, baud: int) -> Any:
    """A port that is not open yet."""
    try:
        port = serial.serial_for_url(device, do_not_open=True, baudrate=baud, timeout=1.0, write_timeout=5.0)
    except (OSError, ValueError) as error:
        raise BridgeError(f"{device}: {_reason(error)}") from error
    if "://" not in device:
        port.exclusive = True
    return port


def _opened(port: Any) -> Any:
    try:
        port.open()
    except (OSError, ValueError) as error:
        raise BridgeError(f"{port.port}: {_reason(error)}") from error
    return port


def found(url: str) -> Found:
    """What "auto" and "serial:NUMBER" stand for now (a board that was plugged in again may have another name), and why;
    anything else is itself. Raises BridgeError when no port fits."""
    if url != "auto" and not url.startswith("serial:"):
        return Found(0, url, "as named")
    ports = listed()
    fitting = ranked(ports, url.removeprefix("serial:") if url != "auto" else None)
    if fitting:
        return fitting[0]
    there = ", ".join(f"{port.device} ({port.description})" for port in ports) or "none at all"
    wanted = "board" if url == "auto" else f"board with the serial number {url.removeprefix('serial:')}"
    raise BridgeError(f"no {wanted} among the serial ports ({there}); plug it in, or name its port with --port")


def listed() -> list[Any]:
    """The serial ports of this machine, as pyserial tells of them. Raises BridgeError where pyserial is missing."""
    _pyserial()
    from serial.tools import list_ports

    return list(list_ports.comports())


def ranked(ports: Iterable[Any], serial_number: str | None = None) -> list[Found]:
    """ports: as pyserial lists them. Those that may be the board, the likeliest first; with a serial number only its
    own."""
    fitting = []
    for port in ports:
        rank, why = _rank(port)
        if serial_number is not None:
            if port.serial_number != serial_number:
                continue
            why = f"serial number {serial_number}, {why or 'of an unknown kind'}"
        if why:
            fitting.append(Found(rank, port.device, why))
    return sorted(fitting)


def _rank(port: Any) -> tuple[int, str]:
    """A small number is likely; "" is no reason to try it. The LaunchPad's probe has two ports, one is for
    debuggers."""
    told = f"{port.interface or ''} {port.description or ''}".lower()
    if (port.vid, port.pid) == LAUNCHPAD:
        if "debug" in told:
            return 9, ""
        return 0 if "uart" in told else 1, f"USB {port.vid:04x}:{port.pid:04x}, the probe of a LaunchPad"
    if (port.vid, port.pid) == PICO:
        return 2, f"USB {port.vid:04x}:{port.pid:04x}, a Raspberry Pi Pico"
    if port.vid in ADAPTERS:
        return 3, f"USB {port.vid:04x}:{port.pid:04x}, a serial cable ({ADAPTERS[port.vid]})"
    return 9, ""


def _reason(error: Exception) -> str:
    text = str(error)
    if isinstance(error, FileNotFoundError) or "No such file" in text:
        return "there is no such port; masque bridge info --port auto looks for the board"
    if "Permission denied" in text:
        return "may not be opened; add yourself to its group: sudo usermod -aG dialout $USER, then log in again"
    if "exclusively lock" in text or "Resource temporarily unavailable" in text or "busy" in text:
        return f"is in use; {MODEMS}"
    return text


def _pyserial() -> Any:
    try:
        import serial
    except ImportError as error:
        raise BridgeError("pyserial is not installed; pip install '.[bridge]' in the checkout") from error
    return serial
