/* One tile of a KNN system, solved by Gauss-Seidel in Q15. Agrees with edge/matting/q15.py, solve_tile. */
#ifndef MASQUE_KNN_TILE_H
#define MASQUE_KNN_TILE_H

#include <stdint.h>

#include "words.h"  /* SLOTS, ROW_BYTES */

enum { MOST_UNKNOWNS = 96, WHOLE = 256 };

struct link { uint8_t neighbour, weight; };

/* 256 * alpha[i] = 256 * bias + sum of weight * alpha[neighbour]; weights UQ0.8, bias Q15 and at most the known share. */
struct row {
    uint16_t bias;
    struct link links[SLOTS];
};
_Static_assert(sizeof(struct row) == ROW_BYTES, "rows lie in memory as they come over the wire");

/* The tile as it arrives: `unknowns` rows, right behind them a guess (alpha * 255) each; and its alphas. */
struct tile {
    union {
        struct row rows[MOST_UNKNOWNS];
        uint8_t bytes[MOST_UNKNOWNS * (ROW_BYTES + 1)];
    } in;
    uint16_t alpha[MOST_UNKNOWNS];
    uint8_t unknowns;
};

extern struct tile tile;

uint8_t tile_sound(void);
void tile_guess(void);
uint8_t tile_solve(uint8_t sweeps, uint16_t step, uint16_t *change);

#endif
