/* The seam between the core and a chip: six ideas. A port is these functions and mac.h; the PC is one of the chips
   (firmware/host), and the simulator answers exactly these (edge/bridge/simulator.py). */
#ifndef MASQUE_PORT_H
#define MASQUE_PORT_H

#include <stdint.h>

enum { NO_BYTE = -1, NO_SAMPLE = -32768 };

/* 1. The next byte that arrived, 0..255, or NO_BYTE. */
int16_t port_read(void);

/* 2. Sends a byte; waits for room. */
void port_write(uint8_t byte);

/* 3. Time: milliseconds, modulo 65,536; and sleep until a byte, a sample or the next millisecond. */
uint16_t port_ms(void);
void port_wait(void);

/* 4. Pins: bit b is set while button b is down; bit l switches lamp l on; bit l is set while lamp l's pin is high. */
uint8_t port_buttons(void);
void port_lamps(uint8_t lamps);
uint8_t port_lit(void);

/* 5. The next sample of the microphone, -512..511, 8,000 a second while it listens, or NO_SAMPLE. */
int16_t port_sample(void);
void port_listen(uint8_t on);

/* 6. What a self-test asks: how many bytes of RAM can be tested (0: none), and the address of the first that does not keep
   what is written to it (0: there is none; what the RAM holds is kept); CRC-16 of the program as it now lies in memory,
   without the tables, and what it has to be (0 where nobody has said so); CRC-16 of the bytes that a bootloader in ROM
   takes as its password (0 where there is none): whoever knows an image with that CRC may flash without erasing. */
uint16_t port_ram_bytes(void);
uint16_t port_ram_fault(void);
uint16_t port_program(void);
uint16_t port_program_due(void);
uint16_t port_password(void);

/* Which chip this is: one of CHIP_… of words.h. */
uint8_t port_chip(void);

#endif
