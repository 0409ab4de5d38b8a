"""Writes the words of edge/bridge/words.py for C (firmware/common/words.h) and for MicroPython
(firmware/micropython/words.py): `python -m tools.headers`; a test proves them fresh."""
from __future__ import annotations

import inspect
import re
import sys
import textwrap
from enum import IntEnum
from pathlib import Path

from edge.bridge import words
from edge.matting import q15
from tools import micropython_mark

FIRMWARE = Path(__file__).parents[1] / "firmware"
HEADER, MODULE = FIRMWARE / "common" / "words.h", FIRMWARE / "micropython" / "words.py"

C_TYPES = {"B": "uint8_t", "H": "uint16_t", "h": "int16_t", "I": "uint32_t"}

CONSTANTS = {
    "VERSION": words.VERSION, "FRAME_BYTES": words.FRAME_BYTES, "BODY_BYTES": words.BODY_BYTES,
    "ROW_BYTES": words.ROW_BYTES, "SLOTS": q15.SLOTS, "ONE": q15.ONE, "SIGNAL_SAMPLES": words.SIGNAL_SAMPLES,
    "PIECE_SAMPLES": words.PIECE_SAMPLES, "KNOWN_BYTES": words.KNOWN_BYTES, "ALONE": words.ALONE,
    "TEST_UNKNOWNS": words.TEST_UNKNOWNS, "TEST_SWEEPS": words.TEST_SWEEPS, "TEST_SAMPLES": words.TEST_SAMPLES,
    "TEST_MS": words.TEST_MS,
}


ENUMS = (words.Kind, words.Status, words.Chip, words.What)


def _all_words() -> list[type[words.Word]]:
    return [word for _, word in inspect.getmembers(words, inspect.isclass)
            if issubclass(word, words.Word) and word is not words.Word]


def words_module() -> str:
    """The text of words.py for MicroPython, which has no dataclasses: constants, and for every word the fields and
    their layout in `struct`."""
    parts = ['"""The words of the wire. Written by `python -m tools.headers` from edge/bridge/words.py: change them '
             'there."""',
             "".join(f"{name} = {value}\n" for name, value in CONSTANTS.items()).rstrip()]
    parts += ["\n".join(f"{kind.__name__.upper()}_{member.name} = {member.value}" for member in kind) for kind in ENUMS]
    parts += [_named_tuple(word) for word in _all_words()]
    return "\n\n".join(parts) + "\n"


def _named_tuple(word: type[words.Word]) -> str:
    """NAME = (layout, (field, …)), in lines of at most 120 characters."""
    fields = "".join(f"\"{field}\", " for field, _ in word.codes()).rstrip()
    text = f"{_snake(word).upper()} = (\"{word.layout().format}\", ({fields.removesuffix(',')},))"
    return "\n".join(textwrap.wrap(text, 120, subsequent_indent="    "))


def words_header() -> str:
    """The text of words.h."""
    parts = ["/* The words of the wire. Written by `python -m tools.headers` from edge/bridge/words.py: change them "
             "there. */",
             "#ifndef MASQUE_WORDS_H\n#define MASQUE_WORDS_H\n\n#include <stdint.h>",
             _enum("", CONSTANTS)]
    parts += [_enum(f"{kind.__name__.upper()}_", {member.name: member.value for member in kind})
              for kind in ENUMS]
    parts += [_struct(word) for word in _all_words()]
    return "\n\n".join([*parts, "#endif"]) + "\n"


def _enum(prefix: str, members: dict[str, int]) -> str:
    lines = "".join(f"    {prefix}{name} = {value},\n" for name, value in members.items())
    return f"enum {{\n{lines}}};"


def _struct(word: type[words.Word]) -> str:
    """Without gaps only where every field lies at a multiple of its size: what the assertion checks on each machine."""
    name = _snake(word)
    lines = "".join(f"    {C_TYPES[code]} {field};\n" for field, code in word.codes())
    bits = word.layout().size
    return (f"struct {name} {{\n{lines}}} __attribute__((packed));\n"
            f"_Static_assert(sizeof(struct {name}) == {bits}, \"{word.__name__} has {bits} bytes\");")


def _snake(word: type[words.Word]) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", word.__name__).lower()


def main() -> None:
    """Writes both anew, and the mark of the Pico's firmware, which covers its words."""
    assert issubclass(words.Kind, IntEnum)
    HEADER.write_text(words_header(), encoding="ascii")
    MODULE.parent.mkdir(exist_ok=True)
    MODULE.write_text(words_module(), encoding="ascii")
    micropython_mark.main()
    print(HEADER, MODULE, file=sys.stderr)


if __name__ == "__main__":
    main()
