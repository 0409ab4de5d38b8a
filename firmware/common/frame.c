/* Frames on the wire: COBS, a zero byte as the end, a fold and CRC-16. Agrees with edge/bridge/framing.py. A frame is decoded into
   one buffer as its bytes arrive; whatever is wrong with it, the next delimiter ends it. */
#include "frame.h"

#include <string.h>  /* memset */

#include "crc16.h"
#include "port.h"  /* port_write */

enum { HEAD_BYTES = 2, FOLD_BYTES = 1, CRC_BYTES = 2, SHORTEST = HEAD_BYTES + FOLD_BYTES + CRC_BYTES };

static struct {
    struct arrival arrival;
    uint8_t count;     /* bytes decoded */
    uint8_t run;       /* bytes until the next COBS code */
    uint8_t began;     /* a code has been seen: before the next one stands a zero */
    uint8_t spoilt;    /* too long: wait for the delimiter */
    uint16_t damaged;
} in;

/* Forgets everything, as after a reset. */
void frame_start(void)
{
    memset(&in, 0, sizeof in);
}

/* Frames that ended unsound since the start, modulo 65,536. */
uint16_t frame_damaged(void)
{
    return in.damaged;
}

/* Keeps a decoded byte, if there is room. */
static void keep(uint8_t byte)
{
    if (in.count == sizeof(struct message)) {
        in.spoilt = 1;
        return;
    }
    ((uint8_t *)&in.arrival.message)[in.count++] = byte;
}

/* A byte, turned left by a bit before each byte is added. A CRC-16 alone passes one spoilt frame in 65,536. */
static uint8_t fold(const uint8_t *bytes, uint8_t count)
{
    uint8_t total = 0;
    for (; count; count--) total = (uint8_t)((total << 1) | (total >> 7)) + *bytes++;
    return total;
}

/* Whether the bytes before a delimiter are a sound frame. */
static uint8_t sound(void)
{
    const uint8_t *bytes = (const uint8_t *)&in.arrival.message;
    if (in.spoilt || in.run || in.count < SHORTEST) return 0;
    uint8_t covered = in.count - CRC_BYTES;
    in.arrival.crc = crc16(CRC16_START, bytes, covered);
    in.arrival.body_bytes = in.count - SHORTEST;
    if (fold(bytes, covered - FOLD_BYTES) != bytes[covered - FOLD_BYTES]) return 0;
    return bytes[covered] == (in.arrival.crc & 0xFF) && bytes[covered + 1] == in.arrival.crc >> 8;
}

/* The delimiter has come: judges the frame, makes room for the next. */
static const struct arrival *ended(void)
{
    uint8_t good = in.began && sound();
    if (in.began && !good) in.damaged++;
    in.count = in.run = in.began = in.spoilt = 0;
    return good ? &in.arrival : 0;
}

/* Takes a byte; the frame that it ends when that is sound (until the next byte is taken), else NULL. */
const struct arrival *frame_take(uint8_t byte)
{
    if (!byte) return ended();
    if (in.run) {
        keep(byte);
        in.run--;
        return 0;
    }
    if (in.began) keep(0);
    in.began = 1;
    in.run = byte - 1;
    return 0;
}

/* Sends a message: puts its fold and CRC behind the body, then writes run after run. */
void frame_send(struct message *message, uint8_t body_bytes)
{
    uint8_t *bytes = (uint8_t *)message;
    uint8_t count = HEAD_BYTES + body_bytes;
    bytes[count] = fold(bytes, count);
    count++;
    uint16_t crc = crc16(CRC16_START, bytes, count);
    bytes[count++] = crc & 0xFF;
    bytes[count++] = crc >> 8;
    for (uint8_t at = 0; at <= count; at++) {
        uint8_t end = at;
        while (end < count && bytes[end]) end++;
        port_write(end - at + 1);
        for (; at < end; at++) port_write(bytes[at]);
    }
    port_write(0);
}
