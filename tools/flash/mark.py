"""The mark in an image: whose it is, for which board, what its program's CRC has to be (firmware/msp430fr2433/mark.h).

The CRC can only be known when everything has found its place: `python -m tools.flash.mark ELF…` puts it into images
that were linked; firmware/msp430fr2433/Makefile calls it.
"""
from __future__ import annotations

import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.bridge.elf import loaded, place_in_file
from edge.bridge.framing import crc16
from edge.errors import FlashError

AT = 0xFF60
"""Where the mark lies: the last 32 bytes before the signatures that FF80h begins with (link.ld)."""

LAYOUT = struct.Struct("<8s16sHHHH")

CHECK_AT = AT + 26

VECTORS = range(0xFFDA, 0x10000)

NAME = "masque"


@dataclass(frozen=True)
class Mark:
    """words: the version of edge/bridge/words.py that the firmware speaks; check: CRC-16 of the program from `start` to
    before `end`, then of the vectors."""

    name: str
    board: str
    words: int
    check: int
    start: int
    end: int


def mark_of(memory: Mapping[int, int]) -> Mark | None:
    """memory: address → byte of an image. None where it has no mark of ours."""
    if any(AT + i not in memory for i in range(LAYOUT.size)):
        return None
    name, board, *numbers = LAYOUT.unpack(bytes(memory[AT + i] for i in range(LAYOUT.size)))
    texts = [text.rstrip(b"\0").decode("ascii", "replace") for text in (name, board)]
    return Mark(texts[0], texts[1], *numbers) if texts[0] == NAME else None


def program_check(memory: Mapping[int, int], mark: Mark) -> int:
    """The CRC that an image's program has: what the chip finds in its own memory (port_program). Raises FlashError
    where bytes of it are missing."""
    try:
        return crc16(bytes(memory[address] for address in (*range(mark.start, mark.end), *VECTORS)))
    except KeyError as error:
        raise FlashError(f"the image has no byte at {error.args[0]:#06x}, between the start and the end that its mark "
                         f"names ({mark.start:#06x} to {mark.end:#06x}); build it anew") from error


def seal(image: Path) -> int:
    """Puts the CRC into an ELF file's mark; that CRC. Raises FlashError for a file without a mark."""
    memory = loaded(image)
    mark = mark_of(memory)
    if mark is None:
        raise FlashError(f"{image}: has no mark at {AT:#06x}; it was linked without mark.c")
    check = program_check(memory, mark)
    content = bytearray(image.read_bytes())
    at = place_in_file(image, CHECK_AT)
    content[at : at + 2] = check.to_bytes(2, "little")
    image.write_bytes(content)
    return check


if __name__ == "__main__":
    for name in sys.argv[1:]:
        seal(Path(name))
