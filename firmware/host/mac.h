/* Multiply and accumulate on a PC: 32 bits, as the MSP430's multiplier does it (firmware/msp430fr2433/mac.h). */
#ifndef MASQUE_MAC_H
#define MASQUE_MAC_H

#include <stdint.h>

static uint32_t mac_sum;

/* The sum is high:low. */
static inline void mac_begin(uint16_t low, uint16_t high) { mac_sum = (uint32_t)high << 16 | low; }

/* Adds an unsigned, or a signed, product. */
static inline void mac_add(uint16_t a, uint16_t b) { mac_sum += (uint32_t)a * b; }
static inline void mac_add_signed(int16_t a, int16_t b) { mac_sum += (uint32_t)((int32_t)a * b); }

/* The sum's halves, and bits 8 to 23 of it. */
static inline uint16_t mac_low(void) { return (uint16_t)mac_sum; }
static inline uint16_t mac_high(void) { return (uint16_t)(mac_sum >> 16); }
static inline uint16_t mac_middle(void) { return (uint16_t)(mac_sum >> 8); }

/* a * b: the compiler must never multiply by itself, it would call a library that is not there. */
static inline uint16_t product(uint16_t a, uint16_t b)
{
    mac_begin(0, 0);
    mac_add(a, b);
    return mac_low();
}

#endif
