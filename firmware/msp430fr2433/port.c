/* The port on the MSP430FR2433 LaunchPad: eUSCI_A0 on P1.4 and P1.5 (the back channel of the probe), buttons S1 and S2 on
   P2.3 and P2.7, lamps on P1.0 and P1.1 (TI SLAU739, LaunchPad user's guide), microphone on P1.3 (A3, behind an amplifier
   that rests at half the supply). Interrupts are in start.S; they only move bytes. */
#include "port.h"

#include "crc16.h"
#include "isr.h"    /* what the interrupts and this file share */
#include "mark.h"   /* where the program lies, what its CRC has to be */
#include "regs.h"
#include "words.h"  /* CHIP_MSP430FR2433 */

enum { LAMP_PINS = 0x03, UART_PINS = 0x30, S1_PIN = 0x08, S2_PIN = 0x80, MS_CYCLES = 16000, SAMPLE_CYCLES = 2000,
       HALF_SCALE = 512, WRONG_RATE = 32 };

/* UART at 16 MHz (SLAU445, table "recommended settings"): 8N1, oversampled. */
struct rate { uint16_t brw, mctlw; };
static const struct rate rates[2] = {{8, 0xF7A1}, {104, 0xD621}};  /* 115,200 and 9,600 Bd */

struct port_isr isr;
static uint8_t slow;

/* Characters with a broken stop bit, and breaks, interrupt too: they are how the other rate shows. */
static void uart_open(void)
{
    UCA0CTLW0 = UCSWRST | UCSSEL_SMCLK;
    UCA0BRW = rates[slow].brw;
    UCA0MCTLW = rates[slow].mctlw;
    UCA0CTLW0 = UCSSEL_SMCLK | UCRXEIE | UCBRKIE;
    UCA0IE = UCRXIE;
    isr.errors = 0;
}

/* Whether the FLL is still at it: not locked, and the DCO not at an end of its range. */
static uint8_t settling(void)
{
    uint16_t state = CSCTL7;
    return (state & FLLUNLOCK) && !(state & DCOFFG);
}

/* Waits for the FLL with one trim, some 30 ms at most: a dead REFO must not hang us. How far the DCO's tap then is from its
   middle. */
static uint16_t tap_distance(uint16_t trim)
{
    CSCTL1 = DCOFTRIMEN | DCORSEL_16MHZ | trim;
    CSCTL0 = 0x0100;
    CSCTL7 &= ~DCOFFG;
    for (uint16_t left = 0xFFFF; left && settling(); left--) {}
    uint16_t tap = CSCTL0 & DCOTAP;
    return tap > 256 ? tap - 256 : 256 - tap;
}

/* 16 MHz: the trim whose tap lies nearest the middle keeps the clock locked when it gets warm (SLAU445, DCO trimming). */
static void clock_open(void)
{
    uint16_t best = 0, least = 0xFFFF;
    FRCTL0 = FRCTLPW | NWAITS_1;
    CSCTL3 = SELREF_REFO;
    CSCTL2 = 487;  /* (487 + 1) * 32,768 Hz */
    for (uint16_t trim = 0; trim < 8 * DCOFTRIM_1; trim += DCOFTRIM_1) {
        uint16_t distance = tap_distance(trim);
        if (distance >= least) continue;
        least = distance;
        best = trim;
    }
    tap_distance(best);
}

/* Called by start.S before main, with interrupts off. */
void port_open(void)
{
    WDTCTL = WDTPW | WDTHOLD;
    clock_open();
    P1OUT = 0;
    P1DIR = LAMP_PINS;
    P1SEL0 = UART_PINS;
    P2OUT = S1_PIN | S2_PIN;
    P2REN = S1_PIN | S2_PIN;
    P2DIR = (uint8_t)~(S1_PIN | S2_PIN);
    P3OUT = 0;
    P3DIR = 0xFF;
    SYSCFG2 = ADCPCTL3;
    PM5CTL0 = (uint16_t)~LOCKLPM5 & PM5CTL0;
    TA0CCR0 = MS_CYCLES - 1;
    TA0CCTL0 = CCIE;
    TA0CTL = TASSEL_SMCLK | MC_UP | TACLR;
    uart_open();
}

int16_t port_read(void)
{
    if (isr.read == isr.written) return NO_BYTE;
    uint8_t byte = isr.bytes[isr.read];
    isr.read = (isr.read + 1) & (RING_BYTES - 1);
    return byte;
}

void port_write(uint8_t byte)
{
    while (!(UCA0IFG & UCTXIFG)) {}
    UCA0TXBUF = byte;
}

uint16_t port_ms(void) { return isr.ms; }

/* Bytes with broken stop bits mean that the host speaks at the other rate. Then sleeps, and tells the watchdog. */
void port_wait(void)
{
    if (isr.errors >= WRONG_RATE) {
        slow ^= 1;
        uart_open();
    }
    WDTCTL = WDTPW | WDTCNTCL | WDTIS_2_TO_23;
    isr_sleep();
}

uint8_t port_buttons(void)
{
    uint8_t high = P2IN;
    return (high & S1_PIN ? 0 : 1) | (high & S2_PIN ? 0 : 2);
}

void port_lamps(uint8_t lamps) { P1OUT = lamps & LAMP_PINS; }

uint8_t port_lit(void) { return P1IN & LAMP_PINS; }

int16_t port_sample(void)
{
    if (isr.heard == isr.sampled) return NO_SAMPLE;
    int16_t sample = (int16_t)isr.samples[isr.heard >> 1] - HALF_SCALE;
    isr.heard = (isr.heard + 2) & (2 * RING_SAMPLES - 1);
    return sample;
}

void port_listen(uint8_t on)
{
    ADCCTL0 = 0;
    isr.heard = isr.sampled;
    if (!on) return;
    ADCCTL1 = ADCSHS_2 | ADCSHP | ADCCONSEQ_2;
    ADCCTL2 = ADCRES_10;
    ADCMCTL0 = ADCINCH_3;
    ADCIE = ADCIE0;
    ADCCTL0 = ADCSHT_16 | ADCON;
    ADCCTL0 = ADCSHT_16 | ADCON | ADCENC;
    TA1CCR0 = SAMPLE_CYCLES - 1;
    TA1CCR1 = SAMPLE_CYCLES / 2;
    TA1CCTL1 = OUTMOD_SET_RESET;
    TA1CTL = TASSEL_SMCLK | MC_UP | TACLR;
}

uint16_t port_ram_bytes(void) { return (uint16_t)__ram_bytes; }

uint16_t port_program(void)
{
    uint16_t crc = crc16(CRC16_START, __program_start, (uint16_t)(__program_end - __program_start));
    return crc16(crc, __vectors_start, VECTOR_BYTES);
}

uint16_t port_program_due(void) { return mark.check; }

/* The last 32 bytes of the vectors, FFE0h to FFFFh (TI SLAU550, RX Password). */
uint16_t port_password(void)
{
    return crc16(CRC16_START, __vectors_start + VECTOR_BYTES - PASSWORD_BYTES, PASSWORD_BYTES);
}

uint8_t port_chip(void) { return CHIP_MSP430FR2433; }
