"""An MSP430FR2433 with its bootloader, at the other end of a serial line: a state machine after TI SLAU550AB, in
virtual time, with all the bad habits that a board on a desk can have.

What it does and where that is said: packets, acknowledgements and core commands, sections 4.1.1 to 4.1.5; a password
that is wrong erases program and information memory (4.1.5.2), and no answer comes (seen on E2E, thread 1559754);
version, reading, writing, CRC need the password (table 4-9); a block that leaves the memory is not written (4.1.5.1);
entry by TEST and RST (3.3.2); a chip without a reset vector stays in its bootloader (3.3.3); 9600 Bd, even parity
(E2E 732654); device ID and die record (TI SLASE59F, tables 6-21 and 6-22).
"""
from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from edge.bridge.framing import crc16
from edge.bridge.words import SelfTested
from tools.flash.mark import mark_of, program_check

PROGRAM, INFORMATION = range(0xC400, 0x10000), range(0x1800, 0x1A00)
BUFFER = 260
BITS = 11
RATES = {2: 9600, 3: 19200, 4: 38400, 5: 57600, 6: 115200}
NEVER = 1 << 60


@dataclass(frozen=True)
class Habits:
    """What is wrong with a board. Chances are for each byte on the wire or each command; None: never."""

    lost: float = 0.0
    flipped: float = 0.0
    late: float = 0.0
    latest_s: float = 1.5
    refuses: float = 0.0
    dies_after: int | None = None
    """Bytes that reach it before its power goes, in the middle of a write if need be."""
    pretends: bool = False
    """It says that it has written, and has not."""
    stuck: Mapping[int, int] = field(default_factory=dict)
    """Address → what that cell holds, whatever is written to it."""
    device_id: int = 0x8240
    keeps_rate: bool = False
    """It knows no other rate than 9600 Bd."""
    answers_erase: bool = True
    knows_erase: bool = True
    """As those of FR4xx, FR21xx and FR20xx do not (4.1.5.3): a wrong password erases all the same."""
    deaf: bool = False
    """Its TEST and RST lead nowhere."""
    write_s: float = 0.003
    """For how long it works on a block."""


class SimulatedBoard:
    """The board, and the line to it as tools/flash/bootloader.py wants one."""

    wired = True

    def __init__(self, contents: Mapping[int, int], habits: Habits = Habits(), seed: int = 0) -> None:
        self.memory = bytearray(b"\xff" * 0x10000)
        for address, value in contents.items():
            self.memory[address] = value
        self.memory[0x1A04:0x1A06] = habits.device_id.to_bytes(2, "little")
        self.memory[0x1A0A:0x1A12] = bytes(range(0x21, 0x29))
        self.habits, self.random = habits, Random(seed)
        self.erasures: list[str] = []
        self.now_s, self.bytes_on_wire = 0.0, 0
        self._host_baud, self._host_parity, self._host_free = 9600, True, 0.0
        self._leaving: deque[tuple[float, int]] = deque()
        self._seen = self._test_rises = 0
        self._levels = (True, False)
        self.dead = False
        self._restart(bootloader=False)

    def says(self) -> SelfTested | None:
        """What its firmware answers to SELF_TEST, from its memory; None where nothing runs that could."""
        memory = dict(enumerate(self.memory))
        mark = mark_of(memory)
        if self.dead or mark is None or self._blank() or program_check(memory, mark) != mark.check:
            return None
        password = crc16(bytes(self.memory[0xFFE0:]))
        return SelfTested(4096, 0, mark.check, mark.check, password, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3)

    # The line, as the host sees it.

    def write(self, data: bytes) -> None:
        for byte in data:
            self._host_free = max(self._host_free, self.now_s) + BITS / self._host_baud
            self.bytes_on_wire += 1
            if (came := self._spoilt(byte)) is not None:
                self._arrive(came, self._host_free)

    def take(self, count: int, timeout_s: float) -> bytes:
        end, got = self.now_s + max(0.0, timeout_s), bytearray()
        while len(got) < count and self._leaving and self._leaving[0][0] <= end:
            self.now_s, byte = max(self.now_s, self._leaving[0][0]), self._leaving.popleft()[1]
            got.append(byte)
        if len(got) < count:
            self.now_s = end
        return bytes(got)

    def discard(self) -> None:
        while self._leaving and self._leaving[0][0] <= self.now_s:
            self._leaving.popleft()

    def speak(self, baud: int, even_parity: bool) -> None:
        self._host_baud, self._host_parity = baud, even_parity

    def pins(self, reset: bool, test: bool) -> None:
        if self.habits.deaf:
            return
        before = self._levels
        self._levels = (reset, test)
        if not reset:
            self._test_rises = 0 if before[0] else self._test_rises + (test and not before[1])
            self._leaving.clear()
        elif not before[0]:
            self._restart(bootloader=test and self._test_rises >= 2)

    def pause(self, seconds: float) -> None:
        self.now_s += seconds

    def now(self) -> float:
        return self.now_s

    # The chip.

    def _restart(self, bootloader: bool) -> None:
        self.running = not bootloader and not self._blank()
        self.locked, self.baud = True, 9600
        self._packet = bytearray()
        self._silent = False

    def _blank(self) -> bool:
        return self.memory[0xFFFE:] == b"\xff\xff"

    def _spoilt(self, byte: int) -> int | None:
        """What arrives of a byte."""
        chance = self.random.random()
        if chance < self.habits.lost:
            return None
        if chance < self.habits.lost + self.habits.flipped:
            return byte ^ 1 << self.random.randrange(8)
        return byte

    def _arrive(self, byte: int, when: float) -> None:
        self._seen += 1
        if self.habits.dies_after is not None and self._seen > self.habits.dies_after:
            self.dead = True
        if self.dead or self.running or self._silent or not self._levels[0]:
            return
        if (self._host_baud, self._host_parity) != (self.baud, True):
            byte = self.random.randrange(256)
        if not self._packet and byte != 0x80:
            self._send(b"\x51", when)
            return
        self._packet.append(byte)
        if len(self._packet) >= 3:
            length = self._packet[1] | self._packet[2] << 8
            if length == 0 or length > BUFFER:
                self._refuse(0x54 if length else 0x53, when)
            elif len(self._packet) == length + 5:
                self._judge(bytes(self._packet[3:-2]), bytes(self._packet[-2:]), when)

    def _refuse(self, reason: int, when: float) -> None:
        self._packet.clear()
        self._send(bytes((reason,)), when)

    def _judge(self, core: bytes, check: bytes, when: float) -> None:
        self._packet.clear()
        if check != crc16(core).to_bytes(2, "little"):
            self._refuse(0x52, when)
        elif self.random.random() < self.habits.refuses:
            self._refuse(self.random.choice((0x51, 0x52, 0x53, 0x54, 0x55)), when)
        elif core[0] == 0x52:
            self._change_rate(core, when)
        else:
            if self.random.random() < self.habits.late:
                when += self.random.uniform(0, self.habits.latest_s)
            answer = self._carried_out(core)
            if answer is not None and not self.dead:
                self._send(b"\0" + (answer and b"\x80" + len(answer).to_bytes(2, "little") + answer
                                    + crc16(answer).to_bytes(2, "little")), when + self.habits.write_s)

    def _change_rate(self, core: bytes, when: float) -> None:
        if self.habits.keeps_rate or len(core) != 2 or core[1] not in RATES:
            self._refuse(0x56, when)
            return
        self._send(b"\0", when)
        self.baud = RATES[core[1]]

    def _carried_out(self, core: bytes) -> bytes | None:
        """The core response; b"" for none behind the acknowledgement, None for no answer at all."""
        command, rest = core[0], core[1:]
        if command == 0x11:
            return self._password(rest)
        if command == 0x15 and self.habits.knows_erase:
            self._erase("mass erase")
            return b"\x3b\x00" if self.habits.answers_erase else None
        if command not in (0x10, 0x16, 0x17, 0x18, 0x19):
            return b"\x3b\x07"
        if self.locked:
            return b"\x3b\x04"
        address = int.from_bytes(rest[:3], "little")
        return {0x10: self._write, 0x16: self._check, 0x17: self._jump, 0x18: self._read,
                0x19: lambda *_: b"\x3a\x00\x08\x35\x44"}[command](address, rest[3:])

    def _password(self, given: bytes) -> bytes | None:
        if given == self.memory[0xFFE0:]:
            self.locked = False
            return b"\x3b\x00"
        self._erase("wrong password")
        self._silent = True
        return None

    def _erase(self, why: str) -> None:
        self.erasures.append(why)
        for area in (PROGRAM, INFORMATION):
            for address in area:
                self.memory[address] = self.habits.stuck.get(address, 0xFF)
        self.locked = True

    def _write(self, address: int, data: bytes) -> bytes:
        if not (self._inside(PROGRAM, address, len(data)) or self._inside(INFORMATION, address, len(data))
                or self._inside(range(0x2000, 0x3000), address, len(data))):
            return b"\x3b\x01"
        left = NEVER if self.habits.dies_after is None else self.habits.dies_after - self._seen
        for place, value in enumerate(data):
            if place > left + 8:  # the power goes while it writes
                self.dead = True
                break
            if not self.habits.pretends:
                self.memory[address + place] = self.habits.stuck.get(address + place, value)
        return b"\x3b\x00"

    def _inside(self, area: range, address: int, count: int) -> bool:
        return count > 0 and address in area and address + count - 1 in area

    def _read(self, address: int, rest: bytes) -> bytes:
        count = int.from_bytes(rest[:2], "little")
        return b"\x3a" + self.memory[address : address + min(count, BUFFER - 1)]

    def _check(self, address: int, rest: bytes) -> bytes:
        return b"\x3a" + crc16(bytes(self.memory[address : address + int.from_bytes(rest[:2], "little")])).to_bytes(
            2, "little")

    def _jump(self, address: int, _: bytes) -> bytes:
        self.running = True
        return b""

    def _send(self, data: bytes, when: float) -> None:
        free = self._leaving[-1][0] if self._leaving else 0.0
        for byte in data:
            free = max(free, when) + BITS / self.baud
            self.bytes_on_wire += 1
            if (came := self._spoilt(byte)) is not None:
                self._leaving.append((free, came))
