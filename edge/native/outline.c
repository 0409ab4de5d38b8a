/* A mask of few cells along the guide's edges (edge/refine.py): enlarged, what is nearly certain as if it were, then
   filtered with the guide; where even the eroded mask is sure, it is person whatever the guide shows. */
#include "loops.h"

#include <stdlib.h>  /* malloc */
#include <string.h>  /* memcpy */

/* A row of the mask, sharpened and eroded: at its own cells, or at every column. */
typedef struct { float *values, *least; } Row;

/* left, part: where every column lies among the mask's; values, held: the enlarged mask, and where it is sure,
   NULL: nowhere. */
typedef struct {
    const float *mask;
    Size cells, size;
    Surely surely;
    float *part, *values;
    int *left;
    Row row, above, below;
    uint8_t *held;
} Work;

static int room_for(Work *work)
{
    size_t width = (size_t)work->size.width, pixels = width * (size_t)work->size.height;
    size_t cells = (size_t)work->cells.width;
    float *room = malloc(sizeof(float) * (6 * width + 2 * cells + pixels) + pixels);
    if (!room) return 0;
    work->part = room, work->left = (int *)(room + width);
    work->above = (Row){room + 2 * width, room + 3 * width}, work->below = (Row){room + 4 * width, room + 5 * width};
    work->row = (Row){room + 6 * width, room + 6 * width + cells};
    work->values = work->row.least + cells;
    work->held = work->surely.sure < 1.0f ? (uint8_t *)(work->values + pixels) : NULL;
    return 1;
}

/* Where pixel i of `count` lies between cells: the one before it, and how far beyond that, 0..1. */
static int between(int i, int count, int cells, float *part)
{
    float at = ((float)i + 0.5f) * (float)cells / (float)count - 0.5f, last = (float)(cells - 1);
    at = at < 0.0f ? 0.0f : at > last ? last : at;
    int before = lesser((int)at, greater(0, cells - 2));
    *part = at - (float)before;
    return before;
}

FAST static void sharpened(const float *restrict row, float certain, int count, float *restrict to)
{
    float steep = 1.0f / (1.0f - 2.0f * certain);
    for (int x = 0; x < count; x++) {
        float v = (row[x] - certain) * steep;
        v = v > 0.0f ? v : 0.0f;
        to[x] = v < 1.0f ? v : 1.0f;
    }
}

/* The least of three rows and three columns, as far as the mask goes; room: a row. */
FAST static void eroded(const float *restrict above, const float *restrict row, const float *restrict below, int count,
                        float *restrict room, float *restrict to)
{
    for (int x = 0; x < count; x++) {
        float least = row[x] < above[x] ? row[x] : above[x];
        room[x] = least < below[x] ? least : below[x];
    }
    for (int x = 1; x < count - 1; x++) {
        float least = room[x] < room[x - 1] ? room[x] : room[x - 1];
        to[x] = least < room[x + 1] ? least : room[x + 1];
    }
    int last = count - 1, before = greater(0, last - 1), second = lesser(1, last);
    to[0] = room[0] < room[second] ? room[0] : room[second];
    to[last] = room[last] < room[before] ? room[last] : room[before];
}

/* Cells at every column. */
FAST static void spread(const Work *work, const float *restrict cells, float *restrict to)
{
    int next = work->cells.width > 1;
    if (work->cells.width == work->size.width) memcpy(to, cells, sizeof(float) * (size_t)work->size.width);
    else for (int x = 0; x < work->size.width; x++) {
        const float *here = cells + work->left[x];
        to[x] = here[0] + work->part[x] * (here[next] - here[0]);
    }
}

/* Row y of the mask, at every column. */
static void load(const Work *work, int y, Row to)
{
    int width = work->cells.width;
    const float *row = work->mask + (size_t)y * width;
    const float *above = y > 0 ? row - width : row, *below = y + 1 < work->cells.height ? row + width : row;
    if (work->held) {
        eroded(above, row, below, width, work->row.values, work->row.least);
        spread(work, work->row.least, to.least);
    }
    sharpened(row, work->surely.certain, width, work->row.values);
    spread(work, work->row.values, to.values);
}

/* One row between a row of cells and the next, `lower` of the way. */
FAST static void row_between(const float *restrict above, const float *restrict below, float lower, int count,
                             float *restrict to)
{
    for (int x = 0; x < count; x++) to[x] = above[x] + lower * (below[x] - above[x]);
}

/* Where that is above `sure`. */
FAST static void row_held(const float *restrict above, const float *restrict below, float lower, float sure, int count,
                          uint8_t *restrict held)
{
    for (int x = 0; x < count; x++) held[x] = above[x] + lower * (below[x] - above[x]) > sure;
}

static void enlarge(Work *work)
{
    int last = work->cells.height - 1;
    for (int y = 0, held = -2; y < work->size.height; y++) {
        float lower;
        int row = between(y, work->size.height, work->cells.height, &lower);
        if (row == held + 1) {
            Row above = work->above;
            work->above = work->below, work->below = above;
        } else if (row != held) load(work, row, work->above);
        if (row != held) load(work, lesser(row + 1, last), work->below);
        held = row;
        size_t at = (size_t)y * (size_t)work->size.width;
        row_between(work->above.values, work->below.values, lower, work->size.width, work->values + at);
        if (work->held) row_held(work->above.least, work->below.least, lower, work->surely.sure, work->size.width,
                                 work->held + at);
    }
}

/* a, b: 0 and 1, person, where held says so. */
FAST static void hold(float *restrict a, float *restrict b, const uint8_t *restrict held, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        a[i] = held[i] ? 0.0f : a[i];
        b[i] = held[i] ? 1.0f : b[i];
    }
}

/* guide (h, w) with rows guide_step apart; mask (cells) 0..1 over all of it -> a, b (h, w), as guided_coefficients,
   whose radius and epsilon are meant. 0: done, -1: no memory. */
int outline(const uint8_t *guide, ptrdiff_t guide_step, Size size, const float *mask, Size cells, int radius,
            float epsilon, Surely surely, float *a, float *b)
{
    Work work = {.mask = mask, .cells = cells, .size = size, .surely = surely};
    if (!room_for(&work)) return -1;
    for (int x = 0; x < size.width; x++) work.left[x] = between(x, size.width, cells.width, &work.part[x]);
    enlarge(&work);
    int status = guided_coefficients(guide, guide_step, work.values, size, radius, epsilon, a, b);
    if (work.held) hold(a, b, work.held, (size_t)size.height * (size_t)size.width);
    free(work.part);
    return status;
}
