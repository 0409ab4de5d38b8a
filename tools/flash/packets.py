"""Packets of the MSP430 FRAM bootloader: bytes in, packets out; nothing here knows a port.

Source: TI SLAU550AB, "MSP430 FRAM Devices Bootloader (BSL)". A packet is 80h, the length of what follows (low, high),
a core command or response, and its CRC (low, high): section 4.1, tables 4-1 and 4-3. Before a response the bootloader
sends one byte of acknowledgement (table 4-6); when that is not ACK, no response follows.
"""
from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from edge.bridge.framing import crc16

HEADER, ACK = 0x80, 0x00

BUFFER_BYTES = 260
"""The longest core command that the bootloader has room for (SLAU550AB, table 2-1)."""

BLOCK_BYTES = 256
"""Data of the longest RX or TX Data Block: the buffer less command and address."""

WRAPPER_BYTES = 5
"""Header, length and CRC around a core command."""

PASSWORD_BYTES = 32
"""The password is what lies at FFE0h to FFFFh, the interrupt vectors (section 4.1.5.2)."""


class Core(IntEnum):
    """Core commands (table 4-9) and, at the end, core responses (tables 4-7 and 4-8)."""

    RX_DATA_BLOCK = 0x10
    RX_PASSWORD = 0x11
    MASS_ERASE = 0x15
    CRC_CHECK = 0x16
    LOAD_PC = 0x17
    TX_DATA_BLOCK = 0x18
    TX_BSL_VERSION = 0x19
    CHANGE_BAUD_RATE = 0x52
    DATA = 0x3A
    MESSAGE = 0x3B


REFUSALS = {
    0x51: "header incorrect", 0x52: "checksum incorrect", 0x53: "packet size zero", 0x54: "packet size exceeds buffer",
    0x55: "unknown error", 0x56: "unknown baud rate",
}
"""Bytes of acknowledgement that are none, and what they mean (table 4-6)."""

BAD_HEADER = 0x51
"""What the bootloader answers to any byte that begins no packet, whether it is locked or not: so it is safe to ask
whether it is there."""

MESSAGES = {
    0x00: "operation successful", 0x01: "memory write check failed", 0x04: "bootloader locked",
    0x05: "password incorrect", 0x07: "unknown command",
}
"""What a MESSAGE says (table 4-8)."""

DONE = 0x00

BAUD_RATES = {9600: 0x02, 19200: 0x03, 38400: 0x04, 57600: 0x05, 115200: 0x06}
"""Rate → what CHANGE_BAUD_RATE carries (SLAU319AF, table of the UART command; the FRAM document has the same)."""

FIRST_BAUD = 9600
"""With even parity, one stop bit (TI E2E 732654: the document leaves the parity out)."""

BITS_OF_BYTE = 11
"""On the wire: start, eight, parity, stop."""


def packet(core: bytes) -> bytes:
    """A core command in its wrapper. The CRC covers the core alone (CRC-16/CCITT-FALSE, as edge/bridge/framing.py)."""
    return bytes((HEADER, len(core) & 0xFF, len(core) >> 8)) + core + crc16(core).to_bytes(2, "little")


def at(command: Core, address: int, rest: bytes = b"") -> bytes:
    """A core command with a 24-bit address, and what follows it."""
    return bytes((command, address & 0xFF, address >> 8 & 0xFF, address >> 16)) + rest


@dataclass(frozen=True)
class Response:
    """What came back: the byte of acknowledgement, None when none came, the core response where it was sound, and all
    bytes as they came."""

    ack: int | None
    core: bytes | None
    raw: bytes

    @property
    def said(self) -> str:
        """In words, with the bytes."""
        shown = self.raw[:24].hex(" ") + (f" … ({len(self.raw)} bytes)" if len(self.raw) > 24 else "")
        if self.ack is None:
            return "nothing came back"
        if self.ack != ACK:
            return f"{shown}: {REFUSALS.get(self.ack, 'no acknowledgement')}"
        if self.core is None:
            return f"{shown}: no sound response behind the acknowledgement"
        if self.core[0] == Core.MESSAGE and len(self.core) == 2:
            return f"{shown}: {MESSAGES.get(self.core[1], 'an unknown message')}"
        return shown


def response(raw: bytes) -> Response:
    """What bytes mean that came back; everything that is not a whole sound response has no core."""
    if not raw:
        return Response(None, None, raw)
    wrapped = raw[1:]
    if raw[0] != ACK or len(wrapped) < WRAPPER_BYTES + 1 or wrapped[0] != HEADER:
        return Response(raw[0], None, raw)
    length = wrapped[1] | wrapped[2] << 8
    core, check = wrapped[3 : 3 + length], wrapped[3 + length :]
    sound = len(core) == length and length and check == crc16(core).to_bytes(2, "little")
    return Response(raw[0], core if sound else None, raw)


def missing_bytes(raw: bytes, responds: bool) -> int:
    """How many more bytes are sure to come after those: 0 when it is all there, or not worth waiting for."""
    if not raw:
        return 1
    if raw[0] != ACK or not responds:
        return 0
    if len(raw) < 4:
        return 4 - len(raw)
    if raw[1] != HEADER:
        return 0
    length = min(raw[2] | raw[3] << 8, BUFFER_BYTES)
    return max(0, 1 + WRAPPER_BYTES + length - len(raw))
