/* A mask carried along a flow: every cell is sampled where the picture in it came from, all linear in between. The
   flow is coarse and cells are many: a row of flow is spread over the columns once and serves all rows of cells near
   it. Most of a mask is 0 or 1: tiles of cells that can only come from one value are filled with it. */
#include "loops.h"

#include <math.h>    /* isnan */
#include <stdlib.h>  /* malloc */
#include <string.h>  /* memcpy */

enum {
    TILE = 16,  /* cells of a side that are filled, or sampled, together */
    PATCH = 8   /* cells of a side of the mask as it was that hold one value, or do not */
};

/* One row of flow at every column of cells: across and down, in cells of the mask, and the share of what is fresh. */
typedef struct { float *across, *down, *share; } Row;

/* left, part: where every column lies among those of the flow; known: the columns that the mask reaches. levels, tiles:
   the one value of each patch, and of each tile in the present row of tiles; not a number: there are several. */
typedef struct {
    Carried mask;
    Size patches;
    float *levels, *tiles, *least, *most;
    const float *flow, *share;
    Size steps;
    Axis across, down;
    int *left;
    float *part;
    Row above, below;
    int known_left, known_right;
} Work;

/* Where cell i lies among `steps` of the flow: the one before it, and how far beyond that, 0..1. */
static int between(int i, Axis axis, int steps, float *part)
{
    float at = (float)i * axis.step + axis.first, last = (float)(steps - 1);
    at = at > 0.0f ? at : 0.0f;
    at = at < last ? at : last;
    int before = lesser((int)at, greater(0, steps - 2));
    *part = at - (float)before;
    return before;
}

/* Whether cell i lies over the mask, as it was. */
static int is_known(int i, Axis axis, int count)
{
    float at = (float)i * axis.scale + axis.from;
    return at >= -0.5f && at <= (float)count - 0.5f;
}

FAST static void spread(const Work *work, int y, Row to, int count)
{
    int next = work->steps.width > 1;
    const float *flow = work->flow + 2 * (size_t)y * work->steps.width;
    const float *share = work->share ? work->share + (size_t)y * work->steps.width : NULL;
    for (int x = 0; x < count; x++) {
        const float *here = flow + 2 * work->left[x], *right = here + 2 * next;
        to.across[x] = (here[0] + work->part[x] * (right[0] - here[0])) * work->across.gain;
        to.down[x] = (here[1] + work->part[x] * (right[1] - here[1])) * work->down.gain;
    }
    for (int x = 0; share && x < count; x++) {
        int i = work->left[x];
        to.share[x] = share[i] + work->part[x] * (share[i + next] - share[i]);
    }
}

FAST static void limits_of(const float *restrict row, int count, float *restrict least, float *restrict most)
{
    for (int x = 0; x < count; x++) {
        least[x] = row[x] < least[x] ? row[x] : least[x];
        most[x] = row[x] > most[x] ? row[x] : most[x];
    }
}

/* The one value between least and most, if it is one. */
static float one_of(const float *least, const float *most, int count)
{
    for (int x = 0; x < count; x++)
        if (!(least[x] == least[0] && most[x] == least[0])) return NAN;
    return least[0];
}

/* The one value of every patch of the mask as it was. */
static void find_levels(const Work *work)
{
    Size size = work->mask.size;
    float *level = work->levels;
    for (int y = 0; y < size.height; y += PATCH) {
        const float *row = work->mask.values + (size_t)y * size.width;
        memcpy(work->least, row, sizeof(float) * (size_t)size.width);
        memcpy(work->most, row, sizeof(float) * (size_t)size.width);
        for (int i = y + 1; i < lesser(y + PATCH, size.height); i++)
            limits_of(work->mask.values + (size_t)i * size.width, size.width, work->least, work->most);
        for (int x = 0; x < size.width; x += PATCH)
            *level++ = one_of(work->least + x, work->most + x, lesser(PATCH, size.width - x));
    }
}

/* Along one axis, the patches first..last that cells from..to - 1 may come from, when the flow there is least..most. */
static void reach_of(int from, int to, Axis axis, float least, float most, int count, int *first, int *last)
{
    float begin = (float)from * axis.scale, end = (float)(to - 1) * axis.scale, one = least * axis.gain;
    float other = most * axis.gain;
    float low = axis.from + (begin < end ? begin : end) + (one < other ? one : other);
    float high = axis.from + (begin < end ? end : begin) + (one < other ? other : one) + 1.0f;
    *first = low > 0.0f ? lesser((int)fminf(low, 65535.0f), count - 1) / PATCH : 0;
    *last = high > 0.0f ? lesser((int)fminf(high, 65535.0f), count - 1) / PATCH : 0;
}

/* The one value that all cells of a tile come from, if it is one. */
static float level_of(const Work *work, int top, int bottom, int left, int right)
{
    float least[2] = {INFINITY, INFINITY}, most[2] = {-INFINITY, -INFINITY}, part;
    int last_row = lesser(between(bottom - 1, work->down, work->steps.height, &part) + 1, work->steps.height - 1);
    int last = lesser(work->left[right - 1] + 1, work->steps.width - 1), from[2], to[2];
    for (int y = between(top, work->down, work->steps.height, &part); y <= last_row; y++)
        for (int x = work->left[left]; x <= last; x++) {
            const float *flow = work->flow + 2 * ((size_t)y * work->steps.width + x);
            for (int i = 0; i < 2; i++) {
                least[i] = flow[i] < least[i] ? flow[i] : least[i];
                most[i] = flow[i] > most[i] ? flow[i] : most[i];
            }
        }
    reach_of(left, right, work->across, least[0], most[0], work->mask.size.width, &from[0], &to[0]);
    reach_of(top, bottom, work->down, least[1], most[1], work->mask.size.height, &from[1], &to[1]);
    float level = work->levels[(size_t)from[1] * work->patches.width + from[0]];
    for (int y = from[1]; y <= to[1]; y++)
        for (int x = from[0]; x <= to[0]; x++)
            if (work->levels[(size_t)y * work->patches.width + x] != level) return NAN;
    return level;
}

/* The cells first..end - 1 of a row, `lower` of the way from the flow's row above to the one below. */
FAST static void row_sampled(const Work *work, int y, float lower, int first, int end, float *restrict out)
{
    const float *restrict values = work->mask.values;
    const float *restrict above = work->above.across, *restrict below = work->below.across;
    const float *restrict above_down = work->above.down, *restrict below_down = work->below.down;
    int width = work->mask.size.width, height = work->mask.size.height;
    int next = width > 1, under = height > 1 ? width : 0;
    int last = greater(0, width - 2), bottom = greater(0, height - 2);
    float right = (float)(width - 1), low = (float)(height - 1), row = (float)y * work->down.scale + work->down.from;
    Axis axis = work->across;
    for (int x = first; x < end; x++) {
        float at = (float)x * axis.scale + axis.from + above[x] + lower * (below[x] - above[x]);
        float to = row + above_down[x] + lower * (below_down[x] - above_down[x]);
        at = at > 0.0f ? at : 0.0f;  /* no number at all is 0, too */
        at = at < right ? at : right;
        to = to > 0.0f ? to : 0.0f;
        to = to < low ? to : low;
        int i = (int)at, j = (int)to;
        i = i < last ? i : last;
        j = j < bottom ? j : bottom;
        int here = j * width + i;
        float part = at - (float)i;
        float upper = values[here] + part * (values[here + next] - values[here]);
        float lower_row = values[here + under] + part * (values[here + under + next] - values[here + under]);
        out[x] = upper + (to - (float)j) * (lower_row - upper);
    }
}

static void row_carried(const Work *work, int y, float lower, int count, float *out)
{
    for (int x = 0, end; x < count; x = end) {
        float level = work->tiles[x / TILE];
        end = lesser(x + TILE, count);
        while (isnan(level) && end < count && isnan(work->tiles[end / TILE])) end = lesser(end + TILE, count);
        if (isnan(level)) row_sampled(work, y, lower, x, end, out);
        else for (int i = x; i < end; i++) out[i] = level;
    }
}

/* out moves towards fresh by its share; beyond what the mask knew that is all the way. */
FAST static void row_averaged(const Work *work, float lower, int known, const float *restrict fresh, int count,
                              float *restrict out)
{
    const float *restrict above = work->above.share, *restrict below = work->below.share;
    int left = known ? work->known_left : count, right = work->known_right;
    for (int x = 0; x < count; x++) {
        float share = above[x] + lower * (below[x] - above[x]);
        share = x >= left && x < right ? share : 1.0f;
        out[x] += share * (fresh[x] - out[x]);
    }
}

static int room_for(Work *work, int count)
{
    size_t row = (size_t)count, cells = (size_t)work->mask.size.width;
    work->patches = (Size){(work->mask.size.height + PATCH - 1) / PATCH, (work->mask.size.width + PATCH - 1) / PATCH};
    size_t patches = (size_t)work->patches.height * (size_t)work->patches.width;
    float *room = malloc(sizeof(float) * (9 * row + 2 * cells + patches));
    if (!room) return 0;
    work->part = room;
    work->above = (Row){room + row, room + 2 * row, room + 3 * row};
    work->below = (Row){room + 4 * row, room + 5 * row, room + 6 * row};
    work->left = (int *)(room + 7 * row), work->tiles = room + 8 * row;
    work->least = room + 9 * row, work->most = work->least + cells, work->levels = work->most + cells;
    return 1;
}

/* The one value of every tile in the row of tiles that begins with row y. */
static void find_tiles(const Work *work, int y, Size size)
{
    for (int x = 0; x < size.width; x += TILE)
        work->tiles[x / TILE] = level_of(work, y, lesser(y + TILE, size.height), x, lesser(x + TILE, size.width));
}

/* The columns that lie over the mask, as it was. */
static void find_known(Work *work, int count)
{
    int cells = work->mask.size.width;
    work->known_left = 0, work->known_right = count;
    while (work->known_left < count && !is_known(work->known_left, work->across, cells)) work->known_left++;
    while (work->known_right > work->known_left && !is_known(work->known_right - 1, work->across, cells))
        work->known_right--;
}

/* mask: cells as they were; flow (steps) of x and y, in its own steps; -> out (size): the same mask where the flow has
   taken it. share (steps), fresh (size): out is then an average, in which fresh counts by its share. Both NULL: it is
   not. 0: done, -1: no memory. */
int carry(Carried mask, const float *flow, Size steps, Axis across, Axis down, const float *share, const float *fresh,
          float *out, Size size)
{
    Work work = {.mask = mask, .flow = flow, .share = share, .steps = steps, .across = across, .down = down};
    if (!room_for(&work, size.width)) return -1;
    for (int x = 0; x < size.width; x++) work.left[x] = between(x, across, steps.width, &work.part[x]);
    find_levels(&work), find_known(&work, size.width);
    for (int y = 0, held = -2; y < size.height; y++) {
        float lower;
        int row = between(y, down, steps.height, &lower);
        if (row == held + 1) {
            Row above = work.above;
            work.above = work.below, work.below = above;
        } else if (row != held) spread(&work, row, work.above, size.width);
        if (row != held) spread(&work, lesser(row + 1, steps.height - 1), work.below, size.width);
        held = row;
        float *to = out + (size_t)y * size.width;
        if (y % TILE == 0) find_tiles(&work, y, size);
        row_carried(&work, y, lower, size.width, to);
        if (fresh) row_averaged(&work, lower, is_known(y, down, mask.size.height), fresh + (size_t)y * size.width,
                                size.width, to);
    }
    free(work.part);
    return 0;
}
