/* The few smallest of many distances. */
#ifndef MASQUE_NEAREST_H
#define MASQUE_NEAREST_H

#include <stdint.h>

#include "mac.h"  /* squares */

enum { MOST_NEAREST = 5 };

struct point { int16_t x, y; };

/* The smallest so far, in order; of equal ones the first that was offered. Nothing from `limit` on belongs there. */
struct nearest {
    uint32_t limit;
    uint32_t squares[MOST_NEAREST];
    uint8_t which[MOST_NEAREST];
    uint8_t count, most;
};

/* The squared distance of two points whose coordinates lie in -16,383..16,383. */
static inline uint32_t square_between(const struct point *a, const struct point *b)
{
    int16_t x = a->x - b->x, y = a->y - b->y;
    mac_begin(0, 0);
    mac_add_signed(x, x);
    mac_add_signed(y, y);
    return (uint32_t)mac_high() << 16 | mac_low();
}

struct nearest nearest_start(uint8_t most);
void nearest_take(struct nearest *nearest, uint32_t square, uint8_t which);
uint16_t square_root(uint32_t square);

/* Takes a distance into the list when it belongs there. */
static inline void nearest_offer(struct nearest *nearest, uint32_t square, uint8_t which)
{
    if (square < nearest->limit) nearest_take(nearest, square, which);
}

#endif
