"""A signal of 800 samples, projected on two vectors as it arrives and never stored (SPEC 2.5); then the class of its
nearest prototypes. Agrees with firmware/common/project.c."""

from array import array
from struct import unpack_from

from nearest import Nearest, square_root
from tables import IMAGE
from words import SIGNAL_SAMPLES

PROTOTYPES, NEIGHBOURS, CLASSES = 32, 5, 8
FORM_AT, BEGIN_AT, VECTORS_AT = 2, 4, 12
PROTOTYPES_AT, PROTOTYPE_BYTES = VECTORS_AT + 4 * SIGNAL_SAMPLES, 8

CHECK = IMAGE[0] | IMAGE[1] << 8
"""CRC-16 of the rest of the tables."""

FORM_LOUDNESS = 1
FORM = IMAGE[FORM_AT]
"""What of a signal is projected: its samples, or how loud it is, in low and in high tones by turns."""

BEGIN_X, BEGIN_Y = unpack_from("<ii", IMAGE, BEGIN_AT)
VECTORS = array("h", IMAGE[VECTORS_AT:PROTOTYPES_AT])
ROWS = [unpack_from("<hhHB", IMAGE, PROTOTYPES_AT + i * PROTOTYPE_BYTES) for i in range(PROTOTYPES)]
"""x, y, reach, label of each prototype: who is farther away than its reach is not of its class; label 0 is none."""


def _loudness(magnitude: int) -> int:
    """0 for 0, else 16 * (1 + log2 of the magnitude), straight lines between powers of two; at most 176."""
    octave = 11
    if not magnitude:
        return 0
    while not magnitude & 1024:
        magnitude <<= 1
        octave -= 1
    return octave << 4 | (magnitude >> 6 & 15)


LOUDNESS = bytes([_loudness(magnitude) for magnitude in range(1025)])
"""Of each magnitude: there is no time to compute it 8,000 times a second."""


class Projection:
    """A signal on its way: samples seen, the last of them, and the two sums so far. The tables keep both sums within
    ±2^30 (FARTHEST in edge/bridge/points.py): a Pico counts so far without memory."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """A new signal."""
        self.next, self._last, self._x, self._y = 0, 0, BEGIN_X, BEGIN_Y

    def take(self, samples: array[int], first: int, end: int) -> int:
        """Takes samples[first:end], each -512..511, while the signal is not whole; where it stopped."""
        end = min(end, first + SIGNAL_SAMPLES - self.next)
        x, y, factors, at, last, loud = self._x, self._y, VECTORS, 2 * self.next, self._last, FORM == FORM_LOUDNESS
        for place in range(first, end):
            value = sample = samples[place]
            if loud:
                value = LOUDNESS[abs(sample - last if at & 2 else sample + last)]
            x += factors[at] * value
            y += factors[at + 1] * value
            at += 2
            last = sample
        self._x, self._y, self.next, self._last = x, y, at >> 1, last
        return end

    def point(self) -> tuple[int, int]:
        """Where the signal lies: the upper halves of its sums."""
        return self._x >> 16, self._y >> 16


_nearest = Nearest()


def classify(x: int, y: int) -> tuple[int, int]:
    """The class of a point, 0 when it is out of reach, and the distance to the nearest prototype of that class."""
    _nearest.start(NEIGHBOURS)
    for i in range(PROTOTYPES):
        row = ROWS[i]
        square = (x - row[0]) ** 2 + (y - row[1]) ** 2
        if square < _nearest.limit:
            _nearest.take(square, i)
    label, i = _elected(), 0
    while ROWS[_nearest.which[i]][3] != label:
        i += 1
    distance = square_root(_nearest.squares[i])
    return (0 if distance > ROWS[_nearest.which[i]][2] else label), distance


def _elected() -> int:
    """The class with the most votes among the nearest prototypes; of equals the one with the nearer prototype."""
    votes, best = bytearray(CLASSES), 0
    for i in range(_nearest.count):
        votes[ROWS[_nearest.which[i]][3]] += 1
    for i in range(_nearest.count - 1, -1, -1):
        label = ROWS[_nearest.which[i]][3]
        if votes[label] >= votes[best]:
            best = label
    return best
