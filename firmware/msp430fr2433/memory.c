/* What clang calls by name and no library brings: copying and filling, byte by byte. */
#include <stdint.h>
#include <string.h>  /* what is declared there */

void *memcpy(void *to, const void *from, size_t count)
{
    uint8_t *into = to;
    const uint8_t *bytes = from;
    while (count--) *into++ = *bytes++;
    return to;
}

void *memset(void *to, int value, size_t count)
{
    uint8_t *into = to;
    while (count--) *into++ = (uint8_t)value;
    return to;
}
