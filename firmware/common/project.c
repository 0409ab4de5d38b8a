/* A signal of 800 samples, projected on two vectors as it arrives and never stored (SPEC 2.5); then the class of its
   nearest prototypes. Agrees with edge/bridge/points.py. */
#include "project.h"

#include "mac.h"  /* sums of products */

/* A new signal. */
void projection_start(struct projection *signal)
{
    signal->next = 0;
    signal->last = 0;
    signal->sums[0] = tables.begin[0];
    signal->sums[1] = tables.begin[1];
}

/* sum + factor * sample. */
static inline int32_t with_product(int32_t sum, int16_t factor, int16_t sample)
{
    mac_begin((uint16_t)sum, (uint16_t)((uint32_t)sum >> 16));
    mac_add_signed(factor, sample);
    return (int32_t)((uint32_t)mac_high() << 16 | mac_low());
}

/* How loud: 0 for 0, else 16 * (1 + log2 of the magnitude), straight lines between powers of two; at most 176. */
static uint8_t loudness(int16_t value)
{
    uint16_t magnitude = value < 0 ? -value : value;
    uint8_t octave = 11;
    if (!magnitude) return 0;
    for (; !(magnitude & 1024); octave--) magnitude <<= 1;
    return (uint8_t)(octave << 4 | (magnitude >> 6 & 15));
}

/* What of a sample is projected: itself, or the loudness of low tones (even samples) and of high ones (odd samples). */
static int16_t formed(struct projection *signal, int16_t sample)
{
    if (tables.form != FORM_LOUDNESS) return sample;
    int16_t last = signal->last;
    signal->last = sample;
    return loudness(signal->next & 1 ? sample - last : sample + last);
}

/* Takes the next sample, -512..511; those after the last are ignored. */
void projection_take(struct projection *signal, int16_t sample)
{
    if (signal->next == SIGNAL_SAMPLES) return;
    int16_t value = formed(signal, sample);
    const int16_t *factors = tables.vectors[signal->next++];
    signal->sums[0] = with_product(signal->sums[0], factors[0], value);
    signal->sums[1] = with_product(signal->sums[1], factors[1], value);
}

/* Where the signal lies: the upper halves of its sums. */
struct point projection_point(const struct projection *signal)
{
    return (struct point){(int16_t)((uint32_t)signal->sums[0] >> 16), (int16_t)((uint32_t)signal->sums[1] >> 16)};
}

/* The class with the most votes among the nearest prototypes; of equals the one with the nearer prototype. */
static uint8_t elected(const struct nearest *nearest)
{
    uint8_t votes[CLASSES] = {0}, best = 0;
    for (uint8_t i = 0; i < nearest->count; i++) votes[tables.prototypes[nearest->which[i]].label]++;
    for (uint8_t i = nearest->count; i--;) {
        uint8_t label = tables.prototypes[nearest->which[i]].label;
        if (votes[label] >= votes[best]) best = label;
    }
    return best;
}

/* The class of a point, 0 when it is out of reach, and the distance to the nearest prototype of that class. */
struct verdict classify(struct point at)
{
    struct nearest nearest = nearest_start(NEIGHBOURS);
    const struct prototype *prototype = tables.prototypes;
    for (uint8_t i = 0; i < PROTOTYPES; i++, prototype++) {
        nearest_offer(&nearest, square_between(&at, &prototype->at), i);
    }
    uint8_t label = elected(&nearest), i = 0;
    while (tables.prototypes[nearest.which[i]].label != label) i++;
    uint16_t distance = square_root(nearest.squares[i]);
    return (struct verdict){distance, distance > tables.prototypes[nearest.which[i]].reach ? 0 : label};
}
