"""Every message of the wire, once: `python -m tools.headers` writes firmware/common/words.h from this file.

A message is a kind, a sequence number and a body; a body is one of the dataclasses below, little-endian, without gaps.
The microcontroller answers a request of kind k with k + ANSWER and the same sequence number; a request that it has
just answered it does not carry out again, it repeats the answer. firmware/wire.md shows each message as bytes.
"""
from __future__ import annotations

import struct
from dataclasses import astuple, dataclass, fields
from enum import IntEnum
from typing import Annotated, Any, Self, get_type_hints

U8 = Annotated[int, "B"]
U16 = Annotated[int, "H"]
I16 = Annotated[int, "h"]
U32 = Annotated[int, "I"]
"""An integer field and its code in `struct`."""

VERSION = 1
"""Of these words. Both sides refuse to work with another one."""

FRAME_BYTES = 64
"""The longest frame on the wire: COBS code, kind, sequence, body, fold, CRC (2), delimiter."""

BODY_BYTES = FRAME_BYTES - 7

ROW_BYTES = 10
"""A row of a tile: bias, then four times neighbour and weight."""

SIGNAL_SAMPLES, PIECE_SAMPLES = 800, 50
"""Samples of a signal, and how many of them one request carries."""

KNOWN_BYTES = 48
"""Columns whose labels one request carries."""

ALONE = 255
"""The column number of a signal that is classified instead of becoming a point."""

TEST_UNKNOWNS, TEST_SWEEPS = 96, 16
"""The tile that a self-test solves, drawn from its seed (edge/bridge/self_test.py)."""

TEST_SAMPLES, TEST_MS = 256, 100
"""Samples of the microphone that a self-test hears, and for how long it waits for them."""


class Kind(IntEnum):
    """What a message is. Requests; the answer's kind is the request's + ANSWER."""

    HELLO = 0x01
    PING = 0x02
    SOLVE = 0x03
    READ = 0x04
    SIGNAL = 0x05
    CLASSIFY = 0x06
    KNOWN = 0x07
    COLUMNS = 0x08
    EVENTS = 0x09
    LAMPS = 0x0A
    COUNTDOWN = 0x0B
    LISTEN = 0x0C
    SELF_TEST = 0x0D
    PART = 0x40
    """+ number: BODY_BYTES bytes of a tile (the last part fewer). Its sequence number is the tile's; it has no
    answer."""
    ANSWER = 0x80
    FAULT = 0xBF
    ALPHA = 0xC0
    """+ number: BODY_BYTES bytes of a tile's alphas (the last fewer), each Q15; its sequence number is the tile's."""


class Status(IntEnum):
    """How a request went."""

    DONE = 0
    MISSING = 1
    """Parts of the tile have not arrived; `missing` says which."""
    DAMAGED = 2
    """All parts arrived and their CRC is not the request's: send all again."""
    REFUSED = 3
    """The tile would not be sound: see edge/matting/q15.py."""
    UNKNOWN = 4
    """No such kind of request, or its body has another length."""
    NOTHING = 5
    """There is nothing to answer with: no such tile, no complete signal."""


class Chip(IntEnum):
    """On what the firmware runs."""

    HOST = 0
    MSP430FR2433 = 1
    PICO = 2


class What(IntEnum):
    """What happened."""

    NONE = 0
    PRESS = 1
    RELEASE = 2
    TRIGGER = 3
    COUNTED = 4
    """A countdown reached zero."""


class Word:
    """A body: its fields, in order, are its bytes."""

    @classmethod
    def layout(cls) -> struct.Struct:
        """The bytes of the body, little-endian, without gaps."""
        return struct.Struct("<" + "".join(code for _, code in cls.codes()))

    @classmethod
    def codes(cls) -> list[tuple[str, str]]:
        """(field, code in `struct`) in the order of the bytes."""
        hints: dict[str, Any] = get_type_hints(cls, include_extras=True)
        return [(field.name, hints[field.name].__metadata__[0]) for field in fields(cls)]  # type: ignore[arg-type]

    def packed(self) -> bytes:
        """The body as bytes. Raises struct.error where a number does not fit its field."""
        return self.layout().pack(*astuple(self))  # type: ignore[call-overload]

    @classmethod
    def unpacked(cls, body: bytes) -> Self | None:
        """The body from bytes; None where they are too many or too few."""
        layout = cls.layout()
        return cls(*layout.unpack(body)) if len(body) == layout.size else None


@dataclass(frozen=True)
class AskHello(Word):
    """session: any number but 0 that the host drew, version: of the words that it speaks. The device forgets the
    request that it answered last, and keeps its events."""

    session: U16
    version: U8


@dataclass(frozen=True)
class Hello(Word):
    """What the device is. unknowns, slots, columns, prototypes: the most that it holds; tables: CRC of its projection
    tables; damaged: frames that arrived unsound since its start, modulo 65,536."""

    version: U8
    chip: U8
    unknowns: U8
    slots: U8
    columns: U8
    prototypes: U8
    tables: U16
    damaged: U16


@dataclass(frozen=True)
class AskSolve(Word):
    """Solve the tile whose parts were sent. check: CRC of its bytes (rows, then guesses); step (Q15), sweeps: as in
    `solve_tile`."""

    check: U16
    step: U16
    tile: U8
    unknowns: U8
    sweeps: U8


@dataclass(frozen=True)
class Solved(Word):
    """missing: bit p is set where part p has not arrived; check: CRC of all alphas; change: the last sweep's largest,
    Q15; ms: time of the sweeps on the device."""

    missing: U32
    check: U16
    change: U16
    ms: U16
    sweeps: U8
    status: U8


@dataclass(frozen=True)
class AskRead(Word):
    """Send alphas of a solved tile: bit p of `wanted` asks for ALPHA + p. A status answers when there is none to
    send."""

    tile: U8
    wanted: U8


@dataclass(frozen=True)
class AskSignalHead(Word):
    """Before PIECE_SAMPLES signed bytes: samples / 4 of a column (or ALONE), from sample `offset` on, in order."""

    offset: U16
    column: U8


@dataclass(frozen=True)
class Signalled(Word):
    """next: the sample that the device waits for, SIGNAL_SAMPLES when it has all; then x, y are its projection."""

    next: U16
    x: I16
    y: I16
    column: U8
    status: U8


@dataclass(frozen=True)
class Classified(Word):
    """The class among the nearest prototypes, 0 for none; distance: to the nearest prototype of that class."""

    distance: U16
    label: U8
    status: U8


@dataclass(frozen=True)
class AskKnownHead(Word):
    """Before KNOWN_BYTES labels: 0 background, 255 foreground, 128 unknown, of the columns from `first` on."""

    first: U8


@dataclass(frozen=True)
class AskColumns(Word):
    """Link the first `columns` points to their nearest and solve; the alphas are read as tile `tile`. check: CRC of the
    points (x, y each), then of the labels: whoever was reset in between has others."""

    check: U16
    step: U16
    tile: U8
    columns: U8
    sweeps: U8


@dataclass(frozen=True)
class AskEvents(Word):
    """seen: the number of the last event that the host has; the device forgets it and those before it, if the session
    is the one that its last HELLO named."""

    session: U16
    seen: U16


@dataclass(frozen=True)
class Event(Word):
    """session: what the device knows; another one: it was reset. number: from 1, modulo 65,536, 0 for "nothing
    happened". ms: the device's clock; distance: of a trigger; which: button 0 or 1, or a trigger's class; waiting:
    events after this one; lost: those it had no room for."""

    session: U16
    number: U16
    ms: U16
    distance: U16
    what: U8
    which: U8
    waiting: U8
    lost: U8


@dataclass(frozen=True)
class AskLamps(Word):
    """Bit l switches lamp l on; ends a countdown."""

    lamps: U8


@dataclass(frozen=True)
class AskCountdown(Word):
    """The lamps blink `steps` times, `step_ms` each; then an event COUNTED."""

    step_ms: U16
    steps: U8


@dataclass(frozen=True)
class AskListen(Word):
    """The microphone starts a signal when a sample's magnitude reaches `level` (of 512); 0: it does not listen."""

    level: U16


@dataclass(frozen=True)
class AskSelfTest(Word):
    """Test yourself. seed: what the tile and the signal are drawn from; who has just another seed's answer is found
    out. Ends a countdown and listening; the tile is forgotten, columns, signal and events are kept."""

    seed: U16


@dataclass(frozen=True)
class SelfTested(Word):
    """What a device found out about itself; who asked knows what is right.

    ram_bytes: so many were tested (0: none can be), ram_fault: address of the first that failed, 0 for none. program:
    CRC of the program as it now lies in memory, program_due: as its mark says (0: it has no mark); password: CRC of
    the bytes that its bootloader takes as a password (0: there is none); tables, tables_due: of the projection tables.
    tile: CRC of the alphas of the seed's tile; x, y: point of the seed's signal. heard: samples of the microphone that
    came in TEST_MS, at most TEST_SAMPLES; mean: their sum / TEST_SAMPLES, loudest: magnitude. ms: of the whole.
    buttons: bits of those that are down; lamps: bits of those whose pin followed.
    """

    ram_bytes: U16
    ram_fault: U16
    program: U16
    program_due: U16
    password: U16
    tables: U16
    tables_due: U16
    tile: U16
    x: I16
    y: I16
    heard: U16
    mean: I16
    loudest: U16
    ms: U16
    buttons: U8
    lamps: U8


@dataclass(frozen=True)
class Plain(Word):
    """The answer of a request that only succeeds or fails; the body of FAULT."""

    status: U8


BODIES: dict[int, type[Word]] = {
    Kind.HELLO: AskHello, Kind.HELLO | Kind.ANSWER: Hello,
    Kind.SOLVE: AskSolve, Kind.SOLVE | Kind.ANSWER: Solved,
    Kind.READ: AskRead, Kind.READ | Kind.ANSWER: Plain,
    Kind.SIGNAL: AskSignalHead, Kind.SIGNAL | Kind.ANSWER: Signalled,
    Kind.CLASSIFY | Kind.ANSWER: Classified,
    Kind.KNOWN: AskKnownHead, Kind.KNOWN | Kind.ANSWER: Plain,
    Kind.COLUMNS: AskColumns, Kind.COLUMNS | Kind.ANSWER: Solved,
    Kind.EVENTS: AskEvents, Kind.EVENTS | Kind.ANSWER: Event,
    Kind.LAMPS: AskLamps, Kind.LAMPS | Kind.ANSWER: Plain,
    Kind.COUNTDOWN: AskCountdown, Kind.COUNTDOWN | Kind.ANSWER: Plain,
    Kind.LISTEN: AskListen, Kind.LISTEN | Kind.ANSWER: Plain,
    Kind.SELF_TEST: AskSelfTest, Kind.SELF_TEST | Kind.ANSWER: SelfTested,
    Kind.FAULT: Plain,
}
"""Kind → body (of SIGNAL and KNOWN: how it begins). PING carries any bytes; CLASSIFY, PART and ALPHA have no word."""
