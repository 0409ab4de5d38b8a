"""Packets of the bootloader, byte by byte."""
from __future__ import annotations

import pytest

from tools.flash.packets import Core, at, missing_bytes, packet, response

VERSION = bytes.fromhex("800100" "19" "e862")
"""TX BSL Version as somebody sent it to a chip (threads489.rssing.com, article 75517, after TI SLAU550)."""

def whole(core: str) -> bytes:
    """An acknowledgement and a response."""
    return b"\0" + packet(bytes.fromhex(core))


def test_a_packet_is_wrapped_as_others_wrap_it() -> None:
    assert packet(bytes((Core.TX_BSL_VERSION,))) == VERSION
    assert at(Core.RX_DATA_BLOCK, 0x00C412, b"ab") == b"\x10\x12\xc4\x00ab"
    assert packet(bytes(260))[:3] == b"\x80\x04\x01", "the length is low byte first"


@pytest.mark.parametrize(("raw", "core", "said"), [
    (b"", None, "nothing came back"), (b"\x52", None, "52: checksum incorrect"),
    (b"\x77", None, "77: no acknowledgement"), (b"\x51\x51", None, "51 51: header incorrect"),
    (whole("3b00"), b"\x3b\x00", "operation successful"), (whole("3b04"), b"\x3b\x04", "bootloader locked"),
    (whole("3b99"), b"\x3b\x99", "an unknown message"), (whole("3a010203"), b"\x3a\x01\x02\x03", "3a 01 02 03"),
    (whole("3b00")[:-1], None, "no sound response"), (b"\0\x81" + whole("3b00")[2:], None, "no sound response"),
    (whole("3b00")[:-1] + b"!", None, "no sound response"), (b"\0\x80\0\0\xff\xff", None, "no sound response")])
def test_what_comes_back_is_judged_and_said_with_its_bytes(raw: bytes, core: bytes | None, said: str) -> None:
    found = response(raw)
    assert found.core == core and said in found.said
    assert found.ack == (raw[0] if raw else None)


def test_long_answers_are_told_in_short() -> None:
    assert "… (263 bytes)" in response(whole("3a" + "11" * 256)).said


def test_it_is_waited_for_the_bytes_that_are_sure_to_come_and_no_others() -> None:
    raw = whole("3a" + "22" * 200)
    taken = b""
    while missing := missing_bytes(taken, responds=True):
        assert missing <= len(raw) - len(taken)
        taken = raw[: len(taken) + missing]
    assert taken == raw
    assert missing_bytes(b"\x52", responds=True) == missing_bytes(b"\0", responds=False) == 0
    assert missing_bytes(b"\0\x81\1\1", responds=True) == 0, "no header: nothing to wait for"
    assert missing_bytes(b"\0\x80\xff\xff", responds=True) <= 262, "a spoilt length does not make it wait for ever"
