/* The few smallest of many distances, for prototypes and for columns. Agrees with edge/bridge/points.py. */
#include "nearest.h"

#include "mac.h"  /* squares */

/* The squared distance of two points whose coordinates lie in -16,383..16,383. */
uint32_t square_between(struct point a, struct point b)
{
    int16_t x = a.x - b.x, y = a.y - b.y;
    mac_begin(0, 0);
    mac_add_signed(x, x);
    mac_add_signed(y, y);
    return (uint32_t)mac_high() << 16 | mac_low();
}

/* Takes a distance into the list when it belongs there. */
void nearest_offer(struct nearest *nearest, uint32_t square, uint8_t which)
{
    uint8_t at = nearest->count;
    if (at == nearest->most) {
        if (square >= nearest->squares[at - 1]) return;
        at--;
    } else {
        nearest->count++;
    }
    for (; at && nearest->squares[at - 1] > square; at--) {
        nearest->squares[at] = nearest->squares[at - 1];
        nearest->which[at] = nearest->which[at - 1];
    }
    nearest->squares[at] = square;
    nearest->which[at] = which;
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
