/* The registers that port.c uses, and only those. Addresses: TI SLASE59F (MSP430FR2433 data sheet), section 6.10.12
   "Peripheral File Map"; bits: TI SLAU445 (MSP430FR4xx and FR2xx user's guide), the chapter named at each group.
   The multiplier is in mac.h and chip.ld. */
#ifndef MASQUE_REGS_H
#define MASQUE_REGS_H

#include <stdint.h>

#define WORD_AT(address) (*(volatile uint16_t *)(address))
#define BYTE_AT(address) (*(volatile uint8_t *)(address))

/* PMM at 0120h: pins stay frozen after a reset until LOCKLPM5 is cleared. SYS at 0140h. */
#define PM5CTL0 WORD_AT(0x0130)
#define SYSCFG2 WORD_AT(0x0164)
enum { LOCKLPM5 = 0x0001, ADCPCTL3 = 0x0008 };

/* CS at 0180h: DCO at 16 MHz, locked to REFO (32,768 Hz) by the FLL. */
#define CSCTL0 WORD_AT(0x0180)
#define CSCTL1 WORD_AT(0x0182)
#define CSCTL2 WORD_AT(0x0184)
#define CSCTL3 WORD_AT(0x0186)
#define CSCTL7 WORD_AT(0x018E)
enum { DCOTAP = 0x01FF, DCORSEL_16MHZ = 0x000A, DCOFTRIM_1 = 0x0010, DCOFTRIMEN = 0x0080, SELREF_REFO = 0x0010,
       DCOFFG = 0x0001, FLLUNLOCK = 0x0300 };

/* FRCTL at 01A0h: above 8 MHz the FRAM needs a wait state. WDT_A at 01CCh. */
#define FRCTL0 WORD_AT(0x01A0)
#define WDTCTL WORD_AT(0x01CC)
enum { FRCTLPW = 0xA500, NWAITS_1 = 0x0010, WDTPW = 0x5A00, WDTHOLD = 0x0080, WDTCNTCL = 0x0008, WDTIS_2_TO_23 = 0x0002 };

/* Ports at 0200h. */
#define P1IN BYTE_AT(0x0200)
#define P1OUT BYTE_AT(0x0202)
#define P1DIR BYTE_AT(0x0204)
#define P1SEL0 BYTE_AT(0x020A)
#define P2IN BYTE_AT(0x0201)
#define P2OUT BYTE_AT(0x0203)
#define P2DIR BYTE_AT(0x0205)
#define P2REN BYTE_AT(0x0207)
#define P3OUT BYTE_AT(0x0222)
#define P3DIR BYTE_AT(0x0224)

/* Timer_A0 at 0380h: the millisecond; Timer_A1 at 03C0h: its output 1 starts the converter (data sheet, ADC trigger 2). */
#define TA0CTL WORD_AT(0x0380)
#define TA0CCTL0 WORD_AT(0x0382)
#define TA0CCR0 WORD_AT(0x0392)
#define TA1CTL WORD_AT(0x03C0)
#define TA1CCTL1 WORD_AT(0x03C4)
#define TA1CCR0 WORD_AT(0x03D2)
#define TA1CCR1 WORD_AT(0x03D4)
enum { TASSEL_SMCLK = 0x0200, MC_UP = 0x0010, TACLR = 0x0004, CCIE = 0x0010, OUTMOD_SET_RESET = 0x0060 };

/* eUSCI_A0 at 0500h, UART mode. */
#define UCA0CTLW0 WORD_AT(0x0500)
#define UCA0BRW WORD_AT(0x0506)
#define UCA0MCTLW WORD_AT(0x0508)
#define UCA0TXBUF WORD_AT(0x050E)
#define UCA0IE WORD_AT(0x051A)
#define UCA0IFG WORD_AT(0x051C)
enum { UCSWRST = 0x0001, UCSSEL_SMCLK = 0x0080, UCRXEIE = 0x0020, UCBRKIE = 0x0010, UCRXIE = 0x0001, UCTXIFG = 0x0002 };

/* ADC at 0700h: 10 bits, one channel, again and again, started by trigger 2. */
#define ADCCTL0 WORD_AT(0x0700)
#define ADCCTL1 WORD_AT(0x0702)
#define ADCCTL2 WORD_AT(0x0704)
#define ADCMCTL0 WORD_AT(0x070A)
#define ADCIE WORD_AT(0x071A)
enum { ADCSHT_16 = 0x0200, ADCON = 0x0010, ADCENC = 0x0002, ADCSHS_2 = 0x0800, ADCSHP = 0x0200, ADCCONSEQ_2 = 0x0004,
       ADCRES_10 = 0x0010, ADCINCH_3 = 0x0003, ADCIE0 = 0x0001 };

#endif
