/* CRC-16/CCITT-FALSE without a table: a byte is folded in with shifts. Agrees with edge/bridge/framing.py, crc16. */
#include "crc16.h"

/* The CRC after `count` more bytes. */
uint16_t crc16(uint16_t crc, const uint8_t *bytes, uint16_t count)
{
    for (; count; count--) {
        uint16_t mixed = (uint16_t)(crc >> 8) ^ *bytes++;
        mixed ^= mixed >> 4;
        crc = (uint16_t)(crc << 8) ^ (uint16_t)(mixed << 12) ^ (uint16_t)(mixed << 5) ^ mixed;
    }
    return crc;
}
