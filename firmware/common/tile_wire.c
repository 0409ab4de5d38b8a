/* A tile's way over the wire: parts in, in any order and more than once; alphas out. The host asks for what is missing;
   a CRC covers the whole, both ways. Agrees with edge/bridge/device.py. */
#include "tile_wire.h"

#include <string.h>  /* memcpy, memset */

#include "columns.h"
#include "crc16.h"
#include "knn_tile.h"
#include "mac.h"   /* product */
#include "port.h"  /* port_ms */

enum { MOST_PARTS = 19, ALPHA_PARTS = 4 };

static struct {
    uint8_t arrived[4];   /* bit p: part p of tile `number` */
    uint8_t number, solved;
} state;

static const uint8_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};

/* Forgets everything, as after a reset. */
void tile_wire_start(void)
{
    memset(&state, 0, sizeof state);
}

/* Where a part begins. */
static uint16_t part_offset(uint8_t part)
{
    return product(part, BODY_BYTES);
}

/* What has arrived of a tile counts no more. */
static void forget_parts(void)
{
    memset(state.arrived, 0, sizeof state.arrived);
}

/* Takes a part of the tile that the sequence number names; one of another tile begins that one. */
void tile_take_part(const struct arrival *request, uint8_t part)
{
    if (part >= MOST_PARTS || part_offset(part) + request->body_bytes > (uint16_t)sizeof tile.in) return;
    if (request->message.sequence != state.number) forget_parts();
    state.number = request->message.sequence;
    state.solved = 0;
    state.arrived[part >> 3] |= bits[part & 7];
    memcpy(tile.in.bytes + part_offset(part), request->message.body, request->body_bytes);
}

/* Marks in `missing` the parts of a tile of `count` bytes that have not arrived; whether there are any. */
static uint8_t mark_missing(uint8_t *missing, uint16_t count)
{
    uint8_t any = 0;
    for (uint8_t part = 0; part_offset(part) < count; part++) {
        uint8_t bit = bits[part & 7];
        if (state.arrived[part >> 3] & bit) continue;
        missing[part >> 3] |= bit;
        any = 1;
    }
    return any;
}

/* Sweeps and reports; the tile is known to be sound. */
static void solve(struct solved *answer, uint8_t sweeps, uint16_t step)
{
    uint16_t change, began = port_ms();
    tile_guess();
    answer->sweeps = tile_solve(sweeps, step, &change);
    answer->ms = port_ms() - began;
    answer->change = change;
    answer->check = crc16(CRC16_START, (const uint8_t *)tile.alpha, (uint16_t)tile.unknowns << 1);
    answer->status = STATUS_DONE;
    state.solved = 1;
}

/* Whether all of a tile has arrived as it was sent; if not, the answer says what is wrong. */
static uint8_t complete(const struct ask_solve *ask, struct solved *answer)
{
    uint16_t count = product(ask->unknowns, ROW_BYTES + 1);
    if (ask->tile != state.number) forget_parts();
    answer->status = STATUS_MISSING;
    if (mark_missing((uint8_t *)&answer->missing, count)) return 0;
    if (crc16(CRC16_START, tile.in.bytes, count) == ask->check) return 1;
    answer->status = STATUS_DAMAGED;
    forget_parts();
    return 0;
}

/* Solves the tile that has arrived; the answer is zeroed. */
void tile_answer_solve(const struct ask_solve *ask, struct solved *answer)
{
    answer->status = STATUS_REFUSED;
    if (!ask->unknowns || ask->unknowns > MOST_UNKNOWNS || !ask->sweeps || !complete(ask, answer)) return;
    state.solved = 0;
    tile.unknowns = ask->unknowns;
    answer->status = STATUS_REFUSED;
    if (tile_sound()) solve(answer, ask->sweeps, ask->step);
}

/* Makes the columns a tile and solves it; the answer is zeroed. */
void tile_answer_columns(const struct ask_columns *ask, struct solved *answer)
{
    forget_parts();
    state.solved = 0;
    state.number = ask->tile;
    answer->status = STATUS_REFUSED;
    if (ask->columns < 2 || ask->columns > MOST_UNKNOWNS || !ask->sweeps) return;
    answer->status = STATUS_DAMAGED;
    if (columns_check(ask->columns) != ask->check) return;
    columns_link(ask->columns);
    solve(answer, ask->sweeps, ask->step);
}

/* Whether the alphas of that tile are here. */
uint8_t tile_knows(uint8_t number)
{
    return state.solved && number == state.number;
}

/* Sends the alphas that are asked for, a frame each, written in `room`; whether there were any. */
uint8_t tile_send_alphas(uint8_t wanted, struct message *room)
{
    uint8_t sent = 0;
    uint16_t count = (uint16_t)tile.unknowns << 1;
    for (uint8_t part = 0; part < ALPHA_PARTS && part_offset(part) < count; part++, wanted >>= 1) {
        if (!(wanted & 1)) continue;
        uint16_t left = count - part_offset(part);
        uint8_t bytes = left < BODY_BYTES ? (uint8_t)left : BODY_BYTES;
        room->kind = KIND_ALPHA | part;
        room->sequence = state.number;
        memcpy(room->body, (const uint8_t *)tile.alpha + part_offset(part), bytes);
        frame_send(room, bytes);
        sent = 1;
    }
    return sent;
}
