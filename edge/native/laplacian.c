/* The matting Laplacian (Levin, Lischinski, Weiss 2008, "A Closed-Form Solution to Natural Image Matting", eq. 12) in
   its rows of unknown pixels: what ties a pixel to each of the 24 that share a 3x3 window with it,
       w(i, j) = sum over windows k of both: (1 + (I_i - m_k)' (C_k + e/9)^-1 (I_j - m_k)) / 9.
   The inverse is kept as a triangle T with T'T = (C + e/9)^-1 / 9: single precision then stands e = 1e-7, where the
   inverse itself loses every digit. Rows of picture and windows run through rings: memory does not grow with height. */
#include "matting.h"

#include <math.h>    /* sqrtf */
#include <stdlib.h>  /* calloc */
#include <string.h>  /* memchr */

enum { MEAN = 0, TRIANGLE = 3, SHARE = 9, WINDOW = 10, SIDE = 3, REACH = 2, ROWS = 2 * REACH + 1 };

/* Rings of padded rows: `rows` holds 5 of the picture, three channels each, `windows` 3 of the ten window planes. */
typedef struct { float *block, *rows, *windows; uint8_t *marks; int spans; size_t stride; } Rings;

static float *picture_row(const Rings *r, int y)
{
    return r->rows + (size_t)((y + ROWS) % ROWS) * 3 * r->stride;
}

static float *window_row(const Rings *r, int y)
{
    return r->windows + (size_t)((y + SIDE) % SIDE) * WINDOW * r->stride;
}

/* Whether a row's span of eight pixels holds an unknown one; rows -1 and height, spans -1 and last + 1 may be asked. */
static uint8_t *mark(const Rings *r, int y, int span) { return r->marks + (size_t)(y + 1) * (r->spans + 2) + span + 1; }

static int span_of(int width, int span) { return width - span * LANES < LANES ? width - span * LANES : LANES; }

static int is_block(const uint8_t *unknown, int width, int y, int span)
{
    return memchr(unknown + (size_t)y * width + span * LANES, 1, (size_t)span_of(width, span)) != NULL;
}

int count_blocks(const uint8_t *unknown, Size size)
{
    int count = 0;
    for (int y = 0; y < size.height; y++)
        for (int span = 0; span * LANES < size.width; span++) count += is_block(unknown, size.width, y, span);
    return count;
}

static int room_for(Rings *r, const uint8_t *unknown, Size size)
{
    r->stride = (size_t)padded_stride(size.width), r->spans = (size.width + LANES - 1) / LANES;
    r->block = calloc((ROWS * 3 + SIDE * WINDOW) * r->stride, sizeof(float));
    r->marks = calloc((size_t)(size.height + 2) * (r->spans + 2), 1);
    if (!r->block || !r->marks) return 0;
    r->rows = r->block, r->windows = r->block + ROWS * 3 * r->stride;
    for (int y = 0; y < size.height; y++)
        for (int span = 0; span < r->spans; span++)
            *mark(r, y, span) = (uint8_t)is_block(unknown, size.width, y, span);
    return 1;
}

/* One row of bytes into the ring: 0..1, by channel. */
static void load_row(const Rings *r, const uint8_t *pixels, Size size, int y)
{
    float *row = picture_row(r, y) + LANES;
    const uint8_t *bytes = pixels + (size_t)y * size.width * 3;
    for (int x = 0; x < size.width; x++)
        for (int c = 0; c < 3; c++) row[(size_t)c * r->stride + x] = (float)bytes[3 * x + c] * (1.0f / 255.0f);
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
    memset(out, 0, sizeof(float) * WINDOW * r->stride);
    if (y < 1 || y > size.height - 2) return;
    for (int span = 0; span < r->spans; span++) {
        int wanted = 0;
        for (int i = -1; i <= 1; i++)
            for (int j = -1; j <= 1; j++) wanted |= *mark(r, y + i, span + j);
        if (!wanted) continue;
        int at = LANES + span * LANES;
        const float *row[SIDE] = {picture_row(r, y - 1) + at, picture_row(r, y) + at, picture_row(r, y + 1) + at};
        windows_at(row, r->stride, epsilon, out + at);
    }
    drop_column(out, r->stride, 0);
    for (int x = size.width - 1; x < r->spans * LANES; x++) drop_column(out, r->stride, x);
}

/* The 24 weights of one block. row: its five rows of the picture, window: its three of windows, both at its lane 0. */
WIDE static void block_weights(const float *const row[ROWS], const float *const window[SIDE], size_t stride,
                               float *weights)
{
    Eight sum[ROWS * ROWS] = {{0}};
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const float *w = window[y] + x - 1;
            Eight mean[3], t[6], v[3];
            for (int c = 0; c < 3; c++) mean[c] = EIGHT(w + (MEAN + c) * stride);
            for (int i = 0; i < 6; i++) t[i] = EIGHT(w + (TRIANGLE + i) * stride);
            Eight a = EIGHT(row[REACH]) - mean[0], b = EIGHT(row[REACH] + stride) - mean[1];
            Eight c = EIGHT(row[REACH] + 2 * stride) - mean[2], share = EIGHT(w + SHARE * stride);
            Eight u0 = t[0] * a, u1 = t[1] * a + t[2] * b, u2 = t[3] * a + t[4] * b + t[5] * c;
            v[0] = t[0] * u0 + t[1] * u1 + t[3] * u2, v[1] = t[2] * u1 + t[4] * u2, v[2] = t[5] * u2;
            for (int i = y; i < y + SIDE; i++)
                for (int j = x; j < x + SIDE; j++) {
                    const float *p = row[i] + j - REACH;
                    sum[i * ROWS + j] += share + v[0] * (EIGHT(p) - mean[0]) + v[1] * (EIGHT(p + stride) - mean[1])
                                         + v[2] * (EIGHT(p + 2 * stride) - mean[2]);
                }
        }
    for (int i = 0, k = 0; i < ROWS * ROWS; i++)
        if (i != ROWS * ROWS / 2) EIGHT(weights + LANES * k++) = sum[i];
}

/* Known pixels inside a block are no variables: they pull nothing. */
static void keep_unknown(const uint8_t *unknown, int count, float *weights)
{
    for (int lane = 0; lane < LANES; lane++)
        if (lane >= count || !unknown[lane])
            for (int k = 0; k < AROUND; k++) weights[LANES * k + lane] = 0.0f;
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
            if (!*mark(&r, y, span)) continue;
            const float *row[ROWS], *window[SIDE];
            for (int i = 0; i < ROWS; i++) row[i] = picture_row(&r, y + i - REACH) + LANES + span * LANES;
            for (int i = 0; i < SIDE; i++) window[i] = window_row(&r, y + i - 1) + LANES + span * LANES;
            size_t first = (size_t)y * size.width + span * LANES;
            block_weights(row, window, r.stride, weights);
            keep_unknown(unknown + first, span_of(size.width, span), weights);
            *at++ = (int32_t)first, weights += BLOCK_WEIGHTS;
        }
    }
    free(r.block), free(r.marks);
    return status;
}
