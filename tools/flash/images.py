"""Where the images are that belong to this program: built in the checkout, or shipped in the wheel."""
from __future__ import annotations

from pathlib import Path

from edge.errors import FlashError

CHECKOUT = Path(__file__).parents[2] / "firmware"
SHIPPED = Path(__file__).parent / "shipped"

PLACES = {"msp430fr2433": ("msp430fr2433/build/masque.elf", "masque.elf"), "pico": ("micropython", "pico")}
"""Board → its place in the checkout's firmware, and among what a wheel ships."""


def image_for(board: str) -> Path:
    """The image to flash unless another one is named: the checkout's own first. Raises FlashError where there is
    none."""
    here, shipped = PLACES[board]
    for place in (CHECKOUT / here, SHIPPED / shipped):
        if place.exists():
            return place
    raise FlashError(f"there is no image for {board}: this wheel was built where clang was missing; build one in a "
                     f"checkout, make -C firmware/{board}, and name it with --image")
