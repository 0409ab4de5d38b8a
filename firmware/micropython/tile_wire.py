"""A tile's way over the wire: parts in, in any order and more than once; alphas out. The host asks for what is missing;
a CRC covers the whole, both ways. Agrees with firmware/common/tile_wire.c and edge/bridge/device.py."""

import board
import columns
import frame
from crc16 import START, crc16
from knn_tile import MOST_UNKNOWNS, tile
from words import BODY_BYTES, KIND_ALPHA, ROW_BYTES, STATUS_DAMAGED, STATUS_DONE, STATUS_MISSING, STATUS_REFUSED

MOST_PARTS, ALPHA_PARTS = 19, 4


class _State:
    """arrived: bit p stands for part p of tile `number`; solved: its alphas are here."""

    def __init__(self) -> None:
        self.arrived = self.number = 0
        self.solved = False


_state = _State()


def start() -> None:
    """Forgets everything, as after a reset."""
    global _state
    _state = _State()


def take_part(number: int, part: int, message: bytearray, body_bytes: int) -> None:
    """Takes a part of a tile; one of another tile begins that one."""
    at = part * BODY_BYTES
    if part >= MOST_PARTS or at + body_bytes > len(tile.bytes):
        return
    if number != _state.number:
        _state.arrived = 0
    _state.number, _state.solved = number, False
    _state.arrived |= 1 << part
    for i in range(body_bytes):
        tile.bytes[at + i] = message[frame.HEAD_BYTES + i]


def _failed(status: int, missing: int = 0) -> tuple[int, ...]:
    return missing, 0, 0, 0, 0, status


def _solve(sweeps: int, step: int) -> tuple[int, ...]:
    """Sweeps and reports; the tile is known to be sound."""
    began = board.ms()
    tile.guess()
    done, change = tile.solve(sweeps, step)
    ms = (board.ms() - began) & 0xFFFF
    _state.solved = True
    return 0, crc16(START, bytes(tile.alpha), 0, 2 * tile.unknowns), change, ms, done, STATUS_DONE


def answer_solve(check: int, step: int, number: int, unknowns: int, sweeps: int) -> tuple[int, ...]:
    """Solves the tile that has arrived; the fields of SOLVED."""
    if not 0 < unknowns <= MOST_UNKNOWNS or not sweeps:
        return _failed(STATUS_REFUSED)
    if number != _state.number:
        _state.arrived = 0
    count = unknowns * (ROW_BYTES + 1)
    missing = (1 << -(-count // BODY_BYTES)) - 1 & ~_state.arrived
    if missing:
        return _failed(STATUS_MISSING, missing)
    if crc16(START, tile.bytes, 0, count) != check:
        _state.arrived = 0
        return _failed(STATUS_DAMAGED)
    _state.solved, tile.unknowns = False, unknowns
    return _solve(sweeps, step) if tile.sound() else _failed(STATUS_REFUSED)


def answer_columns(check: int, step: int, number: int, count: int, sweeps: int) -> tuple[int, ...]:
    """Makes the columns a tile and solves it; the fields of SOLVED."""
    _state.arrived, _state.solved, _state.number = 0, False, number
    if not 2 <= count <= MOST_UNKNOWNS or not sweeps:
        return _failed(STATUS_REFUSED)
    if columns.check(count) != check:
        return _failed(STATUS_DAMAGED)
    columns.link(count)
    return _solve(sweeps, step)


def knows(number: int) -> bool:
    """Whether the alphas of that tile are here."""
    return _state.solved and number == _state.number


def send_alphas(wanted: int, room: bytearray) -> bool:
    """Sends the alphas that are asked for, a frame each, written in `room`; whether there were any."""
    alphas, sent = bytes(tile.alpha)[: 2 * tile.unknowns], False
    for part in range(min(ALPHA_PARTS, -(-len(alphas) // BODY_BYTES))):
        if not wanted & 1 << part:
            continue
        body = alphas[part * BODY_BYTES : (part + 1) * BODY_BYTES]
        room[0], room[1] = KIND_ALPHA | part, _state.number
        room[frame.HEAD_BYTES : frame.HEAD_BYTES + len(body)] = body
        frame.send(room, len(body))
        sent = True
    return sent
