/* The matting Laplacian (Levin, Lischinski, Weiss 2008, "A Closed-Form Solution to Natural Image Matting", eq. 12) in
   its rows of unknown pixels: what ties a pixel to each of the 24 that share a 3x3 window with it,
       w(i, j) = sum over windows k of both: (1 + (I_i - m_k)' (C_k + e/9)^-1 (I_j - m_k)) / 9.
   The inverse is kept as a triangle T with T'T = (C + e/9)^-1 / 9: single precision then stands e = 1e-7, where the
   inverse itself loses every digit. Rows of picture and windows run through rings: memory does not grow with height. */
#include "matting.h"

#include <math.h>    /* sqrtf */
#include <stdlib.h>  /* calloc */
#include <string.h>  /* memcpy */

enum { MEAN = 0, TRIANGLE = 3, SHARE = 9, WINDOW = 10, SIDE = 3, REACH = 2, ROWS = 2 * REACH + 1, TERMS = 4 };

#define INSIDE static inline __attribute__((always_inline))  /* into a WIDE function, with its instructions */

/* Rings of padded rows: `rows` holds 5 of the picture, three channels each, `windows` 3 of the ten window planes.
   Beyond the picture they are 0; inside, a span that no block will ask for holds what was there before. marks: spans
   that hold an unknown pixel; near, nearby: those from which one lies one or two rows away, and one span. */
typedef struct { float *block, *rows, *windows; uint8_t *marks, *near, *nearby; int spans; size_t stride; } Rings;

static float *picture_row(const Rings *r, int y)
{
    return r->rows + (size_t)((y + ROWS) % ROWS) * 3 * r->stride;
}

static float *window_row(const Rings *r, int y)
{
    return r->windows + (size_t)((y + SIDE) % SIDE) * WINDOW * r->stride;
}

/* One span's flag; two rows and one span more on every side may be asked. */
static uint8_t *flag(const Rings *r, uint8_t *flags, int y, int span)
{
    return flags + (size_t)(y + REACH) * (r->spans + 2) + span + 1;
}

static int span_of(int width, int span) { return width - span * LANES < LANES ? width - span * LANES : LANES; }

static int is_block(const uint8_t *unknown, int width, int y, int span)
{
    const uint8_t *first = unknown + (size_t)y * width + span * LANES;
    uint64_t eight = 0;
    if (span_of(width, span) == LANES) memcpy(&eight, first, LANES);  /* one move */
    else memcpy(&eight, first, (size_t)span_of(width, span));
    return eight != 0;
}

int count_blocks(const uint8_t *unknown, Size size)
{
    int count = 0;
    for (int y = 0; y < size.height; y++)
        for (int span = 0; span * LANES < size.width; span++) count += is_block(unknown, size.width, y, span);
    return count;
}

/* to = flags that are set here or a step before or behind. */
WIDE static void spread(const uint8_t *restrict from, uint8_t *restrict to, int count, int step)
{
    for (int i = step; i < count - step; i++) to[i] = from[i - step] | from[i] | from[i + step];
}

static int room_for(Rings *r, const uint8_t *unknown, Size size)
{
    r->stride = (size_t)padded_stride(size.width), r->spans = (size.width + LANES - 1) / LANES;
    int flags = (size.height + 2 * REACH) * (r->spans + 2);
    r->block = calloc((ROWS * 3 + SIDE * WINDOW) * r->stride, sizeof(float));
    r->marks = calloc(3 * (size_t)flags, 1);
    if (!r->block || !r->marks) return 0;
    r->rows = r->block, r->windows = r->block + ROWS * 3 * r->stride;
    r->near = r->marks + flags, r->nearby = r->near + flags;
    for (int y = 0; y < size.height; y++)
        for (int span = 0; span < r->spans; span++)
            *flag(r, r->marks, y, span) = (uint8_t)is_block(unknown, size.width, y, span);
    spread(r->marks, r->nearby, flags, 1);
    spread(r->nearby, r->near, flags, r->spans + 2);
    spread(r->near, r->nearby, flags, r->spans + 2);
    return 1;
}

/* Bytes of eight pixels: 0..1, by channel. */
WIDE static void load_span(const uint8_t *bytes, float *row, size_t stride)
{
    float values[3 * LANES];
    for (int i = 0; i < 3 * LANES; i++) values[i] = (float)bytes[i] * (1.0f / 255.0f);
    for (int c = 0; c < 3; c++)
        for (int x = 0; x < LANES; x++) row[(size_t)c * stride + x] = values[3 * x + c];
}

/* One row of bytes into the ring, where a block may ask for it. */
static void load_row(const Rings *r, const uint8_t *pixels, Size size, int y)
{
    const uint8_t *wanted = flag(r, r->nearby, y, 0), *bytes = pixels + (size_t)y * size.width * 3;
    float *row = picture_row(r, y) + LANES;
    for (int span = 0; span < r->spans; span++, bytes += 3 * LANES, row += LANES) {
        int count = span_of(size.width, span);
        uint8_t last[3 * LANES] = {0};
        if (!wanted[span]) continue;
        if (count < LANES) memcpy(last, bytes, 3 * (size_t)count);
        load_span(count < LANES ? last : bytes, row, r->stride);
    }
}

/* The mean and triangle of eight windows, centres at column x of row y. */
WIDE static void windows_at(const float *const row[SIDE], size_t stride, float epsilon, float *out)
{
    const float ninth = 1.0f / 9.0f, least = epsilon * ninth;
    Eight mean[3], cov[6] = {{0}}, t[6];
    for (int c = 0; c < 3; c++) {
        Eight sum = {0};
        for (int i = 0; i < SIDE; i++)
            for (int d = -1; d <= 1; d++) sum += EIGHT(row[i] + c * stride + d);
        EIGHT(out + (MEAN + c) * stride) = mean[c] = sum * ninth;
    }
    for (int i = 0; i < SIDE; i++)
        for (int d = -1; d <= 1; d++) {
            Eight a = EIGHT(row[i] + d) - mean[0], b = EIGHT(row[i] + stride + d) - mean[1];
            Eight c = EIGHT(row[i] + 2 * stride + d) - mean[2];
            cov[0] += a * a, cov[1] += a * b, cov[2] += a * c, cov[3] += b * b, cov[4] += b * c, cov[5] += c * c;
        }
    for (int l = 0; l < LANES; l++) {  /* L D L' of the covariance, then D^-1/2 L^-1 / 3 */
        float d0 = cov[0][l] * ninth + least, s01 = cov[1][l] * ninth, s02 = cov[2][l] * ninth;
        float l10 = s01 / d0, l20 = s02 / d0, d1 = cov[3][l] * ninth + least - l10 * s01;
        d1 = d1 > least ? d1 : least;
        float l21 = (cov[4][l] * ninth - l20 * s01) / d1;
        float d2 = cov[5][l] * ninth + least - l20 * s02 - l21 * l21 * d1;
        d2 = d2 > least ? d2 : least;
        float r0 = 1.0f / (3.0f * sqrtf(d0)), r1 = 1.0f / (3.0f * sqrtf(d1)), r2 = 1.0f / (3.0f * sqrtf(d2));
        t[0][l] = r0, t[1][l] = -l10 * r1, t[2][l] = r1;
        t[3][l] = (l10 * l21 - l20) * r2, t[4][l] = -l21 * r2, t[5][l] = r2;
    }
    for (int i = 0; i < 6; i++) EIGHT(out + (TRIANGLE + i) * stride) = t[i];
    EIGHT(out + SHARE * stride) = (Eight){0} + ninth;
}

/* Windows that would hang over the picture's edge count for nothing. */
static void drop_column(float *windows, size_t stride, int x)
{
    for (int i = TRIANGLE; i < WINDOW; i++) windows[(size_t)i * stride + LANES + x] = 0.0f;
}

/* The windows of row y, where a block may ask for them. */
static void load_windows(const Rings *r, Size size, int y, float epsilon)
{
    float *out = window_row(r, y);
    if (y < 1 || y > size.height - 2) {
        memset(out, 0, sizeof(float) * WINDOW * r->stride);
        return;
    }
    for (int span = 0; span < r->spans; span++) {
        if (!*flag(r, r->near, y, span)) continue;
        int at = LANES + span * LANES;
        const float *row[SIDE] = {picture_row(r, y - 1) + at, picture_row(r, y) + at, picture_row(r, y + 1) + at};
        windows_at(row, r->stride, epsilon, out + at);
    }
    drop_column(out, r->stride, 0);
    for (int x = size.width - 1; x < r->spans * LANES; x++) drop_column(out, r->stride, x);
}

/* Of three windows side by side, `step` apart: what five pixels gather that lie in the first, in the first two, in all,
   in the last two and in the last. */
INSIDE void gather(const Eight *windows, int step, Eight *pixels, int apart)
{
    pixels[0] = windows[0], pixels[4 * apart] = windows[2 * step];
    pixels[apart] = windows[0] + windows[step], pixels[3 * apart] = windows[step] + windows[2 * step];
    pixels[2 * apart] = pixels[apart] + windows[2 * step];
}

/* What a window says of a neighbour of colour I_j, when the pixel's is I_i: says[3] + says[0..2]' (I_j - I_i). The
   difference is small where says is large. */
INSIDE void window_says(const float *window, const Eight own[3], size_t stride, Eight *says)
{
    Eight t[6], a = own[0] - EIGHT(window), b = own[1] - EIGHT(window + stride);
    Eight c = own[2] - EIGHT(window + 2 * stride);
    for (int i = 0; i < 6; i++) t[i] = EIGHT(window + (TRIANGLE + i) * stride);
    Eight u0 = t[0] * a, u1 = t[1] * a + t[2] * b, u2 = t[3] * a + t[4] * b + t[5] * c;
    says[0] = t[0] * u0 + t[1] * u1 + t[3] * u2, says[1] = t[2] * u1 + t[4] * u2, says[2] = t[5] * u2;
    says[3] = EIGHT(window + SHARE * stride) + says[0] * a + says[1] * b + says[2] * c;
}

/* The 24 weights of one block. row: its five rows of the picture, window: its three of windows, both at its lane 0.
   unknown: -1 in its lanes, 0 in others; known ones are no variables and pull nothing. Windows are summed before colours
   come in: w is linear in I_j. */
WIDE static void block_weights(const float *const row[ROWS], const float *const window[SIDE], size_t stride,
                               const int32_t *unknown, float *weights)
{
    Eight says[SIDE * SIDE][TERMS], across[SIDE * ROWS][TERMS], sums[ROWS * ROWS][TERMS], own[3];
    Truths kept;
    memcpy(&kept, unknown, sizeof kept);
    for (int c = 0; c < 3; c++) own[c] = EIGHT(row[REACH] + c * stride);
    for (int i = 0; i < SIDE * SIDE; i++) window_says(window[i / SIDE] + i % SIDE - 1, own, stride, says[i]);
    for (int y = 0; y < SIDE; y++)
        for (int n = 0; n < TERMS; n++) gather(&says[y * SIDE][n], TERMS, &across[y * ROWS][n], TERMS);
    for (int x = 0; x < ROWS; x++)
        for (int n = 0; n < TERMS; n++) gather(&across[x][n], ROWS * TERMS, &sums[x][n], ROWS * TERMS);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < ROWS; j++) {
            const float *p = row[i] + j - REACH;
            const Eight *sum = sums[i * ROWS + j];
            Eight weight = sum[3] + sum[0] * (EIGHT(p) - own[0]) + sum[1] * (EIGHT(p + stride) - own[1])
                           + sum[2] * (EIGHT(p + 2 * stride) - own[2]);
            if (i == REACH && j == REACH) continue;
            EIGHT(weights) = (Eight)((Truths)weight & kept);
            weights += LANES;
        }
}

/* pixels (h, w, 3), unknown (h, w) of 0 and 1 -> at (blocks), weights (blocks, 24, 8). 0: done, -1: no memory. */
int laplacian(const uint8_t *pixels, const uint8_t *unknown, Size size, float epsilon, int32_t *at, float *weights)
{
    Rings r;
    int status = room_for(&r, unknown, size) ? 0 : -1;
    for (int y = -REACH; status == 0 && y < size.height; y++) {
        if (y + REACH < size.height) load_row(&r, pixels, size, y + REACH);
        load_windows(&r, size, y + 1, epsilon);
        for (int span = 0; y >= 0 && span < r.spans; span++) {
            if (!*flag(&r, r.marks, y, span)) continue;
            const float *row[ROWS], *window[SIDE];
            for (int i = 0; i < ROWS; i++) row[i] = picture_row(&r, y + i - REACH) + LANES + span * LANES;
            for (int i = 0; i < SIDE; i++) window[i] = window_row(&r, y + i - 1) + LANES + span * LANES;
            size_t first = (size_t)y * size.width + span * LANES;
            int32_t lanes[LANES] = {0};
            for (int i = 0; i < span_of(size.width, span); i++) lanes[i] = -(unknown[first + i] != 0);
            block_weights(row, window, r.stride, lanes, weights);
            *at++ = (int32_t)first, weights += BLOCK_WEIGHTS;
        }
    }
    free(r.block), free(r.marks);
    return status;
}
