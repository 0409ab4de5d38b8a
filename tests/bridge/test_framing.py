"""Frames: any bytes in any cutting, and whatever is spoilt is told apart from what is sound."""
from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bridge.framing import Fate, Frame, FrameDecoder, crc16, encoded
from edge.bridge.words import BODY_BYTES, FRAME_BYTES

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "frames.json").read_text(encoding="ascii"))

bodies = st.binary(max_size=BODY_BYTES)
numbers = st.integers(0, 255)


def test_the_crc_is_ccitt_false() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert crc16(b"") == 0xFFFF


@pytest.mark.parametrize("vector", VECTORS["sound"], ids=lambda v: v["body"][:8] or "empty")
def test_frames_look_on_the_wire_as_the_vectors_say(vector: dict) -> None:
    body = bytes.fromhex(vector["body"])
    assert encoded(vector["kind"], vector["sequence"], body).hex() == vector["wire"]
    frame = Frame(Fate.SOUND, vector["kind"], vector["sequence"], body)
    assert list(FrameDecoder().process(bytes.fromhex(vector["wire"]))) == [frame]


@pytest.mark.parametrize("vector", VECTORS["unsound"], ids=lambda v: v["wire"][:12])
def test_an_unsound_frame_is_a_value_with_its_fate(vector: dict) -> None:
    assert list(FrameDecoder().process(bytes.fromhex(vector["wire"]))) == [Frame(Fate[vector["fate"].upper().replace(
        " ", "_")])]


@given(kind=numbers, sequence=numbers, body=bodies)
def test_what_is_encoded_comes_back_and_is_short(kind: int, sequence: int, body: bytes) -> None:
    wire = encoded(kind, sequence, body)
    assert len(wire) <= FRAME_BYTES and wire.count(0) == 1 and wire[-1] == 0
    assert list(FrameDecoder().process(wire)) == [Frame(Fate.SOUND, kind, sequence, body)]


@given(data=st.lists(st.tuples(numbers, numbers, bodies), max_size=4), garbage=st.binary(max_size=80),
       cuts=st.lists(st.integers(0, 400), max_size=6))
def test_the_cutting_does_not_matter(data: list, garbage: bytes, cuts: list[int]) -> None:
    stream = garbage + b"\0" + b"".join(encoded(*item) for item in data)
    whole, pieces = list(FrameDecoder().process(stream)), FrameDecoder()
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    assert whole == [frame for a, b in pairwise(places) for frame in pieces.process(stream[a:b])]
    if data:
        assert whole[-len(data):] == [Frame(Fate.SOUND, *item) for item in data]


@given(body=bodies, place=st.integers(0, 62), bit=st.integers(0, 7))
def test_no_single_flipped_bit_passes(body: bytes, place: int, bit: int) -> None:
    wire = bytearray(encoded(2, 3, body))
    place %= len(wire) - 1
    wire[place] ^= 1 << bit
    assert all(frame.fate is not Fate.SOUND for frame in FrameDecoder().process(bytes(wire)))


@given(body=bodies, place=st.integers(0, 62))
def test_no_single_lost_byte_passes(body: bytes, place: int) -> None:
    wire = bytearray(encoded(2, 3, body))
    del wire[place % (len(wire) - 1)]
    assert all(frame.fate is not Fate.SOUND for frame in FrameDecoder().process(bytes(wire)))


@given(st.binary(max_size=300))
def test_after_any_garbage_the_next_frame_is_understood(garbage: bytes) -> None:
    frames = list(FrameDecoder().process(garbage + b"\0" + encoded(2, 3, b"after")))
    assert frames[-1] == Frame(Fate.SOUND, 2, 3, b"after")


def test_a_flood_without_delimiters_is_held_nowhere() -> None:
    decoder = FrameDecoder()
    assert list(decoder.process(b"x" * 100_000)) == []
    assert len(decoder._waiting) < FRAME_BYTES
    assert [frame.fate for frame in decoder.process(b"\0" + encoded(1, 1, b""))] == [Fate.TOO_LONG, Fate.SOUND]
