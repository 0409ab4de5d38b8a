"""CRC-16/CCITT-FALSE without a table: a byte is folded in with shifts. Agrees with firmware/common/crc16.c."""

START = 0xFFFF


def crc16(crc: int, data: bytes | bytearray, first: int, end: int) -> int:
    """The CRC after data[first:end]; nothing is copied."""
    for at in range(first, end):
        mixed = (crc >> 8) ^ data[at]
        mixed ^= mixed >> 4
        crc = (crc << 8 ^ mixed << 12 ^ mixed << 5 ^ mixed) & 0xFFFF
    return crc
