/* Guided filter, coefficients only (He, Sun, Tang 2013, "Guided Image Filtering", eq. 5-8). Windows are cut at the
   picture's edge, as in the paper's code. Where two windows' reach holds one value alone the answer is that value, so
   only blocks within reach of a change are computed: around an outline, a third of a picture. Sums of guide and values
   are whole numbers: windows that slide down the picture do not drift. */
#include "loops.h"

#include <stdlib.h>  /* malloc */
#include <string.h>  /* memcpy */

#define LEVELS 4095  /* values 0..1 become 0..LEVELS, or less where a large window's sums would leave 31 bits */
#define BLOCK 8      /* pixels side by side that are computed together, or not; bytes of a uint64_t */

/* A block's numbers, in as many registers as the processor needs. */
typedef int32_t Whole __attribute__((vector_size(4 * BLOCK)));
typedef float Real __attribute__((vector_size(4 * BLOCK)));

#define INSIDE static inline __attribute__((always_inline))  /* into a FAST function, with its instructions */

/* Sums over the window's rows, one per column: guide, values, guide*values, guide*guide. */
typedef struct { int32_t *g, *v, *gv, *gg; } Columns;

/* One picture's work. Rows of columns and of a, b have `radius` zeros before and after them, all rows end on a whole
   block. Of levels and of the means of a and b along rows a ring keeps as many as a window holds. wanted, averaged,
   solved: per row and block, whether the answer, a row's means, the coefficients have to be known. */
typedef struct {
    Size size;
    int radius, blocks, width, levels;
    void *room;
    Columns columns;
    float *share, *a, *b, *mean_a, *mean_b;
    int32_t *ring;
    uint8_t *wanted, *averaged, *solved, *any, *away, *differ;
} Work;

/* The window of place x among `length`: how many it holds. */
static int window(int x, int radius, int length, int *from, int *to)
{
    *from = greater(0, x - radius);
    *to = lesser(length, x + radius + 1);
    return *to - *from;
}

static int room_for(Work *work, Size size, int radius)
{
    int blocks = (size.width + BLOCK - 1) / BLOCK;
    size_t width = (size_t)blocks * BLOCK, row = width + 2 * (size_t)radius, rows = 2 * (size_t)radius + 2;
    size_t flags = (size_t)size.height * (size_t)blocks;
    char *room = malloc(4 * (7 * row + 3 * rows * width) + 4 * flags + (size_t)blocks + width);
    if (!room) return 0;
    *work = (Work){.size = size, .radius = radius, .blocks = blocks, .width = (int)width, .room = room};
    int32_t *whole = (int32_t *)room;
    work->columns = (Columns){whole, whole + row, whole + 2 * row, whole + 3 * row};
    work->share = (float *)(whole + 4 * row), work->a = work->share + row, work->b = work->a + row;
    work->mean_a = work->b + row, work->mean_b = work->mean_a + rows * width;
    work->ring = (int32_t *)(work->mean_b + rows * width);
    work->wanted = (uint8_t *)(work->ring + rows * width);
    work->averaged = work->wanted + flags, work->solved = work->averaged + flags, work->any = work->solved + flags;
    work->away = work->any + flags, work->differ = work->away + blocks;
    memset(work->differ, 0, width);
    memset(room, 0, 4 * 7 * row);
    for (int x = 0, from, to; x < size.width; x++)
        work->share[radius + x] = 1.0f / (float)window(x, radius, size.width, &from, &to);
    return 1;
}

/* Where row y lies in a ring. */
static size_t slot(const Work *work, int y)
{
    return (size_t)(y % (2 * work->radius + 2)) * (size_t)work->width;
}

/* 0..1 -> 0..levels, values outside are held at the ends. */
FAST static void quantised(const float *restrict values, int32_t *restrict out, int count, int levels)
{
    float scale = (float)levels;
    for (int x = 0; x < count; x++) {
        float v = values[x] > 0.0f ? values[x] : 0.0f;
        v = v < 1.0f ? v : 1.0f;
        out[x] = (int32_t)(v * scale + 0.5f);
    }
}

/* Whether each block of a row holds, or touches to the right or below, another value than its own. differ: room for as
   many bytes as blocks have pixels; those beyond `width` are 0. */
FAST static void changes_of_row(const float *restrict row, const float *restrict below, int width,
                                uint8_t *restrict differ, uint8_t *restrict changes)
{
    for (int x = 0; x < width - 1; x++) differ[x] = (row[x] != below[x]) | (row[x] != row[x + 1]);
    differ[width - 1] = row[width - 1] != below[width - 1];
    for (int x = 0; x < width; x += BLOCK) {
        uint64_t block;
        memcpy(&block, differ + x, sizeof block);
        changes[x / BLOCK] = block != 0;
    }
}

/* flags |= flags moved by up to `most` blocks both ways; a step over a row's end marks one block too many, no more. */
FAST static void spread_across(const uint8_t *restrict from, uint8_t *restrict to, int count, int most)
{
    memcpy(to, from, (size_t)count);
    for (int o = 1; o <= most && o < count; o++)
        for (int i = 0; i < count - o; i++) to[i] |= from[i + o];
    for (int o = 1; o <= most && o < count; o++)
        for (int i = o; i < count; i++) to[i] |= from[i - o];
}

/* to |= whether the last flag of its column lies up to `most` rows away, which `away` counts. */
FAST static void count_away(const uint8_t *restrict from, uint8_t *restrict away, uint8_t *restrict to, int count,
                            int most)
{
    for (int i = 0; i < count; i++) {
        uint8_t next = (uint8_t)(away[i] + (away[i] < UINT8_MAX));
        away[i] = from[i] ? 0 : next;
        to[i] |= away[i] <= most;
    }
}

/* flags |= flags moved by up to `most` rows both ways; away: room for a row. */
static void spread_down(const uint8_t *from, uint8_t *to, size_t count, size_t row, int most, uint8_t *away)
{
    memset(to, 0, count), memset(away, UINT8_MAX, row);
    for (size_t at = 0; at < count; at += row) count_away(from + at, away, to + at, (int)row, most);
    memset(away, UINT8_MAX, row);
    for (size_t at = count; at > 0; at -= row) count_away(from + at - row, away, to + at - row, (int)row, most);
}

/* A change is noted where it begins: hence one more row and block. */
static void find_work(const Work *work, const float *values)
{
    int reach = (work->radius + BLOCK - 1) / BLOCK, count = work->size.height * work->blocks, w = work->size.width;
    for (int y = 0; y < work->size.height; y++) {
        const float *row = values + (size_t)y * w, *below = y + 1 < work->size.height ? row + w : row;
        changes_of_row(row, below, w, work->differ, work->solved + (size_t)y * work->blocks);
    }
    size_t row = (unsigned)work->blocks, all = (unsigned)count;
    spread_down(work->solved, work->any, all, row, 2 * work->radius + 1, work->away);
    spread_across(work->any, work->wanted, count, 2 * reach + 1);
    spread_down(work->wanted, work->averaged, all, row, work->radius, work->away);
    spread_across(work->averaged, work->solved, count, reach);
}

/* Adds (sign 1) or takes away (sign -1) one row of guide and values. */
FAST static void slide(Columns sums, int radius, const uint8_t *restrict guide, const int32_t *restrict values,
                       int width, int sign)
{
    int32_t *restrict g_sum = sums.g + radius, *restrict v_sum = sums.v + radius;
    int32_t *restrict gv_sum = sums.gv + radius, *restrict gg_sum = sums.gg + radius;
    for (int x = 0; x < width; x++) {
        int32_t g = guide[x], v = values[x] * sign;
        g_sum[x] += sign * g;
        v_sum[x] += v;
        gv_sum[x] += g * v;
        gg_sum[x] += sign * g * g;
    }
}

/* A block's sums over 2*radius + 1 neighbours: guide, values, guide*values, guide*guide. x: its first pixel. */
INSIDE void block_sums(Columns columns, int x, int radius, Real sums[4])
{
    Whole g = {0}, v = {0}, gv = {0}, gg = {0}, next;
    for (int o = x; o <= x + 2 * radius; o++) {
        memcpy(&next, columns.g + o, sizeof next), g += next;
        memcpy(&next, columns.v + o, sizeof next), v += next;
        memcpy(&next, columns.gv + o, sizeof next), gv += next;
        memcpy(&next, columns.gg + o, sizeof next), gg += next;
    }
    sums[0] = __builtin_convertvector(g, Real), sums[1] = __builtin_convertvector(v, Real);
    sums[2] = __builtin_convertvector(gv, Real), sums[3] = __builtin_convertvector(gg, Real);
}

/* Means of a and b over 2*radius + 1 neighbours, for a block at x. */
INSIDE void block_means(const Work *work, int x, float *mean_a, float *mean_b)
{
    Real a = {0}, b = {0}, next;
    for (int o = x; o <= x + 2 * work->radius; o++) {
        memcpy(&next, work->a + o, sizeof next), a += next;
        memcpy(&next, work->b + o, sizeof next), b += next;
    }
    memcpy(&next, work->share + work->radius + x, sizeof next);
    a *= next, b *= next;
    memcpy(mean_a + x, &a, sizeof a), memcpy(mean_b + x, &b, sizeof b);
}

/* a and b of one row's blocks that `solved` names, then their means along the row where `averaged` does. */
FAST static void row_of_coefficients(const Work *work, int y, int rows, float epsilon)
{
    const uint8_t *solved = work->solved + (size_t)y * work->blocks;
    const uint8_t *averaged = work->averaged + (size_t)y * work->blocks;
    int radius = work->radius;
    float unit = 1.0f / (float)work->levels, byte = 1.0f / 255.0f;
    for (int x = 0; x < work->width; x += BLOCK) {
        if (!solved[x / BLOCK]) continue;
        Real share;
        memcpy(&share, work->share + radius + x, sizeof share);
        share *= 1.0f / (float)rows;
        Real sums[4];
        block_sums(work->columns, x, radius, sums);
        Real mean_g = sums[0] * share, mean_v = sums[1] * share;
        Real covariance = sums[2] * share - mean_g * mean_v, variance = sums[3] * share - mean_g * mean_g;
        Real slope = covariance * (unit * byte) / (variance * (byte * byte) + epsilon);
        Real offset = mean_v * unit - slope * mean_g * byte;
        memcpy(work->a + radius + x, &slope, sizeof slope);
        memcpy(work->b + radius + x, &offset, sizeof offset);
        for (int i = work->size.width - x; i < BLOCK; i++) work->a[radius + x + i] = work->b[radius + x + i] = 0.0f;
    }
    for (int x = 0; x < work->width; x += BLOCK)
        if (averaged[x / BLOCK]) block_means(work, x, work->mean_a + slot(work, y), work->mean_b + slot(work, y));
}

/* Means of a row's means over the window's rows, or the one value that a flat place has. */
FAST static void row_of_answers(const Work *work, int y, const float *values, float *a, float *b)
{
    int from, to, rows = window(y, work->radius, work->size.height, &from, &to);
    size_t places[2 * MOST_RADIUS + 1];
    float share = 1.0f / (float)rows;
    for (int i = 0; i < rows; i++) places[i] = slot(work, from + i);
    for (int x = 0; x < work->size.width; x += BLOCK) {
        Real sum_a = {0}, sum_b = {0}, next;
        if (work->wanted[(size_t)y * work->blocks + x / BLOCK]) {
            for (int i = 0; i < rows; i++) {
                memcpy(&next, work->mean_a + places[i] + x, sizeof next), sum_a += next;
                memcpy(&next, work->mean_b + places[i] + x, sizeof next), sum_b += next;
            }
            sum_a *= share, sum_b *= share;
        } else sum_b += values[x] < 0.0f ? 0.0f : values[x] > 1.0f ? 1.0f : values[x];
        if (x + BLOCK <= work->size.width) memcpy(a + x, &sum_a, sizeof sum_a), memcpy(b + x, &sum_b, sizeof sum_b);
        else for (int i = x; i < work->size.width; i++) a[i] = sum_a[i - x], b[i] = sum_b[i - x];
    }
}

/* Row y comes into the window's sums, another leaves them. */
static void enter(const Work *work, int y, const uint8_t *guide, const float *values)
{
    int32_t *levels = work->ring + slot(work, y);
    quantised(values, levels, work->size.width, work->levels);
    slide(work->columns, work->radius, guide, levels, work->size.width, 1);
}

static void leave(const Work *work, int y, const uint8_t *guide)
{
    slide(work->columns, work->radius, guide, work->ring + slot(work, y), work->size.width, -1);
}

/* guide (h, w) 0..255 with rows guide_step apart, values (h, w) 0..1 -> a, b (h, w): the answer is a*guide/255 + b.
   radius: up to MOST_RADIUS. 0: done, -1: no memory. */
int guided_coefficients(const uint8_t *guide, ptrdiff_t guide_step, const float *values, Size size, int radius,
                        float epsilon, float *a, float *b)
{
    int h = size.height, from, to;
    ptrdiff_t w = size.width;
    int64_t pixels = (int64_t)(2 * radius + 1) * (2 * radius + 1), most = INT32_MAX / (255 * pixels);
    Work work;
    if (!room_for(&work, size, radius)) return -1;
    work.levels = most < LEVELS ? (int)most : LEVELS;
    find_work(&work, values);
    for (int y = 0; y < radius && y < h; y++) enter(&work, y, guide + y * guide_step, values + y * w);
    for (int y = 0; y < h + radius; y++) {
        int in = y + radius, out = y - radius - 1, answered = y - radius;
        if (in < h) enter(&work, in, guide + in * guide_step, values + in * w);
        if (y < h && out >= 0) leave(&work, out, guide + out * guide_step);
        if (y < h) row_of_coefficients(&work, y, window(y, radius, h, &from, &to), epsilon);
        if (answered >= 0)
            row_of_answers(&work, answered, values + answered * w, a + answered * w, b + answered * w);
    }
    free(work.room);
    return 0;
}
