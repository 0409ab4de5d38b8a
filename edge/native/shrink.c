/* A picture made small, the mean of every cell, and its luma (ITU-R BT.601). Rows of bytes are added up first, then
   neighbours along the row: all but the step in between are vectors. */
#include "loops.h"

#include <stdlib.h>  /* malloc */
#include <string.h>  /* memcpy */

/* to = the sums of `rows` rows of bytes, which lie `count` apart; two at a time, which halves the way to memory. */
FAST static void add_rows(const uint8_t *restrict from, uint16_t *restrict to, int rows, int count)
{
    const uint8_t *restrict next = from + count;
    if (rows == 1) for (int i = 0; i < count; i++) to[i] = from[i];
    else for (int i = 0; i < count; i++) to[i] = (uint16_t)(from[i] + next[i]);
    for (int row = 2; row + 1 < rows; row += 2) {
        from += 2 * count, next += 2 * count;
        for (int i = 0; i < count; i++) to[i] = (uint16_t)(to[i] + from[i] + next[i]);
    }
    if (rows > 2 && rows % 2)
        for (int i = 0; i < count; i++) to[i] = (uint16_t)(to[i] + from[2 * count + i]);
}

/* runs: the sums of `across` pixels from each byte on. Doubled while that fits: four pixels are two additions. */
FAST static void add_across(const uint16_t *restrict sums, uint16_t *restrict runs, int across, int count)
{
    int have = across > 1 ? 2 : 1;
    if (across == 1) memcpy(runs, sums, sizeof(uint16_t) * (size_t)count);
    else for (int i = 0; i < count - 3; i++) runs[i] = (uint16_t)(sums[i] + sums[i + 3]);
    for (; 2 * have <= across; have *= 2)
        for (int i = 0; i < count - 3 * have; i++) runs[i] = (uint16_t)(runs[i] + runs[i + 3 * have]);
    for (; have < across; have++)
        for (int i = 0; i < count - 3 * have; i++) runs[i] = (uint16_t)(runs[i] + sums[i + 3 * have]);
}

/* cells: sums of r, g, b; pixels: how many each was added up from. */
FAST static void means_of(const uint16_t *restrict cells, int count, int pixels, uint8_t *restrict small,
                          uint8_t *restrict luma)
{
    float share = 1.0f / (float)pixels;
    for (int i = 0; i < 3 * count; i++) small[i] = (uint8_t)(int)((float)cells[i] * share + 0.5f);
    for (int x = 0; x < count; x++) {
        float r = cells[3 * x], g = cells[3 * x + 1], b = cells[3 * x + 2];
        luma[x] = (uint8_t)(int)((0.299f * r + 0.587f * g + 0.114f * b) * share + 0.5f);
    }
}

/* Where cell i of `count` begins among `length` pixels: it holds `pixels` of them, in the middle of its share. */
static int begin_of(int i, int count, int length, int pixels)
{
    return (int)(((2 * (int64_t)i + 1) * length / count - pixels) / 2);
}

/* pixels (H, W, 3) -> small (h, w, 3), luma (h, w); cells have H/h by W/w pixels, rounded down, up to MOST_SHRUNK each
   way: their sums fit 16 bits. 0: done, -1: no memory. */
int shrink(const uint8_t *pixels, Size full, uint8_t *small, uint8_t *luma, Size size)
{
    int rows = full.height / size.height, across = full.width / size.width, bytes = 3 * full.width;
    size_t room = sizeof(int) * (size_t)size.width + sizeof(uint16_t) * (2 * (size_t)bytes + 3 * (size_t)size.width + 1);
    int *begin = malloc(room);
    if (!begin) return -1;
    uint16_t *sums = (uint16_t *)(begin + size.width), *runs = sums + bytes, *cells = runs + bytes;
    for (int x = 0; x < size.width; x++) begin[x] = 3 * begin_of(x, size.width, full.width, across);
    for (int y = 0; y < size.height; y++) {
        const uint8_t *row = pixels + (size_t)begin_of(y, size.height, full.height, rows) * (size_t)bytes;
        add_rows(row, sums, rows, bytes);
        add_across(sums, runs, across, bytes);
        for (int x = 0; x < size.width; x++) memcpy(cells + 3 * x, runs + begin[x], 4 * sizeof(uint16_t));  /* one move */
        means_of(cells, size.width, rows * across, small + 3 * (size_t)y * size.width, luma + (size_t)y * size.width);
    }
    free(begin);
    return 0;
}
