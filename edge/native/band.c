/* Where live matting has to decide (edge/live_matting.py): along the outline of a filtered mask, and wherever it is
   half-transparent. */
#include "matting.h"

#include <stdlib.h>  /* malloc */

/* The ramp of a*guide/255 + b over one row, and who is more person than not; one more on both sides, as its
   neighbour. */
WIDE static void row_seen(const uint8_t *restrict guide, const float *restrict a, const float *restrict b, Ramp ramp,
                          int count, float *restrict alpha, uint8_t *restrict person)
{
    float steep = 1.0f / (ramp.high - ramp.low);
    for (int x = 0; x < count; x++) {
        float v = (a[x] * (1.0f / 255.0f) * (float)guide[x] + b[x] - ramp.low) * steep;
        v = v > 0.0f ? v : 0.0f;
        alpha[x] = v < 1.0f ? v : 1.0f;
    }
    for (int x = 0; x < count; x++) person[x + 1] = alpha[x] >= 0.5f;
    person[0] = person[1], person[count + 1] = person[count];
}

/* Unknown is who has a neighbour on the other side, above, at or below, and who is softer than `soft`; alpha becomes 0
   or 1 in all others. */
WIDE static void row_of_band(const uint8_t *restrict above, const uint8_t *restrict here, const uint8_t *restrict below,
                             int count, float soft, float *restrict alpha, uint8_t *restrict trimap)
{
    for (int x = 0; x < count; x++) {
        uint8_t any = above[x] | above[x + 1] | above[x + 2] | here[x] | here[x + 1] | here[x + 2] | below[x]
                      | below[x + 1] | below[x + 2];
        uint8_t all = above[x] & above[x + 1] & above[x + 2] & here[x] & here[x + 1] & here[x + 2] & below[x]
                      & below[x + 1] & below[x + 2];
        trimap[x] = any != all ? 128 : any ? 255 : 0;
    }
    for (int x = 0; x < count; x++) trimap[x] = ((alpha[x] > soft) & (alpha[x] < 1.0f - soft)) ? 128 : trimap[x];
    for (int x = 0; x < count; x++) alpha[x] = trimap[x] == 128 ? alpha[x] : trimap[x] ? 1.0f : 0.0f;
}

/* Bits of what a row knows: 1 background, 2 person. */
WIDE static int known_in(const uint8_t *trimap, int count)
{
    uint8_t background = 0, person = 0;
    for (int x = 0; x < count; x++) background |= trimap[x] == 0, person |= trimap[x] == 255;
    return background | person << 1;
}

/* guide (h, w) with rows guide_step apart, a, b (h, w): a filter's answer -> alpha (h, w), its ramp, and trimap (h, w)
   of 0, 128, 255. 1: both sides are known, 0: they are not, -1: no memory. */
int band(const uint8_t *guide, ptrdiff_t guide_step, const float *a, const float *b, Size size, Ramp ramp, float soft,
         float *alpha, uint8_t *trimap)
{
    size_t width = (size_t)size.width, wide = width + 2;
    uint8_t *person = malloc(wide * (size_t)size.height);
    int known = 0, last = size.height - 1;
    if (!person) return -1;
    for (int y = 0; y <= last; y++) {
        size_t at = (size_t)y * width;
        row_seen(guide + y * guide_step, a + at, b + at, ramp, size.width, alpha + at, person + (size_t)y * wide);
    }
    for (int y = 0; y <= last; y++) {
        const uint8_t *here = person + (size_t)y * wide;
        size_t at = (size_t)y * width;
        row_of_band(y > 0 ? here - wide : here, here, y < last ? here + wide : here, size.width, soft, alpha + at,
                    trimap + at);
        known |= known_in(trimap + at, size.width);
    }
    free(person);
    return known == 3;
}
