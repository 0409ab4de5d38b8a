/* CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected; 0x29B1 for "123456789". Agrees with
   edge/bridge/framing.py, crc16. */
#ifndef MASQUE_CRC16_H
#define MASQUE_CRC16_H

#include <stdint.h>

enum { CRC16_START = 0xFFFF };

uint16_t crc16(uint16_t crc, const uint8_t *bytes, uint16_t count);

#endif
