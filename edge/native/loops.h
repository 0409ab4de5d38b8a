/* The hot loops of the live and still paths: plain C99, no Python in here. edge/native/door.c is their door to Python;
   tests/edge/test_native.py holds their slow twins in numpy. Images are row-major and contiguous unless strides say
   otherwise. */
#ifndef MASQUE_LOOPS_H
#define MASQUE_LOOPS_H

#include <stddef.h>  /* ptrdiff_t */
#include <stdint.h>

/* x86-64 wheels must run on every x86-64, but most can do more: the loader picks. NEON is in every aarch64. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__)
#define FAST __attribute__((target_clones("avx2", "default")))
#else
#define FAST
#endif

typedef struct { int height, width; } Size;

static inline int lesser(int a, int b) { return a < b ? a : b; }
static inline int greater(int a, int b) { return a > b ? a : b; }

/* Background up to low, person from high on, evenly in between. */
typedef struct { float low, high; } Ramp;

/* How much of the present counts where the picture changes by up to `still`, 1/255: `share`; from `moving` on: all. */
typedef struct { float share, still, moving; } Calm;

/* Pictures are looked at tile by tile: one byte says what a tile's alpha holds. Wide enough for vectors and memcpy, narrow
   enough to follow an outline. */
enum { TILE_HIGH = 16, TILE_WIDE = 32 };
enum Kind { BACKGROUND, PERSON, EDGE };

/* A backdrop may be one pixel shown everywhere: steps in bytes, 0 allowed. */
typedef struct { const uint8_t *bytes; ptrdiff_t row_step, pixel_step; } Backdrop;

/* Probabilities nearer than `certain` to 0 and 1 count as those; eroded ones above `sure` are person. */
typedef struct { float certain, sure; } Surely;

/* A mask of so many cells. */
typedef struct { const float *values; Size size; } Carried;

/* Along one axis, where the centre of cell i lies: i*step + first among the flow's steps, i*scale + from among the cells
   of the mask that is carried, which the flow moves by gain cells a step. */
typedef struct { float step, first, scale, from, gain; } Axis;

enum {
    MOST_RADIUS = 90,  /* squares of bytes over a larger window leave 31 bits */
    MOST_SHRUNK = 16   /* bytes over a larger square leave 16 bits */
};

int guided_coefficients(const uint8_t *guide, ptrdiff_t guide_step, const float *values, Size size, int radius,
                        float epsilon, float *a, float *b);

int outline(const uint8_t *guide, ptrdiff_t guide_step, Size size, const float *mask, Size cells, int radius,
            float epsilon, Surely surely, float *a, float *b);

void settle(float *held, Size size, const float *present, int top, int left, Size part, const uint8_t *moved,
            Calm calm);

int carry(Carried mask, const float *flow, Size steps, Axis across, Axis down, const float *share, const float *fresh,
          float *out, Size size);

int shrink(const uint8_t *pixels, Size full, uint8_t *small, uint8_t *luma, Size size);

int enlarge_alpha(const uint8_t *pixels, Size full, const uint8_t *luma, const float *a, const float *b, Size small,
                  Ramp ramp, uint8_t *kinds, uint8_t *alpha);

int blend(const uint8_t *pixels, const uint8_t *alpha, const uint8_t *kinds, Backdrop backdrop, Size size, int linear,
          uint8_t *picture, uint8_t *shown);

#endif
