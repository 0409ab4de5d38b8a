"""Requests are carried out once, whatever the wire does with them, and nothing unsound is solved."""
from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from host_firmware import Firmware

from edge.bridge.device import Device, tile_bytes
from edge.bridge.framing import Fate, Frame, FrameDecoder, crc16, encoded
from edge.bridge.words import BODIES, BODY_BYTES, AskHello, AskRead, AskSolve, Hello, Kind, Plain, Solved, Status
from edge.errors import TileError
from edge.matting.q15 import ONE, KnnTile, solve_tile

VECTORS = Path(__file__).parents[1] / "vectors" / "frames.json"


def told(firmware: Firmware, kind: int, sequence: int, body: bytes = b"") -> list[Frame]:
    """The answers to one frame."""
    return list(FrameDecoder().process(firmware.give(encoded(kind, sequence, body))))


def chain(n: int) -> KnnTile:
    """n unknowns in a row, the first known to be 1, the last 0."""
    weights = np.full((n, 4), 64, np.uint8)
    weights[[0, -1]] = 0
    neighbours = np.clip(np.arange(n)[:, None] + [-2, -1, 1, 2], 0, n - 1).astype(np.uint8)
    return KnnTile(np.array([ONE] + [0] * (n - 1), np.uint16), neighbours, weights, np.zeros(n, np.uint8))


def send(firmware: Firmware, number: int, image: bytes, parts: list[int]) -> None:
    for part in parts:
        assert not told(firmware, Kind.PART + part, number, image[part * BODY_BYTES : (part + 1) * BODY_BYTES])


def solved(firmware: Firmware, sequence: int, ask: AskSolve) -> Solved:
    answer = Solved.unpacked(told(firmware, Kind.SOLVE, sequence, ask.packed())[0].body)
    assert answer is not None
    return answer


def test_hello_tells_what_the_device_holds(firmware: Firmware) -> None:
    answer = Hello.unpacked(told(firmware, Kind.HELLO, 1, AskHello(7, 1).packed())[0].body)
    assert answer is not None
    assert (answer.version, answer.unknowns, answer.slots, answer.columns) == (1, 96, 4, 96)
    assert answer.chip == firmware.chip


def test_a_request_that_comes_twice_is_answered_twice_and_done_once(firmware: Firmware) -> None:
    lamps = encoded(Kind.LAMPS, 5, b"\x03")
    first = firmware.give(lamps)
    firmware.give(encoded(Kind.LAMPS, 6, b"\x00"))
    assert firmware.lamps == 0
    assert next(FrameDecoder().process(first)).sequence == 5
    again = firmware.give(encoded(Kind.LAMPS, 6, b"\x00"))
    assert next(FrameDecoder().process(again)).sequence == 6
    assert firmware.give(lamps) == b"" and firmware.lamps == 0, "a late copy is ignored"


def test_the_answer_of_a_solve_is_repeated_without_solving(firmware: Firmware) -> None:
    image = tile_bytes(chain(9))
    send(firmware, 3, image, [0, 1])
    ask = encoded(Kind.SOLVE, 8, AskSolve(crc16(image), 0, 3, 9, 50).packed())
    answer = firmware.give(ask)
    send(firmware, 4, image, [0])  # another tile begins: carried out again, the request would say MISSING
    assert firmware.give(ask) == answer


def test_missing_parts_are_named_and_only_those(firmware: Firmware) -> None:
    image = tile_bytes(chain(96))
    send(firmware, 3, image, [part for part in range(19) if part not in (0, 7, 18)])
    ask = AskSolve(crc16(image), 4, 3, 96, 64)
    answer = solved(firmware, 1, ask)
    assert (answer.status, answer.missing) == (Status.MISSING, 1 | 1 << 7 | 1 << 18)
    send(firmware, 3, image, [18, 0, 7])
    assert solved(firmware, 2, ask).status == Status.DONE


def test_parts_of_another_tile_do_not_mix(firmware: Firmware) -> None:
    old, new = tile_bytes(chain(96)), tile_bytes(chain(60))
    send(firmware, 3, old, list(range(19)))
    send(firmware, 4, new, list(range(1, 12)))
    assert solved(firmware, 1, AskSolve(crc16(new), 4, 4, 60, 64)).missing == 1


def test_a_tile_that_came_under_another_number_is_missing(firmware: Firmware) -> None:
    image = tile_bytes(chain(9))
    send(firmware, 3, image, [0, 1])
    assert solved(firmware, 1, AskSolve(crc16(image), 4, 4, 9, 64)).missing == 3


def test_a_spoilt_tile_is_asked_for_anew(firmware: Firmware) -> None:
    image = tile_bytes(chain(9))
    send(firmware, 3, image, [0, 1])
    assert solved(firmware, 1, AskSolve(crc16(image) ^ 1, 4, 3, 9, 64)).status == Status.DAMAGED
    assert solved(firmware, 2, AskSolve(crc16(image), 4, 3, 9, 64)).missing == 3


@pytest.mark.parametrize(("spoil", "what"), [
    (lambda rows: rows.__setitem__((4, 2), 9), "a neighbour that does not exist"),
    (lambda rows: rows.__setitem__((4, 3), 255), "weights of more than 256"),
    (lambda rows: rows.__setitem__((4, 1), 1), "a bias above the known share"),
], ids=lambda v: v if isinstance(v, str) else "")
def test_an_unsound_tile_is_refused(firmware: Firmware, spoil, what: str) -> None:
    image = bytearray(tile_bytes(chain(9)))
    rows = np.frombuffer(image, np.uint8)[:90].reshape(9, 10)
    spoil(rows)
    send(firmware, 3, bytes(image), [0, 1])
    assert solved(firmware, 1, AskSolve(crc16(bytes(image)), 4, 3, 9, 64)).status == Status.REFUSED, what


@pytest.mark.parametrize(("unknowns", "sweeps"), [(0, 9), (97, 9), (255, 9), (9, 0)])
def test_sizes_that_the_device_does_not_hold_are_refused(firmware: Firmware, unknowns: int, sweeps: int) -> None:
    assert solved(firmware, 1, AskSolve(0, 4, 3, unknowns, sweeps)).status == Status.REFUSED


def test_a_refused_tile_is_an_error_with_both_sizes(device: Device) -> None:
    tile = dataclasses.replace(chain(120))
    with pytest.raises(TileError, match="a tile of 120 unknowns; it holds 96"):
        device.solve(tile, 9)


def test_alphas_are_sent_only_of_the_tile_that_was_solved(firmware: Firmware) -> None:
    image = tile_bytes(chain(40))
    send(firmware, 3, image, list(range(8)))
    assert solved(firmware, 1, AskSolve(crc16(image), 4, 3, 40, 64)).status == Status.DONE
    frames = told(firmware, Kind.READ, 2, AskRead(3, 0b10).packed())
    assert [(frame.kind, frame.sequence, len(frame.body)) for frame in frames] == [(Kind.ALPHA + 1, 3, 80 - BODY_BYTES)]
    for tile, reset in ((2, False), (3, True)):
        if reset:
            firmware.reset()
        frames = told(firmware, Kind.READ, 3, AskRead(tile, 15).packed())
        assert Plain.unpacked(frames[0].body) == Plain(Status.NOTHING)


@pytest.mark.parametrize("kind", [*(kind for kind in BODIES if kind < Kind.PART), 0x3F, 0x60, 0x81, 0xC0, 0xFF])
def test_a_body_of_another_length_or_kind_is_a_fault(firmware: Firmware, kind: int) -> None:
    frame = told(firmware, kind, 9, bytes(BODY_BYTES))[0]
    assert (frame.kind, frame.sequence, frame.body) == (Kind.FAULT, 9, bytes((Status.UNKNOWN,)))


def test_part_numbers_beyond_the_tile_are_ignored(firmware: Firmware) -> None:
    for part in range(19, 32):
        assert not told(firmware, Kind.PART + part, 3, b"\xff" * BODY_BYTES)
    image = tile_bytes(chain(96))
    send(firmware, 4, image, list(range(19)))
    answer = solved(firmware, 1, AskSolve(crc16(image), 4, 4, 96, 64))
    assert answer.check == crc16(solve_tile(chain(96), 64).alpha.astype("<u2").tobytes())
    assert not told(firmware, Kind.PART + 18, 5, b"\xff" * BODY_BYTES), "the last part would reach behind the tile"
    frames = told(firmware, Kind.READ, 2, AskRead(4, 1).packed())
    assert [frame.kind for frame in frames] == [Kind.ALPHA], "so the tile that was solved is still there"


def test_what_is_unsound_is_counted_and_not_answered(firmware: Firmware) -> None:
    wire = bytearray(encoded(Kind.PING, 1, b"abc"))
    wire[4] ^= 2
    assert firmware.give(bytes(wire)) == b""
    assert firmware.give(b"\x30" * 200 + b"\0") == b""
    answer = Hello.unpacked(told(firmware, Kind.HELLO, 1, AskHello(7, 1).packed())[0].body)
    assert answer is not None and answer.damaged == 2


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text(encoding="ascii"))["unsound"], ids=lambda v: v["wire"])
def test_unsound_frames_of_the_vectors_are_not_answered(firmware: Firmware, vector: dict) -> None:
    assert firmware.give(bytes.fromhex(vector["wire"])) == b""
    answer = Hello.unpacked(told(firmware, Kind.HELLO, 1, AskHello(7, 1).packed())[0].body)
    assert answer is not None and answer.damaged == 1


def test_the_device_understands_the_frames_that_python_writes_and_the_reverse(firmware: Firmware) -> None:
    bodies = [(filling * BODY_BYTES)[:length] for length in range(BODY_BYTES + 1)
              for filling in (b"\0", b"\x01", b"\xff", bytes(range(7)))]
    for number, body in enumerate(bodies):
        answer = Frame(Fate.SOUND, Kind.PING | Kind.ANSWER, number & 0xFF, body)
        assert told(firmware, Kind.PING, number & 0xFF, body) == [answer]
