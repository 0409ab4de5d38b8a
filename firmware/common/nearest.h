/* The few smallest of many distances. */
#ifndef MASQUE_NEAREST_H
#define MASQUE_NEAREST_H

#include <stdint.h>

enum { MOST_NEAREST = 5 };

struct point { int16_t x, y; };

/* The smallest so far, in order; of equal ones the first that was offered. */
struct nearest {
    uint32_t squares[MOST_NEAREST];
    uint8_t which[MOST_NEAREST];
    uint8_t count, most;
};

uint32_t square_between(struct point a, struct point b);
void nearest_offer(struct nearest *nearest, uint32_t square, uint8_t which);
uint16_t square_root(uint32_t square);

#endif
