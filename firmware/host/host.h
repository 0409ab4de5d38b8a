/* How the owner of the port on a PC plays the wire, the clock, the pins and the microphone. */
#ifndef MASQUE_HOST_H
#define MASQUE_HOST_H

#include <stdint.h>

void host_give(const uint8_t *bytes, uint32_t count);
uint32_t host_take(uint8_t *bytes, uint32_t room);
void host_samples(const int16_t *samples, uint32_t count);
void host_clock(uint16_t ms);
void host_buttons(uint8_t buttons);
uint8_t host_lamps(void);
void host_broken_lamps(uint8_t lamps);
uint8_t host_listens(void);

#endif
