"""Writes the corpus of the fuzzer anew: `python tests/firmware/write_corpus.py`. Whole sessions, so that it need not
guess a tile's CRC."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.bridge.device import tile_bytes
from edge.bridge.framing import crc16, encoded
from edge.bridge.points import Tables, projected
from edge.bridge.words import (
    ALONE,
    BODY_BYTES,
    AskColumns,
    AskCountdown,
    AskEvents,
    AskHello,
    AskKnownHead,
    AskLamps,
    AskListen,
    AskRead,
    AskSelfTest,
    AskSignalHead,
    AskSolve,
    Kind,
)
from edge.matting.q15 import KnnTile, quantised
from tools.tables import tables

FOLDER = Path(__file__).parent / "corpus"

Message = tuple[int, int, bytes]


def script(messages: list[Message]) -> bytes:
    """As fuzz.c reads one: a zero, then body length, kind, sequence, body of each message."""
    return b"\0" + b"".join(bytes((len(body), kind, sequence)) + body for kind, sequence, body in messages)


def some_tile(n: int) -> KnnTile:
    rng = np.random.default_rng(n)
    shares = rng.dirichlet([1.0] * 5, n)
    return quantised(rng.integers(0, n, (n, 4)), shares[:, :4], shares[:, 4] * rng.random(n), rng.random(n))


def tile_session(tile: KnnTile) -> list[Message]:
    image = tile_bytes(tile)
    parts = [(Kind.PART + at // BODY_BYTES, 3, image[at : at + BODY_BYTES]) for at in range(0, len(image), BODY_BYTES)]
    return [*parts, (Kind.SOLVE, 1, AskSolve(crc16(image), 4, 3, len(tile.bias), 20).packed()),
            (Kind.READ, 2, AskRead(3, 15).packed()), (Kind.READ, 3, AskRead(4, 1).packed())]


def signal_messages(samples: np.ndarray, column: int, first: int) -> list[Message]:
    pieces = samples.astype(np.int8)
    return [(Kind.SIGNAL, (first + i) & 0xFF, AskSignalHead(at, column).packed() + pieces[at : at + 50].tobytes())
            for i, at in enumerate(range(0, 800, 50))]


def columns_session(made: Tables) -> list[Message]:
    columns = np.random.default_rng(1).integers(-20, 21, (3, 800)).cumsum(axis=1).clip(-128, 127)
    labels = bytes((0, 128, 255))
    points = np.array([projected(made, column * 4) for column in columns], "<i2")
    sent = [message for i, column in enumerate(columns) for message in signal_messages(column, i, 16 * i)]
    return [*sent, (Kind.KNOWN, 60, AskKnownHead(0).packed() + labels + bytes(45)),
            (Kind.COLUMNS, 61, AskColumns(crc16(points.tobytes() + labels), 4, 9, 3, 30).packed()),
            (Kind.READ, 62, AskRead(9, 1).packed())]


def small_talk() -> list[Message]:
    asks = [(Kind.HELLO, AskHello(7, 1)), (Kind.LAMPS, AskLamps(3)), (Kind.COUNTDOWN, AskCountdown(2, 3)),
            (Kind.EVENTS, AskEvents(7, 0)), (Kind.EVENTS, AskEvents(7, 1)), (Kind.LISTEN, AskListen(3)),
            (Kind.EVENTS, AskEvents(8, 2)), (Kind.SELF_TEST, AskSelfTest(0x1357))]
    return [(kind, number, ask.packed()) for number, (kind, ask) in enumerate(asks)] + [(Kind.PING, 9, b"masque")]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    clap = (300 * np.exp(-np.arange(800) / 90) * np.cos(np.arange(800) / 3) / 4).round()
    sessions = {"tile": tile_session(some_tile(96)), "small-tile": tile_session(some_tile(5)), "talk": small_talk(),
                "columns": columns_session(tables()),
                "signal": [*signal_messages(clap, ALONE, 0), (Kind.CLASSIFY, 16, b"")]}
    for name, messages in sessions.items():
        (FOLDER / name).write_bytes(script(messages))
    wire = b"".join(encoded(*message) for message in sessions["talk"])
    (FOLDER / "wire").write_bytes(b"\1" + wire + wire[:9] + b"\0\xff\xff\0" + b"\x40" * 90 + b"\0" + wire[3:])


if __name__ == "__main__":
    main()
