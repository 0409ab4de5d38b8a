"""The few smallest of many distances, for prototypes and for columns. Agrees with firmware/common/nearest.c."""

MOST_NEAREST = 5


class Nearest:
    """The smallest so far, in order; of equal ones the first that was offered."""

    def __init__(self) -> None:
        self.squares = [0] * MOST_NEAREST
        self.which = bytearray(MOST_NEAREST)
        self.start(MOST_NEAREST)

    def start(self, most: int) -> None:
        """An empty list for the `most` smallest. Nothing from `limit` on belongs there."""
        self.limit, self.count, self._most = 0xFFFFFFFF, 0, most

    def take(self, square: int, which: int) -> None:
        """Takes a distance under the limit into the list, for the largest there when it is full."""
        if self.count < self._most:
            self.count += 1
        at = self.count - 1
        while at and self.squares[at - 1] > square:
            self.squares[at] = self.squares[at - 1]
            self.which[at] = self.which[at - 1]
            at -= 1
        self.squares[at] = square
        self.which[at] = which
        if self.count == self._most:
            self.limit = self.squares[self._most - 1]


def square_root(square: int) -> int:
    """The root, rounded down: one bit of it after the other (Abacus method). A Pico's floats have 24 bits."""
    root, bit = 0, 1 << 30
    while bit:
        if square >= root + bit:
            square -= root + bit
            root = (root >> 1) + bit
        else:
            root >>= 1
        bit >>= 2
    return root
