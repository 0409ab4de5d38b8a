/* Mean colours of known pixels near unknown ones, cell by cell: what samples.c chooses from. */
#include "matting.h"

#include <stdlib.h>  /* malloc */
#include <string.h>  /* memchr */

enum {
    CELL = 4,        /* pixels of a side, bytes of a word; larger blurs the samples, smaller brings noise */
    CELLS_AWAY = 3   /* known cells farther than this from any unknown one are not asked */
};

/* near: whether a cell lies near an unknown pixel. */
typedef struct { const uint8_t *pixels, *trimap; Size size; uint8_t *near; int rows, columns; } Cells;

/* Marks the cells that lie near an unknown pixel. */
static void mark_near(Cells *c)
{
    for (int y = 0; y < c->size.height; y++) {
        const uint8_t *row = c->trimap + (size_t)y * c->size.width, *end = row + c->size.width, *at = row;
        while ((at = memchr(at, 128, (size_t)(end - at)))) {
            int left = greater(0, (int)(at - row) / CELL - CELLS_AWAY), right = (int)(at - row) / CELL + CELLS_AWAY;
            right = lesser(right, c->columns - 1);
            for (int i = greater(0, y / CELL - CELLS_AWAY); i <= lesser(c->rows - 1, y / CELL + CELLS_AWAY); i++)
                memset(c->near + (size_t)i * c->columns + left, 1, (size_t)(right - left + 1));
            at = lesser((int)(at - row) / CELL * CELL + CELL, c->size.width) + row;
        }
    }
}

/* What the trimap says of a whole cell: 0 or 255, or 128 where that is not one thing, or the picture ends in it. */
static uint8_t said_of(const Cells *c, int row, int column)
{
    uint32_t any = 0, all = UINT32_MAX, four;
    if ((row + 1) * CELL > c->size.height || (column + 1) * CELL > c->size.width) return 128;
    for (int y = row * CELL; y < row * CELL + CELL; y++) {
        memcpy(&four, c->trimap + (size_t)y * c->size.width + column * CELL, sizeof four);
        any |= four, all &= four;
    }
    return any == 0 ? 0 : all == UINT32_MAX ? 255 : 128;
}

static Sample mean_of(const int sum[5], int count)
{
    float share = 1.0f / (float)count, byte = share * (1.0f / 255.0f);
    return (Sample){{(float)sum[0] * byte, (float)sum[1] * byte, (float)sum[2] * byte}, (float)sum[3] * share,
                    (float)sum[4] * share};
}

static Sample whole_mean(const Cells *c, int row, int column)
{
    const int between = CELL * (CELL - 1) / 2;  /* 0 + 1 + ... */
    int sum[5] = {0, 0, 0, CELL * (CELL * CELL * row + between), CELL * (CELL * CELL * column + between)};
    for (int y = 0; y < CELL; y++) {
        const uint8_t *bytes = c->pixels + 3 * ((size_t)(row * CELL + y) * c->size.width + column * CELL);
        for (int x = 0; x < CELL; x++)
            for (int k = 0; k < 3; k++) sum[k] += bytes[3 * x + k];
    }
    return mean_of(sum, CELL * CELL);
}

/* The mean colour and place of what a cell holds of one side (0 or 255). 0: nothing. */
static int cell_mean(const Cells *c, int row, int column, uint8_t side, Sample *mean)
{
    int sum[5] = {0}, count = 0, bottom = lesser(row * CELL + CELL, c->size.height);
    int right = lesser(column * CELL + CELL, c->size.width), said = said_of(c, row, column);
    if (said == side) *mean = whole_mean(c, row, column);
    if (said != 128) return said == side;
    for (int y = row * CELL; y < bottom; y++)
        for (int x = column * CELL; x < right; x++) {
            size_t i = (size_t)y * c->size.width + x;
            int here = c->trimap[i] == side;
            for (int k = 0; k < 3; k++) sum[k] += here * c->pixels[3 * i + k];
            sum[3] += here * y, sum[4] += here * x, count += here;
        }
    if (count) *mean = mean_of(sum, count);
    return count > 0;
}

static Samples gathered(const Cells *c, uint8_t side)
{
    size_t most = (size_t)c->rows * c->columns;
    float *room = malloc((5 * sizeof(float) + sizeof(int16_t)) * most);
    if (!room) return (Samples){.count = 0};
    Samples all = {{room, room + most, room + 2 * most}, room + 3 * most, room + 4 * most,
                   (int16_t *)(room + 5 * most), 0};
    for (int row = 0; row < c->rows; row++)
        for (int column = 0; column < c->columns; column++) {
            Sample mean;
            if (!c->near[(size_t)row * c->columns + column] || !cell_mean(c, row, column, side, &mean)) continue;
            for (int k = 0; k < 3; k++) all.colour[k][all.count] = mean.colour[k];
            all.y[all.count] = mean.y, all.x[all.count++] = mean.x;
        }
    return all;
}

/* known -> the means of both sides' cells; free(colour[0]) ends each. 0: done, -1: no memory. */
int cell_samples(const Known *known, Samples *fronts, Samples *backs)
{
    Size size = known->size;
    int rows = (size.height + CELL - 1) / CELL, columns = (size.width + CELL - 1) / CELL;
    Cells c = {known->pixels, known->trimap, size, calloc((size_t)rows * (size_t)columns, 1), rows, columns};
    if (!c.near) return -1;
    mark_near(&c);
    *fronts = gathered(&c, 255), *backs = gathered(&c, 0);
    free(c.near);
    if (fronts->y && backs->y) return 0;
    free(fronts->colour[0]), free(backs->colour[0]);
    return -1;
}
