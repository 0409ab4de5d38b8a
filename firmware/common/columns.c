/* SPEC 2.5 on the chip: every column of an image has become a point; each one that is not known is linked to its four
   nearest with the KNN-matting affinity 1 - distance / largest distance (Chen, Li, Tang 2013, section 3), rounded to
   UQ0.8. The result is a tile for knn_tile.c. Agrees with edge/bridge/points.py. */
#include "columns.h"

#include <string.h>  /* memset */

#include "crc16.h"
#include "knn_tile.h"

enum { UNDECIDED = 128 };

static struct point points[MOST_UNKNOWNS];
static uint8_t labels[MOST_UNKNOWNS];

/* Forgets everything, as after a reset. */
void columns_start(void)
{
    memset(points, 0, sizeof points);
    memset(labels, 0, sizeof labels);
}

/* Where a column lies. */
void columns_place(uint8_t column, struct point at)
{
    if (column < MOST_UNKNOWNS) points[column] = at;
}

/* What is known of some columns: 0 background, 255 foreground, 128 unknown. */
void columns_label(uint8_t first, const uint8_t *values, uint8_t count)
{
    for (; count && first < MOST_UNKNOWNS; count--) labels[first++] = *values++;
}

/* CRC of the first `columns` points and labels, by which the host knows that they are those that it sent. */
uint16_t columns_check(uint8_t columns)
{
    uint16_t crc = crc16(CRC16_START, (const uint8_t *)points, (uint16_t)columns << 2);
    return crc16(crc, labels, columns);
}

/* a / b with b > a > 0, in 1/256, rounded down; the remainder is left in *a. The chip cannot divide: long division. */
static uint8_t share_of(uint32_t *a, uint32_t b)
{
    uint8_t quotient = 0;
    for (uint8_t bit = 0; bit < 8; bit++) {
        *a <<= 1;
        quotient <<= 1;
        if (*a >= b) {
            *a -= b;
            quotient |= 1;
        }
    }
    return quotient;
}

/* What rounding down left of 256 goes to the largest remainders, of equal ones to the first. */
static void hand_out(struct link *links, uint32_t *left_over, uint16_t missing)
{
    for (; missing; missing--) {
        uint8_t most = 0;
        for (uint8_t k = 1; k < SLOTS; k++) {
            if (left_over[k] > left_over[most]) most = k;
        }
        links[most].weight++;
        left_over[most] = 0;
    }
}

/* Weights in proportion to the affinities. A lone one, which a byte cannot hold, is split over two slots. */
static void weigh(struct link *links, const uint16_t *affinity)
{
    uint32_t sum = 0, left_over[SLOTS];
    uint16_t missing = WHOLE;
    for (uint8_t k = 0; k < SLOTS; k++) {
        sum += affinity[k];
        links[k].weight = 0;
    }
    for (uint8_t k = 0; k < SLOTS; k++) {
        left_over[k] = affinity[k];
        if (affinity[k] && affinity[k] == sum) {
            uint8_t other = (k + 1) & (SLOTS - 1);
            links[other].neighbour = links[k].neighbour;
            links[k].weight = links[other].weight = WHOLE / 2;
            return;
        }
        links[k].weight = sum ? share_of(&left_over[k], sum) : WHOLE / SLOTS;
        missing -= links[k].weight;
    }
    hand_out(links, left_over, missing);
}

/* Links a column to its nearest; the square of the largest distance. */
static uint32_t link_nearest(uint8_t column, uint8_t columns, struct link *links)
{
    struct nearest nearest = nearest_start(SLOTS);
    for (uint8_t other = 0; other < columns; other++) {
        if (other != column) nearest_offer(&nearest, square_between(points + column, points + other), other);
    }
    for (uint8_t k = 0; k < SLOTS; k++) {
        links[k].neighbour = k < nearest.count ? nearest.which[k] : column;
        links[k].weight = k < nearest.count;
    }
    return nearest.count ? nearest.squares[nearest.count - 1] : 0;
}

/* A known column: no links, all of it bias. */
static void fix(struct row *row, uint8_t column, uint8_t label)
{
    row->bias = label ? ONE : 0;
    for (uint8_t k = 0; k < SLOTS; k++) row->links[k] = (struct link){column, 0};
}

/* The weights of an unknown column, from the distances to its nearest. */
static void weigh_column(struct row *row, uint8_t column, uint16_t largest)
{
    uint16_t affinity[SLOTS];
    row->bias = 0;
    for (uint8_t k = 0; k < SLOTS; k++) {
        struct link *link = &row->links[k];
        affinity[k] = link->weight ? largest - square_root(square_between(points + column, points + link->neighbour)) : 0;
    }
    weigh(row->links, affinity);
}

/* Makes the first `columns` (2 to 96) points a tile; unknown ones begin at their label, a half. */
void columns_link(uint8_t columns)
{
    uint32_t largest = 0;
    struct row *row = tile.in.rows;
    tile.unknowns = columns;
    for (uint8_t i = 0; i < columns; i++, row++) {
        uint32_t square = labels[i] == UNDECIDED ? link_nearest(i, columns, row->links) : 0;
        if (square > largest) largest = square;
    }
    uint8_t *guess = (uint8_t *)row;
    row = tile.in.rows;
    for (uint8_t i = 0; i < columns; i++, row++) {
        if (labels[i] == UNDECIDED) weigh_column(row, i, square_root(largest));
        else fix(row, i, labels[i]);
        *guess++ = labels[i];
    }
}
