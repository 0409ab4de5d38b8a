/* A signal of 800 samples, projected on two vectors as it arrives, and the class of what it became. Agrees with
   edge/bridge/points.py. */
#ifndef MASQUE_PROJECT_H
#define MASQUE_PROJECT_H

#include <stdint.h>

#include "nearest.h"  /* struct point */
#include "words.h"    /* SIGNAL_SAMPLES */

enum { PROTOTYPES = 32, NEIGHBOURS = 5, CLASSES = 8 };

struct prototype {
    struct point at;
    uint16_t reach;     /* who is farther away is not of its class */
    uint8_t label;      /* 1 to CLASSES - 1; 0: none of them */
    uint8_t spare;      /* 8 bytes: an index is a shift */
};

/* What of a signal is projected: its samples, or how loud it is, in low and in high tones by turns. */
enum { FORM_SAMPLES = 0, FORM_LOUDNESS = 1 };

/* What was learned (tables.c): it lies in FRAM. */
struct tables {
    uint16_t check;                         /* CRC-16 of what follows */
    uint16_t form;                          /* FORM_… */
    int32_t begin[2];                       /* what a sum begins with: the mean's share, and a half for rounding */
    int16_t vectors[SIGNAL_SAMPLES][2];
    struct prototype prototypes[PROTOTYPES];
};

extern const struct tables tables;

/* A signal on its way: samples seen, the last of them, and the two sums so far. Nothing else of it is kept. */
struct projection {
    uint16_t next;
    int16_t last;
    int32_t sums[2];
};

struct verdict { uint16_t distance; uint8_t label; };

void projection_start(struct projection *signal);
void projection_take(struct projection *signal, int16_t sample);
struct point projection_point(const struct projection *signal);
struct verdict classify(struct point at);

#endif
