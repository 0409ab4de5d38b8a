"""What a simulator needs of a 32-bit little-endian ELF file: its symbols and the bytes that it loads (TIS, "Executable
and Linking Format", version 1.2)."""
from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from edge.errors import BridgeError

SYMBOL_TABLE, LOAD = 2, 1

MSP430 = 105
"""The machine number of the MSP430 (e_machine)."""


def symbols(path: Path) -> dict[str, int]:
    """Name → address of every named symbol. Raises BridgeError for a file that is no ELF file of an MSP430."""
    image = _read(path)
    table = {}
    for kind, offset, size, link in _sections(image):
        if kind == SYMBOL_TABLE:
            names = list(_sections(image))[link][1]
            for at in range(offset, offset + size, 16):
                name, value = struct.unpack_from("<II", image, at)
                table[image[names + name : image.index(b"\0", names + name)].decode("ascii", "replace")] = value
    return table


def loaded(path: Path) -> dict[int, int]:
    """Address → byte of everything that the file loads."""
    image = _read(path)
    start, size, count = _table(image, 28, 42)
    memory: dict[int, int] = {}
    for at in range(start, start + size * count, size):
        kind, offset, _, address, length = struct.unpack_from("<5I", image, at)
        if kind == LOAD:
            memory.update(enumerate(image[offset : offset + length], address))
    return memory


def place_in_file(path: Path, address: int) -> int:
    """Where in the file the byte lies that is loaded to an address. Raises BridgeError when none is."""
    image = _read(path)
    start, size, count = _table(image, 28, 42)
    for at in range(start, start + size * count, size):
        kind, offset, _, begin, length = struct.unpack_from("<5I", image, at)
        if kind == LOAD and begin <= address < begin + length:
            return offset + address - begin
    raise BridgeError(f"{path}: loads nothing to {address:#06x}")


def differing(a: Path, b: Path) -> list[tuple[int, int | None, int | None]]:
    """(address, byte of a, byte of b) wherever two files load other bytes; None where one loads nothing."""
    first, second = loaded(a), loaded(b)
    return [(address, first.get(address), second.get(address)) for address in sorted(first.keys() | second.keys())
            if first.get(address) != second.get(address)]


def _read(path: Path) -> bytes:
    try:
        image = path.read_bytes()
    except OSError as error:
        raise BridgeError(f"{path}: {error.strerror}; build it: make -C firmware/msp430fr2433") from error
    if image[:6] != b"\x7fELF\x01\x01" or len(image) < 52 or struct.unpack_from("<H", image, 18)[0] != MSP430:
        raise BridgeError(f"{path}: no ELF file for the MSP430; build one: make -C firmware/msp430fr2433")
    return image


def _table(image: bytes, start_at: int, size_at: int) -> tuple[int, int, int]:
    """Where a table of headers starts, the size of an entry, how many there are."""
    size, count = struct.unpack_from("<HH", image, size_at)
    return struct.unpack_from("<I", image, start_at)[0], size, count


def _sections(image: bytes) -> Iterator[tuple[int, int, int, int]]:
    """(type, offset, size, link) of every section."""
    start, size, count = _table(image, 32, 46)
    for at in range(start, start + size * count, size):
        _, kind, _, _, offset, length, link = struct.unpack_from("<7I", image, at)
        yield kind, offset, length, link
