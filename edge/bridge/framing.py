"""Frames on the wire: COBS with a zero byte as the end (Cheshire, Baker 1999, "Consistent Overhead Byte Stuffing"), and
CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF, not reflected; 0x29B1 for "123456789").

A CRC of 16 bits passes one spoilt frame in 65,536. Where one byte in a hundred is lost that is one wrong answer in
100,000 requests (it was seen), so another byte, the fold, stands before it: then it is one in sixteen million.

Bytes in, frames out: nothing here knows a port. firmware/common/frame.c is the other side.
"""
from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from edge.bridge.words import FRAME_BYTES

LONGEST = FRAME_BYTES - 2
"""Bytes of kind, sequence, body, fold and CRC together."""

SHORTEST = 5


class Fate(Enum):
    """What became of the bytes between two delimiters."""

    SOUND = "sound"
    TOO_LONG = "too long"
    TOO_SHORT = "too short"
    BROKEN = "not COBS"
    DAMAGED = "its CRC or fold is wrong"


@dataclass(frozen=True)
class Frame:
    """kind, sequence and body of a sound frame; of another one `fate` says what is wrong, the rest is empty."""

    fate: Fate
    kind: int = 0
    sequence: int = 0
    body: bytes = b""


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE, 0..65535."""
    return binascii.crc_hqx(data, 0xFFFF)


def fold(data: bytes) -> int:
    """A byte, turned left by a bit before each byte of the data is added: 0..255."""
    total = 0
    for byte in data:
        total = ((total << 1 | total >> 7) + byte) & 0xFF
    return total


def encoded(kind: int, sequence: int, body: bytes) -> bytes:
    """A frame as it goes over the wire, delimiter included. body: at most BODY_BYTES."""
    message = bytes((kind, sequence)) + body
    message += bytes((fold(message),))
    message += crc16(message).to_bytes(2, "little")
    assert len(message) <= LONGEST, f"a message of {len(message)} bytes; the longest has {LONGEST}"
    runs = message.split(b"\0")
    return b"".join(bytes((len(run) + 1,)) + run for run in runs) + b"\0"


class FrameDecoder:
    """Takes bytes in any cutting; holds at most one frame."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._flooded = False

    def process(self, data: bytes) -> Iterator[Frame]:
        """Every frame that ends within `data`, sound or not. Delimiters with nothing between them are no frames."""
        for byte in data:
            if byte:
                self._flooded |= len(self._waiting) == FRAME_BYTES - 1
                if not self._flooded:
                    self._waiting.append(byte)
                continue
            ended, flooded = bytes(self._waiting), self._flooded
            self._waiting.clear()
            self._flooded = False
            if ended:
                yield Frame(Fate.TOO_LONG) if flooded else _decoded(ended)


def _decoded(coded: bytes) -> Frame:
    message, at = bytearray(), 0
    while at < len(coded):
        after = at + coded[at]
        if after > len(coded):
            return Frame(Fate.BROKEN)
        message += coded[at + 1 : after] + b"\0"
        at = after
    return _checked(bytes(message[:-1]))


def _checked(message: bytes) -> Frame:
    if len(message) < SHORTEST:
        return Frame(Fate.TOO_SHORT)
    if crc16(message[:-2]) != int.from_bytes(message[-2:], "little") or fold(message[:-3]) != message[-3]:
        return Frame(Fate.DAMAGED)
    return Frame(Fate.SOUND, message[0], message[1], message[2:-3])
