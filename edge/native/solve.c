/* Conjugate gradients (Hestenes, Stiefel 1952), scaled by the diagonal, on the blocks of unknown pixels and their
   links. Directions lie in a padded plane, where neighbours are found by a fixed step; all else lies block by block.
   Known pixels keep direction 0 and so never change. */
#include "matting.h"

#include <math.h>    /* sqrt */
#include <stdlib.h>  /* calloc */
#include <string.h>  /* memcpy */

enum { RUN = 64 };  /* blocks summed in single precision before doubles take over */

/* One solve's vectors. place: the blocks' padded index; from, to: the links' padded indices; p, q: padded planes. */
typedef struct {
    const System *s;
    int stride, count;
    int32_t *place, *from, *to;
    float *block, *p, *q, *pull, *inverse, *x, *r;
} Solve;

static int room_for(Solve *v)
{
    size_t plane = padded_count(v->s->size), lanes = (size_t)v->s->blocks * LANES;
    size_t links = (size_t)v->s->links.count * v->s->links.neighbours;
    v->block = calloc(2 * plane + 4 * lanes + 1, sizeof(float));
    v->place = malloc(sizeof(int32_t) * ((size_t)v->s->blocks + v->s->links.count + links + 1));
    if (!v->block || !v->place) return 0;
    v->p = v->block, v->q = v->p + plane, v->pull = v->q + plane;
    v->inverse = v->pull + lanes, v->x = v->inverse + lanes, v->r = v->x + lanes;
    v->from = v->place + v->s->blocks, v->to = v->from + v->s->links.count;
    return 1;
}

static void find_places(Solve *v)
{
    int width = v->s->size.width;
    const Links *links = &v->s->links;
    for (int b = 0; b < v->s->blocks; b++) v->place[b] = padded(v->s->at[b] / width, v->s->at[b] % width, v->stride);
    for (int i = 0; i < links->count; i++)
        v->from[i] = padded(links->from[i] / width, links->from[i] % width, v->stride);
    for (size_t i = 0; i < (size_t)links->count * links->neighbours; i++)
        v->to[i] = padded(links->to[i] / width, links->to[i] % width, v->stride);
}

static double across(const float *lanes)
{
    double total = 0.0;
    for (int lane = 0; lane < LANES; lane++) total += lanes[lane];
    return total;
}

/* q = sum of weights * (p here - p there) + pull * p, over the blocks alone; returns p * q. */
WIDE static double pull_of_windows(const Solve *v)
{
    int step[AROUND];
    for (int i = 0, k = 0; i < 25; i++)
        if (i != 12) step[k++] = (i / 5 - 2) * v->stride + i % 5 - 2;
    const float *weights = v->s->weights;
    double total = 0.0;
    for (int first = 0; first < v->s->blocks; first += RUN) {
        Eight sum = {0};
        for (int b = first; b < v->s->blocks && b < first + RUN; b++, weights += BLOCK_WEIGHTS) {
            const float *p = v->p + v->place[b];
            Eight here = EIGHT(p), even = EIGHT(v->pull + LANES * (size_t)b) * here, odd = {0};
            for (int k = 0; k < AROUND; k += 2) {
                even += EIGHT(weights + LANES * k) * (here - EIGHT(p + step[k]));
                odd += EIGHT(weights + LANES * (k + 1)) * (here - EIGHT(p + step[k + 1]));
            }
            EIGHT(v->q + v->place[b]) = even + odd;
            sum += here * (even + odd);
        }
        total += across((const float *)&sum);
    }
    return total;
}

/* q += the same over the links, felt at both ends; what known pixels gather is never read. Returns what p * q gains. */
static double pull_of_links(const Solve *v)
{
    const Links *links = &v->s->links;
    double total = 0.0;
    for (int i = 0; i < links->count; i++) {
        float here = v->p[v->from[i]], felt = 0.0f, gained = 0.0f;
        for (int k = 0; k < links->neighbours; k++) {
            size_t at = (size_t)i * links->neighbours + k;
            float there = v->p[v->to[at]], pulled = links->weight[at] * (here - there);
            felt += pulled, gained += pulled * (here - there);
            v->q[v->to[at]] -= pulled;
        }
        v->q[v->from[i]] += felt;
        total += gained;
    }
    return total;
}

/* q = A p; returns p * A p, where p is 0 in known pixels. */
static double times_matrix(const Solve *v)
{
    double windows = pull_of_windows(v);
    return windows + pull_of_links(v);
}

/* The inverse of the diagonal, 0 where a pixel is known. q serves as room for the links' part. */
WIDE static void invert_diagonal(Solve *v)
{
    const Links *links = &v->s->links;
    for (int i = 0; i < links->count; i++)
        for (int k = 0; k < links->neighbours; k++) {
            size_t at = (size_t)i * links->neighbours + k;
            v->q[v->from[i]] += links->weight[at], v->q[v->to[at]] += links->weight[at];
        }
    for (int b = 0; b < v->s->blocks; b++) {
        const float *weights = v->s->weights + (size_t)b * BLOCK_WEIGHTS;
        Eight pull = EIGHT(v->pull + LANES * (size_t)b), sum = pull + EIGHT(v->q + v->place[b]);
        for (int k = 0; k < AROUND; k++) sum += EIGHT(weights + LANES * k);
        EIGHT(v->inverse + LANES * (size_t)b) = (Eight)((Truths)(1.0f / sum) & (pull > 0.0f));
    }
}

/* Lays alpha (h, w) into p, known pixels and all, and what pulls unknown ones beside the blocks. */
static void lay_out(Solve *v, const float *alpha)
{
    const System *s = v->s;
    int width = s->size.width;
    for (int y = 0; y < s->size.height; y++)
        memcpy(v->p + padded(y, 0, v->stride), alpha + (size_t)y * width, sizeof(float) * (size_t)width);
    for (int b = 0; b < s->blocks; b++) {
        int lanes = width - s->at[b] % width;
        for (int lane = 0; lane < LANES && lane < lanes; lane++) {
            int32_t i = s->at[b] + lane;
            v->pull[b * (size_t)LANES + lane] = s->unknown[i] ? s->pull[i] : 0.0f;
        }
    }
}

/* Makes q = A alpha and r = pull * towards - q; then leaves in p the first direction. Returns r * r / diagonal. */
static double begin(Solve *v, const float *alpha)
{
    const System *s = v->s;
    lay_out(v, alpha);
    invert_diagonal(v);
    times_matrix(v);
    double size = 0.0;
    for (int b = 0; b < s->blocks; b++)
        for (int lane = 0; lane < LANES; lane++) {
            size_t i = (size_t)b * LANES + lane;
            if (v->inverse[i] == 0.0f) continue;
            v->x[i] = v->p[v->place[b] + lane];
            v->r[i] = v->pull[i] * s->towards[s->at[b] + lane] - v->q[v->place[b] + lane];
            size += (double)v->r[i] * v->r[i] * v->inverse[i];
            v->count++;
        }
    memset(v->p, 0, sizeof(float) * padded_count(s->size));
    for (int b = 0; b < s->blocks; b++)
        EIGHT(v->p + v->place[b]) = EIGHT(v->r + LANES * (size_t)b) * EIGHT(v->inverse + LANES * (size_t)b);
    return size;
}

/* x and r one step on; returns the new r * r / diagonal. */
WIDE static double step_on(Solve *v, float length)
{
    double total = 0.0;
    for (int first = 0; first < v->s->blocks; first += RUN) {
        Eight sum = {0};
        for (int b = first; b < v->s->blocks && b < first + RUN; b++) {
            size_t i = (size_t)b * LANES;
            EIGHT(v->x + i) += length * EIGHT(v->p + v->place[b]);
            Eight r = EIGHT(v->r + i) - length * EIGHT(v->q + v->place[b]);
            EIGHT(v->r + i) = r;
            sum += r * r * EIGHT(v->inverse + i);
        }
        total += across((const float *)&sum);
    }
    return total;
}

WIDE static void turn(Solve *v, float keep)
{
    for (int b = 0; b < v->s->blocks; b++) {
        size_t i = (size_t)b * LANES;
        float *p = v->p + v->place[b];
        EIGHT(p) = EIGHT(v->r + i) * EIGHT(v->inverse + i) + keep * EIGHT(p);
    }
}

static void hand_over(const Solve *v, float *alpha)
{
    for (int b = 0; b < v->s->blocks; b++)
        for (int lane = 0; lane < LANES; lane++)
            if (v->inverse[(size_t)b * LANES + lane] > 0.0f)
                alpha[v->s->at[b] + lane] = v->x[(size_t)b * LANES + lane];
}

/* alpha (h, w): known pixels and a first answer in, the solved answer out. tolerance: of the residual, the root mean
   square over the unknown pixels of r / sqrt(diagonal). 0: done, -1: no memory. */
int solve(const System *system, int most_iterations, float tolerance, float *alpha, Outcome *outcome)
{
    Solve v = {.s = system, .stride = padded_stride(system->size.width)};
    if (!room_for(&v)) {
        free(v.block), free(v.place);
        return -1;
    }
    find_places(&v);
    double size = begin(&v, alpha), enough = (double)tolerance * tolerance * v.count;
    int done = 0;
    for (; done < most_iterations && size > enough; done++) {
        double steep = times_matrix(&v);
        if (!(steep > 0.0)) break;  /* rounding has the last word: the answer so far is the best */
        double next = step_on(&v, (float)(size / steep));
        turn(&v, (float)(next / size));
        size = next;
    }
    hand_over(&v, alpha);
    *outcome = (Outcome){done, v.count ? (float)sqrt(size / v.count) : 0.0f};
    free(v.block), free(v.place);
    return 0;
}
