/* Guided filter, coefficients only (He, Sun, Tang 2013, "Guided Image Filtering", eq. 5-8). Windows are cut at the
   picture's edge, as in the paper's code. Sums of guide and values are whole numbers: sliding windows do not drift. */
#include "loops.h"

#include <stdlib.h>  /* malloc */
#include <string.h>  /* memset */

#define LEVELS 4095  /* values 0..1 become 0..LEVELS, or less where a large window's sums would leave 31 bits */

/* Sums over the window's rows, one per column: guide, values, guide*values, guide*guide. */
typedef struct { int32_t *g, *v, *gv, *gg; } Columns;

/* Room for one call; every pointer lies in `block`. row: sums that run along a row, with a 0 in front. */
typedef struct {
    void *block;
    int32_t *levels;
    Columns columns, row;
    double *running_a, *running_b, *sums;
    float *ring;
} Scratch;

static int room_for(Scratch *scratch, int width, int height, int ring_rows)
{
    size_t w = (size_t)width + 1, h = (size_t)height, r = (size_t)ring_rows;
    size_t bytes = sizeof(double) * 3 * w + sizeof(int32_t) * (h * w + 8 * w) + sizeof(float) * r * w;
    double *doubles = scratch->block = malloc(bytes);
    if (!doubles) return 0;
    scratch->running_a = doubles, scratch->running_b = doubles + w, scratch->sums = doubles + 2 * w;
    int32_t *whole = (int32_t *)(doubles + 3 * w);
    scratch->columns = (Columns){whole, whole + w, whole + 2 * w, whole + 3 * w};
    scratch->row = (Columns){whole + 4 * w, whole + 5 * w, whole + 6 * w, whole + 7 * w};
    scratch->levels = whole + 8 * w;
    scratch->ring = (float *)(scratch->levels + h * w);
    memset(whole, 0, sizeof(int32_t) * 8 * w);
    return 1;
}

/* Adds (sign 1) or takes away (sign -1) one row of guide and values. */
FAST static void slide(Columns sums, const uint8_t *restrict guide, const int32_t *restrict values, int width, int sign)
{
    int32_t *restrict g_sum = sums.g, *restrict v_sum = sums.v, *restrict gv_sum = sums.gv, *restrict gg_sum = sums.gg;
    for (int x = 0; x < width; x++) {
        int32_t g = guide[x], v = values[x] * sign;
        g_sum[x] += sign * g;
        v_sum[x] += v;
        gv_sum[x] += g * v;
        gg_sum[x] += sign * g * g;
    }
}

/* 0..1 -> 0..levels, values outside are held at the ends. */
FAST static void quantised(const float *restrict values, int32_t *restrict out, int count, int levels)
{
    float scale = (float)levels;
    for (int x = 0; x < count; x++) {
        float v = values[x] < 0.0f ? 0.0f : values[x];
        v = v > 1.0f ? 1.0f : v;
        out[x] = (int32_t)(v * scale + 0.5f);
    }
}

/* row[x + 1] = sum of columns[0..x]: it may wrap around, differences of two do not. */
static void run_along(Columns columns, Columns row, int width)
{
    uint32_t g = 0, v = 0, gv = 0, gg = 0;
    for (int x = 0; x < width; x++) {
        row.g[x + 1] = (int32_t)(g += (uint32_t)columns.g[x]);
        row.v[x + 1] = (int32_t)(v += (uint32_t)columns.v[x]);
        row.gv[x + 1] = (int32_t)(gv += (uint32_t)columns.gv[x]);
        row.gg[x + 1] = (int32_t)(gg += (uint32_t)columns.gg[x]);
    }
}

/* The window of column x: sums row[to] - row[from] over `count` columns. */
static int window(int x, int radius, int width, int *from, int *to)
{
    *from = x > radius ? x - radius : 0;
    *to = x + radius + 1 < width ? x + radius + 1 : width;
    return *to - *from;
}

/* a and b of columns first..last-1, whose windows start at x + low and end at x + high. */
FAST static void coefficients(Columns row, int first, int last, int low, int high, float share, float epsilon,
                              int levels, float *restrict a, float *restrict b)
{
    const int32_t *g = row.g, *v = row.v, *gv = row.gv, *gg = row.gg;
    float unit = 1.0f / (float)levels, byte = 1.0f / 255.0f;
    for (int x = first; x < last; x++) {
        float mean_g = (float)(g[x + high] - g[x + low]) * share;
        float mean_v = (float)(v[x + high] - v[x + low]) * share;
        float covariance = (float)(gv[x + high] - gv[x + low]) * share - mean_g * mean_v;
        float variance = (float)(gg[x + high] - gg[x + low]) * share - mean_g * mean_g;
        float slope = covariance * (unit * byte) / (variance * (byte * byte) + epsilon);
        a[x] = slope;
        b[x] = mean_v * unit - slope * mean_g * byte;
    }
}

static void row_of_coefficients(Columns row, int width, int radius, int rows, float epsilon, int levels, float *a,
                                float *b)
{
    int from, to;
    for (int x = 0; x < width; x++) {
        if (x == radius && width > 2 * radius) {  /* whole windows: all alike, and most of the row */
            int end = width - radius;
            coefficients(row, x, end, -radius, radius + 1, 1.0f / (float)((2 * radius + 1) * rows), epsilon, levels, a,
                         b);
            x = end - 1;
            continue;
        }
        int count = window(x, radius, width, &from, &to);
        coefficients(row, x, x + 1, from - x, to - x, 1.0f / (float)(count * rows), epsilon, levels, a, b);
    }
}

/* Differences of a running sum over whole windows. */
FAST static void mean_along(const double *running, int first, int last, int low, int high, float *restrict row)
{
    double share = 1.0 / (high - low);
    for (int x = first; x < last; x++) row[x] = (float)((running[x + high] - running[x + low]) * share);
}

static void row_mean(const double *running, float *row, int width, int radius)
{
    int from, to;
    for (int x = 0; x < width; x++) {
        if (x == radius && width > 2 * radius) {
            mean_along(running, x, width - radius, -radius, radius + 1, row);
            x = width - radius - 1;
            continue;
        }
        window(x, radius, width, &from, &to);
        mean_along(running, x, x + 1, from - x, to - x, row);
    }
}

/* Means of a and of b over 2*radius + 1 columns, in place. Both at once: each sum waits for the addition before. */
static void row_means(Scratch *scratch, float *a, float *b, int width, int radius)
{
    double sum_a = 0.0, sum_b = 0.0;
    scratch->running_a[0] = scratch->running_b[0] = 0.0;
    for (int x = 0; x < width; x++) {
        scratch->running_a[x + 1] = sum_a += a[x];
        scratch->running_b[x + 1] = sum_b += b[x];
    }
    row_mean(scratch->running_a, a, width, radius);
    row_mean(scratch->running_b, b, width, radius);
}

FAST static void add_row(double *restrict sums, const float *restrict row, int width, double sign)
{
    for (int x = 0; x < width; x++) sums[x] += sign * row[x];
}

FAST static void mean_of_sums(const double *restrict sums, float *restrict row, int width, int rows)
{
    double share = 1.0 / rows;
    for (int x = 0; x < width; x++) row[x] = (float)(sums[x] * share);
}

/* Mean over 2*radius + 1 rows, in place: rows that were overwritten wait in a ring until they leave the window. */
static void column_mean(float *plane, Size size, int radius, double *sums, float *ring)
{
    int h = size.height, w = size.width, from, to;
    memset(sums, 0, sizeof(double) * (size_t)w);
    for (int y = 0; y < radius && y < h; y++) add_row(sums, plane + (size_t)y * w, w, 1.0);
    for (int y = 0; y < h; y++) {
        int in = y + radius, out = y - radius - 1;
        float *row = plane + (size_t)y * w, *slot = ring + (size_t)(y % (radius + 1)) * w;
        if (in < h) add_row(sums, plane + (size_t)in * w, w, 1.0);
        if (out >= 0) add_row(sums, slot, w, -1.0);
        memcpy(slot, row, sizeof(float) * (size_t)w);
        mean_of_sums(sums, row, w, window(y, radius, h, &from, &to));
    }
}

/* guide (h, w) 0..255, values (h, w) 0..1 -> a, b (h, w): the answer is a*guide/255 + b. radius: up to MOST_RADIUS.
   0: done, -1: no memory. */
int guided_coefficients(const uint8_t *guide, const float *values, Size size, int radius, float epsilon,
                        float *a, float *b)
{
    int h = size.height, w = size.width, from, to, ring_rows = (radius < h ? radius : h) + 1;
    int64_t pixels = (int64_t)(2 * radius + 1) * (2 * radius + 1), most = INT32_MAX / (255 * pixels);
    int levels = most < LEVELS ? (int)most : LEVELS;
    Scratch scratch;
    if (!room_for(&scratch, w, h, ring_rows)) return -1;
    quantised(values, scratch.levels, h * w, levels);
    for (int y = 0; y < radius && y < h; y++)
        slide(scratch.columns, guide + (size_t)y * w, scratch.levels + (size_t)y * w, w, 1);
    for (int y = 0; y < h; y++) {
        int in = y + radius, out = y - radius - 1;
        float *a_row = a + (size_t)y * w, *b_row = b + (size_t)y * w;
        if (in < h) slide(scratch.columns, guide + (size_t)in * w, scratch.levels + (size_t)in * w, w, 1);
        if (out >= 0) slide(scratch.columns, guide + (size_t)out * w, scratch.levels + (size_t)out * w, w, -1);
        run_along(scratch.columns, scratch.row, w);
        row_of_coefficients(scratch.row, w, radius, window(y, radius, h, &from, &to), epsilon, levels, a_row, b_row);
        row_means(&scratch, a_row, b_row, w, radius);
    }
    column_mean(a, size, ring_rows - 1, scratch.sums, scratch.ring);
    column_mean(b, size, ring_rows - 1, scratch.sums, scratch.ring);
    free(scratch.block);
    return 0;
}
