/* Coefficients of a guided filter over time. */
#include "loops.h"

/* held += share*(present - held) over one row; share: `still` up to 1, see Calm. present is NULL where nothing is. */
FAST static void row_settled(float *restrict held, const float *restrict present, const uint8_t *restrict moved,
                             Calm calm, int count)
{
    float rise = (1.0f - calm.share) / (calm.moving - calm.still);
    for (int x = 0; x < count; x++) {
        float share = calm.share + ((float)moved[x] - calm.still) * rise;
        share = share < calm.share ? calm.share : share;
        share = share > 1.0f ? 1.0f : share;
        held[x] += share * ((present ? present[x] : 0.0f) - held[x]);
    }
}

/* Averages over time that let go where the picture moves: held (h, w) towards present, which lies at `top`, `left` of
   it with `part` rows and columns; there is nothing, 0, around it. moved (h, w): in 1/255. */
void settle(float *held, Size size, const float *present, int top, int left, Size part, const uint8_t *moved,
            Calm calm)
{
    for (int y = 0; y < size.height; y++) {
        float *row = held + (size_t)y * size.width;
        const uint8_t *row_moved = moved + (size_t)y * size.width;
        int inside = y >= top && y < top + part.height, right = left + part.width;
        const float *here = inside ? present + (size_t)(y - top) * part.width : NULL;
        row_settled(row, NULL, row_moved, calm, inside ? left : size.width);
        if (!inside) continue;
        row_settled(row + left, here, row_moved + left, calm, part.width);
        row_settled(row + right, NULL, row_moved + right, calm, size.width - right);
    }
}
