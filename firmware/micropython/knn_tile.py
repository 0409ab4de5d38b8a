"""One tile of a KNN system, solved by Gauss-Seidel in Q15. Every update is a weighted mean, so an alpha cannot leave
0..1: no float, and no integer that a Pico would keep outside a register. Agrees with firmware/common/knn_tile.c."""

from array import array

import events
from words import ONE, ROW_BYTES

MOST_UNKNOWNS = 96
WHOLE = 256


class Tile:
    """bytes: the tile as it arrives, `unknowns` rows (bias Q15, then four times neighbour and weight UQ0.8), right
    behind them a guess (alpha · 255) each; alpha: Q15."""

    def __init__(self) -> None:
        self.bytes = bytearray(MOST_UNKNOWNS * (ROW_BYTES + 1))
        self.alpha = array("H", bytes(2 * MOST_UNKNOWNS))
        self.unknowns = 0
        self._begin = array("i", bytes(4 * MOST_UNKNOWNS))

    def bias(self, row: int) -> int:
        """Of a row, Q15."""
        return self.bytes[row * ROW_BYTES] | self.bytes[row * ROW_BYTES + 1] << 8

    def sound(self) -> bool:
        """Whether the tile may be solved."""
        return all(self._row_sound(row) for row in range(self.unknowns))

    def _row_sound(self, row: int) -> bool:
        """Whether a row's neighbours exist and its weights and bias leave alpha in 0..1."""
        weights = 0
        for at in range(row * ROW_BYTES + 2, (row + 1) * ROW_BYTES, 2):
            if self.bytes[at] >= self.unknowns:
                return False
            weights += self.bytes[at + 1]
        return weights <= WHOLE and self.bias(row) << 8 <= (WHOLE - weights) * ONE

    def guess(self) -> None:
        """Alphas begin at the guesses: 255 becomes 32,767."""
        first = self.unknowns * ROW_BYTES
        for row in range(self.unknowns):
            guess = self.bytes[first + row]
            self.alpha[row] = guess << 7 | guess >> 1
            self._begin[row] = self.bias(row) << 8 | 128

    def solve(self, sweeps: int, step: int) -> tuple[int, int]:
        """Sweeps until no alpha moves by more than `step`, at most `sweeps` times; how often, and the last sweep's
        change. Both directions, so that each row is swept right after those that lean on it, in one of them."""
        done = 0
        while True:
            back = done & 1
            change = self._sweep(self.unknowns - 1 if back else 0, -1 if back else self.unknowns, -1 if back else 1)
            done += 1
            events.turn()
            if change <= step or done >= sweeps:
                return done, change

    def _sweep(self, first: int, end: int, way: int) -> int:
        """One sweep; how far the alpha that moved most has moved. Unrolled, on locals: here the time is spent."""
        rows, alpha, begin, change = self.bytes, self.alpha, self._begin, 0
        for row in range(first, end, way):
            at = row * ROW_BYTES
            now = (begin[row] + rows[at + 3] * alpha[rows[at + 2]] + rows[at + 5] * alpha[rows[at + 4]]
                   + rows[at + 7] * alpha[rows[at + 6]] + rows[at + 9] * alpha[rows[at + 8]]) >> 8
            moved = now - alpha[row]
            alpha[row] = now
            if moved < 0:
                moved = -moved
            if moved > change:
                change = moved
        return change


tile = Tile()
