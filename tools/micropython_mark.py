"""The mark of the Pico's firmware: which files it has and what their CRC has to be, for its self-test. `python -m
tools.micropython_mark` writes firmware/micropython/mark.py; a test proves it fresh."""
from __future__ import annotations

from binascii import crc32
from pathlib import Path

FIRMWARE = Path(__file__).parents[1] / "firmware" / "micropython"
MODULE = FIRMWARE / "mark.py"

APART = {"mark.py", "tables.py"}
"""The mark itself; and the tables, which can be replaced alone and carry a CRC of their own."""


def mark_module() -> str:
    """The text of mark.py: names in order, and the lower half of the CRC-32 of the files one after the other, as
    firmware/micropython/self_test.py finds it on the board."""
    files = sorted(path for path in FIRMWARE.glob("*.py") if path.name not in APART)
    check = 0
    for path in files:
        check = crc32(path.read_bytes(), check)
    names = "".join(f'    "{path.name}",\n' for path in files)
    return ('"""The files of this program and what their CRC has to be. Written by `python -m tools.micropython_mark`.'
            f'"""\n\nFILES = (\n{names})\nCHECK = {check & 0xFFFF:#06x}\n')


def main() -> None:
    """Writes the mark anew."""
    MODULE.write_text(mark_module(), encoding="ascii")


if __name__ == "__main__":
    main()
