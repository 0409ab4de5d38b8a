/* A small alpha at the picture's own size, with the picture's own edges (He, Sun 2015, arXiv 1505.00996: coefficients
   small, applied large), and the picture over its backdrop. Only tiles that hold an edge are computed. */
#include "loops.h"

#include <math.h>    /* powf */
#include <stdlib.h>  /* malloc */
#include <string.h>  /* memcpy */

#define TILE 32  /* pixels: wide enough for memcpy, narrow enough to follow an outline */

static int lesser(int a, int b) { return a < b ? a : b; }
static int greater(int a, int b) { return a > b ? a : b; }

/* Where the centre of large pixel x lies between small ones: left neighbour, and how far to the right of it, 0..1. */
static void neighbours_of(int x, float scale, int small, int *left, float *share)
{
    float at = ((float)x + 0.5f) * scale - 0.5f;
    at = at < 0.0f ? 0.0f : at > (float)(small - 1) ? (float)(small - 1) : at;
    *left = lesser((int)at, greater(0, small - 2));
    *share = at - (float)*left;
}

/* 0: no edge and no person near, 1: person alone, 2: an edge. top..right: small pixels, limits included. */
static int kind_of(const float *seen, int width, int top, int bottom, int left, int right)
{
    const float nearly = 0.5f / 255.0f;
    float least = 1.0f, most = 0.0f;
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++) {
            float v = seen[(size_t)y * width + x];
            least = v < least ? v : least;
            most = v > most ? v : most;
        }
    return most < nearly ? 0 : least > 1.0f - nearly ? 1 : 2;
}

/* row = upper + share*(lower - upper), for columns first..last. */
FAST static void row_between(const float *upper, const float *lower, float share, int first, int last, float *row)
{
    for (int x = first; x <= last; x++) row[x] = upper[x] + share * (lower[x] - upper[x]);
}

/* 255 times the luma of ITU-R BT.601, of one row of a tile. */
FAST static void row_of_grey(const uint8_t *restrict pixels, int count, float *restrict grey)
{
    for (int x = 0; x < count; x++)
        grey[x] = 0.299f * pixels[3 * x] + 0.587f * pixels[3 * x + 1] + 0.114f * pixels[3 * x + 2];
}

/* alpha = a*grey + b over one row of a tile. */
FAST static void row_of_alpha(const uint8_t *restrict pixels, const float *restrict a, const float *restrict b,
                              const int *restrict left, const float *restrict share, int count,
                              uint8_t *restrict alpha)
{
    float grey[TILE], value[TILE];
    row_of_grey(pixels, count, grey);
    for (int x = 0; x < count; x++) {
        float slope = a[left[x]] + share[x] * (a[left[x] + 1] - a[left[x]]);
        float offset = b[left[x]] + share[x] * (b[left[x] + 1] - b[left[x]]);
        float v = slope * grey[x] + 255.0f * offset + 0.5f;
        v = v < 0.0f ? 0.0f : v;
        value[x] = v > 255.0f ? 255.0f : v;
    }
    for (int x = 0; x < count; x++) alpha[x] = (uint8_t)(int)value[x];
}

/* pixels (H, W, 3); a, b, seen (h, w) -> alpha (H, W). margin: small pixels around a tile that must hold no edge for
   the tile to be left out. 0: done, -1: no memory. */
int enlarge_alpha(const uint8_t *pixels, Size full, const float *a, const float *b, const float *seen, Size small,
                  int margin, uint8_t *alpha)
{
    int *left = malloc(sizeof(int) * (size_t)full.width);
    float *share = malloc(sizeof(float) * (size_t)full.width);
    float *rows = malloc(sizeof(float) * 2 * ((size_t)small.width + 1));
    if (!left || !share || !rows) {
        free(left), free(share), free(rows);
        return -1;
    }
    float *a_row = rows, *b_row = rows + small.width + 1;
    float scale_y = (float)small.height / (float)full.height, scale_x = (float)small.width / (float)full.width;
    for (int x = 0; x < full.width; x++) neighbours_of(x, scale_x, small.width, &left[x], &share[x]);
    for (int top = 0; top < full.height; top += TILE) {
        int bottom = lesser(top + TILE, full.height);
        int first_row = greater(0, (int)((float)top * scale_y) - margin);
        int last_row = lesser(small.height - 1, (int)((float)bottom * scale_y) + margin);
        for (int from = 0; from < full.width; from += TILE) {
            int to = lesser(from + TILE, full.width), count = to - from;
            int kind = kind_of(seen, small.width, first_row, last_row,
                               greater(0, (int)((float)from * scale_x) - margin),
                               lesser(small.width - 1, (int)((float)to * scale_x) + margin));
            for (int y = top; y < bottom; y++) {
                uint8_t *out = alpha + (size_t)y * full.width + from;
                if (kind != 2) {
                    memset(out, kind ? 255 : 0, (size_t)count);
                    continue;
                }
                int above;
                float down;
                neighbours_of(y, scale_y, small.height, &above, &down);
                size_t upper = (size_t)above * small.width, lower = upper + (small.height > 1 ? small.width : 0);
                int last = lesser(left[to - 1] + 1, small.width - 1);
                row_between(a + upper, a + lower, down, left[from], last, a_row);
                row_between(b + upper, b + lower, down, left[from], last, b_row);
                if (small.width == 1) a_row[1] = a_row[0], b_row[1] = b_row[0];
                row_of_alpha(pixels + 3 * ((size_t)y * full.width + from), a_row, b_row, left + from, share + from,
                             count, out);
            }
        }
    }
    free(left), free(share), free(rows);
    return 0;
}

/* 0: background alone, 1: person alone, 2: both, over one row of a tile. */
FAST static int opacity_of(const uint8_t *alpha, int count)
{
    uint8_t all = 255, any = 0;
    for (int x = 0; x < count; x++) all &= alpha[x], any |= alpha[x];
    return any == 0 ? 0 : all == 255 ? 1 : 2;
}

/* (f*a + b*(255 - a)) / 255, rounded to nearest, over one row of a tile. */
FAST static void mix(const uint8_t *restrict pixels, const uint8_t *restrict alpha, const uint8_t *restrict behind,
                     int count, uint8_t *restrict out)
{
    uint8_t opacity[3 * TILE];  /* one for each byte: the loop below then runs straight through */
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

static void row_blended(const uint8_t *pixels, const uint8_t *alpha, const uint8_t *behind, int width, int linear,
                        uint8_t *out)
{
    for (int from = 0; from < width;) {
        int kind = opacity_of(alpha + from, lesser(TILE, width - from)), to = from;
        do to = lesser(to + TILE, width);  /* on, while the next tile is of the same kind */
        while (kind != 2 && to < width && opacity_of(alpha + to, lesser(TILE, width - to)) == kind);
        size_t at = 3 * (size_t)from, bytes = 3 * (size_t)(to - from);
        if (kind != 2) memcpy(out + at, (kind ? pixels : behind) + at, bytes);
        else (linear ? mix_light : mix)(pixels + at, alpha + from, behind + at, to - from, out + at);
        from = to;
    }
}

/* pixels (H, W, 3) over a backdrop by alpha (H, W) -> picture (H, W, 3). linear: mix light, not sRGB bytes.
   0: done, -1: no memory. */
int blend(const uint8_t *pixels, const uint8_t *alpha, Backdrop backdrop, Size size, int linear, uint8_t *picture)
{
    uint8_t *row = NULL;
    size_t width = (size_t)size.width;
    if (linear && light_of[255] == 0) fill_light();
    if (backdrop.pixel_step != 3 && !(row = malloc(3 * width))) return -1;
    for (int y = 0; y < size.height; y++) {
        const uint8_t *behind = backdrop.bytes + backdrop.row_step * y;
        if (row && (y == 0 || backdrop.row_step != 0)) spread(behind, backdrop.pixel_step, size.width, row);
        row_blended(pixels + 3 * y * width, alpha + y * width, row ? row : behind, size.width, linear,
                    picture + 3 * y * width);
    }
    free(row);
    return 0;
}

/* held += share[moved] * (present - held): an average over time that lets go where the picture moves. */
void settle(float *held, const float *present, const uint8_t *moved, const float *share, int count)
{
    for (int i = 0; i < count; i++) held[i] += share[moved[i]] * (present[i] - held[i]);
}
