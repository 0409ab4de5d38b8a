/* A mask carried along a flow: every cell is sampled where the picture in it came from, all linear in between. The flow
   is coarse and cells are many: a row of flow is spread over the columns once and serves all rows of cells near it. */
#include "loops.h"

#include <stdlib.h>  /* malloc */

/* One row of flow at every column of cells: across and down, in cells of the mask, and the share of what is fresh. */
typedef struct { float *across, *down, *share; } Row;

/* left, part: where every column lies among those of the flow; known: the columns that the mask reaches, and rows. */
typedef struct {
    Carried mask;
    const float *flow, *share;
    Size steps;
    Axis across, down;
    int *left;
    float *part;
    Row above, below;
    int known_left, known_right;
} Work;

static int lesser(int a, int b) { return a < b ? a : b; }
static int greater(int a, int b) { return a > b ? a : b; }

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

/* One row of cells, `lower` of the way from the flow's row above to the one below. */
FAST static void row_carried(const Carried *mask, Row above, Row below, float lower, Axis axis, float row, int count,
                             float *restrict out)
{
    const float *restrict values = mask->values;
    int width = mask->size.width, height = mask->size.height, next = width > 1, under = height > 1 ? width : 0;
    int last = greater(0, width - 2), bottom = greater(0, height - 2);
    float right = (float)(width - 1), low = (float)(height - 1);
    for (int x = 0; x < count; x++) {
        float at = (float)x * axis.scale + axis.from + above.across[x] + lower * (below.across[x] - above.across[x]);
        float to = row + above.down[x] + lower * (below.down[x] - above.down[x]);
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
        float under_it = values[here + under] + part * (values[here + under + next] - values[here + under]);
        out[x] = upper + (to - (float)j) * (under_it - upper);
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
    float *room = malloc((sizeof(int) + 7 * sizeof(float)) * (size_t)count);
    if (!room) return 0;
    work->part = room;
    work->above = (Row){room + count, room + 2 * (size_t)count, room + 3 * (size_t)count};
    work->below = (Row){room + 4 * (size_t)count, room + 5 * (size_t)count, room + 6 * (size_t)count};
    work->left = (int *)(room + 7 * (size_t)count);
    return 1;
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
    for (work.known_left = 0; work.known_left < size.width; work.known_left++)
        if (is_known(work.known_left, across, mask.size.width)) break;
    for (work.known_right = size.width; work.known_right > work.known_left; work.known_right--)
        if (is_known(work.known_right - 1, across, mask.size.width)) break;
    for (int y = 0, held = -1; y < size.height; y++) {
        float lower;
        int row = between(y, down, steps.height, &lower);
        if (row != held) {
            spread(&work, row, work.above, size.width);
            spread(&work, lesser(row + 1, steps.height - 1), work.below, size.width);
            held = row;
        }
        float *to = out + (size_t)y * size.width;
        row_carried(&mask, work.above, work.below, lower, across, (float)y * down.scale + down.from, size.width, to);
        if (fresh) row_averaged(&work, lower, is_known(y, down, mask.size.height), fresh + (size_t)y * size.width,
                                size.width, to);
    }
    free(work.part);
    return 0;
}
