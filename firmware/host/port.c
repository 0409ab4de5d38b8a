/* The port on a PC: bytes in two buffers, time, pins and samples as the owner sets them. Shared by the pty process
   (main.c), the shared library that tests load, and the fuzzer. */
#include "port.h"

#include <string.h>  /* memcpy, memmove */

#include "crc16.h"
#include "host.h"
#include "project.h"  /* tables: all of the program that a PC leaves where it was */
#include "words.h"    /* CHIP_HOST */

enum { IN_BYTES = 4096, OUT_BYTES = 8192, SAMPLES = 2048 };

static struct {
    uint8_t in[IN_BYTES], out[OUT_BYTES];
    int16_t samples[SAMPLES];
    uint32_t in_count, in_next, out_count, sample_count, sample_next;
    uint16_t ms;
    uint8_t buttons, lamps, broken_lamps, listens;
} port;

int16_t port_read(void) { return port.in_next < port.in_count ? port.in[port.in_next++] : NO_BYTE; }

void port_write(uint8_t byte)
{
    if (port.out_count < OUT_BYTES) port.out[port.out_count++] = byte;
}

uint16_t port_ms(void) { return port.ms; }

void port_wait(void) {}

uint8_t port_buttons(void) { return port.buttons; }

void port_lamps(uint8_t lamps) { port.lamps = lamps; }

uint8_t port_lit(void) { return port.lamps & ~port.broken_lamps; }

int16_t port_sample(void)
{
    return port.sample_next < port.sample_count ? port.samples[port.sample_next++] : NO_SAMPLE;
}

void port_listen(uint8_t on) { port.listens = on; }

uint8_t port_chip(void) { return CHIP_HOST; }

/* A PC tests its memory itself. */
uint16_t port_ram_bytes(void) { return 0; }
uint16_t port_ram_fault(void) { return 0; }

uint16_t port_program(void)
{
    return crc16(CRC16_START, (const uint8_t *)&tables + sizeof tables.check, sizeof tables - sizeof tables.check);
}

uint16_t port_program_due(void) { return tables.check; }
uint16_t port_password(void) { return 0; }

/* Bytes for the firmware; those that do not fit are lost, as on a wire. */
void host_give(const uint8_t *bytes, uint32_t count)
{
    memmove(port.in, port.in + port.in_next, port.in_count - port.in_next);
    port.in_count -= port.in_next;
    port.in_next = 0;
    if (count > IN_BYTES - port.in_count) count = IN_BYTES - port.in_count;
    memcpy(port.in + port.in_count, bytes, count);
    port.in_count += count;
}

/* What the firmware wrote since the last time: at most `room` bytes; how many. */
uint32_t host_take(uint8_t *bytes, uint32_t room)
{
    uint32_t count = port.out_count < room ? port.out_count : room;
    memcpy(bytes, port.out, count);
    memmove(port.out, port.out + count, port.out_count - count);
    port.out_count -= count;
    return count;
}

void host_samples(const int16_t *samples, uint32_t count)
{
    port.sample_count = count < SAMPLES ? count : SAMPLES;
    port.sample_next = 0;
    memcpy(port.samples, samples, port.sample_count * sizeof *samples);
}

void host_clock(uint16_t ms) { port.ms = ms; }

void host_buttons(uint8_t buttons) { port.buttons = buttons; }

uint8_t host_lamps(void) { return port.lamps; }

void host_broken_lamps(uint8_t lamps) { port.broken_lamps = lamps; }

uint8_t host_listens(void) { return port.listens; }
