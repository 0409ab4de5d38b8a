/* A first opinion of every unknown pixel: mixtures of colours sampled from known foreground and known background nearby
   (sampling as in Wang, Cohen 2007, "Optimized Color Sampling for Robust Matting", section 3; the vote over all pairs
   and the pull of colours that nobody has seen are ours).

   The picture is cut into tiles. Each takes a few mean colours of known cells (cells.c) from either side, near ones of
   many hues. Every pair (F, B) proposes the alpha that explains the pixel best and votes for it by how well it does. */
#include "matting.h"

#include <math.h>    /* sqrtf */
#include <stdlib.h>  /* free */
#include <string.h>  /* memchr */

enum {
    TILE = 32,
    POOL = 48,        /* the nearest cells of a tile ... */
    SAMPLES = 8,      /* ... of which these are taken, of hues as unlike as can be */
    FARTHEST = 4096   /* pixels; beyond, all are equally far */
};

static const float SIGMA = 0.02f;    /* misfit, of colours in 0..1, at which a pair's vote has sunk to a sixteenth */
static const float SPREAD = 0.01f;   /* variance of the votes at which they count half */
static const float CONTRAST = 0.05f; /* two samples closer than this tell nothing */
static const float NOVELTY = 0.05f;  /* pull of a colour that no pair explains, beside 1 for what all agree on */

/* The nearest samples of a tile: how near each is, from 1 down, 0: none; novel: how unlike those that were taken. */
typedef struct { float colour[3][POOL], near[POOL], novel[POOL], worth[POOL]; int count, index[POOL]; } Pool;

/* A pair's direction from B to F, over the squared length, and that length; weight 0 when the two are alike. */
typedef struct { float direction[3], squared, weight; } Pair;

WIDE static void measure(const Samples *all, float y, float x)
{
    const float *restrict at_y = all->y, *restrict at_x = all->x;
    int16_t *restrict to = all->away;
    for (int i = 0; i < all->count; i++) {
        float down = at_y[i] - y, right = at_x[i] - x, away = sqrtf(down * down + right * right);
        to[i] = (int16_t)(int)(away < (float)(FARTHEST - 1) ? away : (float)(FARTHEST - 1));
    }
}

/* The POOL samples nearest to the tile in hand, by counting how many lie at each distance. */
static int nearby(const Samples *all, int *index)
{
    int tally[FARTHEST] = {0}, limit = 0, count = 0;
    for (int i = 0; i < all->count; i++) tally[all->away[i]]++;
    for (int sum = tally[0]; sum < lesser(POOL, all->count); sum += tally[limit]) limit++;
    for (int pass = 0; pass < 2; pass++)  /* nearer ones first: they must not be crowded out */
        for (int i = 0; i < all->count && count < POOL; i++)
            if (pass ? all->away[i] == limit : all->away[i] < limit) index[count++] = i;
    return count;
}

static float unlike(const Sample *a, const Sample *b)
{
    float sum = 0.0f;
    for (int k = 0; k < 3; k++) sum += (a->colour[k] - b->colour[k]) * (a->colour[k] - b->colour[k]);
    return sum;
}

static void fill(Pool *pool, const Samples *all)
{
    memset(pool, 0, sizeof *pool);
    pool->count = nearby(all, pool->index);
    for (int i = 0; i < pool->count; i++) {
        int at = pool->index[i];
        for (int k = 0; k < 3; k++) pool->colour[k][i] = all->colour[k][at];
        pool->novel[i] = INFINITY, pool->near[i] = 1.0f / (1.0f + 0.02f * (float)all->away[at]);
    }
}

/* The first of the largest. */
WIDE static int largest(const float *values)
{
    Eight most = EIGHT(values);
    for (int i = LANES; i < POOL; i += LANES)
        for (int l = 0; l < LANES; l++) most[l] = values[i + l] > most[l] ? values[i + l] : most[l];
    float limit = most[0];
    for (int l = 1; l < LANES; l++) limit = most[l] > limit ? most[l] : limit;
    int at = 0;
    while (at < POOL - 1 && values[at] < limit) at++;
    return at;
}

/* Says what taking every other is worth after `taken`. */
WIDE static void weigh(Pool *pool, const Sample *taken)
{
    for (int i = 0; i < POOL; i++) {
        float red = pool->colour[0][i] - taken->colour[0], green = pool->colour[1][i] - taken->colour[1];
        float blue = pool->colour[2][i] - taken->colour[2], gap = red * red + green * green + blue * blue;
        pool->novel[i] = gap < pool->novel[i] ? gap : pool->novel[i];
        pool->worth[i] = pool->novel[i] * pool->near[i];
    }
}

/* Up to SAMPLES near (y, x), each as unlike those before it as can be (Gonzalez 1985), near ones preferred. */
static int chosen(const Samples *all, float y, float x, Sample *taken)
{
    Pool pool;
    measure(all, y, x);
    fill(&pool, all);
    int wanted = lesser(pool.count, SAMPLES);
    for (int n = 0, pick = largest(pool.near); n < wanted; n++, pick = largest(pool.worth)) {
        int at = pool.index[pick];
        taken[n] = (Sample){{pool.colour[0][pick], pool.colour[1][pick], pool.colour[2][pick]}, all->y[at], all->x[at]};
        weigh(&pool, &taken[n]);
    }
    return wanted;
}

static Pair pair_of(const Sample *front, const Sample *back)
{
    Pair pair = {{0}, unlike(front, back), 0.0f};
    if (pair.squared < CONTRAST * CONTRAST) return pair;
    pair.weight = 1.0f;
    for (int k = 0; k < 3; k++) pair.direction[k] = (front->colour[k] - back->colour[k]) / pair.squared;
    return pair;
}

/* The votes of all pairs for eight pixels: mean alpha, its variance, and the weight of the best pair. */
WIDE static void votes(float pixel[3][LANES], const Sample *back, int backs, const Pair *pairs, int fronts,
                       float *mean, float *variance, float *best)
{
    const float sharp = 1.0f / (SIGMA * SIGMA);
    Eight r = EIGHT(pixel[0]), g = EIGHT(pixel[1]), b = EIGHT(pixel[2]);
    Eight sum = {0}, first = {0}, second = {0}, most = {0};
    for (int j = 0; j < backs; j++) {
        Eight dr = r - back[j].colour[0], dg = g - back[j].colour[1], db = b - back[j].colour[2];
        Eight away = dr * dr + dg * dg + db * db;
        for (int i = 0; i < fronts; i++, pairs++) {
            Eight along = dr * pairs->direction[0] + dg * pairs->direction[1] + db * pairs->direction[2], alpha = along;
            for (int l = 0; l < LANES; l++) alpha[l] = along[l] < 0.0f ? 0.0f : along[l] > 1.0f ? 1.0f : along[l];
            Eight misfit = 1.0f + (away - alpha * (2.0f * along - alpha) * pairs->squared) * sharp;
            Eight twice = misfit * misfit, weight = pairs->weight / (twice * twice);
            sum += weight, first += weight * alpha, second += weight * alpha * alpha;
            for (int l = 0; l < LANES; l++) most[l] = weight[l] > most[l] ? weight[l] : most[l];
        }
    }
    sum += 1e-30f;
    EIGHT(mean) = first / sum;
    EIGHT(variance) = second / sum - (first / sum) * (first / sum);
    EIGHT(best) = most;
}

/* Writes what a vote means for one pixel: how hard it is pulled, and where to. towards holds where a colour that no
   pair explains belongs. */
static void write_vote(float mean, float variance, float best, float weight, float *pull, float *towards)
{
    float sure = best * SPREAD / ((variance > 0.0f ? variance : 0.0f) + SPREAD), novel = NOVELTY * (1.0f - best);
    novel = novel > 1e-4f ? novel : 1e-4f;  /* never none: every pixel has an answer, islands without known ones too */
    *towards = (sure * mean + novel * *towards) / (sure + novel);
    *pull = weight * (sure + novel);
}

/* The unknown pixels of one tile, as indices of the picture; the middle of them in y, x. */
static int unknown_of(const Known *c, int top, int left, int32_t *list, float *y, float *x)
{
    int count = 0;
    *y = *x = 0.0f;
    for (int i = top; i < lesser(top + TILE, c->size.height); i++) {
        const uint8_t *row = c->trimap + (size_t)i * c->size.width, *end = row + lesser(left + TILE, c->size.width);
        for (const uint8_t *at = row + left; (at = memchr(at, 128, (size_t)(end - at))); at++) {
            list[count++] = (int32_t)(at - c->trimap);
            *y += (float)i, *x += (float)(at - row);
        }
    }
    if (count) *y /= (float)count, *x /= (float)count;
    return count;
}

static void vote_on(const Known *c, const int32_t *list, int count, const Sample *back, int backs, const Pair *pairs,
                    int fronts, float weight, float *pull, float *towards)
{
    for (int first = 0; first < count; first += LANES) {
        float pixel[3][LANES] = {{0}}, mean[LANES], variance[LANES], best[LANES];
        int lanes = lesser(LANES, count - first);
        for (int l = 0; l < lanes; l++)
            for (int k = 0; k < 3; k++) pixel[k][l] = (float)c->pixels[3 * (size_t)list[first + l] + k] / 255.0f;
        votes(pixel, back, backs, pairs, fronts, mean, variance, best);
        for (int l = 0; l < lanes; l++) {
            int32_t i = list[first + l];
            write_vote(mean[l], variance[l], best[l], weight, &pull[i], &towards[i]);
        }
    }
}

/* pixels (h, w, 3), trimap (h, w) of 0, 128, 255 -> pull (h, w) and towards (h, w) in the unknown pixels; towards holds
   where unseen colours belong before. weight: the pull of what all pairs agree on. 0: done, -1: no memory. */
int sampled(const uint8_t *pixels, const uint8_t *trimap, Size size, float weight, float *pull, float *towards)
{
    const Known known = {pixels, trimap, size}, *c = &known;
    Samples fronts, backs;
    if (cell_samples(c, &fronts, &backs) < 0) return -1;
    for (int top = 0; top < size.height; top += TILE)
        for (int left = 0; left < size.width; left += TILE) {
            int32_t list[TILE * TILE];
            float y, x;
            int count = unknown_of(c, top, left, list, &y, &x);
            if (!count) continue;
            Sample front[SAMPLES], back[SAMPLES];
            Pair pairs[SAMPLES * SAMPLES];
            int many_front = chosen(&fronts, y, x, front), many_back = chosen(&backs, y, x, back);
            for (int j = 0; j < many_back; j++)
                for (int i = 0; i < many_front; i++) pairs[j * many_front + i] = pair_of(&front[i], &back[j]);
            vote_on(c, list, count, back, many_back, pairs, many_front, weight, pull, towards);
        }
    free(fronts.colour[0]), free(backs.colour[0]);
    return 0;
}
