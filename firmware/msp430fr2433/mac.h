/* Multiply and accumulate on the MPY32 (TI SLAU445, MSP430FR4xx and FR2xx user's guide, chapter "32-bit hardware
   multiplier"): operand 1 goes to MAC or MACS, operand 2 starts, the sum is ready when the next instruction reads it
   with an absolute address. No interrupt multiplies. The host's twin is firmware/host/mac.h. */
#ifndef MASQUE_MAC_H
#define MASQUE_MAC_H

#include <stdint.h>

/* Addresses come from the linker: chip.ld, or simulator.ld where the simulator has its multiplier elsewhere. */
extern volatile uint16_t MPY32_MAC, MPY32_MACS, MPY32_OP2, MPY32_RESLO, MPY32_RESHI;

static inline void mac_begin(uint16_t low, uint16_t high)
{
    MPY32_RESLO = low;
    MPY32_RESHI = high;
}

static inline void mac_add(uint16_t a, uint16_t b)
{
    MPY32_MAC = a;
    MPY32_OP2 = b;
}

static inline void mac_add_signed(int16_t a, int16_t b)
{
    MPY32_MACS = (uint16_t)a;
    MPY32_OP2 = (uint16_t)b;
}

static inline uint16_t mac_low(void) { return MPY32_RESLO; }
static inline uint16_t mac_high(void) { return MPY32_RESHI; }
static inline uint16_t mac_middle(void) { return (uint16_t)(MPY32_RESHI << 8) | (MPY32_RESLO >> 8); }

/* a * b: the compiler must never multiply by itself, it would call a library that is not there. */
static inline uint16_t product(uint16_t a, uint16_t b)
{
    mac_begin(0, 0);
    mac_add(a, b);
    return mac_low();
}

#endif
