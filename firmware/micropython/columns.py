"""SPEC 2.5 on the chip: every column of an image has become a point; each one that is not known is linked to its four
nearest with the KNN-matting affinity 1 - distance / largest distance (Chen, Li, Tang 2013, section 3), rounded to
UQ0.8. The result is a tile for knn_tile.py. Agrees with firmware/common/columns.c."""

from array import array

from crc16 import START, crc16
from knn_tile import MOST_UNKNOWNS, WHOLE, tile
from nearest import Nearest, square_root
from words import ONE, ROW_BYTES, SLOTS

UNDECIDED = 128

_points = array("h", bytes(4 * MOST_UNKNOWNS))
_labels = bytearray(MOST_UNKNOWNS)
_nearest = Nearest()


def start() -> None:
    """Forgets everything, as after a reset."""
    for at in range(MOST_UNKNOWNS):
        _points[2 * at] = _points[2 * at + 1] = _labels[at] = 0


def place(column: int, x: int, y: int) -> None:
    """Where a column lies."""
    if column < MOST_UNKNOWNS:
        _points[2 * column], _points[2 * column + 1] = x, y


def label(first: int, values: bytearray, at: int, count: int) -> None:
    """What is known of some columns, values[at : at + count]: 0 background, 255 foreground, 128 unknown."""
    for i in range(min(count, MOST_UNKNOWNS - first)):
        _labels[first + i] = values[at + i]


def check(columns: int) -> int:
    """CRC of the first `columns` points and labels, by which the host knows that they are those that it sent."""
    return crc16(crc16(START, bytes(_points), 0, 4 * columns), _labels, 0, columns)


def link(columns: int) -> None:
    """Makes the first `columns` (2 to 96) points a tile; unknown ones begin at their label, a half."""
    tile.unknowns, largest = columns, 0
    for i in range(columns):
        if _labels[i] == UNDECIDED:
            largest = max(largest, _link_nearest(i, columns))
    reach = square_root(largest)
    for i in range(columns):
        if _labels[i] == UNDECIDED:
            _weigh_column(i, reach)
        else:
            _fix(i, _labels[i])
        tile.bytes[columns * ROW_BYTES + i] = _labels[i]


def _square(a: int, b: int) -> int:
    return (_points[2 * a] - _points[2 * b]) ** 2 + (_points[2 * a + 1] - _points[2 * b + 1]) ** 2


def _link_nearest(column: int, columns: int) -> int:
    """Links a column to its nearest; the square of the largest distance. A weight of 1 says that there is a link."""
    _nearest.start(SLOTS)
    for other in range(columns):
        square = _square(column, other)
        if square < _nearest.limit and other != column:
            _nearest.take(square, other)
    at = column * ROW_BYTES + 2
    for k in range(SLOTS):
        tile.bytes[at + 2 * k] = _nearest.which[k] if k < _nearest.count else column
        tile.bytes[at + 2 * k + 1] = k < _nearest.count
    return _nearest.squares[_nearest.count - 1] if _nearest.count else 0


def _fix(column: int, known: int) -> None:
    """A known column: no links, all of it bias."""
    at, bias = column * ROW_BYTES, ONE if known else 0
    tile.bytes[at], tile.bytes[at + 1] = bias & 0xFF, bias >> 8
    for k in range(SLOTS):
        tile.bytes[at + 2 + 2 * k], tile.bytes[at + 3 + 2 * k] = column, 0


def _weigh_column(column: int, largest: int) -> None:
    """The weights of an unknown column, from the distances to its nearest."""
    at = column * ROW_BYTES
    tile.bytes[at] = tile.bytes[at + 1] = 0
    affinities = [0] * SLOTS
    for k in range(SLOTS):
        if tile.bytes[at + 3 + 2 * k]:
            affinities[k] = largest - square_root(_square(column, tile.bytes[at + 2 + 2 * k]))
    _weigh(at + 2, affinities)


def _weigh(at: int, affinities: list[int]) -> None:
    """Weights in proportion to the affinities: what rounding down left of 256 goes to the largest remainders, of equal
    ones to the first. A lone one, which a byte cannot hold, is split over two slots."""
    total, shares = sum(affinities), [(WHOLE // SLOTS, 0)] * SLOTS
    if total and total in affinities:
        _split(at, affinities.index(total))
        return
    if total:
        shares = [divmod(affinity * WHOLE, total) for affinity in affinities]
    left_over = [remainder for _, remainder in shares]
    missing = WHOLE
    for k in range(SLOTS):
        tile.bytes[at + 2 * k + 1] = shares[k][0]
        missing -= shares[k][0]
    for _ in range(missing):
        most = left_over.index(max(left_over))
        tile.bytes[at + 2 * most + 1] += 1
        left_over[most] = 0


def _split(at: int, slot: int) -> None:
    """All of the weight on one neighbour, in its slot and the next."""
    for k in range(SLOTS):
        tile.bytes[at + 2 * k + 1] = 0
    other = (slot + 1) % SLOTS
    tile.bytes[at + 2 * other] = tile.bytes[at + 2 * slot]
    tile.bytes[at + 2 * slot + 1] = tile.bytes[at + 2 * other + 1] = WHOLE // 2
