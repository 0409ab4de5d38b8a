/* The self-test that a board answers after it was flashed: memory, program, tables, a tile and a signal whose answers are
   known, microphone, buttons, lamps. Agrees with edge/bridge/self_test.py, which says what is right. */
#include "self_test.h"

#include "crc16.h"
#include "events.h"    /* listen_start, lamps_set: both end here */
#include "knn_tile.h"
#include "mac.h"       /* product */
#include "port.h"
#include "project.h"
#include "tile_wire.h"

enum { LAMPS = 2, MOST_TURNS = 20000 };

/* The next of 65,535 numbers (Marsaglia 2003, "Xorshift RNGs", with 16 bits and the shifts 7, 9, 8). Inlined it takes more
   bytes. */
__attribute__((noinline)) static uint16_t drawn(uint16_t *state)
{
    uint16_t x = *state;
    x ^= x << 7;
    x ^= x >> 9;
    x ^= x << 8;
    return *state = x;
}

/* A row whose alpha stays in 0..1, whatever is drawn. */
static void draw_row(struct row *row, uint16_t *state)
{
    uint16_t weights = 0;
    for (uint8_t k = 0; k < SLOTS; k++) {
        row->links[k].neighbour = drawn(state) & 63;
        row->links[k].weight = drawn(state) & 63;
        weights += row->links[k].weight;
    }
    row->bias = product(WHOLE - weights, drawn(state) & 127);
}

/* Solves the seed's tile; CRC of its alphas, 0 when it is found unsound. What lay there is forgotten. */
static uint16_t tile_check(uint16_t seed)
{
    uint16_t change;
    struct row *row = tile.in.rows;
    tile_wire_start();
    tile.unknowns = TEST_UNKNOWNS;
    for (uint8_t left = TEST_UNKNOWNS; left; left--) draw_row(row++, &seed);
    uint8_t *guess = (uint8_t *)row;
    for (uint8_t left = TEST_UNKNOWNS; left; left--) *guess++ = (uint8_t)drawn(&seed);
    if (!tile_sound()) return 0;
    tile_guess();
    tile_solve(TEST_SWEEPS, 0, &change);
    return crc16(CRC16_START, (const uint8_t *)tile.alpha, 2 * TEST_UNKNOWNS);
}

/* Where the seed's signal lies. */
static struct point signal_point(uint16_t seed)
{
    struct projection signal;
    projection_start(&signal);
    while (signal.next < SIGNAL_SAMPLES) projection_take(&signal, (int16_t)(drawn(&seed) & 1023) - 512);
    return projection_point(&signal);
}

/* Listens for TEST_MS at most, or for so many turns where no clock runs. */
static void hear_level(struct self_tested *answer)
{
    int32_t sum = 0;
    uint16_t began = port_ms();
    port_listen(1);
    for (uint16_t turns = MOST_TURNS; turns && answer->heard < TEST_SAMPLES; turns--) {
        int16_t sample = port_sample();
        if (sample == NO_SAMPLE) {
            if ((uint16_t)(port_ms() - began) >= TEST_MS) break;
            port_wait();
            continue;
        }
        uint16_t loud = sample < 0 ? -sample : sample;
        if (loud > answer->loudest) answer->loudest = loud;
        sum += sample;
        answer->heard++;
    }
    port_listen(0);
    answer->mean = (int16_t)(sum >> 8);
}

/* The lamps whose pins are low when they should be dark and high when they alone should be lit. */
static uint8_t lamps_that_follow(void)
{
    uint8_t follow = 0;
    port_lamps(0);
    uint8_t stuck = port_lit();
    for (uint8_t lamp = 1; lamp < 1 << LAMPS; lamp <<= 1) {
        port_lamps(lamp);
        if (port_lit() == lamp) follow |= lamp;
    }
    port_lamps(0);
    return follow & ~stuck;
}

/* Fills in the answer, which is zeroed. */
void self_test(uint16_t seed, struct self_tested *answer)
{
    uint16_t began = port_ms();
    listen_start(0);
    lamps_set(0);
    answer->ram_bytes = port_ram_bytes();
    answer->ram_fault = port_ram_fault();
    answer->program = port_program();
    answer->program_due = port_program_due();
    answer->password = port_password();
    answer->tables = crc16(CRC16_START, (const uint8_t *)&tables + sizeof tables.check,
                           sizeof tables - sizeof tables.check);
    answer->tables_due = tables.check;
    answer->tile = tile_check(seed);
    struct point at = signal_point(seed);
    answer->x = at.x;
    answer->y = at.y;
    hear_level(answer);
    answer->buttons = port_buttons();
    answer->lamps = lamps_that_follow();
    answer->ms = port_ms() - began;
}
