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

/* A backdrop may be one pixel shown everywhere: steps in bytes, 0 allowed. */
typedef struct { const uint8_t *bytes; ptrdiff_t row_step, pixel_step; } Backdrop;

enum { MOST_RADIUS = 90 };  /* squares of bytes over a larger window leave 31 bits */

int guided_coefficients(const uint8_t *guide, ptrdiff_t guide_step, const float *values, Size size, int radius,
                        float epsilon, float *a, float *b, ptrdiff_t out_step);

int enlarge_alpha(const uint8_t *pixels, Size full, const float *a, const float *b, const float *seen, Size small,
                  int margin, uint8_t *alpha);

int blend(const uint8_t *pixels, const uint8_t *alpha, Backdrop backdrop, Size size, int linear, uint8_t *picture);

void settle(float *held, const float *present, const uint8_t *moved, const float *share, int count);

#endif
