"""Images made of random bytes that keep every rule of tools/flash/image.py."""
from __future__ import annotations

from random import Random

from edge.boards import load_solver_board
from edge.bridge.framing import crc16
from edge.bridge.points import TABLES_BYTES
from edge.bridge.words import VERSION
from tools.flash.image import Image, checked_image
from tools.flash.mark import AT, CHECK_AT, LAYOUT, VECTORS, mark_of, program_check

BOARD = load_solver_board("msp430fr2433")

START = 0xC400


def made(seed: int, program_bytes: int = 300, board: str = "msp430fr2433", name: str = "masque",
         words: int = VERSION) -> dict[int, int]:
    """The memory of an image: tables, program, mark and vectors."""
    random = Random(seed)
    tables = b"\0\0" + random.randbytes(TABLES_BYTES - 4)
    program = random.randbytes(program_bytes)
    memory = dict(enumerate(crc16(tables).to_bytes(2, "little") + tables + program, START))
    begin = START + TABLES_BYTES
    mark = LAYOUT.pack(name.encode(), board.encode(), words, 0, begin, begin + program_bytes)
    memory.update(enumerate(mark, AT))
    memory.update(enumerate(random.randbytes(len(VECTORS) - 2) + (begin).to_bytes(2, "little"), VECTORS[0]))
    return sealed(memory)


def sealed(memory: dict[int, int]) -> dict[int, int]:
    """With the CRC that its program has."""
    mark = mark_of(memory)
    if mark is not None:
        memory.update(enumerate(program_check(memory, mark).to_bytes(2, "little"), CHECK_AT))
    return memory


def image(seed: int, program_bytes: int = 300) -> Image:
    return checked_image(made(seed, program_bytes), BOARD, f"image {seed}")


def full_image() -> Image:
    """All 15,360 bytes: the signatures, and what is reserved behind them, are ff."""
    memory = made(9, AT - START - TABLES_BYTES)
    memory.update(dict.fromkeys(range(0xFF80, 0xFFDA), 0xFF))
    return checked_image(memory, BOARD, "full")
