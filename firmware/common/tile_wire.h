/* A tile's way over the wire: parts in, in any order and more than once; alphas out. */
#ifndef MASQUE_TILE_WIRE_H
#define MASQUE_TILE_WIRE_H

#include <stdint.h>

#include "frame.h"  /* struct arrival, struct message */

void tile_wire_start(void);
void tile_take_part(const struct arrival *request, uint8_t part);
void tile_answer_solve(const struct ask_solve *ask, struct solved *answer);
void tile_answer_columns(const struct ask_columns *ask, struct solved *answer);
uint8_t tile_knows(uint8_t number);
uint8_t tile_send_alphas(uint8_t wanted, struct message *room);

#endif
