"""What is right in a device's answer to SELF_TEST: the tile and the signal that a seed stands for, solved here in the
same integers, and a verdict a test. firmware/common/self_test.c is the other side."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.bridge.framing import crc16
from edge.bridge.points import Tables, projected
from edge.bridge.words import SIGNAL_SAMPLES, TEST_SAMPLES, TEST_SWEEPS, TEST_UNKNOWNS, SelfTested
from edge.matting.q15 import SLOTS, WHOLE, KnnTile, solve_tile

LAMPS = 3
"""Bits of the lamps that a board has."""

RESTS_WITHIN = 256
"""A microphone behind an amplifier rests at half the supply, 0 of ±512; one that rests farther away than this is not
connected, or shorted."""


@dataclass(frozen=True)
class Finding:
    """good: None where there was nothing to test or to compare with. said: one line, with both numbers."""

    name: str
    good: bool | None
    said: str


def drawn(seed: int) -> Iterator[int]:
    """Numbers 1 to 65,535 without end (Marsaglia 2003, "Xorshift RNGs", with 16 bits and the shifts 7, 9, 8)."""
    state = seed
    while True:
        state ^= state << 7 & 0xFFFF
        state ^= state >> 9
        state ^= state << 8 & 0xFFFF
        yield state


def seeds_tile(seed: int) -> KnnTile:
    """The tile of 96 unknowns that a seed stands for; whatever is drawn, its alphas stay in 0..1."""
    numbers = drawn(seed)
    rows = []
    for _ in range(TEST_UNKNOWNS):
        links = [(next(numbers) & 63, next(numbers) & 63) for _ in range(SLOTS)]
        share = WHOLE - sum(weight for _, weight in links)
        rows.append((share * (next(numbers) & 127), links))
    links_of = np.array([links for _, links in rows], np.uint8)
    guess = np.array([next(numbers) & 255 for _ in rows], np.uint8)
    return KnnTile(np.array([bias for bias, _ in rows], np.uint16), links_of[:, :, 0], links_of[:, :, 1], guess)


def seeds_signal(seed: int) -> np.ndarray:
    """The signal (800,) int16 in −512..511 that a seed stands for."""
    numbers = drawn(seed)
    return np.array([(next(numbers) & 1023) - 512 for _ in range(SIGNAL_SAMPLES)], np.int16)


def tile_check(seed: int) -> int:
    """CRC of the alphas of the seed's tile after TEST_SWEEPS sweeps."""
    return crc16(solve_tile(seeds_tile(seed), TEST_SWEEPS, 0).alpha.astype("<u2").tobytes())


def judged(told: SelfTested, seed: int, tables: Tables | None, ram_bytes: int | None) -> list[Finding]:
    """A finding for each test. tables: those that the device should hold, None when they are not known here; ram_bytes:
    of the board, None where its firmware can reach only a part of them."""
    return [_ram(told, ram_bytes), _program(told), _tables(told, tables),
            Finding("tile", told.tile == tile_check(seed),
                    f"{TEST_UNKNOWNS} unknowns: alphas {told.tile:#06x}, exact {tile_check(seed):#06x}"),
            _projection(told, seed, tables), _microphone(told),
            Finding("buttons", not told.buttons, f"{told.buttons:02b} down, 00 while nobody presses"),
            Finding("lamps", told.lamps == LAMPS, f"{told.lamps:02b} follow, {LAMPS:02b} there")]


def _ram(told: SelfTested, ram_bytes: int | None) -> Finding:
    if told.ram_fault:
        return Finding("ram", False, f"the word at {told.ram_fault:#06x} does not keep what is written to it")
    if not told.ram_bytes:
        return Finding("ram", None, "not tested: this device cannot")
    due = told.ram_bytes if ram_bytes is None else ram_bytes
    return Finding("ram", told.ram_bytes == due, f"{told.ram_bytes:,} B of {due:,} B keep what is written to them")


def _program(told: SelfTested) -> Finding:
    if not told.program_due:
        return Finding("program", None, f"CRC {told.program:#06x}; the image has no mark to compare it with")
    return Finding("program", told.program == told.program_due,
                   f"CRC {told.program:#06x}, its mark says {told.program_due:#06x}")


def _tables(told: SelfTested, tables: Tables | None) -> Finding:
    due = told.tables_due if tables is None else int.from_bytes(tables.packed()[:2], "little")
    return Finding("tables", told.tables == told.tables_due == due,
                   f"CRC {told.tables:#06x}, stated {told.tables_due:#06x}, should be {due:#06x}")


def _projection(told: SelfTested, seed: int, tables: Tables | None) -> Finding:
    if tables is None:
        return Finding("projection", None, f"({told.x}, {told.y}); its tables are not known here: name the image")
    exact = projected(tables, seeds_signal(seed))
    return Finding("projection", (told.x, told.y) == exact,
                   f"({told.x}, {told.y}), exact ({exact.x}, {exact.y})")


def _microphone(told: SelfTested) -> Finding:
    if not told.heard:
        return Finding("microphone", False, f"no sample of {TEST_SAMPLES} came")
    good = told.heard == TEST_SAMPLES and abs(told.mean) < RESTS_WITHIN
    return Finding("microphone", good, f"{told.heard} samples of {TEST_SAMPLES}, rests at {told.mean} of ±512 (within "
                   f"±{RESTS_WITHIN}), loudest {told.loudest}")
