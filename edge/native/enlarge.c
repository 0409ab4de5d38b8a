/* A small alpha at the picture's own size, with the picture's own edges (He, Sun 2015, arXiv 1505.00996: coefficients
   small, applied large). Only tiles that hold an edge are computed. */
#include "loops.h"

#include <stdlib.h>  /* malloc */
#include <string.h>  /* memcpy */

/* One picture's work. left, share: where each column lies between small ones; seen (h, w): the small alpha itself;
   all, any (w): its bits over the small rows that a row of tiles touches. */
typedef struct {
    Size full, small;
    const float *a, *b;
    Ramp ramp;
    int *left;
    float *share;
    uint8_t *seen, *all, *any;
} Work;

/* Where the centre of large pixel x lies between small ones: left neighbour, and how far to the right of it, 0..1. */
static void neighbours_of(int x, float scale, int small, int *left, float *share)
{
    float at = ((float)x + 0.5f) * scale - 0.5f;
    at = at < 0.0f ? 0.0f : at > (float)(small - 1) ? (float)(small - 1) : at;
    *left = lesser((int)at, greater(0, small - 2));
    *share = at - (float)*left;
}

/* alpha of one small row: the ramp of a*luma + b. */
FAST static void row_seen(const uint8_t *restrict luma, const float *restrict a, const float *restrict b, Ramp ramp,
                          int count, uint8_t *restrict seen)
{
    float steep = 255.0f / (ramp.high - ramp.low);
    for (int x = 0; x < count; x++) {
        float v = (a[x] * (1.0f / 255.0f) * (float)luma[x] + b[x] - ramp.low) * steep + 0.5f;
        v = v > 0.0f ? v : 0.0f;
        v = v < 255.0f ? v : 255.0f;
        seen[x] = (uint8_t)(int)v;
    }
}

FAST static void gather_bits(const uint8_t *restrict row, int count, uint8_t *restrict all, uint8_t *restrict any)
{
    for (int x = 0; x < count; x++) all[x] &= row[x], any[x] |= row[x];
}

/* The small pixels that large ones first..last-1 lie between, one more on each side. */
static void reach_of(int first, int last, float scale, int small, int *from, int *to)
{
    *from = greater(0, (int)((float)first * scale) - 1);
    *to = lesser(small - 1, (int)((float)last * scale) + 1);
}

/* Eight bytes of a row at a time, the last eight once more. */
static enum Kind kind_of(const Work *work, int left, int right)
{
    uint64_t all = UINT64_MAX, any = 0, next;
    int count = right - left + 1, step = (int)sizeof next;
    for (int x = left; count >= step && x <= right; x += step) {
        int from = lesser(x, right + 1 - step);
        memcpy(&next, work->all + from, sizeof next), all &= next;
        memcpy(&next, work->any + from, sizeof next), any |= next;
    }
    for (int x = left; count < step && x <= right; x++) {
        if (work->all[x] != 255) all = 0;
        any |= work->any[x];
    }
    return any == 0 ? BACKGROUND : all == UINT64_MAX ? PERSON : EDGE;
}

/* Coefficients of one small row at a tile's columns; the ramp is folded in, so that alpha = a*luma + b in bytes. */
FAST static void spread(const Work *work, int row, int from, int count, float *restrict a, float *restrict b)
{
    const float *a_row = work->a + (size_t)row * work->small.width, *b_row = work->b + (size_t)row * work->small.width;
    const int *left = work->left + from, next = work->small.width > 1;
    const float *share = work->share + from;
    float steep = 1.0f / (work->ramp.high - work->ramp.low);
    for (int x = 0; x < count; x++) {
        int i = left[x];
        a[x] = (a_row[i] + share[x] * (a_row[i + next] - a_row[i])) * steep;
        b[x] = (b_row[i] + share[x] * (b_row[i + next] - b_row[i]) - work->ramp.low) * (255.0f * steep) + 0.5f;
    }
}

typedef struct { float upper_a[TILE_WIDE], upper_b[TILE_WIDE], lower_a[TILE_WIDE], lower_b[TILE_WIDE]; } Between;

/* A tile's row of pixels: luma is ITU-R BT.601's. */
FAST static void row_of_alpha(const uint8_t *restrict pixels, const Between *restrict between, float down,
                              uint8_t *restrict alpha)
{
    float red[TILE_WIDE], green[TILE_WIDE], blue[TILE_WIDE];
    for (int x = 0; x < TILE_WIDE; x++) red[x] = pixels[3 * x], green[x] = pixels[3 * x + 1], blue[x] = pixels[3 * x + 2];
    for (int x = 0; x < TILE_WIDE; x++) {
        float luma = 0.299f * red[x] + 0.587f * green[x] + 0.114f * blue[x];
        float slope = between->upper_a[x] + down * (between->lower_a[x] - between->upper_a[x]);
        float offset = between->upper_b[x] + down * (between->lower_b[x] - between->upper_b[x]);
        float v = slope * luma + offset;
        v = v > 0.0f ? v : 0.0f;
        v = v < 255.0f ? v : 255.0f;
        alpha[x] = (uint8_t)(int)v;
    }
}

static void tile_of_alpha(const Work *work, const uint8_t *pixels, int top, int bottom, int from, int count,
                          uint8_t *alpha)
{
    float scale = (float)work->small.height / (float)work->full.height, down;
    uint8_t cut[3 * TILE_WIDE] = {0}, row[TILE_WIDE];
    Between between = {0};
    for (int y = top, above, held = -1; y < bottom; y++) {
        size_t at = (size_t)y * work->full.width + from;
        neighbours_of(y, scale, work->small.height, &above, &down);
        if (above == held + 1 && held >= 0) {
            memcpy(between.upper_a, between.lower_a, sizeof between.lower_a);
            memcpy(between.upper_b, between.lower_b, sizeof between.lower_b);
        } else if (above != held) spread(work, above, from, count, between.upper_a, between.upper_b);
        if (above != held) {
            spread(work, lesser(above + 1, work->small.height - 1), from, count, between.lower_a, between.lower_b);
            held = above;
        }
        if (count == TILE_WIDE) {
            row_of_alpha(pixels + 3 * at, &between, down, alpha + at);
            continue;
        }
        memcpy(cut, pixels + 3 * at, 3 * (size_t)count);
        row_of_alpha(cut, &between, down, row);
        memcpy(alpha + at, row, (size_t)count);
    }
}

static void fill(const Work *work, int top, int bottom, int from, int count, int value, uint8_t *alpha)
{
    for (int y = top; y < bottom; y++) memset(alpha + (size_t)y * work->full.width + from, value, (size_t)count);
}

/* kinds: of this row of tiles in the alpha as it is; what is all background, or all person, stays when it was so. */
static void row_of_tiles(const Work *work, const uint8_t *pixels, int top, uint8_t *kinds, uint8_t *alpha)
{
    int bottom = lesser(top + TILE_HIGH, work->full.height), first, last, left, right;
    float scale_y = (float)work->small.height / (float)work->full.height;
    float scale_x = (float)work->small.width / (float)work->full.width;
    reach_of(top, bottom, scale_y, work->small.height, &first, &last);
    memset(work->all, 255, (size_t)work->small.width), memset(work->any, 0, (size_t)work->small.width);
    for (int y = first; y <= last; y++)
        gather_bits(work->seen + (size_t)y * work->small.width, work->small.width, work->all, work->any);
    for (int from = 0; from < work->full.width; from += TILE_WIDE) {
        int count = lesser(TILE_WIDE, work->full.width - from);
        reach_of(from, from + count, scale_x, work->small.width, &left, &right);
        enum Kind kind = kind_of(work, left, right), was = kinds[from / TILE_WIDE];
        if (kind == EDGE) tile_of_alpha(work, pixels, top, bottom, from, count, alpha);
        else if (kind != was) fill(work, top, bottom, from, count, kind == PERSON ? 255 : 0, alpha);
        kinds[from / TILE_WIDE] = (uint8_t)kind;
    }
}

/* pixels (H, W, 3); luma, a, b (h, w) -> alpha (H, W): the ramp of a*luma/255 + b. Tiles in which the small alpha is
   all background, or all person, are not looked at closer. kinds: of the tiles of alpha as it comes, then as it is.
   0: done, -1: no memory. */
int enlarge_alpha(const uint8_t *pixels, Size full, const uint8_t *luma, const float *a, const float *b, Size small,
                  Ramp ramp, uint8_t *kinds, uint8_t *alpha)
{
    size_t width = (size_t)full.width, w = (size_t)small.width, h = (size_t)small.height;
    char *room = malloc(width * (sizeof(int) + sizeof(float)) + h * w + 2 * w);
    if (!room) return -1;
    Work work = {.full = full, .small = small, .a = a, .b = b, .ramp = ramp, .left = (int *)room};
    work.share = (float *)(work.left + width), work.seen = (uint8_t *)(work.share + width);
    work.all = work.seen + h * w, work.any = work.all + w;
    for (int x = 0; x < full.width; x++)
        neighbours_of(x, (float)small.width / (float)full.width, small.width, &work.left[x], &work.share[x]);
    for (size_t y = 0; y < h; y++) row_seen(luma + y * w, a + y * w, b + y * w, ramp, small.width, work.seen + y * w);
    int across = (full.width + TILE_WIDE - 1) / TILE_WIDE;
    for (int top = 0; top < full.height; top += TILE_HIGH, kinds += across)
        row_of_tiles(&work, pixels, top, kinds, alpha);
    free(room);
    return 0;
}
