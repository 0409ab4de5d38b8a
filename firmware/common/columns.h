/* Columns of an image as points; their neighbours and weights become a tile. Agrees with edge/bridge/points.py. */
#ifndef MASQUE_COLUMNS_H
#define MASQUE_COLUMNS_H

#include <stdint.h>

#include "nearest.h"  /* struct point */

void columns_start(void);
void columns_place(uint8_t column, struct point at);
void columns_label(uint8_t first, const uint8_t *labels, uint8_t count);
uint16_t columns_check(uint8_t columns);
void columns_link(uint8_t columns);

#endif
