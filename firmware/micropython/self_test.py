"""The self-test that a board answers after it was flashed: memory, program, tables, a tile and a signal whose answers
are known, microphone, buttons, lamps. Agrees with firmware/common/self_test.c and edge/bridge/self_test.py, which says
what is right."""

from array import array
from binascii import crc32

import board
import events
import mark
import tile_wire
from crc16 import START, crc16
from knn_tile import WHOLE, tile
from project import CHECK, Projection
from tables import IMAGE
from words import ROW_BYTES, SIGNAL_SAMPLES, SLOTS, TEST_MS, TEST_SAMPLES, TEST_SWEEPS, TEST_UNKNOWNS

LAMPS = 2
MOST_TURNS = 20_000
"""Where no clock runs, the microphone is given up after so many turns."""

CHUNK_SAMPLES = 50
BLOCK_BYTES = 512

_chunk = array("h", bytes(2 * CHUNK_SAMPLES))


class Drawn:
    """65,535 numbers (Marsaglia 2003, "Xorshift RNGs", with 16 bits and the shifts 7, 9, 8)."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def next(self) -> int:
        """The next, 1 to 65,535."""
        x = self._state
        x ^= x << 7 & 0xFFFF
        x ^= x >> 9
        x ^= x << 8 & 0xFFFF
        self._state = x
        return x


def self_test(seed: int) -> tuple[int, ...]:
    """The fields of SELF_TESTED. The tile is forgotten, a countdown and listening end."""
    began = board.ms()
    events.listen(0)
    events.set_lamps(0)
    memory = board.ram_bytes(), board.ram_fault()
    checks = program_check(), mark.CHECK, 0, crc16(START, IMAGE, 2, len(IMAGE)), CHECK, _tile_check(seed)
    answers = memory + checks + _signal_point(seed) + _heard_level()
    buttons, follow = board.buttons(), _lamps_that_follow()
    return answers + ((board.ms() - began) & 0xFFFF, buttons, follow)  # noqa: RUF005 MicroPython knows no *answers here


def program_check() -> int:
    """The lower half of the CRC-32 (polynomial 04C11DB7h, start and final FFFFFFFFh, reflected; CBF43926h for
    "123456789") of the program's files as they now lie on the board, one after the other; the interpreter has that CRC
    in C. 0 when one is missing."""
    folder, check, block = mark.__file__[: -len("mark.py")], 0, bytearray(BLOCK_BYTES)
    try:
        for name in mark.FILES:
            with open(folder + name, "rb") as file:
                while count := file.readinto(block):
                    check = crc32(block[:count], check)
    except OSError:
        return 0
    return check & 0xFFFF


def _draw_row(row: int, numbers: Drawn) -> None:
    """A row whose alpha stays in 0..1, whatever is drawn."""
    share, at = WHOLE, row * ROW_BYTES
    for k in range(SLOTS):
        tile.bytes[at + 2 + 2 * k] = numbers.next() & 63
        weight = numbers.next() & 63
        tile.bytes[at + 3 + 2 * k] = weight
        share -= weight
    bias = share * (numbers.next() & 127)
    tile.bytes[at], tile.bytes[at + 1] = bias & 0xFF, bias >> 8


def _tile_check(seed: int) -> int:
    """Solves the seed's tile; CRC of its alphas, 0 when it is found unsound. What lay there is forgotten."""
    numbers = Drawn(seed)
    tile_wire.start()
    tile.unknowns = TEST_UNKNOWNS
    for row in range(TEST_UNKNOWNS):
        _draw_row(row, numbers)
    for row in range(TEST_UNKNOWNS):
        tile.bytes[TEST_UNKNOWNS * ROW_BYTES + row] = numbers.next() & 0xFF
    if not tile.sound():
        return 0
    tile.guess()
    tile.solve(TEST_SWEEPS, 0)
    return crc16(START, bytes(tile.alpha), 0, 2 * TEST_UNKNOWNS)


def _signal_point(seed: int) -> tuple[int, int]:
    """Where the seed's signal lies."""
    numbers, signal = Drawn(seed), Projection()
    while signal.next < SIGNAL_SAMPLES:
        for i in range(CHUNK_SAMPLES):
            _chunk[i] = (numbers.next() & 1023) - 512
        signal.take(_chunk, 0, CHUNK_SAMPLES)
    return signal.point()


def _heard_level() -> tuple[int, int, int]:
    """Listens for TEST_MS at most: samples, their sum / TEST_SAMPLES, the loudest magnitude."""
    heard = total = loudest = 0
    began = board.ms()
    board.listen(True)
    for _ in range(MOST_TURNS):
        count = min(board.samples(_chunk), TEST_SAMPLES - heard)
        for i in range(count):
            total += _chunk[i]
            loudest = max(loudest, abs(_chunk[i]))
        heard += count
        if heard == TEST_SAMPLES or (not count and (board.ms() - began) & 0xFFFF >= TEST_MS):
            break
        if not count:
            board.wait()
    board.listen(False)
    return heard, total // TEST_SAMPLES, loudest


def _lamps_that_follow() -> int:
    """The lamps whose pins are low when they should be dark and high when they alone should be lit."""
    board.lamps(0)
    stuck, follow = board.lit(), 0
    for i in range(LAMPS):
        board.lamps(1 << i)
        if board.lit() == 1 << i:
            follow |= 1 << i
    board.lamps(0)
    return follow & ~stuck
