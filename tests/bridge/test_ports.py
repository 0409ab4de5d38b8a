"""Which port is the board, and why."""
from __future__ import annotations

from dataclasses import dataclass

import pytest

from edge.bridge import ports
from edge.bridge.ports import found, ranked
from edge.errors import BridgeError


@dataclass
class Port:
    """As pyserial lists one."""

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    interface: str | None = None
    description: str | None = "n/a"


DEBUG = Port("/dev/ttyACM0", 0x2047, 0x0013, "A1", "MSP Debug Interface")
UART = Port("/dev/ttyACM1", 0x2047, 0x0013, "A1", "MSP Application UART1")
PICO = Port("/dev/ttyACM2", 0x2E8A, 0x0005, "B2", None, "Board in FS mode")
CABLE = Port("/dev/ttyUSB0", 0x0403, 0x6001, "C3", None, "FT232R USB UART")
MODEM = Port("/dev/ttyACM7", 0x1199, 0x9091, "D4", None, "Sierra modem")
BUILT_IN = Port("/dev/ttyS0")


def test_the_launchpads_uart_comes_first_and_its_debugger_never() -> None:
    listed = ranked([BUILT_IN, MODEM, CABLE, PICO, DEBUG, UART])
    assert [port.device for port in listed] == ["/dev/ttyACM1", "/dev/ttyACM2", "/dev/ttyUSB0"]
    assert listed[0].why == "USB 2047:0013, the probe of a LaunchPad"
    assert "FTDI" in listed[2].why


def test_modems_and_built_in_ports_are_never_tried() -> None:
    assert ranked([MODEM, BUILT_IN, DEBUG]) == []


def test_a_serial_number_finds_a_board_under_whatever_name() -> None:
    renamed = Port("/dev/ttyACM5", 0x2047, 0x0013, "A1", "MSP Application UART1")
    for there in ([DEBUG, UART], [PICO, renamed, DEBUG]):
        first = ranked(there, "A1")[0]
        assert first.device in ("/dev/ttyACM1", "/dev/ttyACM5") and "serial number A1" in first.why
    assert ranked([MODEM], "D4")[0].why == "serial number D4, of an unknown kind"


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[Port]:
    """What is plugged in."""
    there: list[Port] = []
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: there)
    return there


def test_auto_and_serial_numbers_are_looked_up_each_time(plugged: list[Port]) -> None:
    plugged[:] = [DEBUG, UART]
    assert found("auto").device == found("serial:A1").device == "/dev/ttyACM1"
    plugged[:] = [CABLE]
    assert found("auto").device == "/dev/ttyUSB0"
    assert found("/dev/whatever").device == "/dev/whatever"


def test_nothing_found_says_what_is_there(plugged: list[Port]) -> None:
    with pytest.raises(BridgeError, match=r"no board among the serial ports \(none at all\)"):
        found("auto")
    plugged[:] = [MODEM]
    with pytest.raises(BridgeError, match=r"serial number A1 among the serial ports \(/dev/ttyACM7 \(Sierra modem\)\)"):
        found("serial:A1")


def test_a_missing_pyserial_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "serial", None)
    with pytest.raises(BridgeError, match="pyserial is not installed; pip install"):
        ports.open_wire("/dev/ttyACM0", 115200)
