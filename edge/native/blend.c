/* The picture over its backdrop: what is background alone, or person alone, is copied, or is there already. */
#include "loops.h"

#include <math.h>    /* powf */
#include <stdlib.h>  /* malloc */
#include <string.h>  /* memcpy */

enum {
    AHEAD = 4,  /* rows; where tiles of an edge lie no processor guesses, so it is told in time: 0.10 to 0.07 ms */
    LINE = 64   /* bytes that come into a cache together, nearly everywhere */
};

/* What one row of a tile holds. */
FAST static enum Kind kind_of(const uint8_t *alpha, int count)
{
    uint8_t all = 255, any = 0;
    for (int x = 0; x < count; x++) all &= alpha[x], any |= alpha[x];
    return any == 0 ? BACKGROUND : all == 255 ? PERSON : EDGE;
}

/* (f*a + b*(255 - a)) / 255, rounded to nearest, over one row of a tile. */
FAST static void mix(const uint8_t *restrict pixels, const uint8_t *restrict alpha, const uint8_t *restrict behind,
                     int count, uint8_t *restrict out)
{
    uint8_t opacity[3 * TILE_WIDE];  /* one for each byte: the loop below then runs straight through */
    for (int x = 0; x < count; x++) opacity[3 * x] = opacity[3 * x + 1] = opacity[3 * x + 2] = alpha[x];
    for (int i = 0; i < 3 * count; i++) {
        uint16_t sum = (uint16_t)(pixels[i] * opacity[i] + behind[i] * (255 - opacity[i]) + 128);
        out[i] = (uint8_t)((sum + (sum >> 8)) >> 8);  /* exactly (sum - 128) / 255, to the nearest */
    }
}

#define LINEAR 4095
static uint16_t light_of[256];
static uint8_t byte_of[LINEAR + 1];

/* sRGB bytes <-> light (IEC 61966-2-1). Filled once: twice does no harm, both write the same. */
static void fill_light(void)
{
    for (int i = 0; i < 256; i++) {
        float s = (float)i / 255.0f;
        light_of[i] = (uint16_t)(LINEAR * (s <= 0.04045f ? s / 12.92f : powf((s + 0.055f) / 1.055f, 2.4f)) + 0.5f);
    }
    for (int i = 0; i <= LINEAR; i++) {
        float l = (float)i / LINEAR;
        byte_of[i] = (uint8_t)(255.0f * (l <= 0.0031308f ? 12.92f * l : 1.055f * powf(l, 1 / 2.4f) - 0.055f) + 0.5f);
    }
}

static void mix_light(const uint8_t *pixels, const uint8_t *alpha, const uint8_t *behind, int count, uint8_t *out)
{
    for (int i = 0; i < 3 * count; i++) {
        unsigned a = alpha[i / 3];
        if (a == 0 || a == 255) {  /* 12 bits of light do not hold every dark byte */
            out[i] = a ? pixels[i] : behind[i];
            continue;
        }
        unsigned sum = light_of[pixels[i]] * a + light_of[behind[i]] * (255u - a);
        out[i] = byte_of[(sum + 127u) / 255u];
    }
}

/* One row of a backdrop that shows its pixels with another step than 3: 0 for a flat colour. */
static void spread(const uint8_t *row, ptrdiff_t step, int width, uint8_t *out)
{
    for (int x = 0; x < width; x++) memcpy(out + 3 * x, row + step * x, 3);
}

/* What the next tile of a row holds: it is known, or looked up. */
static enum Kind next_kind(const uint8_t *alpha, const uint8_t *kinds, int from, int width)
{
    return kinds ? (enum Kind)kinds[from / TILE_WIDE] : kind_of(alpha + from, lesser(TILE_WIDE, width - from));
}

static void announce(const uint8_t *behind, uint8_t *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += LINE) {
        __builtin_prefetch(behind + i);
        __builtin_prefetch(out + i, 1);
    }
}

/* kinds, shown: of this row's tiles in alpha, and in `out` as it comes; NULL where nobody knows. behind, out: [0] of
   this row, [1] of one soon to come. */
static void row_blended(const uint8_t *pixels, const uint8_t *alpha, const uint8_t *kinds,
                        const uint8_t *const behind[2], int width, int linear, uint8_t *const out[2],
                        const uint8_t *shown)
{
    for (int from = 0, to; from < width; from = to) {
        enum Kind kind = next_kind(alpha, kinds, from, width);
        int stays = shown && kind == BACKGROUND && shown[from / TILE_WIDE] == BACKGROUND;
        to = lesser(from + TILE_WIDE, width);
        if (stays) continue;
        while (kind == PERSON && to < width && next_kind(alpha, kinds, to, width) == kind)
            to = lesser(to + TILE_WIDE, width);
        size_t at = 3 * (size_t)from, bytes = 3 * (size_t)(to - from);
        if (kind != EDGE) {
            memcpy(out[0] + at, (kind == PERSON ? pixels : behind[0]) + at, bytes);
            continue;
        }
        announce(behind[1] + at, out[1] + at, bytes);
        (linear ? mix_light : mix)(pixels + at, alpha + from, behind[0] + at, to - from, out[0] + at);
    }
}

/* pixels (H, W, 3) over a backdrop by alpha (H, W) -> picture (H, W, 3). kinds: of alpha's tiles, or NULL. linear: mix
   light, not sRGB bytes. shown: kinds when this backdrop was last blended into this picture, then as they are now; its
   background is still there. NULL: picture may hold anything. 0: done, -1: no memory. */
int blend(const uint8_t *pixels, const uint8_t *alpha, const uint8_t *kinds, Backdrop backdrop, Size size, int linear,
          uint8_t *picture, uint8_t *shown)
{
    uint8_t *row = NULL;
    size_t width = (size_t)size.width, across = (width + TILE_WIDE - 1) / TILE_WIDE;
    if (linear && light_of[255] == 0) fill_light();
    if (backdrop.pixel_step != 3 && !(row = malloc(3 * width))) return -1;
    for (int y = 0; y < size.height; y++) {
        int soon = lesser(y + AHEAD, size.height - 1);
        const uint8_t *behind = backdrop.bytes + backdrop.row_step * y;
        const uint8_t *rows[2] = {row ? row : behind, row ? row : backdrop.bytes + backdrop.row_step * soon};
        uint8_t *out[2] = {picture + 3 * (size_t)y * width, picture + 3 * (size_t)soon * width};
        size_t tiles = (size_t)(y / TILE_HIGH) * across;
        if (row && (y == 0 || backdrop.row_step != 0)) spread(behind, backdrop.pixel_step, size.width, row);
        row_blended(pixels + 3 * y * width, alpha + y * width, kinds ? kinds + tiles : NULL, rows, size.width,
                    linear, out, shown ? shown + tiles : NULL);
    }
    if (shown && kinds) memcpy(shown, kinds, across * (size_t)((size.height + TILE_HIGH - 1) / TILE_HIGH));
    free(row);
    return 0;
}
