/* What a device finds out about itself. Agrees with edge/bridge/self_test.py. */
#ifndef MASQUE_SELF_TEST_H
#define MASQUE_SELF_TEST_H

#include "words.h"  /* struct self_tested */

void self_test(uint16_t seed, struct self_tested *answer);

#endif
