"""Files that are written by a program are the ones that it would write today."""
from __future__ import annotations

import struct
from pathlib import Path

import pytest

from edge.bridge import words
from edge.bridge.points import Tables
from tools import micropython_mark
from tools.headers import HEADER, MODULE, words_header, words_module
from tools.tables import FIRMWARE, sources, tables


def test_words_h_is_what_words_py_says() -> None:
    assert HEADER.read_text(encoding="ascii") == words_header(), "python -m tools.headers"


def test_the_words_for_micropython_are_what_words_py_says() -> None:
    assert MODULE.read_text(encoding="ascii") == words_module(), "python -m tools.headers"
    names: dict[str, object] = {}
    exec(compile(words_module(), MODULE.name, "exec"), names)
    assert names["KIND_SOLVE"] == words.Kind.SOLVE and names["STATUS_MISSING"] == words.Status.MISSING
    layout, fields = names["SOLVED"]  # type: ignore[misc]
    told = words.Solved(5, 0x1234, 7, 99, 3, words.Status.DONE)
    assert dict(zip(fields, struct.unpack(layout, told.packed()), strict=True)) == vars(told)


def test_the_mark_of_the_picos_firmware_names_its_files_as_they_are() -> None:
    assert micropython_mark.MODULE.read_text(encoding="ascii") == micropython_mark.mark_module(), \
        "python -m tools.micropython_mark"


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.relative_to(FIRMWARE).as_posix())
def test_the_tables_sources_are_what_their_cards_hold(path: Path) -> None:
    assert path.read_text(encoding="ascii") == sources()[path], "python -m tools.tables"


def test_the_pico_holds_the_tables_that_the_other_chips_hold() -> None:
    names: dict[str, bytes] = {}
    module = FIRMWARE / "micropython" / "tables.py"
    exec(compile(module.read_text(encoding="ascii"), module.name, "exec"), names)
    assert Tables.unpacked(names["IMAGE"]).packed() == tables().packed()


@pytest.mark.parametrize("kind", sorted(words.BODIES))
def test_every_word_packs_and_unpacks_and_fits_a_frame(kind: int) -> None:
    word = words.BODIES[kind]
    made = word(*range(1, len(word.codes()) + 1))
    assert word.unpacked(made.packed()) == made
    assert len(made.packed()) <= words.BODY_BYTES
    assert word.unpacked(made.packed() + b"\0") is None


def test_every_request_and_its_answer_has_a_word_or_none_by_design() -> None:
    plain = {words.Kind.PING, words.Kind.CLASSIFY, words.Kind.PART, words.Kind.ANSWER, words.Kind.ALPHA}
    assert {kind for kind in words.Kind} - plain <= set(words.BODIES)
