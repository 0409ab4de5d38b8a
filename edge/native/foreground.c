/* The colours of person and background in every half-transparent pixel (Germer, Uelwer, Conrad, Harmeling 2020, "Fast
   Multi-Level Foreground Estimation", eq. 5-7 and algorithm 1): I = a F + (1 - a) B, with F and B smooth where alpha is
   not. Each level begins from the one half its size. Sure pixels keep the picture's colour: only the band is swept. */
#include "matting.h"

#include <math.h>    /* fabsf */
#include <stdlib.h>  /* calloc */

static const float SMOOTH = 1e-5f;  /* what neighbours count for where alpha is flat, beside 1 for a step of 1 */

enum { FEW = 32, SWEEPS_SMALL = 10, SWEEPS = 4 };

typedef struct { const uint8_t *pixels; const float *alpha; Size size; float *front, *back; } Level;

/* Half the size, rounded up: means of 2x2. */
static void halve_level(const Level *l, Size half, uint8_t *pixels, float *alpha)
{
    int width = l->size.width;
    for (int y = 0; y < half.height; y++)
        for (int x = 0; x < half.width; x++) {
            size_t upper = (size_t)(2 * y) * width, lower = (size_t)lesser(2 * y + 1, l->size.height - 1) * width;
            int left = 2 * x, right = lesser(2 * x + 1, width - 1);
            size_t from[4] = {upper + left, upper + right, lower + left, lower + right};
            size_t to = (size_t)y * half.width + x;
            alpha[to] = 0.25f * (l->alpha[from[0]] + l->alpha[from[1]] + l->alpha[from[2]] + l->alpha[from[3]]);
            for (int c = 0; c < 3; c++) {
                int sum = 2;
                for (int i = 0; i < 4; i++) sum += l->pixels[3 * from[i] + c];
                pixels[3 * to + c] = (uint8_t)(sum / 4);
            }
        }
}

/* The first answer: the picture's own colour where one side is sure, what half the size found elsewhere. */
static void spread(const Level *l, Size half, const float *front, const float *back)
{
    for (int y = 0; y < l->size.height; y++)
        for (int x = 0; x < l->size.width; x++) {
            size_t to = (size_t)y * l->size.width + x, from = (size_t)(y / 2) * half.width + x / 2;
            float a = l->alpha[to];
            for (int c = 0; c < 3; c++) {
                l->front[3 * to + c] = a >= 1.0f ? l->pixels[3 * to + c] : front[3 * from + c];
                l->back[3 * to + c] = a <= 0.0f ? l->pixels[3 * to + c] : back[3 * from + c];
            }
        }
}

static float within(float colour) { return colour < 0.0f ? 0.0f : colour > 255.0f ? 255.0f : colour; }

/* One pixel from its neighbours (eq. 7): two unknowns a channel, one small system for the three. */
static void settle_pixel(const Level *l, size_t at, const size_t *beside, int count)
{
    float a = l->alpha[at], b = 1.0f - a, total = 0.0f, front[3] = {0}, back[3] = {0};
    for (int i = 0; i < count; i++) {
        float weight = SMOOTH + fabsf(a - l->alpha[beside[i]]);
        total += weight;
        for (int c = 0; c < 3; c++) {
            front[c] += weight * l->front[3 * beside[i] + c];
            back[c] += weight * l->back[3 * beside[i] + c];
        }
    }
    float ff = a * a + total, fb = a * b, bb = b * b + total, over = 1.0f / (ff * bb - fb * fb);
    for (int c = 0; c < 3; c++) {
        float seen = l->pixels[3 * at + c], f = front[c] + a * seen, g = back[c] + b * seen;
        l->front[3 * at + c] = within((bb * f - fb * g) * over);
        l->back[3 * at + c] = within((ff * g - fb * f) * over);
    }
}

static void sweep(const Level *l)
{
    int height = l->size.height, width = l->size.width;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            size_t at = (size_t)y * width + x, beside[4];
            int count = 0;
            if (l->alpha[at] <= 0.0f || l->alpha[at] >= 1.0f) continue;
            if (x > 0) beside[count++] = at - 1;
            if (x < width - 1) beside[count++] = at + 1;
            if (y > 0) beside[count++] = at - width;
            if (y < height - 1) beside[count++] = at + width;
            settle_pixel(l, at, beside, count);
        }
}

/* pixels (h, w, 3), alpha (h, w) in 0..1 -> front, back (h, w, 3) in 0..255. 0: done, -1: no memory. */
int multilevel(const uint8_t *pixels, const float *alpha, Size size, float *front, float *back)
{
    Level level = {pixels, alpha, size, front, back};
    if (size.height == 1 && size.width == 1) {
        for (int c = 0; c < 3; c++) front[c] = back[c] = pixels[c];
        return 0;
    }
    Size half = {(size.height + 1) / 2, (size.width + 1) / 2};
    size_t count = (size_t)half.height * half.width;
    uint8_t *small_pixels = calloc(3, count);
    float *planes = calloc(7 * count, sizeof(float));  /* alpha, front, back */
    int status = -1;
    if (small_pixels && planes) {
        halve_level(&level, half, small_pixels, planes);
        status = multilevel(small_pixels, planes, half, planes + count, planes + 4 * count);
        if (status == 0) spread(&level, half, planes + count, planes + 4 * count);
    }
    free(small_pixels), free(planes);
    int sweeps = size.height <= FEW && size.width <= FEW ? SWEEPS_SMALL : SWEEPS;
    for (int i = 0; status == 0 && i < sweeps; i++) sweep(&level);
    return status;
}
