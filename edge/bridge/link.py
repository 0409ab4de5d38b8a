"""Requests and answers over a wire that loses, doubles and spoils bytes, with a device that may reset or be unplugged.

One request at a time. It is sent again under the same sequence number until its answer comes; the device carries it out
once and repeats its answer. When nothing helps, the port is opened anew, with growing pauses, and greeted again.
"""
from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from edge.bridge.framing import Fate, Frame, FrameDecoder, encoded
from edge.bridge.ports import Wire
from edge.bridge.words import VERSION, AskHello, Hello, Kind, Word
from edge.errors import BridgeError

Told = TypeVar("Told", bound=Word)

TRIES = 10
"""How often a request is sent before the port is opened anew."""

PAUSES_S = (0.0, 0.1, 0.3, 1.0, 3.0, 5.0)
"""Before each opening: a board that was plugged out has ten seconds to come back."""

GREETING_TRIES, GREETING_PAUSES_S = 5, (0.0, 0.1)
"""The same for a device that was never there: whoever named the wrong port hears so within five seconds."""

ANSWER_S, LONGEST_S = 0.15, 1.0
"""For how long an answer is awaited first, and at most; each try waits half as long again."""


@dataclass
class Counters:
    """What a link has done. sent, received: bytes; resent: frames; damaged: unsound frames that came; strays: sound
    frames that nobody asked for; openings: of the port."""

    sent: int = 0
    received: int = 0
    resent: int = 0
    damaged: int = 0
    strays: int = 0
    openings: int = 0


class Link:
    """A conversation with one device."""

    def __init__(self, open_wire: Callable[[], Wire], pause: Callable[[float], None] = time.sleep) -> None:
        """open_wire: opens the port, also again after the device was plugged out and in under another name."""
        self.counters = Counters()
        self.session = random.randrange(1, 65536)
        self._open_wire, self._pause = open_wire, pause
        self._wire: Wire | None = None
        self._decoder = FrameDecoder()
        self._sequence = random.randrange(256)

    def hello(self) -> Hello:
        """Greets the device. Raises BridgeError when it does not answer or speaks another version."""
        pauses_s, tries = (PAUSES_S, TRIES) if self.counters.received else (GREETING_PAUSES_S, GREETING_TRIES)
        frame = self._persistent(Kind.HELLO, self._greeting(), ANSWER_S, pauses_s, tries)
        answer = Hello.unpacked(frame.body)
        if answer is None or answer.version != VERSION:
            spoken = answer.version if answer else "another version"
            raise BridgeError(f"the firmware speaks words of version {spoken}, this program {VERSION}; flash the "
                              f"firmware that belongs to it")
        return answer

    def exchange(self, kind: int, body: bytes = b"", answer_s: float = ANSWER_S) -> bytes:
        """The body of the answer. answer_s: for how long the device may think. Raises BridgeError when the device stays
        away, or does not know the request."""
        frame = self._persistent(kind, body, answer_s)
        if frame.kind == Kind.FAULT:
            raise BridgeError(f"the device does not know request {kind:#04x} with {len(body)} bytes; flash the "
                              f"firmware that belongs to this program")
        return frame.body

    def ask(self, kind: int, question: Word, answer: type[Told], answer_s: float = ANSWER_S) -> Told:
        """`exchange` in words. Raises BridgeError when the answer is not of that kind."""
        word = answer.unpacked(self.exchange(kind, question.packed(), answer_s))
        if word is None:
            raise BridgeError(f"the device answered request {kind:#04x} with a body of another length")
        return word

    def post(self, kind: int, sequence: int, body: bytes) -> None:
        """Sends a frame that has no answer. Whether it arrived, another request has to tell."""
        if self._wire is not None:
            try:
                self._send(encoded(kind, sequence, body))
            except OSError:
                self._close()

    def collect(self, kinds: range, sequence: int, count: int) -> dict[int, bytes]:
        """Up to `count` more frames of those kinds and that sequence number, as they come: kind → body."""
        frames: dict[int, bytes] = {}
        end = time.monotonic() + ANSWER_S
        try:
            while len(frames) < count and (arrived := self._received(end)) is not None:
                for frame in arrived:
                    if frame.kind in kinds and frame.sequence == sequence:
                        frames[frame.kind] = frame.body
                        end = time.monotonic() + ANSWER_S
                    else:
                        self.counters.strays += 1
        except OSError:
            self._close()
        return frames

    def request(self, kind: int, body: bytes) -> None:
        """Sends a request whose answer is `collect`ed."""
        self._sequence = (self._sequence + 1) & 0xFF
        self.post(kind, self._sequence, body)

    def close(self) -> None:
        """Gives the port back."""
        self._close()

    def _greeting(self) -> bytes:
        return AskHello(self.session, VERSION).packed()

    def _persistent(self, kind: int, body: bytes, answer_s: float, pauses_s: tuple[float, ...] = PAUSES_S,
                    tries: int = TRIES) -> Frame:
        """An answer, opening the port anew and greeting again when there is none."""
        problem: OSError | str = "no answer"
        for pause_s in pauses_s:
            try:
                if self._wire is None:
                    self._reopen(pause_s)
                greeted = not pause_s or kind == Kind.HELLO or self._once(Kind.HELLO, self._greeting(), ANSWER_S, tries)
                if greeted and (frame := self._once(kind, body, answer_s, tries)) is not None:
                    return frame
            except OSError as error:
                problem = error
            self._close()
        raise BridgeError(f"the device does not answer ({problem}); is it plugged in, flashed, and is this its port?")

    def _once(self, kind: int, body: bytes, answer_s: float, tries: int) -> Frame | None:
        """One request, sent up to `tries` times under one sequence number; None when no answer came."""
        self._sequence = (self._sequence + 1) & 0xFF
        frame = encoded(kind, self._sequence, body)
        for turn in range(tries):
            self.counters.resent += turn > 0
            self._send(b"\0" + frame if turn else frame)  # a delimiter first ends what was left of a broken one
            end = time.monotonic() + min(max(answer_s, LONGEST_S), answer_s * 1.5**turn)
            while (arrived := self._received(end)) is not None:
                for answer in arrived:
                    if answer.sequence == self._sequence and answer.kind in (kind | Kind.ANSWER, Kind.FAULT):
                        return answer
                    self.counters.strays += 1
        return None

    def _send(self, data: bytes) -> None:
        assert self._wire is not None
        self._wire.write(data)
        self.counters.sent += len(data)

    def _received(self, end: float) -> list[Frame] | None:
        """The sound frames that ended in what came; None when nothing came until `end` (of time.monotonic), or when it
        has passed: a device that never stops talking is not waited for any longer than a silent one."""
        left_s = end - time.monotonic()
        if self._wire is None or left_s <= 0:
            return None
        data = self._wire.read(left_s)
        self.counters.received += len(data)
        frames = list(self._decoder.process(data))
        self.counters.damaged += sum(frame.fate is not Fate.SOUND for frame in frames)
        return [frame for frame in frames if frame.fate is Fate.SOUND] if data else None

    def _reopen(self, pause_s: float) -> None:
        self._pause(pause_s)
        self._decoder = FrameDecoder()
        self._wire = self._open_wire()
        self.counters.openings += 1

    def _close(self) -> None:
        if self._wire is not None:
            with suppress(OSError):
                self._wire.close()
            self._wire = None
