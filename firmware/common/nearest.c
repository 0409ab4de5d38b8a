/* The few smallest of many distances, for prototypes and for columns. Agrees with edge/bridge/points.py. */
#include "nearest.h"

/* An empty list for the `most` smallest. */
struct nearest nearest_start(uint8_t most)
{
    return (struct nearest){.limit = 0xFFFFFFFF, .most = most};
}

/* Takes a distance under the limit into the list, for the largest there when it is full. */
void nearest_take(struct nearest *nearest, uint32_t square, uint8_t which)
{
    uint8_t at = nearest->count < nearest->most ? nearest->count++ : nearest->most - 1;
    for (; at && nearest->squares[at - 1] > square; at--) {
        nearest->squares[at] = nearest->squares[at - 1];
        nearest->which[at] = nearest->which[at - 1];
    }
    nearest->squares[at] = square;
    nearest->which[at] = which;
    if (nearest->count == nearest->most) nearest->limit = nearest->squares[nearest->most - 1];
}

/* The root, rounded down: one bit of it after the other (Abacus method). */
uint16_t square_root(uint32_t square)
{
    uint32_t root = 0;
    for (uint32_t bit = (uint32_t)1 << 30; bit; bit >>= 2) {
        if (square >= root + bit) {
            square -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint16_t)root;
}
