/* Buttons, lamps, countdown and microphone. What happens is numbered and kept until the host says that it has seen it, so
   a lost frame loses nothing; when the host stays away, the oldest go and are counted. */
#include "events.h"

#include <string.h>  /* memset */

#include "port.h"
#include "project.h"

enum { KEPT = 8, BUTTONS = 2, SETTLED_MS = 15, DEAF_MS = 250, BOTH_LAMPS = 3 };

/* 16 bytes: an index is a shift; the chip has no multiplication for the compiler to use. */
struct kept {
    struct event event;
    uint8_t spare[16 - sizeof(struct event)];
};

static struct {
    struct kept kept[KEPT];
    uint8_t oldest, count, lost;
    uint16_t last_number, now;
} queue;

static struct {
    uint8_t down, changing;      /* a bit for each button: as the host knows it; different since `since` */
    uint16_t since[BUTTONS];
} buttons;

static struct {
    uint8_t steps, lit;
    uint16_t step_ms, since;
} countdown;

static struct {
    uint16_t level, since;
    uint8_t hearing, deaf;
    struct projection signal;
} ear;

/* Forgets everything, as after a reset. */
void events_start(void)
{
    memset(&queue, 0, sizeof queue);
    memset(&buttons, 0, sizeof buttons);
    memset(&countdown, 0, sizeof countdown);
    memset(&ear, 0, sizeof ear);
}

/* Books an event; when there is no room, for the oldest. */
static void happened(uint8_t what, uint8_t which, uint16_t distance)
{
    if (queue.count == KEPT) {
        queue.oldest = (queue.oldest + 1) & (KEPT - 1);
        queue.count--;
        if (queue.lost < 255) queue.lost++;
    }
    if (++queue.last_number == 0) queue.last_number = 1;
    queue.kept[(queue.oldest + queue.count++) & (KEPT - 1)].event = (struct event){
        .number = queue.last_number, .ms = queue.now, .distance = distance, .what = what, .which = which};
}

/* Forgets the event numbered `seen` and those before it; tells of the next, or of nothing (number 0). */
void events_tell(uint16_t seen, struct event *event)
{
    for (uint8_t i = 0; i < queue.count; i++) {
        if (queue.kept[(queue.oldest + i) & (KEPT - 1)].event.number != seen) continue;
        queue.oldest = (queue.oldest + i + 1) & (KEPT - 1);
        queue.count -= i + 1;
        queue.lost = 0;
        break;
    }
    if (queue.count) {
        *event = queue.kept[queue.oldest].event;
        event->waiting = queue.count - 1;
        event->lost = queue.lost;
    } else {
        memset(event, 0, sizeof *event);
    }
}

/* A button has to stay where it is for a while before it counts: contacts bounce. */
static void button_turn(uint8_t button, uint8_t pressed)
{
    uint8_t bit = button ? 2 : 1;
    if ((pressed & bit) == (buttons.down & bit)) {
        buttons.changing &= ~bit;
    } else if (!(buttons.changing & bit)) {
        buttons.changing |= bit;
        buttons.since[button] = queue.now;
    } else if ((uint16_t)(queue.now - buttons.since[button]) >= SETTLED_MS) {
        buttons.down ^= bit;
        happened(buttons.down & bit ? WHAT_PRESS : WHAT_RELEASE, button, 0);
    }
}

/* Switches lamps and ends a countdown. */
void lamps_set(uint8_t lamps)
{
    countdown.steps = 0;
    port_lamps(lamps & BOTH_LAMPS);
}

/* Blinks `steps` times, half of each step lit. */
void countdown_start(uint8_t steps, uint16_t step_ms)
{
    countdown.steps = steps;
    countdown.step_ms = step_ms;
    countdown.since = port_ms();
    countdown.lit = 1;
    port_lamps(steps ? BOTH_LAMPS : 0);
}

/* Lamps go dark after half a step and light up for the next; after the last, COUNTED. */
static void countdown_turn(void)
{
    if (!countdown.steps) return;
    uint16_t passed = queue.now - countdown.since;
    if (countdown.lit && passed >= countdown.step_ms >> 1) {
        countdown.lit = 0;
        port_lamps(0);
    }
    if (passed < countdown.step_ms) return;
    countdown.since += countdown.step_ms;
    countdown.lit = 1;
    countdown.steps--;
    port_lamps(countdown.steps ? BOTH_LAMPS : 0);
    if (!countdown.steps) happened(WHAT_COUNTED, 0, 0);
}

/* Waits for a sample as loud as `level`; 0 ends that. */
void listen_start(uint16_t level)
{
    memset(&ear, 0, sizeof ear);
    ear.level = level;
    port_listen(level != 0);
}

/* A signal begins with its first loud sample; a class of its own is an event. Then the ear rests: an echo is no clap. */
static void hear(int16_t sample)
{
    uint16_t loud = sample < 0 ? -sample : sample;
    if (!ear.hearing) {
        if (ear.deaf && (uint16_t)(queue.now - ear.since) < DEAF_MS) return;
        ear.deaf = 0;
        if (loud < ear.level) return;
        ear.hearing = 1;
        projection_start(&ear.signal);
    }
    projection_take(&ear.signal, sample);
    if (ear.signal.next < SIGNAL_SAMPLES) return;
    struct verdict verdict = classify(projection_point(&ear.signal));
    if (verdict.label) happened(WHAT_TRIGGER, verdict.label, verdict.distance);
    ear.hearing = 0;
    ear.deaf = 1;
    ear.since = queue.now;
}

/* What is due: to be called every few milliseconds, in the middle of a solve too. */
void events_turn(void)
{
    uint16_t before = queue.now;
    int16_t sample;
    queue.now = port_ms();
    while (ear.level && (sample = port_sample()) != NO_SAMPLE) hear(sample);
    if (queue.now == before) return;
    uint8_t pressed = port_buttons();
    for (uint8_t button = 0; button < BUTTONS; button++) button_turn(button, pressed);
    countdown_turn();
}
