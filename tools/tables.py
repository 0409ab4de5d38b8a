"""The sources of the tables that ship, written from their cards, firmware/tables/NAME/tables.json: tables.c beside
each, and firmware/micropython/tables.py: `python -m tools.tables`.

The cards are what `masque-quantize projection --out firmware/tables/NAME` wrote; it takes minutes, and columns need
pictures, so a test proves the sources fresh, not the fit.
"""
from __future__ import annotations

from pathlib import Path

from edge.bridge.points import Tables
from quantize.projection.card import NAME, TablesCard, read_tables_card
from quantize.projection.sources import c_source, module_source

FIRMWARE = Path(__file__).parents[1] / "firmware"

SETS = ("microphone", "columns")
"""TABLES=… of the Makefiles."""

FIRST = SETS[0]
"""What an image holds unless another is asked for, and what the Pico holds."""


def shipped_card(name: str = FIRST) -> TablesCard:
    """The card of tables that ship."""
    return read_tables_card(FIRMWARE / "tables" / name / NAME)


def tables(name: str = FIRST) -> Tables:
    """The tables that ship."""
    return shipped_card(name).tables()


def sources() -> dict[Path, str]:
    """Every file that is written from a card, and its text."""
    made = {FIRMWARE / "tables" / name / "tables.c": c_source(shipped_card(name)) for name in SETS}
    return made | {FIRMWARE / "micropython" / "tables.py": module_source(shipped_card())}


def main() -> None:
    """Writes the sources anew."""
    for path, text in sources().items():
        path.write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
