"""A client of the MSP430 FRAM bootloader (TI SLAU550AB) over a serial line: a packet, its acknowledgement, its
response.

A packet that got lost or spoilt is sent again, after both sides agree where a packet begins: writing and reading twice
do no harm. What could do harm, a password or an erasure, asks for a key or a wish of tools/flash/keys.py.
"""
from __future__ import annotations

from typing import Protocol

from tools.flash import packets
from tools.flash.keys import EraseAsked, Erased, Key
from tools.flash.packets import ACK, BITS_OF_BYTE, BUFFER_BYTES, FIRST_BAUD, WRAPPER_BYTES, Core, Response
from tools.flash.steps import StepError

THINK_S = 0.3
"""For how long the bootloader may think before its next byte comes; writing 256 bytes of FRAM takes it milliseconds."""

ERASE_S = 2.0
"""For how long an erasure may take before it is answered, if it is (SLAU550AB, 4.1.5.3: device dependent)."""

QUIET_S = 0.1
"""A line on which nothing came for so long is quiet."""

TRIES, SETTLE_TRIES, UNLOCK_TRIES = 6, 4, 4

EDGE_S, WAKE_S = 0.01, 0.1
"""Between two edges of the entry sequence; after the last one, before the first byte (50 ms are needed: TI E2E
732654)."""

DEVICE_ID_AT, DIE_RECORD_AT, DIE_RECORD_BYTES = 0x1A04, 0x1A0A, 8
"""Where a chip says what it is, and which of all (TI SLASE59F, tables 6-21 and 6-22): lot and wafer, x, y."""

FRAM_API = range(0x30, 0x40)
"""Third byte of the version: this bootloader writes FRAM (SLAU550AB, 3.5)."""


class Lines(Protocol):
    """A serial line with two more lines, to the chip's RST and TEST; edge/bridge/ports.py has the real one."""

    wired: bool
    """Whether RST and TEST hang on it at all."""

    def write(self, data: bytes) -> None:
        """Sends all of it."""

    def take(self, count: int, timeout_s: float) -> bytes:
        """Up to `count` bytes, as many as come in time."""

    def discard(self) -> None:
        """Forgets what has arrived."""

    def speak(self, baud: int, even_parity: bool) -> None:
        """Changes rate and parity."""

    def pins(self, reset: bool, test: bool) -> None:
        """Sets the levels at the chip."""

    def pause(self, seconds: float) -> None:
        """Lets time pass."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""


class Bootloader:
    """A chip's bootloader at the other end of a line. resent: packets that had to be sent again."""

    def __init__(self, lines: Lines) -> None:
        self.lines, self.baud, self.resent = lines, FIRST_BAUD, 0

    def enter(self) -> None:
        """Resets the chip into its bootloader: RST rises while TEST is high, after TEST rose twice (SLAU550AB, 3.3.2).
        Where no line leads there, the chip has to be in it already. Raises StepError when it does not answer."""
        self.baud = FIRST_BAUD
        self.lines.speak(FIRST_BAUD, even_parity=True)
        for reset, test in ((False, False), (False, True), (False, False), (False, True), (True, True), (True, False)):
            self.lines.pins(reset, test)
            self.lines.pause(EDGE_S)
        self.lines.pause(WAKE_S)
        if not self._settled():
            raise StepError("enter", "the bootloader does not answer; lead DTR to RST and RTS to TEST (--lines says "
                                     "how), TXD to P1.5 and RXD to P1.4")

    def hurry(self, baud: int) -> None:
        """Changes the rate where the bootloader allows it; else all stays as it was, the chip freshly entered."""
        asked = self._once(bytes((Core.CHANGE_BAUD_RATE, packets.BAUD_RATES[baud])), responds=False)
        if asked.ack == ACK:
            self.baud = baud
            self.lines.speak(baud, even_parity=True)
            self.lines.pause(EDGE_S)
            if self._settled():
                return
        self.enter()

    def unlock(self, key: Key, baud: int = FIRST_BAUD) -> None:
        """Enters anew, with the rate if the bootloader allows it, and unlocks. Each time the same key: a packet that
        was lost may be sent again. Raises StepError."""
        answer = Response(None, None, b"")
        for turn in range(UNLOCK_TRIES):
            self.resent += turn > 0
            self.enter()
            if baud != FIRST_BAUD:
                self.hurry(baud)
            answer = self._once(bytes((Core.RX_PASSWORD,)) + key.password, responds=True)
            if answer.ack == ACK and self._version() is not None:
                return
            if not self.lines.wired:
                break
        raise StepError("unlock", f"the bootloader did not take the password, though {key.why} ({answer.said}); a chip "
                                  "that takes it for wrong erases itself")

    def mass_erase(self, asked: EraseAsked) -> Erased:
        """Tells the chip to erase itself. Some answer, some reset themselves: whether it did, unlocking shows."""
        self._once(bytes((Core.MASS_ERASE,)), responds=True, think_s=ERASE_S)
        return Erased(asked)

    def write(self, address: int, data: bytes) -> None:
        """Writes up to 256 bytes. Raises StepError with what the bootloader said."""
        answer = self._exchange("write", packets.at(Core.RX_DATA_BLOCK, address, data))
        if answer.core != bytes((Core.MESSAGE, packets.DONE)):
            raise StepError("write", f"{len(data)} bytes at {address:#06x}: {answer.said}")

    def read(self, step: str, address: int, count: int) -> bytes:
        """Reads up to 256 bytes. Raises StepError."""
        answer = self._exchange(step, packets.at(Core.TX_DATA_BLOCK, address, count.to_bytes(2, "little")))
        assert answer.core is not None
        if answer.core[0] != Core.DATA or len(answer.core) != 1 + count:
            raise StepError(step, f"{count} bytes at {address:#06x}: {answer.said}")
        return answer.core[1:]

    def identify(self, device_id: int) -> str:
        """The chip's die record as hex. Raises StepError, with both, for another chip or no FRAM bootloader."""
        version = self._version()
        if version is None or version[2] not in FRAM_API:
            raise StepError("identify", f"the bootloader's version is {version.hex(' ') if version else 'not told'}; "
                                        f"one for FRAM has 30 to 3f as its third byte")
        found = int.from_bytes(self.read("identify", DEVICE_ID_AT, 2), "little")
        if found != device_id:
            raise StepError("identify", f"the chip's device ID is {found:#06x}, the board's is {device_id:#06x}")
        return self.read("identify", DIE_RECORD_AT, DIE_RECORD_BYTES).hex()

    def start(self, reset_vector: int) -> None:
        """Leaves the bootloader for the program: by a reset, or where no line leads there by a jump."""
        if self.lines.wired:
            for reset in (False, True):
                self.lines.pins(reset, test=False)
                self.lines.pause(EDGE_S)
        else:
            self._once(packets.at(Core.LOAD_PC, reset_vector), responds=False)
        self.lines.pause(WAKE_S)

    def _version(self) -> bytes | None:
        """Four bytes, which only an unlocked bootloader tells (SLAU550AB, table 4-9); None from a locked one."""
        for _ in range(TRIES):
            answer = self._once(bytes((Core.TX_BSL_VERSION,)), responds=True)
            if answer.core is not None:
                return answer.core[1:] if answer.core[0] == Core.DATA and len(answer.core) == 5 else None
            if not self._settled():
                return None
        return None

    def _exchange(self, step: str, core: bytes) -> Response:
        """A command with its sound response, sent again until it comes. Raises StepError with the bytes that came."""
        for turn in range(TRIES):
            answer = self._once(core, responds=True)
            if answer.core is not None:
                return answer
            self.resent += 1
            if turn == TRIES - 1 or not self._settled():
                break
        raise StepError(step, f"sent {core[:4].hex(' ')} with {len(core)} bytes {turn + 1} times; {answer.said}")

    def _once(self, core: bytes, responds: bool, think_s: float = THINK_S) -> Response:
        """Sends a packet and takes what comes back."""
        wrapped = packets.packet(core)
        self.lines.discard()
        self.lines.write(wrapped)
        end = self.lines.now() + self._wire_s(len(wrapped)) + think_s
        raw = b""
        while missing := packets.missing_bytes(raw, responds):
            end = max(end, self.lines.now() + self._wire_s(missing) + (think_s if raw else 0))
            more = self.lines.take(missing, end - self.lines.now())
            if not more:
                break
            raw += more
        return packets.response(raw)

    def _settled(self) -> bool:
        """Whether both sides agree again where a packet begins. A zero that begins none is answered with a refusal,
        after all that was still to come; where it is not, the bootloader waits for the rest of a packet: zeros fill
        it."""
        for turn in range(SETTLE_TRIES):
            if turn:
                self.lines.write(bytes(BUFFER_BYTES + WRAPPER_BYTES))
                self.lines.pause(self._wire_s(BUFFER_BYTES + WRAPPER_BYTES))
                self._drained()
            self.lines.discard()
            self.lines.write(b"\0")
            if self._drained()[-1:] == bytes((packets.BAD_HEADER,)):
                return True
        return False

    def _drained(self) -> bytes:
        """What comes until the line is quiet; the first byte may take as long as a thought."""
        raw = b""
        while len(raw) < 4 * BUFFER_BYTES and (more := self.lines.take(64, QUIET_S if raw else THINK_S)):
            raw += more
        return raw

    def _wire_s(self, count: int) -> float:
        return count * BITS_OF_BYTE / self.baud
