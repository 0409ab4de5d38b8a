/* What the interrupts of start.S and port.c share. Offsets are used by start.S: the assertions keep them. */
#ifndef MASQUE_ISR_H
#define MASQUE_ISR_H

#include <stddef.h>  /* offsetof */
#include <stdint.h>

enum { RING_BYTES = 128, RING_SAMPLES = 16 };

struct port_isr {
    volatile uint16_t ms;
    volatile uint8_t written, read;      /* places in bytes[] */
    volatile uint8_t sampled, heard;     /* twice the places in samples[] */
    volatile uint8_t errors, spare;      /* broken stop bits, less a quarter of sound bytes */
    volatile uint16_t samples[RING_SAMPLES];
    volatile uint8_t bytes[RING_BYTES];
};

_Static_assert(offsetof(struct port_isr, written) == 2 && offsetof(struct port_isr, read) == 3, "start.S");
_Static_assert(offsetof(struct port_isr, sampled) == 4 && offsetof(struct port_isr, heard) == 5, "start.S");
_Static_assert(offsetof(struct port_isr, errors) == 6 && offsetof(struct port_isr, samples) == 8, "start.S");
_Static_assert(offsetof(struct port_isr, bytes) == 40, "start.S");

extern struct port_isr isr;

/* Sleeps until the next interrupt unless bytes or samples wait; turns interrupts on. */
void isr_sleep(void);

#endif
