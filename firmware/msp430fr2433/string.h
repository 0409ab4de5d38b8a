/* The two functions of the C library that the core uses: memory.c has them. */
#ifndef MASQUE_STRING_H
#define MASQUE_STRING_H

#include <stddef.h>  /* size_t */

void *memcpy(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);

#endif
