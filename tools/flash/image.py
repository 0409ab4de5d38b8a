"""An image that may be flashed: ours, whole, for this board, and not larger than it."""
from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.board_shapes import SolverBoard
from edge.bridge.elf import loaded
from edge.bridge.framing import crc16
from edge.bridge.points import TABLES_BYTES, Tables
from edge.bridge.words import VERSION
from edge.errors import FlashError
from tools.flash.mark import AT, LAYOUT, Mark, mark_of, program_check

END = 0x10000

SIGNATURES = range(0xFF80, 0xFFDA)
"""JTAG and bootloader signatures and what is reserved behind them: whatever is not FFh there may lock a chip for good
(TI SLAU445, "JTAG and BSL signatures")."""

PASSWORD = range(0xFFE0, END)
"""The bytes that the bootloader takes as its password (TI SLAU550AB, 4.1.5.2)."""

VECTORS = range(0xFFDA, END)


@dataclass(frozen=True)
class Image:
    """memory: address → byte. name: of the file, for people."""

    name: str
    memory: Mapping[int, int]
    mark: Mark

    @property
    def sha256(self) -> str:
        """Of addresses and bytes: what lands on the board, however the file is laid out."""
        placed = (address.to_bytes(2, "little") + data for address, data in self.runs())
        return hashlib.sha256(b"".join(placed)).hexdigest()

    @property
    def password(self) -> bytes:
        """What unlocks the bootloader of a chip that holds this image."""
        return bytes(self.memory[address] for address in PASSWORD)

    @property
    def tables(self) -> Tables:
        """The projection tables at the start of the FRAM."""
        return _tables(self.name, self.memory)

    def runs(self) -> Iterator[tuple[int, bytes]]:
        """(address, bytes without a gap), in order."""
        start, run = -1, bytearray()
        for address in sorted(self.memory):
            if address != start + len(run):
                if run:
                    yield start, bytes(run)
                start, run = address, bytearray()
            run.append(self.memory[address])
        yield start, bytes(run)

    def blocks(self, most: int, vectors: bool) -> list[tuple[int, bytes]]:
        """(address, at most so many bytes): the interrupt vectors, or all the rest."""
        cut = []
        for start, run in self.runs():
            for place in range(0, len(run), most):
                cut.append((start + place, run[place : place + most]))
        return [(start, data) for start, data in _apart(cut) if (start in VECTORS) == vectors]


def read_image(path: Path, board: SolverBoard) -> Image:
    """The image in an ELF file. Raises FlashError, or BridgeError for what is no ELF file of an MSP430."""
    return checked_image(loaded(path), board, str(path))


def checked_image(memory: Mapping[int, int], board: SolverBoard, name: str) -> Image:
    """memory: address → byte. Raises FlashError with both numbers when it does not fit the board, is for another one,
    is not ours, or is damaged."""
    _fits(memory, board, name)
    mark = mark_of(memory)
    if mark is None:
        raise FlashError(f"{name}: is not ours: it has no mark at {AT:#06x}; build one: make -C firmware/{board.name}")
    if mark.board != board.name:
        raise FlashError(f"{name}: was built for {mark.board}, the board is a {board.name}")
    if mark.words != VERSION:
        raise FlashError(f"{name}: speaks words of version {mark.words}, this program {VERSION}; build it anew")
    if (found := program_check(memory, mark)) != mark.check:
        raise FlashError(f"{name}: its program has CRC {found:#06x}, its mark says {mark.check:#06x}; build it anew")
    _tables(name, memory)
    return Image(name, memory, mark)


def _fits(memory: Mapping[int, int], board: SolverBoard, name: str) -> None:
    there = board.chip.program_bytes.value
    if len(memory) > there:
        raise FlashError(f"{name}: is {len(memory):,} bytes, {board.name} has {there:,}")
    outside = [address for address in memory if not END - there <= address < END]
    if outside:
        raise FlashError(f"{name}: loads a byte to {min(outside):#06x}; {board.name} has its program memory from "
                         f"{END - there:#06x} to {END - 1:#06x}")
    locking = [address for address in SIGNATURES if memory.get(address, 0xFF) != 0xFF]
    if locking:
        raise FlashError(f"{name}: writes {memory[locking[0]]:02x} to {locking[0]:#06x}, among the signatures "
                         f"({SIGNATURES[0]:#06x} to {SIGNATURES[-1]:#06x}) that lock a chip; only ff may stand there")
    missing = [address for address in (*range(AT, AT + LAYOUT.size), *VECTORS) if address not in memory]
    if missing and missing[0] in VECTORS:
        raise FlashError(f"{name}: has no interrupt vector at {missing[0]:#06x}; {VECTORS[0]:#06x} to {END - 1:#06x} "
                         f"have to be there")


def _tables(name: str, memory: Mapping[int, int]) -> Tables:
    start = min(memory)
    image = bytes(memory.get(address, 0xFF) for address in range(start, start + TABLES_BYTES))
    try:
        return Tables.unpacked(image)
    except ValueError as error:
        raise FlashError(f"{name}: {error} (stated {int.from_bytes(image[:2], 'little'):#06x}, found "
                         f"{crc16(image[2:]):#06x}); build it anew") from error


def _apart(cut: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """No block reaches from elsewhere into the vectors."""
    for start, data in cut:
        split = VECTORS[0] - start
        if 0 < split < len(data):
            yield start, data[:split]
            yield VECTORS[0], data[split:]
        else:
            yield start, data
