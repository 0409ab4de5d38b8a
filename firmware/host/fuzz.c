/* libFuzzer's door to frame decoder and dispatcher (`make -C firmware/host fuzz`). An input is bytes from the wire, or a
   script: what the first byte says. Sanitizers watch memory and arithmetic; here is checked what they cannot know. */
#include <assert.h>  /* assert */
#include <stddef.h>  /* size_t */
#include <string.h>  /* memcpy */

#include "crc16.h"
#include "dispatch.h"
#include "host.h"
#include "knn_tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was solved, no alpha may have left 0..1. */
static void check_alphas(void)
{
    for (unsigned i = 0; i < tile.unknowns; i++) assert(tile.alpha[i] <= ONE);
}

/* Takes what the device said, in small bites, as a slow host would. */
static void drain(void)
{
    uint8_t said[97];
    while (host_take(said, sizeof said)) {}
}

static void turn(const uint8_t *bytes, size_t count)
{
    host_give(bytes, (uint32_t)count);
    core_turn();
    check_alphas();
    drain();
}

/* One message of a script, dispatched as if it had come in a sound frame: a fuzzer does not guess CRCs. */
static size_t message(const uint8_t *data, size_t size)
{
    static struct arrival arrival;
    uint8_t body = data[0] % (BODY_BYTES + 1);
    if (size < 3u + body) return 0;
    arrival.message.kind = data[1];
    arrival.message.sequence = data[2];
    memcpy(arrival.message.body, data + 3, body);
    arrival.body_bytes = body;
    arrival.crc = crc16(CRC16_START, data + 1, 2u + body);
    host_clock((uint16_t)(arrival.crc << 3));
    host_buttons(arrival.crc & 3);
    dispatch(&arrival);
    check_alphas();
    drain();
    return 3u + body;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    core_start();
    if (!size) return 0;
    if (data[0] & 1) {
        turn(data + 1, size - 1);
        return 0;
    }
    int16_t sounds[64] = {0};
    memcpy(sounds, data, size < sizeof sounds ? size : sizeof sounds);
    for (unsigned i = 0; i < 64; i++) sounds[i] >>= 6;
    host_samples(sounds, 64);
    data++, size--;
    for (size_t taken = 1; size >= 3 && taken; data += taken, size -= taken) {
        taken = message(data, size);
        if (taken) turn(data, 0);
    }
    return 0;
}
