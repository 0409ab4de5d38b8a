/* Buttons, lamps, countdown and microphone: what happens, numbered, until the host has seen it. */
#ifndef MASQUE_EVENTS_H
#define MASQUE_EVENTS_H

#include <stdint.h>

#include "words.h"  /* struct event */

void events_start(void);
void events_turn(void);
void events_tell(uint16_t seen, struct event *event);
void lamps_set(uint8_t lamps);
void countdown_start(uint8_t steps, uint16_t step_ms);
void listen_start(uint16_t level);

#endif
