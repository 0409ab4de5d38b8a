"""Files that are written by a program are the ones that it would write today."""
from __future__ import annotations

import struct

import numpy as np
import pytest

from edge.bridge import words
from edge.bridge.points import Tables
from tools import micropython_mark
from tools.headers import HEADER, MODULE, words_header, words_module
from tools.tables import SOURCE, c_source, tables, title
from tools.tables_module import MODULE as TABLES_MODULE
from tools.tables_module import module_source


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


def test_tables_c_has_the_shape_of_what_tables_py_fits() -> None:
    """Not byte for byte: another build of the linear algebra may round a factor the other way."""
    def numbers(text: str) -> np.ndarray:
        body = text.split(".vectors")[1].split(".prototypes")[0]
        return np.array([int(word) for word in body.replace("{", " ").replace("}", " ").replace(",", " ").split()
                         if word.lstrip("-").isdigit()])

    kept, fitted = numbers(SOURCE.read_text(encoding="ascii")), numbers(c_source(tables()))
    assert kept.shape == fitted.shape == (1600,)
    assert np.abs(kept - fitted).max() <= 2, "python -m tools.tables"


def test_the_tables_for_micropython_are_those_of_tables_c() -> None:
    names: dict[str, bytes] = {}
    kept = TABLES_MODULE.read_text(encoding="ascii")
    exec(compile(kept, TABLES_MODULE.name, "exec"), names)
    made = Tables.unpacked(names["IMAGE"])
    assert c_source(made) == SOURCE.read_text(encoding="ascii"), "python -m tools.tables"
    assert kept == module_source(made, title())


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
