/* The mark at FF60h of an image: whose it is, for which board, and what its program's CRC has to be. Agrees with
   tools/flash/mark.py, which puts the CRC there after the image was linked. */
#ifndef MASQUE_MARK_H
#define MASQUE_MARK_H

#include <stdint.h>

enum { VECTOR_BYTES = 38, PASSWORD_BYTES = 32 };

struct mark {
    char name[8];         /* "masque" */
    char board[16];
    uint16_t words;       /* VERSION of words.h */
    uint16_t check;       /* CRC-16 of the program, then of the vectors; the tables have their own */
    const uint8_t *start, *end;  /* where the program lies */
};
_Static_assert(sizeof(struct mark) == 32, "link.ld has room for 32 bytes");

extern const struct mark mark;

/* From link.ld. */
extern const uint8_t __program_start[], __program_end[], __vectors_start[];
extern const uint8_t __ram_bytes[];  /* its address is the number */

#endif
