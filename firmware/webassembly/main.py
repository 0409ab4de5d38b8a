"""The firmware's loop, a turn for each call from outside (run.mjs, edge/bridge/interpreter.py). Numbers cross that
border in hexadecimal digits."""

from array import array
from binascii import hexlify, unhexlify

import board
import dispatch
from board import port

names = {"board": board}
"""Of those who look inside."""


def start() -> str:
    """As the reset button does it: everything is forgotten, bytes and samples on their way are lost."""
    port.__init__()
    dispatch.start()
    return told()


def turn(arrived: str, ms: int, buttons: int, samples: str) -> str:
    """arrived: bytes for the firmware; ms: what the clock shows, -1: the interpreter's own; samples: 16 bits each, for
    the microphone, behind those that it has not heard yet. What `told` says after it."""
    port.arrived, port.next = unhexlify(arrived), 0
    port.now, port.buttons = (None if ms < 0 else ms), buttons
    if samples:
        port.samples, port.heard = array("h", bytes(port.samples[port.heard :]) + unhexlify(samples)), 0
    dispatch.turn()
    return told()


def told() -> str:
    """Whether it listens, the lamps that are lit, a blank, and the bytes that it has sent since the last time."""
    sent, port.leaving = port.leaving, bytearray()
    return f"{int(port.listens)}{port.lamps} {hexlify(sent).decode()}"


def value(expression: str) -> str:
    """What an expression over `names` is worth, written as Python."""
    return repr(eval(expression, names))  # noqa: S307


def run(program: str) -> str:
    """Carries statements out, among those names."""
    exec(program, names)  # noqa: S102
    return ""
