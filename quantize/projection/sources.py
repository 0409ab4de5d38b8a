"""A card's tables as source: C for the chip's FRAM, a module for MicroPython."""
from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable

from edge.bridge.points import Form
from quantize.projection.card import TablesCard

WRITTEN = "Written by `masque-quantize projection`"

LINE = 108
"""Characters of numbers or of Base64 in a line."""


def c_source(card: TablesCard) -> str:
    """The text of tables.c."""
    made = card.tables()
    factors = _wrapped(f"{{{a}, {b}}}" for a, b in made.vectors.tolist())
    prototypes = _wrapped(f"{{{{{x}, {y}}}, {reach}, {label}, 0}}" for (x, y), reach, label in
                          zip(made.prototypes.tolist(), made.reaches.tolist(), made.labels.tolist(), strict=True))
    check = int.from_bytes(made.packed()[:2], "little")
    return (f"/* Projection tables, {card.title()}. {WRITTEN};\n   tables.json beside it says from what. */\n"
            '#include "project.h"\n\n'
            '__attribute__((section(".tables"), used)) const struct tables tables = {\n'
            f"    .check = {check},\n    .form = FORM_{Form(made.form).name},\n"
            f"    .begin = {{{made.begin[0]}, {made.begin[1]}}},\n"
            f"    .vectors = {{\n{factors}    }},\n    .prototypes = {{\n{prototypes}    }},\n}};\n")


def _wrapped(items: Iterable[str]) -> str:
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) > LINE:
            lines.append(line)
            line = ""
        line += item + ", "
    return "".join(f"        {text.rstrip()}\n" for text in [*lines, line])


def module_source(card: TablesCard) -> str:
    """The text of tables.py: one literal of Base64, which costs a board's parser less memory than lists of numbers."""
    text = b64encode(card.tables().packed()).decode("ascii")
    lines = "".join(f'    b"{text[at : at + LINE]}"\n' for at in range(0, len(text), LINE))
    return (f'"""Projection tables, {card.title()}. {WRITTEN};\n'
            '`struct tables` of firmware/common/project.h, as it lies in memory."""\n'
            f"from binascii import a2b_base64\n\nIMAGE = a2b_base64(\n{lines})\n")
