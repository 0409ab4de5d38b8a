/* Requests in, answers out. */
#ifndef MASQUE_DISPATCH_H
#define MASQUE_DISPATCH_H

#include "frame.h"  /* struct arrival */

void dispatch(const struct arrival *request);

/* The whole firmware: forget everything; one turn of its endless loop. */
void core_start(void);
void core_turn(void);

#endif
