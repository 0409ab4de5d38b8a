"""What may unlock a bootloader. A wrong password makes the chip erase itself, information memory and all, without a
word (TI SLAU550AB, 4.1.5.2). So no password is ever tried: keys are made here only, of what is known to lie on a chip.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge.bridge.framing import crc16
from edge.bridge.words import SelfTested
from edge.errors import FlashError
from tools.flash.image import Image
from tools.flash.packets import PASSWORD_BYTES


@dataclass(frozen=True)
class EraseAsked:
    """Somebody said --erase, and was told what is lost. The command line makes it, nothing else."""

    lost: str


@dataclass(frozen=True)
class Erased:
    """The chip was told to erase itself, because somebody asked for it."""

    asked: EraseAsked


@dataclass(frozen=True)
class Key:
    """password (32 bytes). why: how it is known."""

    password: bytes
    why: str


def key_of_running(told: SelfTested | None, images: Iterable[Image]) -> Key | None:
    """The key of the image that a board says it runs; None when it says nothing, or none of the images.

    told: the board's own answer over the wire, CRCs of its program and of the password itself, computed from its memory
    when it was asked. Both have to be an image's: 32 bits, and the answer came in frames that carry 24 more.
    """
    for image in images:
        if told is not None and (told.program, told.password) == (image.mark.check, crc16(image.password)):
            return Key(image.password, f"the board runs {image.name}")
    return None


def permitted(erase: EraseAsked | None, told: SelfTested | None, images: Iterable[Image]) -> EraseAsked | Key:
    """What allows to flash a board: the wish to erase it, or the key of what it says it runs. Raises FlashError where
    there is neither; nothing was sent to the bootloader then."""
    if erase is not None:
        return erase
    key = key_of_running(told, images)
    if key is None:
        said = "says nothing" if told is None else f"runs a program (CRC {told.program:#06x}) of no image known here"
        raise FlashError(f"the board {said}; a wrong password would erase it. Name the image that it runs with "
                         f"--old-image, or let it be erased with --erase")
    return key


def key_of_erased(_: Erased) -> Key:
    """An erased chip's vectors are ff; should it not be erased yet, this erases it, as was asked."""
    return Key(b"\xff" * PASSWORD_BYTES, "the board was erased")
