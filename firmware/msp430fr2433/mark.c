/* Whose image this is. Its CRC is put in by `python -m tools.flash.mark`, when everything has found its place. */
#include "mark.h"

#include "words.h"  /* VERSION */

__attribute__((section(".mark"), used)) const struct mark mark = {
    .name = "masque", .board = "msp430fr2433", .words = VERSION, .start = __program_start, .end = __program_end,
};
