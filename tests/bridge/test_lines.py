"""DTR and RTS as a chip's RST and TEST: which level is which, and that opening a port resets nothing."""
from __future__ import annotations

from collections.abc import Callable

import pytest
import serial
from outcome import Outcome

from edge.bridge.ports import SerialLines, open_lines
from edge.errors import BridgeError


class Recorded(serial.SerialBase):
    """A port that remembers what was set, in order."""

    def __init__(self, *arguments: object, **options: object) -> None:
        self.log: list[tuple[str, object]] = []
        super().__init__(*arguments, **options)

    def open(self) -> None:
        self.is_open = True
        self.log.append(("open", (self.dtr, self.rts)))

    def _update_dtr_state(self) -> None:
        self.log.append(("dtr", self._dtr_state))

    def _update_rts_state(self) -> None:
        self.log.append(("rts", self._rts_state))

    def _reconfigure_port(self, *_: object) -> None:
        self.log.append(("rate", (self._baudrate, self._parity)))

    def reset_input_buffer(self) -> None:
        self.log.append(("discard", None))


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    made = Recorded()
    monkeypatch.setattr(serial, "serial_for_url", lambda url, do_not_open, **settings: made)
    return made


@pytest.mark.parametrize(("levels", "held"), [("direct", (False, True)), ("inverted", (True, False))])
def test_a_port_opens_with_reset_high_and_test_low(port: Recorded, levels: str, held: tuple[bool, bool]) -> None:
    """A line of an adapter is low while it is asserted; through a transistor it is the other way round."""
    lines = open_lines("loop://x", 115200, levels)
    assert ("open", held) in port.log and lines.wired
    lines.pins(reset=False, test=True)
    assert port.log[-2:] == [("dtr", not held[0]), ("rts", not held[1])]
    lines.pins(reset=True, test=False)
    assert port.log[-2:] == [("dtr", held[0]), ("rts", held[1])]


def test_lines_that_lead_nowhere_are_not_touched(port: Recorded) -> None:
    lines = open_lines("loop://x", 115200, "none")
    lines.pins(reset=False, test=True)
    assert not lines.wired and not [name for name, _ in port.log if name in ("dtr", "rts")]


def test_rate_and_parity_change_and_what_was_on_its_way_is_lost(port: Recorded) -> None:
    lines = open_lines("loop://x", 115200, "none")
    lines.speak(9600, even_parity=True)
    assert port.log[-2:] == [("rate", (9600, "E")), ("discard", None)]
    lines.speak(115200, even_parity=False)
    assert port.log[-2] == ("rate", (115200, "N"))


def test_a_port_without_parity_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a pseudo-terminal is."""
    made = Recorded("/dev/pts/9")
    monkeypatch.setattr(made, "_reconfigure_port", lambda *_: (_ for _ in ()).throw(RuntimeError("Invalid argument")))
    with pytest.raises(BridgeError, match=r"/dev/pts/9: cannot do 9,600 Bd with even parity: Invalid argument"):
        SerialLines(made, "none").speak(9600, even_parity=True)


def test_the_bridge_leaves_a_chip_on_dtr_and_rts_running(port: Recorded, masque: Callable[..., Outcome]) -> None:
    port.write = lambda data: len(data)  # type: ignore[method-assign]
    port.read = lambda count: b""  # type: ignore[method-assign]
    port.close = lambda: None  # type: ignore[method-assign]
    assert masque("bridge", "ping", "--port", "loop://x", "--lines", "direct").code == 1
    assert ("open", (False, True)) in port.log
    port.log.clear()
    port.dtr = port.rts = True
    assert masque("bridge", "ping", "--port", "loop://x").code == 1 and ("open", (True, True)) in port.log
