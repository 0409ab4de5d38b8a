/* Frames on the wire: COBS, a zero byte as the end, a fold and CRC-16. Agrees with edge/bridge/framing.py. */
#ifndef MASQUE_FRAME_H
#define MASQUE_FRAME_H

#include <stdint.h>

#include "words.h"  /* FRAME_BYTES, BODY_BYTES */

/* A message: kind, sequence, body, then room for its fold and its CRC. */
struct message {
    uint8_t kind, sequence;
    uint8_t body[BODY_BYTES + 3];
};
_Static_assert(sizeof(struct message) == FRAME_BYTES - 2, "a frame is its message, a COBS code and a delimiter");

struct arrival {
    struct message message;
    uint8_t body_bytes;
    uint16_t crc;
};

void frame_start(void);
const struct arrival *frame_take(uint8_t byte);
uint16_t frame_damaged(void);
void frame_send(struct message *message, uint8_t body_bytes);

#endif
