"""A microcontroller with our firmware, in whole tasks: solve a tile, project a signal, tell what happened."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge.board_shapes import SolverBoard
from edge.bridge import words
from edge.bridge.framing import crc16
from edge.bridge.link import ANSWER_S, Link
from edge.bridge.points import UNDECIDED, Point, Verdict
from edge.bridge.words import ALONE, BODY_BYTES, Kind, Status
from edge.errors import BridgeError, TileError
from edge.matting.q15 import STEP, KnnTile, TileAnswer

ROUNDS = 40
"""How often a task begins again or goes on after a loss before the wire is given up."""

THINK_S = 0.4
"""For how long an answer is awaited first when the device has to solve: 64 sweeps take 55 ms at 16 MHz, by the
simulator's cycles. Who asks again too early does no harm, the answer is repeated."""

SELF_TEST_S = 1.0
"""For how long a self-test is awaited first: by the simulator's cycles it takes 0.2 s at 16 MHz, a tenth of a second of
it for a microphone that says nothing."""

CHIPS = {"msp430fr2433": words.Chip.MSP430FR2433, "pico": words.Chip.PICO}
"""Board → what its HELLO must say. The PC build of the firmware passes for any board."""


class Timed(NamedTuple):
    """A tile's answer, and the device's own time for its sweeps."""

    answer: TileAnswer
    ms: int


class Device:
    """What hangs on a link."""

    def __init__(self, link: Link) -> None:
        """Greets the device. Raises BridgeError when there is none, or its firmware is of another version."""
        self.link = link
        self.hello = link.hello()
        self._tile = link.session & 0xFF
        self._seen = 0

    def check(self, board: SolverBoard) -> None:
        """Raises BridgeError, with both, when the device is not what the board file says."""
        chip, wanted = words.Chip(self.hello.chip), CHIPS.get(board.name, words.Chip.HOST)
        if chip not in (words.Chip.HOST, wanted):
            raise BridgeError(f"the device is a {chip.name.lower()}, the board file is for {board.name}; name the "
                              f"right one with --board")
        for name, there, asked in (("unknowns", self.hello.unknowns, board.solve.max_unknowns.value),
                                   ("neighbours", self.hello.slots, board.solve.neighbours.value)):
            if there < asked:
                raise BridgeError(f"the device holds tiles of {there} {name}, {board.name}.toml says {asked}; correct "
                                  f"the file or flash the firmware that belongs to it")

    def board_name(self, otherwise: str) -> str:
        """Of the board file that belongs to the chip; `otherwise` for the PC build, which passes for any."""
        return next((name for name, chip in CHIPS.items() if chip == self.hello.chip), otherwise)

    def ping(self, body: bytes = b"masque") -> None:
        """Raises BridgeError when the device does not answer with the same bytes (at most 57)."""
        if self.link.exchange(Kind.PING, body) != body:
            raise BridgeError("the device answered a ping with other bytes; is its wire shared?")

    def solve(self, tile: KnnTile, sweeps: int, step: int = STEP) -> Timed:
        """The alphas of a tile: bit for bit those of `solve_tile`. Raises TileError when the device refuses the tile,
        BridgeError when it stays away."""
        image = tile_bytes(tile)
        self._tile = (self._tile + 1) & 0xFF
        ask = words.AskSolve(crc16(image), step, self._tile, len(tile.bias), sweeps)
        missing = (1 << _parts(len(image))) - 1
        for _ in range(ROUNDS):
            for part in _set_bits(missing):
                self.link.post(Kind.PART + part, self._tile, image[part * BODY_BYTES : (part + 1) * BODY_BYTES])
            solved = self._asked(Kind.SOLVE, ask)
            if solved.status == Status.REFUSED:
                raise TileError(f"the device refuses a tile of {len(tile.bias)} unknowns; it holds "
                                f"{self.hello.unknowns}")
            if solved.status == Status.DONE:
                alpha = self._alphas(self._tile, len(tile.bias), solved.check)
                if alpha is not None:
                    return Timed(TileAnswer(alpha, solved.sweeps, solved.change), solved.ms)
            everything = (1 << _parts(len(image))) - 1
            missing = solved.missing if solved.status == Status.MISSING else everything
        raise BridgeError(f"a tile did not get through in {ROUNDS} rounds; the wire is too noisy")

    def place(self, samples: np.ndarray, column: int = ALONE) -> Point:
        """samples (800,) int in −512..511 (sent in steps of 4) → where the device sees them. column: 0 to 95, or
        ALONE."""
        pieces = np.clip((samples + 2) // 4, -128, 127).astype(np.int8)
        at = 0
        for _ in range(ROUNDS + words.SIGNAL_SAMPLES // words.PIECE_SAMPLES):
            body = words.AskSignalHead(at, column).packed() + pieces[at : at + words.PIECE_SAMPLES].tobytes()
            answer = words.Signalled.unpacked(self.link.exchange(Kind.SIGNAL, body))
            if answer is None or answer.column != column or answer.next % words.PIECE_SAMPLES:
                at = 0
            elif answer.next == words.SIGNAL_SAMPLES:
                return Point(answer.x, answer.y)
            else:
                at = answer.next
        raise BridgeError(f"a signal did not get through in {ROUNDS} rounds; the wire is too noisy")

    def classify(self, samples: np.ndarray) -> Verdict:
        """samples as in `place` → the class that the device hears in them."""
        for _ in range(ROUNDS):
            self.place(samples)
            answer = words.Classified.unpacked(self.link.exchange(Kind.CLASSIFY))
            if answer is not None and answer.status == Status.DONE:
                return Verdict(answer.label, answer.distance)
        raise BridgeError("the device forgot a signal again and again; it resets")

    def solve_columns(self, signals: np.ndarray, labels: Sequence[int], sweeps: int,
                      step: int = STEP) -> tuple[list[Point], Timed]:
        """SPEC 2.5: signals (n, 800) int, 2 to 96 columns of an image; labels (n,): 0, 128 for unknown, 255. The device
        projects, links and solves; its points, and the alphas of all columns."""
        for _ in range(ROUNDS):
            points = [self.place(signal, column) for column, signal in enumerate(signals)]
            self._label(labels)
            self._tile = (self._tile + 1) & 0xFF
            check = crc16(np.array(points, "<i2").tobytes() + bytes(labels))
            solved = self._asked(Kind.COLUMNS, words.AskColumns(check, step, self._tile, len(labels), sweeps))
            if solved.status == Status.REFUSED:
                raise TileError(f"the device refuses {len(labels)} columns; it takes 2 to {self.hello.columns}")
            if solved.status == Status.DONE:
                alpha = self._alphas(self._tile, len(labels), solved.check)
                if alpha is not None:
                    return points, Timed(TileAnswer(alpha, solved.sweeps, solved.change), solved.ms)
        raise BridgeError("the device forgot its columns again and again; it resets")

    def next_event(self) -> words.Event | None:
        """What happened next, None when nothing did. Each is told once, none is left out but those that the device had
        no room for (`lost`)."""
        event = self._event()
        if event.session != self.link.session:
            self.hello = self.link.hello()
            self._seen = 0
            event = self._event()
        if event.what == words.What.NONE or event.number == self._seen:
            return None
        self._seen = event.number
        self._event()  # says that it was seen: the next host shall not hear it again
        return event

    def lamps(self, lamps: int) -> None:
        """Bit l switches lamp l on."""
        self.link.ask(Kind.LAMPS, words.AskLamps(lamps), words.Plain)

    def countdown(self, steps: int, step_ms: int = 1000) -> None:
        """The lamps blink `steps` times; then the event COUNTED comes."""
        self.link.ask(Kind.COUNTDOWN, words.AskCountdown(step_ms, steps), words.Plain)

    def listen(self, level: int) -> None:
        """The microphone waits for a sample of this magnitude (1 to 511); 0 ends that."""
        self.link.ask(Kind.LISTEN, words.AskListen(level), words.Plain)

    def self_test(self, seed: int) -> words.SelfTested:
        """What the device finds out about itself (edge/bridge/self_test.py judges it). seed: 1 to 65,535. The tile that
        was there is forgotten, a countdown and listening end."""
        return self.link.ask(Kind.SELF_TEST, words.AskSelfTest(seed), words.SelfTested, SELF_TEST_S)

    def _event(self) -> words.Event:
        return self.link.ask(Kind.EVENTS, words.AskEvents(self.link.session, self._seen), words.Event)

    def _asked(self, kind: Kind, ask: words.AskSolve | words.AskColumns) -> words.Solved:
        return self.link.ask(kind, ask, words.Solved, THINK_S)

    def _label(self, labels: Sequence[int]) -> None:
        step = words.KNOWN_BYTES
        padded = bytes(labels) + bytes([UNDECIDED]) * (-len(labels) % step)
        for first in range(0, len(padded), step):
            self.link.exchange(Kind.KNOWN, words.AskKnownHead(first).packed() + padded[first : first + step])

    def _alphas(self, tile: int, unknowns: int, check: int) -> np.ndarray | None:
        """The alphas (n,) uint16 of a solved tile; None when the device has forgotten them."""
        parts = _parts(2 * unknowns)
        got: dict[int, bytes] = {}
        for _ in range(ROUNDS):
            wanted = sum(1 << part for part in range(parts) if Kind.ALPHA + part not in got)
            self.link.request(Kind.READ, words.AskRead(tile, wanted).packed())
            new = self.link.collect(range(Kind.ALPHA, Kind.ALPHA + parts), tile, wanted.bit_count())
            got |= new
            image = b"".join(got.get(Kind.ALPHA + part, b"") for part in range(parts))
            if len(got) == parts and crc16(image) == check:
                return np.frombuffer(image, "<u2").astype(np.uint16)
            if len(got) == parts:
                got.clear()
            elif not new and self._forgotten(tile):
                return None
        raise BridgeError(f"alphas did not get through in {ROUNDS} rounds; the wire is too noisy")

    def _forgotten(self, tile: int) -> bool:
        """Whether the device says that it has no such tile: it was reset."""
        return self.link.exchange(Kind.READ, words.AskRead(tile, 0).packed(), ANSWER_S)[:1] == bytes((Status.NOTHING,))


def tile_bytes(tile: KnnTile) -> bytes:
    """A tile as it crosses the wire: rows of bias and four times (neighbour, weight), then a guess each."""
    rows = np.empty((len(tile.bias), 5), "<u2")
    rows[:, 0] = tile.bias
    rows[:, 1:] = tile.neighbours.astype(np.uint16) | tile.weights.astype(np.uint16) << 8
    return rows.tobytes() + tile.guess.astype(np.uint8).tobytes()


def _parts(count: int) -> int:
    return -(-count // BODY_BYTES)


def _set_bits(bits: int) -> list[int]:
    return [bit for bit in range(bits.bit_length()) if bits >> bit & 1]
