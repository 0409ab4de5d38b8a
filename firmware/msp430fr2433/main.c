/* The firmware of the MSP430FR2433: start.S has opened the port, the rest is the core. */
#include "dispatch.h"

int main(void)
{
    core_start();
    for (;;) core_turn();
}
