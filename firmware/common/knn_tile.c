/* One tile of a KNN system, solved by Gauss-Seidel in Q15. Agrees with edge/matting/q15.py, solve_tile. Every update is a
   weighted mean, so an alpha cannot leave 0..1: no overflow, no division, no float. */
#include "knn_tile.h"

#include "events.h"  /* events_turn: buttons are served between sweeps */
#include "mac.h"     /* multiply and accumulate: the chip's multiplier, or C on a PC */

struct tile tile;

/* Whether a row's neighbours exist and its weights and bias leave alpha in 0..1. */
static uint8_t row_sound(const struct row *row)
{
    uint16_t weights = 0;
    for (uint8_t k = 0; k < SLOTS; k++) {
        if (row->links[k].neighbour >= tile.unknowns) return 0;
        weights += row->links[k].weight;
    }
    if (weights > WHOLE) return 0;
    mac_begin(0, 0);
    mac_add(WHOLE - weights, ONE);
    return ((uint32_t)row->bias << 8) <= ((uint32_t)mac_high() << 16 | mac_low());
}

/* Whether the tile may be solved. */
uint8_t tile_sound(void)
{
    const struct row *row = tile.in.rows;
    for (uint8_t left = tile.unknowns; left; left--) {
        if (!row_sound(row++)) return 0;
    }
    return 1;
}

/* Alphas begin at the guesses: 255 becomes 32,767. */
void tile_guess(void)
{
    const uint8_t *guess = tile.in.bytes + product(tile.unknowns, ROW_BYTES);
    uint16_t *alpha = tile.alpha;
    for (uint8_t left = tile.unknowns; left; left--, guess++) {
        *alpha++ = (uint16_t)(*guess << 7) | (*guess >> 1);
    }
}

/* What a row says its alpha is, rounded. */
static inline uint16_t row_alpha(const struct row *row)
{
    mac_begin((uint16_t)(row->bias << 8) | 128, row->bias >> 8);
    mac_add(row->links[0].weight, tile.alpha[row->links[0].neighbour]);
    mac_add(row->links[1].weight, tile.alpha[row->links[1].neighbour]);
    mac_add(row->links[2].weight, tile.alpha[row->links[2].neighbour]);
    mac_add(row->links[3].weight, tile.alpha[row->links[3].neighbour]);
    return mac_middle();
}

/* One sweep from a row on, `way` rows and alphas at a time; how far the alpha that moved most has moved. */
static inline uint16_t sweep(const struct row *row, uint16_t *alpha, int16_t way)
{
    uint16_t change = 0;
    for (uint8_t left = tile.unknowns; left; left--) {
        uint16_t now = row_alpha(row), before = *alpha;
        uint16_t moved = now > before ? now - before : before - now;
        *alpha = now;
        if (moved > change) change = moved;
        row += way;
        alpha += way;
    }
    return change;
}

/* Both directions, so that each row is swept right after those that lean on it, in one of them. */
static uint16_t sweep_forwards(void) { return sweep(tile.in.rows, tile.alpha, 1); }

static uint16_t sweep_backwards(void)
{
    uint16_t last = tile.unknowns - 1;
    return sweep((const struct row *)(tile.in.bytes + product(last, ROW_BYTES)), tile.alpha + last, -1);
}

/* Sweeps until no alpha moves by more than `step`, at most `sweeps` times; how often, and the last sweep's change. */
uint8_t tile_solve(uint8_t sweeps, uint16_t step, uint16_t *change)
{
    uint8_t done = 0;
    do {
        *change = done & 1 ? sweep_backwards() : sweep_forwards();
        done++;
        events_turn();
    } while (*change > step && done < sweeps);
    return done;
}
