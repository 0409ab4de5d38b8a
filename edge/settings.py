"""A number with its unit and its source, as TOML writes it, and what to say when it is wrong.

`{ value = 4, unit = "threads", source = "BCM2711: four Cortex-A72 cores" }` becomes a `Setting`; a word has
no unit and becomes a `Choice`. Shapes are msgspec structs: type, range and unit stand in the annotation, and
messages read them from there, so that no bound is written down twice.
"""
from __future__ import annotations

import difflib
import json
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta, inspect

Source = Annotated[str, Meta(min_length=10)]
"""A document, a measurement, or "chosen: …" with the reason; a target says "not measured on this board"."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML table: every key is known, nothing changes after reading."""


CONVERTING = threading.Lock()
"""msgspec learns a generic struct when it first converts one; two threads that do so at once crash the process (0.22,
seen in every other of 12 runs)."""

Value = TypeVar("Value")
Unit = TypeVar("Unit")
Shape = TypeVar("Shape", bound=Table)


class Setting(Table, Generic[Value, Unit], frozen=True):
    """A number: value (its annotation holds type and range), unit (exactly the expected one), source."""

    value: Value
    unit: Unit
    source: Source


class Choice(Table, Generic[Value], frozen=True):
    """A word: value (one of those that its annotation lists), source."""

    value: Value
    source: Source


def read_toml(path: Path) -> tuple[dict[str, Any], list[str]]:
    """(the file as dictionaries, []), or ({}, [why not]): unreadable, or not TOML (with line and column)."""
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream), []
    except OSError as error:
        return {}, [f"{located(path)}: cannot be read: {error.strerror}"]
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError
        return {}, [f"{located(path)}: not TOML: {error}"]


def located(path: Path) -> Path:
    """The file as messages name it: `board_configs/pi4b.toml`."""
    return Path(path.parent.name, path.name)


def converted(raw: dict[str, Any], shape: type[Shape], path: Path) -> tuple[Shape | None, list[str]]:
    """(the struct, []), or (None, one line for each thing that is wrong, with path and dotted key)."""
    with CONVERTING:
        try:
            return msgspec.convert(raw, shape), []
        except msgspec.ValidationError:
            return None, [f"{located(path)}: {problem}" for problem in problems(raw, shape)]


def problems(raw: object, shape: Any, key: str = "") -> Iterator[str]:
    """Everything that keeps raw from being a `shape`; key is the dotted way to raw, "" at the top.

    msgspec stops at the first problem and leaves out the value that it found: hence this second look.
    """
    entry = _entry(shape)
    if entry is not None and isinstance(raw, list):
        found = [problem for place, part in enumerate(raw) for problem in problems(part, entry, f"{key}[{place}]")]
        if found:
            yield from found
            return
    if not _is_table(shape):
        try:
            msgspec.convert(raw, shape)
        except msgspec.ValidationError:
            yield f"{key} = {shown(raw)}: must be {allowed(shape)}"
        return
    if not isinstance(raw, dict):
        yield f"{key} = {shown(raw)}: must be {allowed(shape)}"
        return
    fields = msgspec.structs.fields(shape)
    names = [field.name for field in fields]
    for name in raw:
        if name not in names:
            yield f"{_dotted(key, name)}: unknown key; {_nearest(name, names)}"
    for field in fields:
        dotted = key if field.name == "value" else _dotted(key, field.name)
        if field.name in raw:
            yield from problems(raw[field.name], field.type, dotted)
        elif field.required:
            yield f"{dotted}: {field.name} is missing; it must be {allowed(field.type)}"


def allowed(shape: Any) -> str:
    """What a value may be, in words: `a whole number from 1 to 16`, `"cpu" or "edgetpu"`."""
    if _is_table(shape):
        return "{ " + ", ".join(field.name for field in msgspec.structs.fields(shape)) + " }"
    return _words(inspect.type_info(shape))


def shown(raw: object) -> str:
    """A value in one line, spelt as in TOML: `true`, `"4"`, `[1, 2]`."""
    return json.dumps(raw, ensure_ascii=False, default=str)


def _words(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType():
            return "a whole number " + _range(kind)
        case inspect.FloatType():
            return "a number " + _range(kind)
        case inspect.Metadata(extra_json_schema={"description": words}):
            return words
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType(max_length=None):
            return f"a text of {kind.min_length or 0} characters or more"
        case inspect.StrType():
            return f"a text of {kind.min_length or 0} to {kind.max_length} characters"
        case inspect.DictType():
            return f"a table, each key {_words(kind.key_type)}, each value {_words(kind.value_type)}"
        case inspect.VarTupleType(item_type=inspect.StructType(cls=table)):
            return f"{kind.min_length or 0} to {kind.max_length} tables {allowed(table)}"
        case inspect.LiteralType():
            return " or ".join(shown(value) for value in kind.values)
        case inspect.VarTupleType():
            return "a list, each entry " + _words(kind.item_type)
    raise TypeError(f"no words for {kind}: settings are numbers, texts, choices and lists")


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    least = f"above {kind.gt}" if kind.ge is None else f"from {kind.ge}"
    step = f", a multiple of {kind.multiple_of}" if kind.multiple_of else ""
    return f"{least} to {kind.le}{step}"


def _entry(shape: Any) -> Any:
    """Table, where the shape is a list of tables; else None."""
    plain = get_args(shape)[0] if get_origin(shape) is Annotated else shape
    inside = get_args(plain) if get_origin(plain) is tuple else ()
    return inside[0] if inside and _is_table(inside[0]) else None


def _is_table(shape: Any) -> bool:
    origin = get_origin(shape) or shape
    return isinstance(origin, type) and issubclass(origin, Table)


def _dotted(key: str, name: str) -> str:
    name = name if name.isidentifier() else shown(name)
    return f"{key}.{name}" if key else name


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
