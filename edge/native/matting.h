/* The loops of alpha matting (edge/matting/system.py, solve.py, foreground.py, edge/live_matting.py): plain C with
   GCC's and Clang's vectors, no Python in here. matting_door.c is their door; tests/edge/test_matting_native.py holds
   their slow twins.

   Unknown pixels live in blocks: eight neighbours in a row, the first at a column that 8 divides, at least one of them
   unknown. A padded plane gives every block room for neighbours two pixels away without asking where pictures end. */
#ifndef MASQUE_MATTING_H
#define MASQUE_MATTING_H

#include "loops.h"  /* Size, Ramp */

#include <stddef.h>
#include <stdint.h>

/* As FAST in loops.h, with fused multiply-add. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__)
#define WIDE __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define WIDE
#endif

typedef float Eight __attribute__((vector_size(32)));
typedef int32_t Truths __attribute__((vector_size(32)));  /* of eight comparisons: 0 or -1 */
typedef Eight Anywhere __attribute__((aligned(4), may_alias));
#define EIGHT(address) (*(Anywhere *)(address))

enum {
    LANES = 8,
    PAD_ROWS = 2,
    AROUND = 24,                      /* pixels that share a 3x3 window with a pixel */
    BLOCK_WEIGHTS = AROUND * LANES,   /* weights of a block: by neighbour, then by lane */
    MOST_NEIGHBOURS = 32,
    MOST_FEATURES = 32
};

static inline int padded_stride(int width) { return (width + LANES - 1) / LANES * LANES + 2 * LANES; }

/* Index of a pixel in a padded plane. */
static inline int32_t padded(int y, int x, int stride)
{
    return (int32_t)((y + PAD_ROWS) * stride + LANES + x);
}

static inline size_t padded_count(Size size)
{
    return (size_t)(size.height + 2 * PAD_ROWS) * (size_t)padded_stride(size.width);
}

/* Links between pixels that look alike: `count` rows, each from one pixel to `neighbours` others, all as indices of the
   picture, weighted. */
typedef struct { int32_t count, neighbours; const int32_t *from, *to; const float *weight; } Links;

/* (L + pull) alpha = pull * towards, L from the blocks' weights and the links. unknown, pull, towards: (h, w). */
typedef struct {
    Size size;
    const uint8_t *unknown;
    int32_t blocks;
    const int32_t *at;       /* first pixel of each block, index of the picture */
    const float *weights;    /* (blocks, AROUND, LANES) */
    Links links;
    const float *pull, *towards;
} System;

typedef struct { int iterations; float residual; } Outcome;

/* pixels (h, w, 3) and trimap (h, w) of 0, 128, 255. */
typedef struct { const uint8_t *pixels, *trimap; Size size; } Known;

/* A mean colour, 0..1, and where it was seen. */
typedef struct { float colour[3], y, x; } Sample;

/* Samples by number: colours, places; away: room for as many distances. */
typedef struct { float *colour[3], *y, *x; int16_t *away; int count; } Samples;

int band(const uint8_t *guide, ptrdiff_t guide_step, const float *a, const float *b, Size size, Ramp ramp, float soft,
         float *alpha, uint8_t *trimap);

int count_blocks(const uint8_t *unknown, Size size);

int laplacian(const uint8_t *pixels, const uint8_t *unknown, Size size, float epsilon, int32_t *at, float *weights);

int nearest(const float *features, int count, int dimensions, int queries, int neighbours, int32_t *index,
            float *distance);

int cell_samples(const Known *known, Samples *fronts, Samples *backs);

int sampled(const uint8_t *pixels, const uint8_t *trimap, Size size, float weight, float *pull, float *towards);

int solve(const System *system, int most_iterations, float tolerance, float *alpha, Outcome *outcome);

int multilevel(const uint8_t *pixels, const float *alpha, Size size, float *front, float *back);

#endif
