/* The words of the wire. Written by `python -m tools.headers` from edge/bridge/words.py: change them there. */

#ifndef MASQUE_WORDS_H
#define MASQUE_WORDS_H

#include <stdint.h>

enum {
    VERSION = 1,
    FRAME_BYTES = 64,
    BODY_BYTES = 57,
    ROW_BYTES = 10,
    SLOTS = 4,
    ONE = 32767,
    SIGNAL_SAMPLES = 800,
    PIECE_SAMPLES = 50,
    KNOWN_BYTES = 48,
    ALONE = 255,
    TEST_UNKNOWNS = 96,
    TEST_SWEEPS = 16,
    TEST_SAMPLES = 256,
    TEST_MS = 100,
};

enum {
    KIND_HELLO = 1,
    KIND_PING = 2,
    KIND_SOLVE = 3,
    KIND_READ = 4,
    KIND_SIGNAL = 5,
    KIND_CLASSIFY = 6,
    KIND_KNOWN = 7,
    KIND_COLUMNS = 8,
    KIND_EVENTS = 9,
    KIND_LAMPS = 10,
    KIND_COUNTDOWN = 11,
    KIND_LISTEN = 12,
    KIND_SELF_TEST = 13,
    KIND_PART = 64,
    KIND_ANSWER = 128,
    KIND_FAULT = 191,
    KIND_ALPHA = 192,
};

enum {
    STATUS_DONE = 0,
    STATUS_MISSING = 1,
    STATUS_DAMAGED = 2,
    STATUS_REFUSED = 3,
    STATUS_UNKNOWN = 4,
    STATUS_NOTHING = 5,
};

enum {
    CHIP_HOST = 0,
    CHIP_MSP430FR2433 = 1,
    CHIP_PICO = 2,
};

enum {
    WHAT_NONE = 0,
    WHAT_PRESS = 1,
    WHAT_RELEASE = 2,
    WHAT_TRIGGER = 3,
    WHAT_COUNTED = 4,
};

struct ask_columns {
    uint16_t check;
    uint16_t step;
    uint8_t tile;
    uint8_t columns;
    uint8_t sweeps;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_columns) == 7, "AskColumns has 7 bytes");

struct ask_countdown {
    uint16_t step_ms;
    uint8_t steps;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_countdown) == 3, "AskCountdown has 3 bytes");

struct ask_events {
    uint16_t session;
    uint16_t seen;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_events) == 4, "AskEvents has 4 bytes");

struct ask_hello {
    uint16_t session;
    uint8_t version;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_hello) == 3, "AskHello has 3 bytes");

struct ask_known_head {
    uint8_t first;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_known_head) == 1, "AskKnownHead has 1 bytes");

struct ask_lamps {
    uint8_t lamps;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_lamps) == 1, "AskLamps has 1 bytes");

struct ask_listen {
    uint16_t level;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_listen) == 2, "AskListen has 2 bytes");

struct ask_read {
    uint8_t tile;
    uint8_t wanted;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_read) == 2, "AskRead has 2 bytes");

struct ask_self_test {
    uint16_t seed;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_self_test) == 2, "AskSelfTest has 2 bytes");

struct ask_signal_head {
    uint16_t offset;
    uint8_t column;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_signal_head) == 3, "AskSignalHead has 3 bytes");

struct ask_solve {
    uint16_t check;
    uint16_t step;
    uint8_t tile;
    uint8_t unknowns;
    uint8_t sweeps;
} __attribute__((packed));
_Static_assert(sizeof(struct ask_solve) == 7, "AskSolve has 7 bytes");

struct classified {
    uint16_t distance;
    uint8_t label;
    uint8_t status;
} __attribute__((packed));
_Static_assert(sizeof(struct classified) == 4, "Classified has 4 bytes");

struct event {
    uint16_t session;
    uint16_t number;
    uint16_t ms;
    uint16_t distance;
    uint8_t what;
    uint8_t which;
    uint8_t waiting;
    uint8_t lost;
} __attribute__((packed));
_Static_assert(sizeof(struct event) == 12, "Event has 12 bytes");

struct hello {
    uint8_t version;
    uint8_t chip;
    uint8_t unknowns;
    uint8_t slots;
    uint8_t columns;
    uint8_t prototypes;
    uint16_t tables;
    uint16_t damaged;
} __attribute__((packed));
_Static_assert(sizeof(struct hello) == 10, "Hello has 10 bytes");

struct plain {
    uint8_t status;
} __attribute__((packed));
_Static_assert(sizeof(struct plain) == 1, "Plain has 1 bytes");

struct self_tested {
    uint16_t ram_bytes;
    uint16_t ram_fault;
    uint16_t program;
    uint16_t program_due;
    uint16_t password;
    uint16_t tables;
    uint16_t tables_due;
    uint16_t tile;
    int16_t x;
    int16_t y;
    uint16_t heard;
    int16_t mean;
    uint16_t loudest;
    uint16_t ms;
    uint8_t buttons;
    uint8_t lamps;
} __attribute__((packed));
_Static_assert(sizeof(struct self_tested) == 30, "SelfTested has 30 bytes");

struct signalled {
    uint16_t next;
    int16_t x;
    int16_t y;
    uint8_t column;
    uint8_t status;
} __attribute__((packed));
_Static_assert(sizeof(struct signalled) == 8, "Signalled has 8 bytes");

struct solved {
    uint32_t missing;
    uint16_t check;
    uint16_t change;
    uint16_t ms;
    uint8_t sweeps;
    uint8_t status;
} __attribute__((packed));
_Static_assert(sizeof(struct solved) == 12, "Solved has 12 bytes");

#endif
