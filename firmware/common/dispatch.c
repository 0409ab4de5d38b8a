/* Requests in, answers out: one at a time, no queue. A request that was just answered is not carried out again, its answer
   is repeated; one that is older is a late copy and ignored. edge/bridge/words.py says what each message means. */
#include "dispatch.h"

#include <string.h>  /* memcpy, memset */

#include "columns.h"
#include "events.h"
#include "knn_tile.h"   /* MOST_UNKNOWNS */
#include "port.h"
#include "project.h"
#include "self_test.h"
#include "tile_wire.h"

static struct {
    struct message answer;       /* the last, for whoever did not hear it */
    uint8_t answer_bytes;
    uint8_t greeted, sequence;   /* of the last request; none yet before the first */
    uint16_t session;            /* what the last HELLO named; 0 after a reset */
    uint16_t crc;                /* of the last request */
    struct projection signal;    /* the signal that comes over the wire */
    uint8_t column;
} state;

/* Forgets everything, as after a reset; no signal is on its way. */
static void dispatch_start(void)
{
    memset(&state, 0, sizeof state);
    state.signal.next = SIGNAL_SAMPLES + 1;
}

/* Forgets everything: what main begins with. */
void core_start(void)
{
    frame_start();
    events_start();
    columns_start();
    tile_wire_start();
    dispatch_start();
    port_lamps(0);
}

/* Takes what has arrived, does what is due, sleeps. */
void core_turn(void)
{
    int16_t byte;
    while ((byte = port_read()) != NO_BYTE) {
        const struct arrival *request = frame_take((uint8_t)byte);
        if (request) dispatch(request);
    }
    events_turn();
    port_wait();
}

/* The answer's body; frame_send adds the rest. */
static void answer_with(const void *body, uint8_t count)
{
    memcpy(state.answer.body, body, count);
    state.answer_bytes = count;
}

/* The body of an answer that only succeeds or fails. */
static void answer_status(uint8_t status)
{
    answer_with(&status, 1);
}

/* SOLVE: sweeps over the tile that has arrived. */
static void answer_solve(const uint8_t *body)
{
    struct ask_solve ask;
    struct solved answer = {0};
    memcpy(&ask, body, sizeof ask);
    tile_answer_solve(&ask, &answer);
    answer_with(&answer, sizeof answer);
}

/* COLUMNS: links the columns, then sweeps over them. */
static void answer_columns(const uint8_t *body)
{
    struct ask_columns ask;
    struct solved answer = {0};
    memcpy(&ask, body, sizeof ask);
    tile_answer_columns(&ask, &answer);
    answer_with(&answer, sizeof answer);
}

/* Sends the alphas that are asked for; a status when there are none. Whether alphas were sent. */
static uint8_t answer_read(const uint8_t *body)
{
    struct ask_read ask;
    memcpy(&ask, body, sizeof ask);
    uint8_t known = tile_knows(ask.tile);
    if (known && tile_send_alphas(ask.wanted, &state.answer)) return 1;
    answer_status(known ? STATUS_DONE : STATUS_NOTHING);
    return 0;
}

/* Pieces come in order, the first begins anew; one that was taken already, or is too early, changes nothing: the answer
   says which comes next. */
static void answer_signal(const uint8_t *body)
{
    struct ask_signal_head ask;
    memcpy(&ask, body, sizeof ask);
    if (ask.offset == 0) {
        projection_start(&state.signal);
        state.column = ask.column;
    }
    if (ask.column == state.column && ask.offset == state.signal.next && ask.offset < SIGNAL_SAMPLES) {
        const int8_t *sample = (const int8_t *)(body + sizeof ask);
        for (uint8_t left = PIECE_SAMPLES; left; left--) projection_take(&state.signal, *sample++ * 4);
    }
    struct signalled answer = {.next = state.signal.next, .column = state.column, .status = STATUS_DONE};
    if (answer.next > SIGNAL_SAMPLES) answer.next = 0;
    if (state.signal.next == SIGNAL_SAMPLES) {
        struct point at = projection_point(&state.signal);
        answer.x = at.x;
        answer.y = at.y;
        columns_place(state.column, at);
    }
    answer_with(&answer, sizeof answer);
}

/* CLASSIFY: the class of the last whole signal. */
static void answer_classify(void)
{
    struct classified answer = {.status = STATUS_NOTHING};
    if (state.signal.next == SIGNAL_SAMPLES) {
        struct verdict verdict = classify(projection_point(&state.signal));
        answer = (struct classified){verdict.distance, verdict.label, STATUS_DONE};
    }
    answer_with(&answer, sizeof answer);
}

/* KNOWN: labels of columns. */
static void answer_known(const uint8_t *body)
{
    columns_label(body[0], body + sizeof(struct ask_known_head), KNOWN_BYTES);
    answer_status(STATUS_DONE);
}

/* HELLO: what this device is; a session begins. */
static void answer_hello(const uint8_t *body)
{
    struct ask_hello ask;
    memcpy(&ask, body, sizeof ask);
    state.session = ask.session;
    struct hello answer = {.version = VERSION, .chip = port_chip(), .unknowns = MOST_UNKNOWNS, .slots = SLOTS,
                           .columns = MOST_UNKNOWNS, .prototypes = PROTOTYPES, .tables = tables.check,
                           .damaged = frame_damaged()};
    answer_with(&answer, sizeof answer);
}

/* EVENTS: the next that the host has not seen. */
static void answer_events(const uint8_t *body)
{
    struct event answer;
    struct ask_events ask;
    memcpy(&ask, body, sizeof ask);
    events_tell(ask.session == state.session ? ask.seen : 0, &answer);
    answer.session = state.session;
    answer_with(&answer, sizeof answer);
}

/* LAMPS: on and off. */
static void answer_lamps(const uint8_t *body)
{
    lamps_set(body[0]);
    answer_status(STATUS_DONE);
}

/* COUNTDOWN: blinks, then an event. */
static void answer_countdown(const uint8_t *body)
{
    struct ask_countdown ask;
    memcpy(&ask, body, sizeof ask);
    countdown_start(ask.steps, ask.step_ms);
    answer_status(STATUS_DONE);
}

/* LISTEN: the microphone, on or off. */
static void answer_listen(const uint8_t *body)
{
    struct ask_listen ask;
    memcpy(&ask, body, sizeof ask);
    listen_start(ask.level);
    answer_status(STATUS_DONE);
}

/* SELF_TEST: what this device finds out about itself. */
static void answer_self_test(const uint8_t *body)
{
    struct ask_self_test ask;
    struct self_tested answer = {0};
    memcpy(&ask, body, sizeof ask);
    self_test(ask.seed, &answer);
    answer_with(&answer, sizeof answer);
}

/* How long the body of a request has to be; of PING any length will do, 255 where there is no such request. */
static uint8_t due_bytes(uint8_t kind, uint8_t bytes)
{
    switch (kind) {
    case KIND_HELLO: return sizeof(struct ask_hello);
    case KIND_PING: return bytes;
    case KIND_SOLVE: return sizeof(struct ask_solve);
    case KIND_READ: return sizeof(struct ask_read);
    case KIND_SIGNAL: return sizeof(struct ask_signal_head) + PIECE_SAMPLES;
    case KIND_CLASSIFY: return 0;
    case KIND_KNOWN: return sizeof(struct ask_known_head) + KNOWN_BYTES;
    case KIND_COLUMNS: return sizeof(struct ask_columns);
    case KIND_EVENTS: return sizeof(struct ask_events);
    case KIND_LAMPS: return sizeof(struct ask_lamps);
    case KIND_COUNTDOWN: return sizeof(struct ask_countdown);
    case KIND_LISTEN: return sizeof(struct ask_listen);
    case KIND_SELF_TEST: return sizeof(struct ask_self_test);
    default: return 255;
    }
}

/* Carries a request out; 0 when the answer has been sent already. */
static uint8_t carried_out(const struct arrival *request)
{
    const uint8_t *body = request->message.body;
    if (due_bytes(request->message.kind, request->body_bytes) != request->body_bytes) {
        state.answer.kind = KIND_FAULT;
        answer_status(STATUS_UNKNOWN);
        return 1;
    }
    switch (request->message.kind) {
    case KIND_HELLO: answer_hello(body); break;
    case KIND_PING: answer_with(body, request->body_bytes); break;
    case KIND_SOLVE: answer_solve(body); break;
    case KIND_READ:
        if (answer_read(body)) return 0;
        break;
    case KIND_SIGNAL: answer_signal(body); break;
    case KIND_CLASSIFY: answer_classify(); break;
    case KIND_KNOWN: answer_known(body); break;
    case KIND_COLUMNS: answer_columns(body); break;
    case KIND_EVENTS: answer_events(body); break;
    case KIND_LAMPS: answer_lamps(body); break;
    case KIND_COUNTDOWN: answer_countdown(body); break;
    case KIND_LISTEN: answer_listen(body); break;
    default: answer_self_test(body); break;
    }
    return 1;
}

/* Whether a request is a copy of an older one, that lay about on its way; a new host says HELLO first. */
static uint8_t stale(const struct message *message)
{
    uint8_t ahead = message->sequence - state.sequence;
    return state.greeted && message->kind != KIND_HELLO && (ahead == 0 || ahead > 127);
}

/* Takes a sound frame and answers it. */
void dispatch(const struct arrival *request)
{
    const struct message *message = &request->message;
    uint8_t kind = message->kind;
    if (kind >= KIND_PART && kind < KIND_PART + 32) {
        tile_take_part(request, kind - KIND_PART);
        return;
    }
    uint8_t again = state.greeted && message->sequence == state.sequence && request->crc == state.crc;
    if (again && kind != KIND_READ && kind != KIND_HELLO) {
        frame_send(&state.answer, state.answer_bytes);
        return;
    }
    if (!again && stale(message)) return;
    state.greeted = 1;
    state.sequence = message->sequence;
    state.crc = request->crc;
    state.answer.kind = kind | KIND_ANSWER;
    state.answer.sequence = message->sequence;
    if (carried_out(request)) frame_send(&state.answer, state.answer_bytes);
}
