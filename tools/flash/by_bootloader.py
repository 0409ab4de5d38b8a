"""Flashing through the bootloader in the chip's ROM: unlock, write, read back, start.

The interrupt vectors come last, after the rest was read back and found right: a chip without a reset vector stays in
its bootloader, so nothing half-written ever runs.
"""
from __future__ import annotations

from dataclasses import dataclass

from tools.flash.bootloader import Bootloader
from tools.flash.image import PASSWORD, VECTORS, Image
from tools.flash.keys import EraseAsked, Key, key_of_erased
from tools.flash.packets import BLOCK_BYTES
from tools.flash.steps import Brake, StepError, Told, stating

DEVICE_ID = {"msp430fr2433": 0x8240}
"""Board → what its chip says it is (TI SLASE59F, table 6-21)."""

FASTEST = 115200

UNTOUCHED, ERASED = "nothing was changed on the board", "the board was told to erase itself, as was asked"

RESET_VECTOR = range(0xFFFE, 0x10000)


@dataclass(frozen=True)
class Written:
    """A board that holds the image, read back byte for byte. die: the chip's record of itself, hex; write_s, verify_s:
    seconds; resent: packets."""

    bytes: int
    die: str
    baud: int
    write_s: float
    verify_s: float
    resent: int


def flash_by_bootloader(bootloader: Bootloader, image: Image, permission: EraseAsked | Key, told: Told, brake: Brake,
                        baud: int = FASTEST) -> Written:
    """Writes an image, reads it back and starts it. permission: to erase the chip first, or the key of what lies on it.

    baud: what is asked for; the bootloader may refuse. Raises StepError: which step, which bytes, what is on the board.
    """
    with stating(lambda: UNTOUCHED):
        brake.look("enter")
        bootloader.enter()
    here = ERASED if isinstance(permission, EraseAsked) else UNTOUCHED
    with stating(lambda: here):
        if isinstance(permission, EraseAsked):
            told("erase", 0, 1)
            bootloader.unlock(key_of_erased(bootloader.mass_erase(permission)), baud)
            told("erase", 1, 1)
        else:
            bootloader.unlock(permission, baud)
        die = bootloader.identify(DEVICE_ID[image.mark.board])
        brake.look("identify")
    run = _Run(bootloader, told, brake)
    with stating(run.state):
        run.clear_vectors()
    for vectors, name in ((False, "program"), (True, "vectors")):
        blocks = image.blocks(BLOCK_BYTES, vectors)
        with stating(run.state):
            run.write(blocks, f"write {name}")
            run.verify(blocks, f"verify {name}")
    bootloader.start(image.memory[VECTORS[-1]] << 8 | image.memory[VECTORS[-2]])
    return Written(len(image.memory), die, bootloader.baud, run.write_s, run.verify_s, bootloader.resent)


class _Run:
    """Blocks on their way to the chip and back."""

    def __init__(self, bootloader: Bootloader, told: Told, brake: Brake) -> None:
        self.write_s = self.verify_s = 0.0
        self._bootloader, self._told, self._brake = bootloader, told, brake
        self._written, self._vectors, self._lied = 0, False, False

    def state(self) -> str:
        """What is on the board now."""
        if self._lied:
            return "the board does not hold what it said it had written: do not trust it"
        kept = "a reset vector that was not read back: do not start it" if self._vectors else (
            "no reset vector: it waits in its bootloader")
        return f"the board holds {self._written:,} B of the image and {kept}; flash again, with --erase"

    def clear_vectors(self) -> None:
        """Takes the reset vector first: from then on the chip stays in its bootloader until it has a new one."""
        for places in (RESET_VECTOR, PASSWORD[: -len(RESET_VECTOR)]):
            self._bootloader.write(places[0], b"\xff" * len(places))

    def write(self, blocks: list[tuple[int, bytes]], step: str) -> None:
        """Raises StepError where the bootloader says that a block was not written."""
        began, done = self._bootloader.lines.now(), 0
        for address, data in blocks:
            self._brake.look("write")
            self._vectors |= address in VECTORS
            self._bootloader.write(address, data)
            self._written += len(data)
            done += len(data)
            self._told(step, done, _total(blocks))
        self.write_s += self._bootloader.lines.now() - began

    def verify(self, blocks: list[tuple[int, bytes]], step: str) -> None:
        """Reads every block back. Raises StepError where a byte is another one."""
        began, done = self._bootloader.lines.now(), 0
        for address, data in blocks:
            self._brake.look("verify")
            there = self._bootloader.read("verify", address, len(data))
            if there != data:
                self._lied = True
                at = next(i for i in range(len(data)) if there[i] != data[i])
                raise StepError("verify", f"at {address + at:#06x} the chip holds {there[at : at + 8].hex(' ')}, the "
                                          f"image has {data[at : at + 8].hex(' ')}")
            done += len(data)
            self._told(step, done, _total(blocks))
        self.verify_s += self._bootloader.lines.now() - began


def _total(blocks: list[tuple[int, bytes]]) -> int:
    return sum(len(data) for _, data in blocks)
