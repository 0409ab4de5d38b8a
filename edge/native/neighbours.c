/* The nearest neighbours of many points, exactly: points are halved along their widest side until a leaf holds about
   thirty, a query scans leaves from the nearest on and skips every half that lies farther than its worst neighbour so
   far (Friedman, Bentley, Finkel 1977). A leaf's points lie side by side, so eight distances are had at once. */
#include "matting.h"

#include <math.h>    /* fabsf, sqrtf, INFINITY */
#include <stdlib.h>  /* malloc */
#include <string.h>  /* memcpy */

enum { LEAF = 32, ASKED = 32 };  /* points of a leaf; points that are asked which side is widest */

typedef struct { int side; float at; } Cut;  /* the upper half begins at `at`, the lower one ends there or before */
typedef struct { float key; int32_t point; } Keyed;  /* a point and its coordinate along the side in hand */

/* Halves are numbered as in a heap: node i has 2i+1 and 2i+2; leaves come last, all of the same room. */
typedef struct {
    const float *features;
    int count, dimensions, inner, room;
    Cut *cuts;
    Keyed *order;
    int32_t *owner;
    float *leaves;
} Tree;

/* One query's best so far, nearest first. */
typedef struct { int itself, wanted; int32_t *index; float *distance; const float *at; } Query;

static float coordinate(const Tree *t, int i, int side)
{
    return t->features[(size_t)t->order[i].point * t->dimensions + side];
}

/* The side along which some of the points lie farthest apart; which one it is only decides about speed. */
static int widest_side(const Tree *t, int from, int to)
{
    int best = 0, step = 1 + (to - from) / ASKED;
    float widest = -1.0f;
    for (int side = 0; side < t->dimensions; side++) {
        float low = coordinate(t, from, side), high = low;
        for (int i = from + step; i < to; i += step) {
            float v = coordinate(t, i, side);
            low = v < low ? v : low, high = v > high ? v : high;
        }
        if (high - low > widest) widest = high - low, best = side;
    }
    return best;
}

/* Puts what is smaller along `side` before `middle` (Hoare's selection). */
static void halve(Tree *t, int from, int to, int middle, int side)
{
    Keyed *order = t->order;
    for (int i = from; i < to; i++) order[i].key = coordinate(t, i, side);
    for (int last = to - 1; from < last;) {
        float pivot = order[(from + last) / 2].key;
        int i = from, j = last;
        while (i <= j) {
            while (order[i].key < pivot) i++;
            while (order[j].key > pivot) j--;
            if (i > j) break;
            Keyed kept = order[i];
            order[i++] = order[j], order[j--] = kept;
        }
        if (middle <= j) last = j;
        else if (middle >= i) from = i;
        else return;
    }
}

static void fill_leaf(Tree *t, int leaf, int from, int to)
{
    float *points = t->leaves + (size_t)leaf * t->dimensions * t->room;
    int32_t *owner = t->owner + (size_t)leaf * t->room;
    for (int i = 0; i < t->room; i++) {
        owner[i] = from + i < to ? t->order[from + i].point : -1;
        for (int side = 0; side < t->dimensions; side++)
            points[side * t->room + i] = owner[i] < 0 ? INFINITY : coordinate(t, from + i, side);
    }
}

static void split(Tree *t, int node, int from, int to)
{
    if (node >= t->inner) {
        fill_leaf(t, node - t->inner, from, to);
        return;
    }
    int middle = from + (to - from) / 2, side = widest_side(t, from, to);
    halve(t, from, to, middle, side);
    t->cuts[node] = (Cut){side, t->order[middle].key};
    split(t, 2 * node + 1, from, middle);
    split(t, 2 * node + 2, middle, to);
}

static int plant(Tree *t)
{
    int leaves = 1;
    while (leaves * LEAF < t->count) leaves *= 2;
    t->inner = leaves - 1;
    t->room = ((t->count + leaves - 1) / leaves + LANES - 1) / LANES * LANES;
    t->cuts = malloc(sizeof(Cut) * (size_t)leaves);
    t->order = malloc(sizeof(Keyed) * (size_t)t->count);
    t->owner = malloc(sizeof(int32_t) * (size_t)leaves * t->room);
    t->leaves = malloc(sizeof(float) * (size_t)leaves * t->room * t->dimensions);
    if (!t->cuts || !t->order || !t->owner || !t->leaves) return 0;
    for (int i = 0; i < t->count; i++) t->order[i] = (Keyed){0.0f, i};
    split(t, 0, 0, t->count);
    return 1;
}

static void insert(const Query *q, int32_t index, float distance)
{
    int i = q->wanted - 1;
    for (; i > 0 && q->distance[i - 1] > distance; i--) {
        q->distance[i] = q->distance[i - 1];
        q->index[i] = q->index[i - 1];
    }
    q->distance[i] = distance, q->index[i] = index;
}

WIDE static void scan(const float *points, const int32_t *owner, int room, int dimensions, const Query *q)
{
    float worst = q->distance[q->wanted - 1];
    for (int first = 0; first < room; first += LANES) {
        Eight squared = {0};
        for (int side = 0; side < dimensions; side++) {
            Eight gap = EIGHT(points + side * room + first) - q->at[side];
            squared += gap * gap;
        }
        Truths below = squared < worst;
        if (!(below[0] | below[1] | below[2] | below[3] | below[4] | below[5] | below[6] | below[7])) continue;
        for (int lane = 0; lane < LANES; lane++)
            if (below[lane] && squared[lane] < worst && owner[first + lane] != q->itself) {
                insert(q, owner[first + lane], squared[lane]);
                worst = q->distance[q->wanted - 1];
            }
    }
}

/* aside: how far the query lies outside a half along each side; away: the sum of their squares. */
static void search(const Tree *t, int node, float away, float *aside, const Query *q)
{
    if (node >= t->inner) {
        size_t first = (size_t)(node - t->inner) * t->room;
        scan(t->leaves + first * t->dimensions, t->owner + first, t->room, t->dimensions, q);
        return;
    }
    Cut cut = t->cuts[node];
    float gap = q->at[cut.side] - cut.at, before = aside[cut.side];
    int near = gap < 0.0f ? 1 : 2;
    search(t, 2 * node + near, away, aside, q);
    float farther = away - before * before + gap * gap;
    if (farther >= q->distance[q->wanted - 1]) return;
    aside[cut.side] = fabsf(gap);
    search(t, 2 * node + 3 - near, farther, aside, q);
    aside[cut.side] = before;
}

/* features (count, dimensions): of each of the first `queries` points the nearest others -> index, distance (queries,
   neighbours), nearest first; neighbours < count. 0: done, -1: no memory. */
int nearest(const float *features, int count, int dimensions, int queries, int neighbours, int32_t *index,
            float *distance)
{
    Tree t = {.features = features, .count = count, .dimensions = dimensions};
    int status = plant(&t) ? 0 : -1;
    for (int i = 0; status == 0 && i < (t.inner + 1) * t.room; i++) {  /* leaf by leaf: memory is then at hand */
        int itself = t.owner[i];
        if (itself < 0 || itself >= queries) continue;
        float aside[MOST_FEATURES] = {0}, *best = distance + (size_t)itself * neighbours;
        const float *at = features + (size_t)itself * dimensions;
        Query q = {itself, neighbours, index + (size_t)itself * neighbours, best, at};
        for (int k = 0; k < neighbours; k++) best[k] = INFINITY;
        search(&t, 0, 0.0f, aside, &q);
        for (int k = 0; k < neighbours; k++) best[k] = sqrtf(best[k]);
    }
    free(t.cuts), free(t.order), free(t.owner), free(t.leaves);
    return status;
}
