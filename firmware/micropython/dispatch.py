"""Requests in, answers out: one at a time, no queue. A request that was just answered is not carried out again, its
answer is repeated; one that is older is a late copy and ignored. Agrees with firmware/common/dispatch.c;
edge/bridge/words.py says what each message means."""

from array import array
from struct import calcsize, pack_into, unpack_from

import board
import columns
import events
import tile_wire
import words
from frame import HEAD_BYTES, MESSAGE_BYTES, arrival, send
from knn_tile import MOST_UNKNOWNS
from project import CHECK, PROTOTYPES, Projection, classify
from self_test import self_test
from words import KNOWN_BYTES, PIECE_SAMPLES, SIGNAL_SAMPLES


class _State:
    """sequence, crc: of the last request, once there was one (greeted); session: what the last HELLO named, 0 after a
    reset; column: whose signal comes over the wire; answer_bytes: in the last answer's body."""

    def __init__(self) -> None:
        self.greeted = False
        self.sequence = self.crc = self.session = self.column = self.answer_bytes = 0


_state = _State()
_signal = Projection()
_piece = array("h", bytes(2 * PIECE_SAMPLES))
_answer = bytearray(MESSAGE_BYTES)
_message = arrival.message


def start() -> None:
    """Forgets everything: what main begins with."""
    global _state
    arrival.start()
    events.start()
    columns.start()
    tile_wire.start()
    _state = _State()
    _signal.next = SIGNAL_SAMPLES + 1  # none is on its way
    board.lamps(0)


def turn() -> None:
    """Takes what has arrived, does what is due, sleeps."""
    while (byte := board.read()) != board.NO_BYTE:
        if arrival.take(byte):
            _dispatch()
    events.turn()
    board.wait()


def _answer_with(layout: str, *fields: int) -> None:
    """The answer's body; frame.send adds the rest."""
    pack_into(layout, _answer, HEAD_BYTES, *fields)
    _state.answer_bytes = calcsize(layout)


def _status(status: int) -> None:
    """The body of an answer that only succeeds or fails."""
    _answer_with(words.PLAIN[0], status)


def _hello() -> None:
    """What this device is; a session begins."""
    _state.session, _ = unpack_from(words.ASK_HELLO[0], _message, HEAD_BYTES)
    _answer_with(words.HELLO[0], words.VERSION, board.CHIP, MOST_UNKNOWNS, words.SLOTS, MOST_UNKNOWNS, PROTOTYPES,
                 CHECK, arrival.damaged)


def _ping() -> None:
    """The same bytes."""
    count = arrival.body_bytes
    _answer[HEAD_BYTES : HEAD_BYTES + count] = _message[HEAD_BYTES : HEAD_BYTES + count]
    _state.answer_bytes = count


def _solve() -> None:
    """Sweeps over the tile that has arrived."""
    ask = unpack_from(words.ASK_SOLVE[0], _message, HEAD_BYTES)
    _answer_with(words.SOLVED[0], *tile_wire.answer_solve(*ask))


def _columns() -> None:
    """Links the columns, then sweeps over them."""
    ask = unpack_from(words.ASK_COLUMNS[0], _message, HEAD_BYTES)
    _answer_with(words.SOLVED[0], *tile_wire.answer_columns(*ask))


def _read() -> bool:
    """Sends the alphas that are asked for, or a status when there are none. Whether alphas were sent."""
    number, wanted = unpack_from(words.ASK_READ[0], _message, HEAD_BYTES)
    known = tile_wire.knows(number)
    if known and tile_wire.send_alphas(wanted, _answer):
        return True
    _status(words.STATUS_DONE if known else words.STATUS_NOTHING)
    return False


def _take_piece() -> None:
    """PIECE_SAMPLES signed bytes, each a sample / 4."""
    at = HEAD_BYTES + calcsize(words.ASK_SIGNAL_HEAD[0])
    for i in range(PIECE_SAMPLES):
        byte = _message[at + i]
        _piece[i] = (byte - 256 if byte > 127 else byte) * 4
    _signal.take(_piece, 0, PIECE_SAMPLES)


def _take_signal() -> None:
    """Pieces come in order, the first begins anew; one that was taken already, or is too early, changes nothing: the
    answer says which comes next."""
    offset, column = unpack_from(words.ASK_SIGNAL_HEAD[0], _message, HEAD_BYTES)
    if offset == 0:
        _signal.start()
        _state.column = column
    if column == _state.column and offset == _signal.next and offset < SIGNAL_SAMPLES:
        _take_piece()
    x = y = 0
    if _signal.next == SIGNAL_SAMPLES:
        x, y = _signal.point()
        columns.place(_state.column, x, y)
    following = _signal.next if _signal.next <= SIGNAL_SAMPLES else 0
    _answer_with(words.SIGNALLED[0], following, x, y, _state.column, words.STATUS_DONE)


def _classify() -> None:
    """The class of the last whole signal."""
    label, distance, status = 0, 0, words.STATUS_NOTHING
    if _signal.next == SIGNAL_SAMPLES:
        x, y = _signal.point()
        label, distance = classify(x, y)
        status = words.STATUS_DONE
    _answer_with(words.CLASSIFIED[0], distance, label, status)


def _known() -> None:
    """Labels of columns."""
    (first,) = unpack_from(words.ASK_KNOWN_HEAD[0], _message, HEAD_BYTES)
    columns.label(first, _message, HEAD_BYTES + calcsize(words.ASK_KNOWN_HEAD[0]), KNOWN_BYTES)
    _status(words.STATUS_DONE)


def _events() -> None:
    """The next that the host has not seen."""
    session, seen = unpack_from(words.ASK_EVENTS[0], _message, HEAD_BYTES)
    told = events.tell(seen if session == _state.session else 0)
    _answer_with(words.EVENT[0], _state.session, *told)


def _lamps() -> None:
    """On and off."""
    events.set_lamps(*unpack_from(words.ASK_LAMPS[0], _message, HEAD_BYTES))
    _status(words.STATUS_DONE)


def _count_down() -> None:
    """Blinks, then an event."""
    step_ms, steps = unpack_from(words.ASK_COUNTDOWN[0], _message, HEAD_BYTES)
    events.count_down(steps, step_ms)
    _status(words.STATUS_DONE)


def _listen() -> None:
    """The microphone, on or off."""
    events.listen(*unpack_from(words.ASK_LISTEN[0], _message, HEAD_BYTES))
    _status(words.STATUS_DONE)


def _self_test() -> None:
    """What this device finds out about itself."""
    _answer_with(words.SELF_TESTED[0], *self_test(*unpack_from(words.ASK_SELF_TEST[0], _message, HEAD_BYTES)))


REQUESTS = {
    words.KIND_HELLO: (_hello, calcsize(words.ASK_HELLO[0])),
    words.KIND_PING: (_ping, None),
    words.KIND_SOLVE: (_solve, calcsize(words.ASK_SOLVE[0])),
    words.KIND_READ: (_read, calcsize(words.ASK_READ[0])),
    words.KIND_SIGNAL: (_take_signal, calcsize(words.ASK_SIGNAL_HEAD[0]) + PIECE_SAMPLES),
    words.KIND_CLASSIFY: (_classify, 0),
    words.KIND_KNOWN: (_known, calcsize(words.ASK_KNOWN_HEAD[0]) + KNOWN_BYTES),
    words.KIND_COLUMNS: (_columns, calcsize(words.ASK_COLUMNS[0])),
    words.KIND_EVENTS: (_events, calcsize(words.ASK_EVENTS[0])),
    words.KIND_LAMPS: (_lamps, calcsize(words.ASK_LAMPS[0])),
    words.KIND_COUNTDOWN: (_count_down, calcsize(words.ASK_COUNTDOWN[0])),
    words.KIND_LISTEN: (_listen, calcsize(words.ASK_LISTEN[0])),
    words.KIND_SELF_TEST: (_self_test, calcsize(words.ASK_SELF_TEST[0])),
}
"""Kind → what carries it out (True: the answer has been sent already), and how long its body has to be; of PING any
length will do."""


def _carried_out(kind: int) -> bool:
    """Carries a request out; whether its answer has still to be sent."""
    carry_out, due_bytes = REQUESTS.get(kind, (None, None))
    if carry_out is None or due_bytes not in (None, arrival.body_bytes):
        _answer[0] = words.KIND_FAULT
        _status(words.STATUS_UNKNOWN)
        return True
    return not carry_out()


def _stale(kind: int, sequence: int) -> bool:
    """Whether a request is a copy of an older one, that lay about on its way; a new host says HELLO first."""
    ahead = (sequence - _state.sequence) & 0xFF
    return _state.greeted and kind != words.KIND_HELLO and (ahead == 0 or ahead > 127)


def _dispatch() -> None:
    """Takes a sound frame and answers it."""
    kind, sequence = _message[0], _message[1]
    if words.KIND_PART <= kind < words.KIND_PART + 32:
        tile_wire.take_part(sequence, kind - words.KIND_PART, _message, arrival.body_bytes)
        return
    again = _state.greeted and sequence == _state.sequence and arrival.crc == _state.crc
    if again and kind not in (words.KIND_READ, words.KIND_HELLO):
        send(_answer, _state.answer_bytes)
        return
    if not again and _stale(kind, sequence):
        return
    _state.greeted, _state.sequence, _state.crc = True, sequence, arrival.crc
    _answer[0], _answer[1] = (kind | words.KIND_ANSWER), sequence
    if _carried_out(kind):
        send(_answer, _state.answer_bytes)
