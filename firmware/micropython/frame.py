"""Frames on the wire: COBS, a zero byte as the end, a fold and CRC-16. A frame is decoded into one buffer as its bytes
arrive; whatever is wrong with it, the next delimiter ends it. Agrees with firmware/common/frame.c."""

import board
from crc16 import START, crc16
from words import FRAME_BYTES

MESSAGE_BYTES = FRAME_BYTES - 2
HEAD_BYTES, FOLD_BYTES, CRC_BYTES = 2, 1, 2
SHORTEST = HEAD_BYTES + FOLD_BYTES + CRC_BYTES

INTERRUPT = 3
"""Ctrl-C. A whole frame of it has no sound beginning, so it means what it means everywhere: give the prompt back."""


class Arrival:
    """The frame that comes, and the last one until the next byte: kind, sequence and body stand in `message`."""

    def __init__(self) -> None:
        self.message = bytearray(MESSAGE_BYTES)
        self.start()

    def start(self) -> None:
        """Forgets everything, as after a reset. damaged: frames that ended unsound since then, modulo 65,536."""
        self.body_bytes = self.crc = self.damaged = self._interrupts = 0
        self._begin()

    def _begin(self) -> None:
        """count: bytes decoded; run: bytes until the next COBS code; began: a code has been seen, before the next one
        stands a zero; spoilt: too long, wait for the delimiter."""
        self._count = self._run = 0
        self._began = self._spoilt = False

    def take(self, byte: int) -> bool:
        """Takes a byte; whether it ends a sound frame. Raises KeyboardInterrupt after FRAME_BYTES times Ctrl-C."""
        self._watch(byte)
        if not byte:
            return self._ended()
        if self._run:
            self._keep(byte)
            self._run -= 1
            return False
        if self._began:
            self._keep(0)
        self._began = True
        self._run = byte - 1
        return False

    def _watch(self, byte: int) -> None:
        self._interrupts = self._interrupts + 1 if byte == INTERRUPT else 0
        if self._interrupts == FRAME_BYTES:
            raise KeyboardInterrupt

    def _keep(self, byte: int) -> None:
        if self._count == MESSAGE_BYTES:
            self._spoilt = True
            return
        self.message[self._count] = byte
        self._count += 1

    def _ended(self) -> bool:
        """The delimiter has come: judges the frame, makes room for the next."""
        good = self._began and self._sound()
        if self._began and not good:
            self.damaged = (self.damaged + 1) & 0xFFFF
        self._begin()
        return good

    def _sound(self) -> bool:
        if self._spoilt or self._run or self._count < SHORTEST:
            return False
        covered = self._count - CRC_BYTES
        self.crc = crc16(START, self.message, 0, covered)
        self.body_bytes = self._count - SHORTEST
        if fold(self.message, covered - FOLD_BYTES) != self.message[covered - FOLD_BYTES]:
            return False
        return self.message[covered] == self.crc & 0xFF and self.message[covered + 1] == self.crc >> 8


arrival = Arrival()

_wire = bytearray(FRAME_BYTES)


def fold(message: bytearray, count: int) -> int:
    """A byte, turned left by a bit before each of the first `count` bytes is added."""
    total = 0
    for at in range(count):
        total = ((total << 1 | total >> 7) + message[at]) & 0xFF
    return total


def send(message: bytearray, body_bytes: int) -> None:
    """Sends a message of MESSAGE_BYTES: puts its fold and CRC behind the body, then writes run after run."""
    count = HEAD_BYTES + body_bytes
    message[count] = fold(message, count)
    count += 1
    crc = crc16(START, message, 0, count)
    message[count] = crc & 0xFF
    message[count + 1] = crc >> 8
    board.write(_wire, _coded(message, count + CRC_BYTES))


def _coded(message: bytearray, count: int) -> int:
    """Writes COBS and the delimiter into _wire; how many bytes. A code stands where the zero before its run stood."""
    code = 0
    for at in range(count):
        if message[at]:
            _wire[at + 1] = message[at]
        else:
            _wire[code] = at + 1 - code
            code = at + 1
    _wire[code] = count + 1 - code
    _wire[count + 1] = 0
    return count + 2
