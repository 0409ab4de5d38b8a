"""The projection tables for MicroPython: the text of firmware/micropython/tables.py. `python -m tools.tables` writes it
beside firmware/common/tables.c, from the same tables."""
from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from edge.bridge.points import Tables

MODULE = Path(__file__).parents[1] / "firmware" / "micropython" / "tables.py"

LINE = 104
"""Characters of Base64 in a line."""


def module_source(made: Tables, title: str) -> str:
    """The tables as one literal of Base64, which costs a board's parser less memory than lists of numbers. title: what
    they were fitted to."""
    text = b64encode(made.packed()).decode("ascii")
    lines = "".join(f'    b"{text[at : at + LINE]}"\n' for at in range(0, len(text), LINE))
    return (f'"""Projection tables, {title}. Written by\n`python -m tools.tables`; '
            '`struct tables` of firmware/common/project.h, as it lies in memory."""\n'
            f"from binascii import a2b_base64\n\nIMAGE = a2b_base64(\n{lines})\n")
