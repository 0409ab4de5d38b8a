/* The firmware as a process on a pseudo-terminal: prints its path, then serves until it is ended. */
#define _XOPEN_SOURCE 600
#include <fcntl.h>    /* O_RDWR */
#include <poll.h>     /* poll */
#include <stdio.h>    /* printf, perror */
#include <stdlib.h>   /* posix_openpt, grantpt, unlockpt, ptsname */
#include <termios.h>  /* cfmakeraw */
#include <time.h>     /* clock_gettime */
#include <unistd.h>   /* read, write */

#include "dispatch.h"  /* core_start, core_turn */
#include "host.h"

void cfmakeraw(struct termios *settings);

/* Opens the terminal raw: no echo, no line ends changed. The open other end keeps it alive while nobody is there. */
static int opened(void)
{
    struct termios raw;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master)) return -1;
    int other = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (other < 0 || tcgetattr(other, &raw)) return -1;
    cfmakeraw(&raw);
    return tcsetattr(other, TCSANOW, &raw) ? -1 : master;
}

static uint16_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint16_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* Passes bytes between the terminal and the core; 0 when the terminal is gone. */
static int turn(int master)
{
    uint8_t bytes[256];
    struct pollfd waiting = {.fd = master, .events = POLLIN};
    if (poll(&waiting, 1, 5) > 0) {
        ssize_t count = read(master, bytes, sizeof bytes);
        if (count < 0) return 0;
        host_give(bytes, (uint32_t)count);
    }
    host_clock(now_ms());
    core_turn();
    uint32_t count;
    while ((count = host_take(bytes, sizeof bytes))) {
        if (write(master, bytes, count) < 0) return 0;
    }
    return 1;
}

int main(void)
{
    int master = opened();
    if (master < 0) {
        perror("masque-host: no pseudo-terminal");
        return 1;
    }
    printf("%s\n", ptsname(master));
    fflush(stdout);
    core_start();
    while (turn(master)) {}
    return 0;
}
